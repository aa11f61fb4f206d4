"""`laiobench ab`: variants, measured in turns."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from laiobench.cli import exports
from laiobench.cli.console import answer, complain, draw, say
from laiobench.cli.job_command import JobCommand
from laiobench.cli.judge import Judge
from laiobench.cli.params import DurationType, ShareType
from laiobench.cli.progress import CLEAR_LINE, is_shown, knows_escapes, progress
from laiobench.cli.stopping import leave_at_once, stop_on_signals
from laiobench.cli.time_left import TimeLeft
from laiobench.cli.write_options import WriteOptions, write_options
from laiobench.comparison.experiment import Experiment, Step, begin, make_design, resume
from laiobench.comparison.hooks import Around
from laiobench.comparison.values import values
from laiobench.comparison.variants import LiveVariant, check_keys, parse, variants
from laiobench.errors import ExitCode, LaiobenchError, UsageError
from laiobench.jobs.sources.fio_readings import notes_of_run
from laiobench.jobs.sources.flags import Flags
from laiobench.jobs.sources.load import gather
from laiobench.measurement.control import Control, Watcher
from laiobench.measurement.measure import run
from laiobench.measurement.targets import Permission
from laiobench.measurement.watch.stuck_io import DEFAULT_HANG_TIMEOUT_S
from laiobench.report.text import comparison_table, gate_table, numbers
from laiobench.results import reference, store
from laiobench.results.comparison import Comparison, Design
from laiobench.results.metrics import METRICS
from laiobench.results.run_result import RunResult

# Saving may take one part in so many of the time, so that it never disturbs what it saves.
_SAVING_SHARE = 20


@click.command("ab", cls=JobCommand, short_help="Compare variants, measured in turns.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--section", multiple=True, metavar="NAME", help="Run this job of SOURCE alone, or these."
)
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY=V1,V2",
    help="What varies: an option of all jobs, JOB.OPTION of one, or a key of your own for "
    "--prepare.  May be repeated: then the product.  The first values are the baseline.  "
    "Values that have commas are parted by ; instead.",
)
@click.option("--pairs", type=int, help="How often each variant is measured.  [default: 10]")
@click.option(
    "--until-width",
    type=ShareType(),
    metavar="SHARE",
    help="End when the interval is so narrow, such as 2%; --pairs is then the most (100).",
)
@click.option(
    "--max-time",
    type=DurationType(),
    metavar="DURATION",
    help="Begin nothing that would not end within it.",
)
@click.option("--seed", type=int, help="Of the order of trials.  [default: drawn]")
@click.option(
    "--metric",
    "watched",
    multiple=True,
    default=("iops",),
    show_default=True,
    metavar="NAME",
    help="Whose interval --until-width and the progress are about.  One of: "
    + ", ".join(METRICS)
    + ".",
)
@click.option(
    "--prepare", metavar="COMMAND", help="Run in a shell before each trial; {KEY} is its value."
)
@click.option("--cleanup", metavar="COMMAND", help="The same after each trial.")
@write_options
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge the second variant against the first by this policy, which says how many pairs, "
    "and exit as `laiobench gate` does.",
)
@exports.option("gate")
@click.option("--json", "as_json", is_flag=True, help="Print the whole document, as JSON.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    default=reference.DEFAULT_FOLDER,
    show_default=True,
    help="Where the document is saved, after each trial.",
)
@click.option(
    "--resume",
    "resumed",
    metavar="ID",
    help="Go on with a comparison that was interrupted: its file, the beginning of its id, or "
    "`last`.  With --pairs, --until-width or --max-time also further than was meant.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no remarks.")
def command(
    sources: tuple[str, ...],
    section: tuple[str, ...],
    vary: tuple[str, ...],
    pairs: int | None,
    until_width: float | None,
    max_time: float | None,
    seed: int | None,
    watched: tuple[str, ...],
    prepare: str | None,
    cleanup: str | None,
    writing: WriteOptions,
    policy_file: Path | None,
    export_texts: tuple[str, ...],
    as_json: bool,
    results: Path,
    resumed: str | None,
    quiet: bool,
    flags: Flags,
) -> int:
    """Measure variants of SOURCE in turns, and say how much they differ, and how sure that is.

    SOURCE is what `laiobench run` takes.  Two variants run in ABBA blocks, more in
    randomised complete blocks; each is compared with the first one, in pairs.

    \b
    laiobench ab --vary completion=poll,eventfd,bh --pairs 10
    laiobench ab randread-4k-qd1 --filename=/dev/nvme0n1 --runtime=2 \\
        --vary scheduler=none,mq-deadline \\
        --prepare 'echo {scheduler} > /sys/block/nvme0n1/queue/scheduler'
    """
    judge = Judge.of(policy_file, pairs, until_width)
    wanted = exports.parse(export_texts, "gate" if judge else "comparison", as_json=as_json)
    if judge and pairs is None and resumed is None:
        pairs = judge.policy.pairs.max
    if resumed is None:
        design = make_design(
            pairs=pairs,
            until_width=until_width,
            max_time_s=max_time,
            seed=seed,
            watched=watched,
            prepare=prepare,
            cleanup=cleanup,
        )
        base = gather(sources, flags, os.environ, section)
        varies = [parse(text, [draft.name for draft in base]) for text in vary]
        check_keys(varies, [command for command in (prepare, cleanup) if command])
        varied = variants(base, varies)
        experiment = begin(varied, design)
        besides = {item.option for item in varies if item.option}
        said = notes_of_run(base, varied[0].jobs, besides=besides)
        place = Place.new(results)
    else:
        if sources or section or vary or flags.settings or flags.drafts or seed is not None:
            raise UsageError(
                "--resume goes on with the jobs, variants and seed of the comparison",
                "give it without SOURCE, --vary, --seed and options of jobs",
            )
        place = Place(reference.find(resumed, results))
        earlier = store.load_comparison(place.path)
        experiment = resume(
            earlier, _further(earlier, pairs, until_width, max_time, prepare, cleanup)
        )
        said = []
    if judge:
        judge.check(experiment)
    return _run(experiment, place, writing, said, judge, wanted, as_json=as_json, quiet=quiet)


def _further(
    earlier: Comparison,
    pairs: int | None,
    until_width: float | None,
    max_time_s: float | None,
    prepare: str | None,
    cleanup: str | None,
) -> Design:
    """The design that it had, but for when it ends.

    Raises:
        UsageError: the commands around trials are not those that it had.
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
    )


