"""`laiobench explain`: what would be run, and why it would be so."""

import os

import click

from laiobench.cli.console import complain
from laiobench.cli.job_command import JobCommand
from laiobench.errors import ExitCode
from laiobench.explanation import explain
from laiobench.formats import explanation
from laiobench.sources import resolve
from laiobench.sources.flags import Flags
from laiobench.sources.gathering import gather


@click.command("explain", cls=JobCommand, short_help="Tell what would be run.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--section", multiple=True, metavar="NAME", help="Take this job of SOURCE alone, or these."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--allow-write", multiple=True, metavar="PATH", help="As for run.")
def command(
    sources: tuple[str, ...],
    section: tuple[str, ...],
    as_json: bool,
    allow_write: tuple[str, ...],
    flags: Flags,
) -> int:
    """Tell what `laiobench run` with the same SOURCE and options would do; run nothing.

    Every option with its value and where that came from; the threads, depth and
    memory of the run; the bytes that it would write; and, for a job file of fio's,
    what fio reads otherwise.
    """
    drafts = gather(sources, flags, os.environ, section)
    jobs = resolve(drafts)
    document, problems = explain(drafts, jobs, allow_write)
    if as_json:
        click.echo(document.model_dump_json(by_alias=True, indent=2))
    else:
        click.echo(explanation.render(document))
    for problem in problems:
        complain(problem)
    return problems[0].exit_code if problems else ExitCode.OK
