"""`laiobench run`: measure."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from laiobench import store
from laiobench.cli.job_command import JobCommand
from laiobench.cli.progress import progress
from laiobench.errors import ExitCode, LaiobenchError
from laiobench.formats import table
from laiobench.job import Job
from laiobench.measure import run
from laiobench.result import RunResult
from laiobench.runner import Control
from laiobench.sources import Draft, Setting, Source, resolve
from laiobench.sources.flags import from_environment
from laiobench.sources.profiles import DEFAULT, open_source


@click.command("run", cls=JobCommand, short_help="Measure.")
@click.argument("source", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the whole document, as JSON.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Save the document here."
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    default=store.DEFAULT_FOLDER,
    show_default=True,
    help="Save the document in this folder, by date and name.",
)
@click.option("--no-save", is_flag=True, help="Do not save the document.")
@click.option(
    "--allow-write",
    multiple=True,
    metavar="PATH",
    help="The data of this target may be lost.  Needed for each one that a job writes to.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no remarks.")
def command(
    source: str | None,
    as_json: bool,
    output: Path | None,
    results: Path,
    no_save: bool,
    allow_write: tuple[str, ...],
    quiet: bool,
    settings: dict[str, Setting],
) -> int:
    """Run SOURCE, and report what was measured.

    SOURCE is a profile (see `laiobench profiles`) or a TOML file; without one,
    the options below make up a job, and without any, the profile `quick` runs.
    Options go over what SOURCE says, for all of its jobs.
    """
    jobs = resolve(_drafts(source, settings))
    _check_destination(output, results, no_save)
    with _signals() as control, progress(enabled=not quiet) as watch:
        result = run(jobs, allow_write=allow_write, control=control, watch=watch)
    code = _report(result, as_json, output, results, no_save, quiet)
    if control.leave:
        _leave_at_once(jobs)
    return code


def _drafts(source: str | None, settings: dict[str, Setting]) -> list[Draft]:
    """What SOURCE, the environment and the flags make together."""
    environment = from_environment(os.environ)
    if source is None and settings:
        chosen = Source("the command line", "", (Draft("job"),))
    else:
        chosen = open_source(source or DEFAULT)
    return [draft.under(environment).under(settings) for draft in chosen.drafts]


def _check_destination(output: Path | None, results: Path, no_save: bool) -> None:
    if not no_save:
        store.check_writable(output.absolute().parent if output else results)


# ---- signals -----------------------------------------------------------------------


@contextmanager
def _signals() -> Iterator[Control]:
    """Once: drain and save.  Twice: leave at once."""
    control = Control()

    def on_signal(number: int, _frame: object) -> None:
        control.request_stop()
        if control.leave:
            text = "leaving at once\n"
        else:
            text = "stopping: waiting for the I/Os in flight; once more to leave at once\n"
        os.write(sys.stderr.fileno(), f"\n{signal.Signals(number).name}: {text}".encode())

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield control
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_at_once(jobs: list[Job]) -> None:
    """I/Os are in flight, and the kernel lets no process go before they are back."""
    depth = sum(job.iodepth * job.numjobs for job in jobs)
    click.echo(
        f"leaving with up to {depth} I/Os in flight; "
        "if the prompt does not come back, the kernel waits for the device to answer them",
        err=True,
    )
    sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)


# ---- the report --------------------------------------------------------------------


def _report(
    result: RunResult,
    as_json: bool,
    output: Path | None,
    results: Path,
    no_save: bool,
    quiet: bool,
) -> int:
    """Save first, so that nothing is lost; then print, whether or not that went well."""
    saved: Path | None = None
    not_saved: LaiobenchError | None = None
    if not no_save:
        try:
            saved = store.save_as(result, output) if output else store.save(result, results)
        except LaiobenchError as error:
            not_saved = error
    click.echo(result.to_json() if as_json else table.render(result))
    if not quiet:
        _remark(result, saved)
    if not_saved:
        raise not_saved
    return _exit_code(result)


def _remark(result: RunResult, saved: Path | None) -> None:
    for warning in result.warnings:
        click.echo(f"warning: {warning.seen}: {warning.why}\n  {warning.do}", err=True)
    for failure in result.failures:
        click.echo(f"failed: {failure}", err=True)
    if saved:
        click.echo(f"saved in {saved}", err=True)


def _exit_code(result: RunResult) -> int:
    match result.status:
        case "ok":
            return ExitCode.OK
        case "interrupted":
            return ExitCode.INTERRUPTED
        case _:
            return ExitCode.RUN_FAILED
