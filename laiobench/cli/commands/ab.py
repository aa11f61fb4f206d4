"""`laiobench ab`: measures variants in turns, and compares them."""

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
from laiobench.files import distinct
from laiobench.jobs.sources import needed_files
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
    help="What to vary: an option of all jobs, JOB.OPTION of one job, or a key of your own for "
    "--prepare.  If repeated, all combinations are measured.  The first values are the "
    "baseline.  Separate values that contain commas by ; instead.",
)
@click.option("--pairs", type=int, help="How often each variant is measured.  [default: 10]")
@click.option(
    "--until-width",
    type=ShareType(),
    metavar="SHARE",
    help="End when the interval is this narrow, such as 2%, at the latest after --pairs "
    "(then 100).",
)
@click.option(
    "--until-decided",
    is_flag=True,
    help="End when what --metric names is shown to be better, worse or as good, at the latest "
    "after --pairs (then 100).  It is judged after each pair, by wider intervals, which stay "
    "valid when looked at so often.",
)
@click.option(
    "--equivalent-within",
    type=ShareType(),
    metavar="SHARE",
    help="Call a variant as good if it is surely within this share of the baseline, such as 2%.",
)
@click.option(
    "--max-time",
    type=DurationType(),
    metavar="DURATION",
    help="Begin no trial that would not end within this time.",
)
@seed_option()
@click.option(
    "--same-offsets",
    is_flag=True,
    help="Use the same offsets in all trials.  By default each pair has a seed of its own, "
    "unless randseed or verify sets it.",
)
@click.option(
    "--metric",
    "watched",
    multiple=True,
    default=("iops",),
    show_default=True,
    metavar="NAME",
    help="The metric that --until-width, --until-decided and the progress are about; may be "
    "repeated.  One of: " + ", ".join(METRICS) + ".",
)
@click.option(
    "--prepare",
    metavar="COMMAND",
    help="Run in a shell before each trial; {KEY} stands for the value of KEY.",
)
@click.option("--cleanup", metavar="COMMAND", help="Run in a shell after each trial, likewise.")
@proof_options
@click.option(
    "--distribution",
    is_flag=True,
    help="Also compare all percentiles that can be measured: at which is a variant slower?",
)
@write_options
@click.option(
    "--policy",
    "policy_file",
    type=PathType(),
    metavar="FILE",
    help="Judge the second variant against the first by this policy, which also sets the number "
    "of pairs, and exit as `laiobench gate` does.",
)
@exports.option("gate")
@json_option()
@results_option("Where the document is saved, after each trial.")
@click.option(
    "--resume",
    "resumed",
    metavar="ID",
    help="Go on with a comparison that was interrupted: its file, the beginning of its id, or "
    "`last`.  --pairs, --until-width and --max-time may extend it; since its results were looked "
    "at before, intervals are then wider, so that they stay valid.",
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
    # Imported here: these need numpy, which is slow to import.
    from laiobench.cli import live_comparison
    from laiobench.cli.policy_option import PolicyOption
    from laiobench.comparison.design import make_design, with_proof
    from laiobench.comparison.experiment import begin, resume

    judge = PolicyOption.of(policy_file, pairs, until_width)
    if until_decided and (judge or resumed is not None):
        raise UsageError(
            "--until-decided must be given when a comparison begins, and without --policy",
            "begin a new one with it; a comparison with a policy ends when decided without it",
        )
    if equivalent_within is not None and (judge or resumed is not None):
        raise UsageError(
            "--equivalent-within must be given when a comparison begins, and without --policy",
            "give it without --resume; a policy has limits of its own",
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
    distinct.check(
        exports.paths(wanted),
        [
            *needed_files(sources, [job for each in experiment.variants for job in each.jobs]),
            *([("the policy", policy_file)] if policy_file else []),
        ],
    )
    if judge:
        judge.check(experiment)
    experiment.design = experiment.design.model_copy(
        update={"distribution": distribution or experiment.design.distribution}
    )
    return live_comparison.measure(
        experiment, place, writing, said, judge, wanted, as_json=as_json, quiet=quiet
    )
