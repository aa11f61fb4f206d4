"""`laiobench calibrate`: how wide the noise is on this machine."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from laiobench.cli.console import answer, draw, say
from laiobench.cli.job_command import JobCommand
from laiobench.cli.params import DurationType
from laiobench.cli.progress import CLEAR_LINE, is_shown, knows_escapes, progress
from laiobench.cli.stopping import stop_on_signals
from laiobench.cli.time_left import TimeLeft
from laiobench.cli.write_options import WriteOptions, write_options
from laiobench.comparison.calibrate import DEFAULT_LENGTHS_S, DEFAULT_PAIRS, SIDES, calibrate
from laiobench.comparison.experiment import Step
from laiobench.comparison.variants import LiveVariant
from laiobench.jobs.sources import resolve
from laiobench.jobs.sources.fio_readings import notes_of_run
from laiobench.jobs.sources.flags import Flags
from laiobench.jobs.sources.load import gather
from laiobench.measurement.measure import run
from laiobench.report.text import calibration_table
from laiobench.results import store
from laiobench.results.calibration import state_path
from laiobench.results.run_result import RunResult


@click.command("calibrate", cls=JobCommand, short_help="Measure this machine's noise.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--section", multiple=True, metavar="NAME", help="Run this job of SOURCE alone, or these."
)
@click.option(
    "--length",
    "lengths",
    multiple=True,
    type=DurationType(),
    metavar="DURATION",
    help="How long each trial measures; may be repeated.  [default: "
    + " and ".join(f"{length:g}" for length in DEFAULT_LENGTHS_S)
    + " s]",
)
@click.option(
    "--pairs", type=int, default=DEFAULT_PAIRS, show_default=True, help="Of trials, a length."
)
@click.option("--seed", type=int, help="Of the order of trials.  [default: drawn]")
@write_options
@click.option("--json", "as_json", is_flag=True, help="Print the whole document, as JSON.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Save the document here, and not as this machine's calibration.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no remarks.")
def command(
    sources: tuple[str, ...],
    section: tuple[str, ...],
    lengths: tuple[float, ...],
    pairs: int,
    seed: int | None,
    writing: WriteOptions,
    as_json: bool,
    output: Path | None,
    quiet: bool,
    flags: Flags,
) -> int:
    """Hold SOURCE against itself, and tell how many trials see which change on this machine.

    Says for each metric how wide the noise is between pairs of like trials, and how many
    pairs of which length see a change of 2, 5 and 10 % in four of five cases; and what
    laiobench itself costs for such I/Os, with no device.  `gate --init` and reports read it.
    """
    drafts = gather(sources, flags, os.environ, section)
    jobs = resolve(drafts)
    path = output or state_path()
    store.check_output(path)
    said = notes_of_run(drafts, jobs)
    with stop_on_signals() as control, progress(control, enabled=not quiet) as watch:
        allowed = writing.permission(lambda: control.stop)

        def measure(variant: LiveVariant, _position: int) -> RunResult:
            return run(
                variant.jobs,
                allow_write=allowed,
                control=control,
                watch=watch,
                tell=(lambda _: None) if quiet else say,
                warn=lambda text: say(f"warning: {text}"),
                notes=said,
            )

        calibration = calibrate(
            jobs,
            lengths_s=lengths or DEFAULT_LENGTHS_S,
            pairs=pairs,
            seed=seed,
            measure=measure,
            control=control,
            after_trial=Teller(lengths or DEFAULT_LENGTHS_S, pairs)
            if is_shown(quiet=quiet)
            else None,
        )
        store.save_as(calibration, path)
    text = calibration.to_json() if as_json else calibration_table.render(calibration)
    answer(text, is_document=as_json)
    if not quiet:
        say(f"saved in {path}")
    return 0


class Teller:
    """A line for each trial, on a terminal; the shorter trials come first."""

    def __init__(self, lengths_s: Sequence[float], pairs: int) -> None:
        self._trials_s = [
            length_s for length_s in sorted(set(lengths_s)) for _ in range(pairs * len(SIDES))
        ]
        self._time_left = TimeLeft()
        self._made = 0

    def __call__(self, step: Step) -> None:
        self._made += 1
        done_s, left_s = self._trials_s[: self._made], self._trials_s[self._made :]
        left = self._time_left.after(sum(done_s), sum(left_s))
        trial = f"trial {self._made} of {len(self._trials_s)}"
        start = CLEAR_LINE if knows_escapes() else ""
        draw(start + "   ".join(part for part in (trial, left) if part) + "\n")