# ---- trials ----------------------------------------------------------------------


def _run(
    experiment: Experiment,
    place: "Place",
    writing: WriteOptions,
    said: Sequence[str],
    judge: Judge | None,
    wanted: Sequence[exports.Export],
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    around = Around(experiment.design.prepare, experiment.design.cleanup)
    # Until the document is safe, no signal may end us.
    with stop_on_signals() as control:
        with progress(control, enabled=not quiet) as watch:
            allowed = writing.permission(lambda: control.stop)
            trial = _trial(around, allowed, control, watch, said, quiet=quiet)
            comparison = experiment.run(
                trial,
                control=control,
                save=place.save_now_and_then,
                after_trial=Teller() if is_shown(quiet=quiet) else None,
                is_enough=judge.is_conclusive if judge else None,
                look_after=judge.policy.pairs.min if judge else 0,
            )
        code = _report(comparison, place, judge, wanted, as_json=as_json, quiet=quiet)
        if control.leave:
            leave_at_once()
    return code


def _trial(
    around: Around,
    allowed: Permission,
    control: Control,
    watch: Watcher,
    said: Sequence[str],
    *,
    quiet: bool,
) -> Callable[[LiveVariant, int], RunResult]:
    def measure(variant: LiveVariant, _position: int) -> RunResult:
        around.before(variant.set)
        try:
            return run(
                variant.jobs,
                allow_write=allowed,
                control=control,
                watch=watch,
                tell=(lambda _: None) if quiet else say,
                warn=lambda text: say(f"warning: {text}"),
                hang_timeout_s=DEFAULT_HANG_TIMEOUT_S,
                notes=said,
            )
        finally:
            around.after(variant.set)

    return measure


class Teller:
    """A line for each trial, on a terminal; the interval gets narrower as they come."""

    def __init__(self) -> None:
        self._time_left = TimeLeft()
        self._made = 0  # by us: those of a comparison that is resumed took their own time

    def __call__(self, step: Step) -> None:
        self._made += 1
        left = self._time_left.after(self._made, step.trials - step.number)
        start = CLEAR_LINE if knows_escapes() else ""
        draw(start + "   ".join(part for part in (*_told(step), left) if part) + "\n")


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


@dataclass
class Place:
    """Where the document is, which is replaced as a whole each time."""

    path: Path
    folder: Path | None = None
    """Of a new one, which gets its name when it is first saved."""
    _saved_at_s: float = float("-inf")
    _took_s: float = 0.0

    @classmethod
    def new(cls, folder: Path) -> "Place":
        """A new file in `folder`, by date and variants."""
        store.check_writable(folder)
        return cls(folder, folder)

    def save(self, comparison: Comparison) -> Path:
        if self.folder:
            self.path, self.folder = store.save(comparison, self.folder), None
        else:
            store.save_as(comparison, self.path)
        return self.path

    def save_now_and_then(self, comparison: Comparison) -> None:
        """After each trial, unless saving many takes too much of the time.

        What can't be saved now is told at the end: there may be room again.
        """
        began_s = time.monotonic()
        if began_s - self._saved_at_s < _SAVING_SHARE * self._took_s:
            return
        with contextlib.suppress(LaiobenchError):
            self.save(comparison)
        self._saved_at_s = time.monotonic()
        self._took_s = self._saved_at_s - began_s


def _report(
    comparison: Comparison,
    place: Place,
    judge: Judge | None,
    wanted: Sequence[exports.Export],
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Save first, so that nothing is lost; then print, whether or not that went well."""
    not_saved: LaiobenchError | None = None
    explored = comparison
    if judge:
        try:
            comparison = judge(comparison)
        except UsageError:
            place.save(explored)  # the trials are good, whatever the policy is about
            raise
    try:
        place.save(comparison)
    except LaiobenchError as error:
        not_saved = error
    try:
        if as_json:
            answer(comparison.to_json(), is_document=True)
        else:
            answer(comparison_table.render(explored))
            if judge:
                answer("\n" + gate_table.render(comparison))
        sys.stdout.flush()
        exports.write_all(wanted, comparison)
    finally:
        if not quiet:
            for warning in comparison.warnings:
                say(f"warning: {warning.seen}: {warning.why}\n  {warning.do}")
        for failure in comparison.failures:
            say(f"failed: {failure}")
        if not_saved:
            complain(not_saved)
        elif not quiet:
            say(f"saved in {place.path}")
    if not_saved or comparison.status == "failed":
        return ExitCode.RUN_FAILED
    if comparison.status == "interrupted":
        say(f"go on with: laiobench ab --resume {place.path}")
        return ExitCode.INTERRUPTED
    return ExitCode.OK if comparison.exit_code is None else comparison.exit_code
