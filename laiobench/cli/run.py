"""`laiobench run`: measure."""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from laiobench import calibration, store
from laiobench.cli.console import complain, say
from laiobench.cli.job_command import JobCommand
from laiobench.cli.params import DurationType
from laiobench.cli.progress import progress
from laiobench.cli.status import Status
from laiobench.cli.stopping import leave_at_once, stop_on_signals
from laiobench.cli.write_options import WriteOptions, write_options
from laiobench.errors import ExitCode, LaiobenchError, RunError, UsageError
from laiobench.formats import calibration_table, fio_logs, table
from laiobench.hangs import DEFAULT_HANG_TIMEOUT_S
from laiobench.measure import run
from laiobench.result import RunResult
from laiobench.runner import SAMPLE_INTERVAL_S
from laiobench.sources import notes, resolve
from laiobench.sources.flags import Flags
from laiobench.sources.gathering import gather


@click.command("run", cls=JobCommand, short_help="Measure.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--section", multiple=True, metavar="NAME", help="Run this job of SOURCE alone, or these."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole document, as JSON.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Save the document here."
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help=f"Save the document in this folder, by date and name.  [default: {store.DEFAULT_FOLDER}]",
)
@click.option("--no-save", is_flag=True, help="Do not save the document.")
@write_options
@click.option(
    "--hang-timeout",
    type=DurationType(),
    default=f"{DEFAULT_HANG_TIMEOUT_S:g}",
    show_default=True,
    metavar="DURATION",
    help="After so long say which I/Os do not come back; 0: never.",
)
@click.option(
    "--status-interval",
    "--status_interval",
    type=DurationType(),
    metavar="DURATION",
    help="Tell on stderr how the jobs are doing, a JSON object a line, instead of the progress.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no remarks.")
def command(
    sources: tuple[str, ...],
    section: tuple[str, ...],
    as_json: bool,
    output: Path | None,
    results: Path | None,
    no_save: bool,
    writing: WriteOptions,
    hang_timeout: float,
    status_interval: float | None,
    quiet: bool,
    flags: Flags,
) -> int:
    """Run SOURCE, and report what was measured.

    SOURCE is a profile (see `laiobench profiles`), a TOML file, a job file of
    fio's, or - for standard input; without one, the options below make up a job,
    and without any, the profile `quick` runs.  Several run one after the other.
    Options go over what SOURCE says, for all of its jobs.  Each --name=… begins a
    job of its own, with the options that follow it.
    """
    drafts = gather(sources, flags, os.environ, section)
    jobs = resolve(drafts)
    if status_interval is not None and status_interval < SAMPLE_INTERVAL_S:
        raise UsageError(f"--status-interval must be at least {SAMPLE_INTERVAL_S:g} s")
    destination = Destination.of(output, results, no_save)
    destination.check()
    tell = (lambda _: None) if quiet else say
    # Until the result is safe, no signal may end us.
    with stop_on_signals() as control:
        allowed = writing.permission(lambda: control.stop)
        with progress(enabled=not quiet and status_interval is None) as drawing:
            watch = drawing if status_interval is None else Status(status_interval)
            result = run(
                jobs,
                allow_write=allowed,
                control=control,
                watch=watch,
                tell=tell,
                warn=lambda text: say(f"warning: {text}"),
                hang_timeout_s=hang_timeout,
                notes=notes(drafts),
            )
        code = _report(result, destination, as_json=as_json, quiet=quiet)
        if control.leave:
            leave_at_once()
    return code


# ---- where the result goes -------------------------------------------------------------


@dataclass(frozen=True)
class Destination:
    """A file, a folder, or nowhere."""

    file: Path | None
    folder: Path | None

    @classmethod
    def of(cls, output: Path | None, results: Path | None, no_save: bool) -> "Destination":
        """What the options say.

        Raises:
            UsageError: they contradict each other.
        """
        given = [
            name
            for name, value in (("--output", output), ("--results", results))
            if value is not None
        ] + ["--no-save"] * no_save
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} contradict each other", "give one of them")
        if no_save:
            return cls(None, None)
        return cls(output, None) if output else cls(None, results or store.DEFAULT_FOLDER)

    def check(self) -> None:
        """Find out before the run whether its result can be saved."""
        if self.file:
            store.check_output(self.file)
        elif self.folder:
            store.check_writable(self.folder)

    def save(self, result: RunResult) -> Path | None:
        """Save it; where, if anywhere."""
        if self.file:
            return store.save_as(result, self.file)
        return store.save(result, self.folder) if self.folder else None


def _report(result: RunResult, destination: Destination, *, as_json: bool, quiet: bool) -> int:
    """Save first, so that nothing is lost; then print, whether or not that went well."""
    saved: Path | None = None
    not_logged = _write_logs(result)
    not_saved: LaiobenchError | None = None
    try:
        saved = destination.save(result)
    except LaiobenchError as error:
        not_saved = error
    try:
        click.echo(result.to_json() if as_json else table.render(result))
    finally:
        if not quiet:
            _remark(result, saved)
        for failure in result.failures:
            say(f"failed: {failure}")
        for problem in [*not_logged, *([not_saved] if not_saved else [])]:
            complain(problem)
    return ExitCode.RUN_FAILED if not_saved or not_logged else _exit_code(result)


def _write_logs(result: RunResult) -> list[LaiobenchError]:
    """fio's logs, where the options say; what could not be written."""
    problems: list[LaiobenchError] = []
    for name, text in fio_logs.files(result.jobs).items():
        try:
            Path(name).write_text(text)
        except OSError as error:
            problem = f"the log {name} cannot be written: {error.strerror}"
            problems.append(RunError(problem, "its windows are in the document nevertheless"))
    return problems


def _remark(result: RunResult, saved: Path | None) -> None:
    for note in result.notes:
        say(f"note: {note}")
    for warning in result.warnings:
        say(f"warning: {warning.seen}: {warning.why}\n  {warning.do}")
    for sentence in calibration_table.shares(result, calibration.find(result.cpu_model)):
        say(sentence)
    if saved:
        say(f"saved in {saved}")


def _exit_code(result: RunResult) -> int:
    match result.status:
        case "ok":
            return ExitCode.OK
        case "interrupted":
            return ExitCode.INTERRUPTED
        case _:
            return ExitCode.RUN_FAILED
