"""`laiobench explain`: tells what would be run, and where each option came from."""

import os

import click

from laiobench.cli.console import answer, complain
from laiobench.cli.job_command import JobCommand
from laiobench.cli.run_options import RunOptions, run_options
from laiobench.cli.shared_options import json_option, section_option
from laiobench.cli.write_options import WriteOptions, write_options
from laiobench.errors import ExitCode
from laiobench.jobs.sources import check_places, resolve
from laiobench.jobs.sources.flags import Flags
from laiobench.jobs.sources.load import gather
from laiobench.measurement.explain import explain
from laiobench.report.text import explanation
from laiobench.results.model import json_of


@click.command(
    "explain",
    cls=JobCommand,
    short_help="Tell what would be run.",
    examples=(
        "laiobench explain jobs.fio             also what fio reads in another way",
        "laiobench explain oltp-70-30 --filename=/dev/nvme0n1 --json",
        "laiobench explain --filename=F --size=1g --rw=randwrite --allow-write=F",
    ),
    needed=("--allow-write", "--json"),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@section_option("Take")
@json_option("one JSON document")
@write_options
@run_options
def command(
    sources: tuple[str, ...],
    section: tuple[str, ...],
    as_json: bool,
    writing: WriteOptions,
    running: RunOptions,
    flags: Flags,
) -> int:
    """Tell what `laiobench run` with the same SOURCE and options would do; run nothing.

    Every option with its value and where that came from; the threads, depth and
    memory of the run; the bytes that it would write, and to which files; and, for a
    job file of fio's, what fio reads in another way.  It takes all options of run.
    """
    drafts = gather(sources, flags, os.environ, section)
    jobs = resolve(drafts)
    check_places(drafts, jobs, running.log_dir)
    document, problems = explain(
        drafts,
        jobs,
        writing.allow_write,
        readonly=writing.forbids_all,
        results=running.destination.files,
        log_dir=running.log_dir,
    )
    if as_json:
        answer(json_of(document, indent=2), is_document=True)
    else:
        answer(explanation.render(document))
    for problem in problems:
        complain(problem)
    return problems[0].exit_code if problems else ExitCode.OK
