"""`laiobench ab`: variants, measured in turns."""

import os
from pathlib import Path

import click

from laiobench.cli import exports
from laiobench.cli.console import say
from laiobench.cli.job_command import JobCommand
from laiobench.cli.params import DurationType, PathType, ShareType
from laiobench.cli.proof_options import choose, proof_options
from laiobench.cli.saved import Place
from laiobench.cli.shared_options import (
    json_option,
    quiet_option,
    results_option,
    section_option,
    seed_option,
)
from laiobench.cli.write_options import WriteOptions, write_options
from laiobench.comparison.variants import check_keys, labels_of, parse, variants
from laiobench.errors import UsageError
from laiobench.jobs.sources.fio_readings import notes_of_run
from laiobench.jobs.sources.flags import Flags
from laiobench.jobs.sources.load import gather
from laiobench.results import reference, store
from laiobench.results.comparison import Comparison
from laiobench.results.comparison_proof import ProofKind
from laiobench.results.metrics import METRICS


@click.command(
    "ab",
    cls=JobCommand,
    short_help="Compare variants, measured in turns.",
    examples=(
        "laiobench ab --vary completion=poll,eventfd,bh --pairs 10",
        "laiobench ab randread-4k-qd1 --vary iodepth=1,32 --until-width 2%",
        "laiobench ab randread-4k-qd1 --filename=/dev/nvme0n1 --runtime=2 \\",
        "    --vary scheduler=none,mq-deadline \\",
        "    --prepare 'echo {scheduler} > /sys/block/nvme0n1/queue/scheduler'",
        "laiobench ab storage.toml --vary max_batch=32,1 --policy gate.toml",
    ),
    needed=("--vary", "--pairs", "--prepare", "--policy"),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@section_option()
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
    "--until-decided",
    is_flag=True,
    help="End when the table calls what --metric names better, worse or as good, at most after "
    "--pairs (100).  It is judged after each pair, by intervals that are valid so, and wider.",
)
@click.option(
    "--equivalent-within",
    type=ShareType(),
    metavar="SHARE",
    help="Call what is surely within so much of the baseline as good, such as 2%.",
)
@click.option(
    "--max-time",
    type=DurationType(),
    metavar="DURATION",
    help="Begin nothing that would not end within it.",
)
@seed_option()
@click.option(
    "--same-offsets",
    is_flag=True,
    help="Ask for the same offsets in all trials.  Otherwise each pair has a seed of its own, "
    "unless randseed or verify says which.",
)
@click.option(
    "--metric",
    "watched",
    multiple=True,
    default=("iops",),
    show_default=True,
    metavar="NAME",
    help="Whose interval --until-width, --until-decided and the progress are about.  One of: "
    + ", ".join(METRICS)
    + ".",
)
@click.option(
    "--prepare", metavar="COMMAND", help="Run in a shell before each trial; {KEY} is its value."
)
@click.option("--cleanup", metavar="COMMAND", help="The same after each trial.")
@proof_options
@click.option(
    "--distribution",
    is_flag=True,
    help="Also say at which percentiles a variant is slower, of all that can be measured.",
)
@write_options
@click.option(
    "--policy",
    "policy_file",
    type=PathType(),
    metavar="FILE",
    help="Judge the second variant against the first by this policy, which says how many pairs, "
    "and exit as `laiobench gate` does.",
)
@exports.option("gate")
@json_option()
@results_option("Where the document is saved, after each trial.")
@click.option(
    "--resume",
    "resumed",
    metavar="ID",
    help="Go on with a comparison that was interrupted: its file, the beginning of its id, or "
    "`last`.  With --pairs, --until-width or --max-time also further than was meant, by intervals "
    "that are valid although it was looked at, and wider.",
)
@quiet_option()
def command(
    sources: tuple[str, ...],
    section: tuple[str, ...],
    vary: tuple[str, ...],
    pairs: int | None,
    until_width: float | None,
    until_decided: bool,
    equivalent_within: float | None,
    same_offsets: bool,
    max_time: float | None,
    seed: int | None,
    watched: tuple[str, ...],
    prepare: str | None,
    cleanup: str | None,
    proof: ProofKind | None,
    spike: float | None,
    distribution: bool,
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

    SOURCE is what `laiobench run` takes.  All variants run in turns, in an order that is
    drawn anew for each turn; each is compared with the first one, in pairs.
    """
    # numpy is wanted from here on.
    from laiobench.cli import live_comparison
    from laiobench.cli.policy_option import PolicyOption
    from laiobench.comparison.design import make_design, with_proof
    from laiobench.comparison.experiment import begin, resume

    judge = PolicyOption.of(policy_file, pairs, until_width)
    if until_decided and (judge or resumed is not None):
        raise UsageError(
            "--until-decided is of a comparison from its first pair on, and of none by a policy",
            "begin anew with it; a policy ends as soon as it is decided, too",
        )
    if equivalent_within is not None and (judge or resumed is not None):
        raise UsageError(
            "--equivalent-within is said before anything is measured, and a policy says it itself",
            "give it without --resume and --policy",
        )
    wanted = exports.parse(export_texts, "gate" if judge else "comparison", as_json=as_json)
    if judge and pairs is None and resumed is None:
        pairs = judge.policy.pairs.max
    if resumed is None:
        design = make_design(
            pairs=pairs,
            until_width=until_width,
            until_decided=until_decided,
            equivalent_within=equivalent_within,
            same_offsets=same_offsets,
            looks=judge.looks if judge else (),
            max_time_s=max_time,
            seed=seed,
            watched=watched,
            prepare=prepare,
            cleanup=cleanup,
        )
        base = gather(sources, flags, os.environ, section)
        varies = [parse(text, labels_of(base)) for text in vary]
        check_keys(varies, [command for command in (prepare, cleanup) if command])
        varied = variants(base, varies)
        proven = choose(
            proof,
            spike,
            variants=[each.jobs for each in varied],
            design=design,
            allowed=[each.max_regression for each in judge.policy.metric] if judge else (),
        )
        experiment = begin(varied, with_proof(design, proven.kind, proven.spike))
        besides = {item.option for item in varies if item.option}
        said = notes_of_run(base, varied[0].jobs, besides=besides)
        if proven.said and not quiet:
            say(proven.said)
        place = Place.new(results)
    else:
        anew = (sources, section, vary, flags.settings, flags.drafts, proof)
        if any(anew) or seed is not None or spike is not None:
            raise UsageError(
                "--resume goes on with the jobs, variants, seed and proof of the comparison",
                "give it without SOURCE, --vary, --seed, --proof, --spike and options of jobs",
            )
        place = Place.of(reference.find(resumed, results))
        earlier = store.load_as(place.path, Comparison)
        experiment = resume(
            earlier,
            live_comparison.further(earlier, pairs, until_width, max_time, prepare, cleanup),
        )
        said = []
    if judge:
        judge.check(experiment)
    experiment.design = experiment.design.model_copy(
        update={"distribution": distribution or experiment.design.distribution}
    )
    return live_comparison.measure(
        experiment, place, writing, said, judge, wanted, as_json=as_json, quiet=quiet
    )
