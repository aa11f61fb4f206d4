"""`laiobench bisect`: finds the revision that made a metric worse."""

import secrets
import sys
from pathlib import Path

import click

from laiobench.cli import exports
from laiobench.cli.job_command import JobCommand
from laiobench.cli.params import DurationType, PathType, ShareType
from laiobench.cli.revisions import Asked
from laiobench.cli.saved import Place
from laiobench.cli.shared_options import (
    json_option,
    quiet_option,
    results_option,
    section_option,
    seed_option,
)
from laiobench.cli.write_options import WriteOptions, write_options
from laiobench.comparison.bisection.design import check_design
from laiobench.errors import UsageError
from laiobench.jobs.sources.flags import Flags
from laiobench.results import reference, store
from laiobench.results.bisection import BisectionDesign, BisectionResult
from laiobench.results.metrics import MOSTLY_JUDGED


@click.command(
    "bisect",
    cls=JobCommand,
    short_help="Find the revision that made it worse.",
    examples=(
        "laiobench bisect randread-4k-qd1 --filename=/dev/vdb --runtime=2 \\",
        "    --git ~/driver --good v1.4 --bad main --first-parent \\",
        "    --prepare 'cd ~/driver && git checkout -q {rev} && make -s && ./reload'",
        "laiobench bisect ci.toml --revisions images --prepare './boot {rev}'",
        "laiobench bisect --revisions builds --filename=/mnt/{rev}/disk.img",
    ),
    needed=("--good", "--bad", "--git", "--revisions", "--prepare", "--metric"),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@section_option()
@click.option(
    "--good",
    metavar="REV",
    help="A revision before it got worse.  [default: the first of --revisions]",
)
@click.option(
    "--bad",
    metavar="REV",
    help="A revision after it got worse.  [default: the last of --revisions]",
)
@click.option(
    "--revisions",
    "revisions_file",
    metavar="FILE",
    help="A file with one revision on each line, the oldest first; - is standard input.",
)
@click.option(
    "--git",
    "repository",
    type=PathType(),
    metavar="DIR",
    help="Search the commits of this repository from --good to --bad.",
)
@click.option(
    "--first-parent",
    is_flag=True,
    help="With --git: follow only the first parent of merges, as git's option does.",
)
@click.option(
    "--prepare",
    metavar="COMMAND",
    help="Run in a shell before the trials of another revision, to build and install it; {rev} "
    "stands for its name.  If it fails, the revision is skipped.",
)
@click.option("--setup", metavar="COMMAND", help="Run in a shell before each trial, likewise.")
@click.option("--cleanup", metavar="COMMAND", help="Run in a shell after each trial, likewise.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    default=MOSTLY_JUDGED,
    metavar="NAME",
    help="What got worse; of several, the one that shows it best is taken.  [default: "
    + ", ".join(MOSTLY_JUDGED)
    + "]",
)
@click.option(
    "--direction",
    type=click.Choice(["worse", "any"]),
    default="worse",
    show_default=True,
    help="Which changes count.",
)
@click.option(
    "--threshold",
    type=ShareType(),
    default=0.0,
    metavar="SHARE",
    help="The least change that counts, such as 2%.  [default: whatever the ends differ by]",
)
@click.option(
    "--confidence",
    type=ShareType(),
    default=0.95,
    show_default=True,
    metavar="SHARE",
    help="End when the probability of the answer is this high.",
)
@click.option(
    "--max-time",
    type=DurationType(),
    metavar="DURATION",
    help="Begin no trial that would not end within this time.",
)
@click.option("--max-trials", type=int, metavar="N", help="Run at most N trials.")
@seed_option()
@write_options
@exports.option("bisection")
@json_option()
@results_option("Where the document is saved, after each trial.")
@click.option(
    "--resume",
    "resumed",
    metavar="ID",
    help="Go on with a bisection that ended early: the same command, and its file, the "
    "beginning of its id, or `last`.",
)
@quiet_option()
def command(
    sources: tuple[str, ...],
    section: tuple[str, ...],
    good: str | None,
    bad: str | None,
    revisions_file: str | None,
    repository: Path | None,
    first_parent: bool,
    prepare: str | None,
    setup: str | None,
    cleanup: str | None,
    metrics: tuple[str, ...],
    direction: str,
    threshold: float,
    confidence: float,
    max_time: float | None,
    max_trials: int | None,
    seed: int | None,
    writing: WriteOptions,
    export_texts: tuple[str, ...],
    as_json: bool,
    results: Path,
    resumed: str | None,
    quiet: bool,
    flags: Flags,
) -> int:
    """Find the revision that made SOURCE slower, among those from a good one to a bad one.

    SOURCE is what `laiobench run` takes; {rev} in it or in an option is the revision's name.
    Measures both ends until they surely differ, and then, in turns with the good end, the
    revision that will tell most, until it is sure which one made the change.

    \b
    Exit codes: 0  it was found, or the range in which nothing can be measured
                1  an end can't be prepared or measured
                4  it ended before it was sure (--max-time, --max-trials)
                6  the ends do not differ
    """
    wanted = exports.parse(export_texts, "bisection", as_json=as_json)
    design = BisectionDesign(
        seed=secrets.randbits(32) if seed is None else seed,
        confidence=confidence,
        threshold=threshold,
        direction="any" if direction == "any" else "worse",
        metrics=list(dict.fromkeys(metrics)),
        prepare=prepare,
        setup=setup,
        cleanup=cleanup,
        max_time_s=max_time,
        max_trials=max_trials,
    )
    check_design(design)
    # Imported here: these need numpy, which is slow to import.
    from laiobench.cli import bisecting
    from laiobench.comparison.bisection.trials import RevisionTrials

    jobs = bisecting.JobsOfRevisions(sources, section, flags)
    if not jobs.differ and not bisecting.names_revision(prepare, setup):
        raise UsageError(
            "nothing differs between revisions: there is no {rev} in any command or option",
            "say how a revision is built and installed, such as --prepare './build {rev}'",
        )
    revisions = Asked(good, bad, revisions_file, repository, first_parent).find()
    trials = RevisionTrials(revisions, design, sys.argv, is_prepared=prepare is not None)
    if resumed is None:
        place = Place.new(results)
    else:
        place = Place.of(reference.find(resumed, results))
        trials.take_up(_earlier(place.path))
    return bisecting.bisect(trials, jobs, place, writing, wanted, as_json=as_json, quiet=quiet)


def _earlier(path: Path) -> BisectionResult:
    document = store.load_document(path)
    if isinstance(document, BisectionResult):
        return document
    raise UsageError(f"{path} is no bisection", f"`laiobench show {path}` shows what it is")
