"""`laiobench run`: runs jobs, and reports what was measured."""

import os
from pathlib import Path

import click

from laiobench.cli.console import answer, complain, say
from laiobench.cli.job_command import JobCommand
from laiobench.cli.progress import progress
from laiobench.cli.run_options import Destination, RunOptions, run_options
from laiobench.cli.saved import tell_saved
from laiobench.cli.shared_options import json_option, section_option
from laiobench.cli.status import Status
from laiobench.cli.stopping import SignalControl, leave_at_once, stop_on_signals
from laiobench.cli.write_options import WriteOptions, write_options
from laiobench.errors import ExitCode, LaiobenchError
from laiobench.files import distinct
from laiobench.files.below import Below
from laiobench.jobs.sources import check_places, needed_files, resolve
from laiobench.jobs.sources.fio_readings import notes_of_run
from laiobench.jobs.sources.flags import Flags
from laiobench.jobs.sources.load import gather
from laiobench.measurement.measure import run
from laiobench.report.export import fio_logs
from laiobench.report.text import calibration_table, remarks, run_table
from laiobench.results.run_result import RunResult
from laiobench.results.this_machine import find_calibration


@click.command(
    "run",
    cls=JobCommand,
    short_help="Measure.",
    examples=(
        "laiobench run                          a first impression, on a scratch file",
        "laiobench run randread-4k-qd32 --filename=/dev/nvme0n1",
        "laiobench run --filename=F --rw=randread --bs=4k --iodepth=32 --runtime=5",
        "laiobench run --filename=F --size=1g --rw=randwrite --allow-write=F",
        "laiobench run jobs.fio --section=db --output=result.json",
    ),
    needed=("--allow-write", "--output", "--json"),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@section_option()
@json_option()
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
    """Run SOURCE, and report what was measured.

    SOURCE is a profile (see `laiobench profiles`), a TOML file, a job file of
    fio's, or - for standard input; without one, the options below make up a job,
    and without any, the profile `quick` runs.  Several run one after the other.
    Options override SOURCE, for all of its jobs.  Each --name=… begins a job of
    its own, with the options that follow it.
    """
    drafts = gather(sources, flags, os.environ, section)
    jobs = resolve(drafts)
    quiet, status_interval_s = running.quiet, running.status_interval_s
    check_places(drafts, jobs, running.log_dir)
    running.check()
    logs = fio_logs.LogFiles(jobs, Below(running.log_dir))
    logs.check()
    distinct.check([*running.destination.paths, *logs.paths], needed_files(sources, jobs))
    # Until the result is saved, a signal ends the jobs, but not the program.
    with stop_on_signals() as control:
        allowed = writing.permission(lambda: control.stop)
        with progress(control, quiet=quiet, is_drawn=status_interval_s is None) as screen:
            watch = screen if status_interval_s is None else Status(status_interval_s, control)
            result = run(
                jobs,
                allow_write=allowed,
                control=control,
                watch=watch,
                fill=watch.fill,
                tell=screen.tell,
                warn=screen.warn,
                hang_timeout_s=running.hang_timeout_s,
                notes=notes_of_run(drafts, jobs),
                logs=logs.add,
                log_dir=running.log_dir,
            )
        code = _report(result, logs, running.destination, control, as_json=as_json, quiet=quiet)
        if control.leave:
            leave_at_once()
    return code


def _report(
    result: RunResult,
    logs: fio_logs.LogFiles,
    destination: Destination,
    control: SignalControl,
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Save the result, so that it can't be lost, then print it, even if it was not saved.

    Returns the exit code.
    """
    saved: Path | None = None
    not_logged = logs.end()
    not_saved: LaiobenchError | None = None
    try:
        saved = destination.save(result)
    except LaiobenchError as error:
        not_saved = error
    control.is_saved = True
    try:
        answer(result.to_json() if as_json else run_table.render(result), is_document=as_json)
    finally:
        if not quiet:
            _remark(result)
        if saved:
            tell_saved(saved, quiet=quiet)
        for sentence in remarks.failures(result):
            say(sentence)
        for problem in [*not_logged, *([not_saved] if not_saved else [])]:
            complain(problem)
    return ExitCode.RUN_FAILED if not_saved or not_logged else _exit_code(result)


def _remark(result: RunResult) -> None:
    for sentence in remarks.remarks(result):
        say(sentence)
    for sentence in calibration_table.shares(result, find_calibration(result.cpu_model)):
        say(sentence)


def _exit_code(result: RunResult) -> int:
    match result.status:
        case "ok":
            return ExitCode.OK
        case "interrupted":
            return ExitCode.INTERRUPTED
        case _:
            return ExitCode.RUN_FAILED
