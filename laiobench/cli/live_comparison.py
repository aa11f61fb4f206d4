"""Runs a live comparison for `ab`: its trials, a line for each on the terminal, its document.

Knows the terminal, the policy and the file.  `laiobench.comparison` decides what is compared,
and in which order.
"""

import sys
from collections.abc import Callable, Sequence

from laiobench.cli import exports
from laiobench.cli.console import answer, say
from laiobench.cli.policy_option import PolicyOption
from laiobench.cli.progress import Screen, is_shown, progress
from laiobench.cli.saved import Place, save_and_print
from laiobench.cli.stopping import SignalControl, leave_at_once, stop_on_signals
from laiobench.cli.time_left import TimeLeft
from laiobench.cli.write_options import WriteOptions
from laiobench.comparison.design import make_design
from laiobench.comparison.distributions import with_distributions
from laiobench.comparison.experiment import Experiment
from laiobench.comparison.hooks import TrialCommands
from laiobench.comparison.looks import looks_until_now
from laiobench.comparison.patience import patient
from laiobench.comparison.steps import Observer, Step
from laiobench.comparison.values import values
from laiobench.comparison.variants import LiveVariant
from laiobench.errors import ExitCode, UsageError
from laiobench.measurement.targets import Permission
from laiobench.report.text import comparison_table, gate_table, numbers
from laiobench.results.comparison import Comparison, Design
from laiobench.results.run_result import RunResult


def further(
    earlier: Comparison,
    pairs: int | None,
    until_width: float | None,
    max_time_s: float | None,
    prepare: str | None,
    cleanup: str | None,
) -> Design:
    """The design with which a stored comparison goes on: its own, but for when it ends.

    Args:
        earlier: the comparison that is continued.
        pairs, until_width, max_time_s: as given with --resume; None: as before, but for
            `max_time_s`, where None is no limit.
        prepare, cleanup: as given with --resume.

    Raises:
        UsageError: `prepare` or `cleanup` is not the one it began with, or it is of stored
            results.
    """
    had = earlier.design
    if had is None:
        raise UsageError("this comparison is of stored results: there is nothing to go on with")
    for name, was, given in (
        ("--prepare", had.prepare, prepare),
        ("--cleanup", had.cleanup, cleanup),
    ):
        if was != given:
            raise UsageError(
                f"the comparison was begun with {name} {was!r}"
                if was
                else f"the comparison was begun without {name}",
                "commands are never taken from a file: give the same again"
                if was
                else f"give it without {name}",
            )
    return make_design(
        pairs=had.pairs if pairs is None else pairs,
        until_width=had.until_width if until_width is None else until_width,
        max_time_s=max_time_s,
        seed=had.seed,
        watched=had.watched,
        prepare=prepare,
        cleanup=cleanup,
        order=had.order,
        proof=had.proof,
        spike=had.spike,
        same_offsets=had.same_offsets,
        looks=looks_until_now(earlier),
        until_decided=had.until_decided,
        equivalent_within=had.equivalent_within,
        distribution=had.distribution,
    )


# ---- trials ----------------------------------------------------------------------


def measure(
    experiment: Experiment,
    place: Place,
    writing: WriteOptions,
    said: Sequence[str],
    judge: PolicyOption | None,
    wanted: Sequence[exports.Export],
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run the trials, save and print the comparison; returns the exit code."""
    commands = TrialCommands(experiment.design.prepare, experiment.design.cleanup)
    # Until the document is saved, a signal ends the trials, but not the program.
    with stop_on_signals() as control:
        with progress(control, quiet=quiet) as screen:
            allowed = writing.permission(lambda: control.stop)
            trial = _trial(commands, allowed, screen, said)
            teller = Teller(screen) if is_shown(quiet=quiet) else None
            follower = _Follower(place, judge, teller)
            comparison = experiment.run(trial, control=control, observer=follower)
        code = _report(comparison, place, judge, wanted, control, as_json=as_json, quiet=quiet)
        if control.leave:
            leave_at_once()
    return code


def _trial(
    commands: TrialCommands, allowed: Permission, screen: Screen, said: Sequence[str]
) -> Callable[[LiveVariant, int], RunResult]:
    def make(variant: LiveVariant, _position: int) -> RunResult:
        commands.before(variant.set)
        try:
            return screen.run(variant.jobs, allowed, said, variant.spike)
        finally:
            commands.after(variant.set)

    return patient(make, warn=screen.warn)


class _Follower(Observer):
    """After each trial, saves the document and prints a line; ends early by the policy."""

    def __init__(self, place: Place, judge: PolicyOption | None, teller: "Teller | None") -> None:
        self.look_after = judge.looks[0] if judge else 0
        self._place, self._judge, self._teller = place, judge, teller

    def is_enough(self, experiment: Experiment) -> bool:
        """Whether the policy already has a verdict other than inconclusive."""
        return self._judge is not None and self._judge.is_conclusive(experiment.document("ok"))

    def after_trial(self, experiment: Experiment) -> None:
        """Save the document as `interrupted`, which it is if the program is killed now."""
        self._place.save_now_and_then(lambda: experiment.document("interrupted"))
        if self._teller:
            self._teller(experiment.step())


class Teller:
    """Prints a line for each trial: its values, the intervals so far, and the time left."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._time_left = TimeLeft()
        self._made = 0  # by this process; a resumed comparison has earlier ones

    def __call__(self, step: Step) -> None:
        self._made += 1
        left = self._time_left.after(self._made, step.trials - step.number)
        self._screen.end()
        self._screen.tell("   ".join(part for part in (*_told(step), left) if part))


def _told(step: Step) -> list[str]:
    watched = {metric.key: metric.kind for metric in step.compared}
    measured = [
        f"{numbers.format_value(value, watched[key])} {watched[key].title}"
        for key, value in values(step.run).items()
        if key in watched and isinstance(value, float)
    ]
    compared = [
        f"{metric.variant}/{metric.baseline} {numbers.format_ratio(metric.ratio)} "
        f"{numbers.format_interval(metric)}".rstrip()
        for metric in step.compared
        if metric.ratio is not None
    ]
    trial = f"trial {step.number} of {step.trials}  {step.variant.name}"
    return [trial, *measured, *compared]


# ---- the document ----------------------------------------------------------------


def _report(
    comparison: Comparison,
    place: Place,
    judge: PolicyOption | None,
    wanted: Sequence[exports.Export],
    control: SignalControl,
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Save and print the comparison; returns the exit code."""
    if comparison.design and comparison.design.distribution:
        comparison = with_distributions(comparison)
    explored = comparison
    if judge:
        try:
            comparison = judge(comparison)
        except UsageError:
            place.save(explored)  # the trials are good, even if the policy does not fit them
            raise

    def print_all() -> None:
        if as_json:
            answer(comparison.to_json(), is_document=True)
        else:
            answer(comparison_table.render(explored), has_verdicts=True)
            if judge:
                answer("\n" + gate_table.render(comparison), has_verdicts=True)
        sys.stdout.flush()
        exports.write_all(wanted, comparison)

    is_saved = save_and_print(comparison, place, print_all, control, quiet=quiet)
    if not is_saved or comparison.status == "failed":
        return ExitCode.RUN_FAILED
    if comparison.status == "interrupted":
        say(f"go on with: laiobench ab --resume {place.path}")
        return ExitCode.INTERRUPTED
    return ExitCode.OK if comparison.exit_code is None else comparison.exit_code
