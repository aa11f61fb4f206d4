"""Runs a calibration for a command: its trials, a line for each, and saving the document."""

from collections.abc import Sequence
from pathlib import Path

from laiobench.cli.progress import Screen, is_shown, progress
from laiobench.cli.stopping import stop_on_signals
from laiobench.cli.time_left import TimeLeft
from laiobench.cli.write_options import WriteOptions
from laiobench.comparison.calibrate import calibrate
from laiobench.comparison.patience import patient
from laiobench.comparison.steps import Step
from laiobench.comparison.variants import LiveVariant
from laiobench.jobs.options import Job
from laiobench.results import store
from laiobench.results.calibration import SIDES, Calibration
from laiobench.results.run_result import RunResult


def calibrate_and_save(
    jobs: Sequence[Job],
    path: Path,
    *,
    lengths_s: Sequence[float],
    pairs: int,
    seed: int | None,
    writing: WriteOptions,
    said: Sequence[str],
    quiet: bool,
) -> Calibration:
    """Compare the jobs with themselves, and save the calibration as `path`.

    Raises:
        UsageError, RunError: they can't be run, or the document can't be saved.
    """
    with stop_on_signals() as control, progress(control, quiet=quiet) as screen:
        allowed = writing.permission(lambda: control.stop)

        def measure(variant: LiveVariant, _position: int) -> RunResult:
            return screen.run(variant.jobs, allowed, said)

        calibration = calibrate(
            jobs,
            lengths_s=lengths_s,
            pairs=pairs,
            seed=seed,
            measure=patient(measure, warn=screen.warn),
            control=control,
            after_trial=Teller(screen, lengths_s, pairs) if is_shown(quiet=quiet) else None,
        )
        store.save_as(calibration, path)
    return calibration


class Teller:
    """Prints a line for each trial, with the time left; the shorter trials come first."""

    def __init__(self, screen: Screen, lengths_s: Sequence[float], pairs: int) -> None:
        self._trials_s = [
            length_s for length_s in sorted(set(lengths_s)) for _ in range(pairs * len(SIDES))
        ]
        self._screen = screen
        self._time_left = TimeLeft()
        self._made = 0

    def __call__(self, step: Step) -> None:
        self._made += 1
        done_s, left_s = self._trials_s[: self._made], self._trials_s[self._made :]
        left = self._time_left.after(sum(done_s), sum(left_s))
        trial = f"trial {self._made} of {len(self._trials_s)}"
        self._screen.end()
        self._screen.tell("   ".join(part for part in (trial, left) if part))
