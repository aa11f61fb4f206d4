"""`laiobench fio`: takes fio's command line, and answers in fio's formats.

For scripts and harnesses that call fio.  `python -m laiobench.fio` and a symbolic link called
fio to the script `laiobench` are this command, too.  As with fio, nothing is kept but what
--output names, the exit code is 0 or 1 (128 after a signal), and a job without ioengine makes
blocking calls.

stderr is for what fails: scripts take any word there for a failure.  Notes and warnings are a
part of the answer, and on a terminal they are said besides.
"""

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import click

from laiobench.cli import fio_command_line, fio_help
from laiobench.cli.console import complain, say
from laiobench.cli.fio_command_line import FioWords
from laiobench.cli.progress import Screen, progress
from laiobench.cli.status import Status
from laiobench.cli.stopping import SignalControl, leave_at_once, stop_on_signals
from laiobench.cli.streams import write_document
from laiobench.cli.write_options import WriteOptions
from laiobench.errors import ExitCode, LaiobenchError, RunError, UsageError, raise_all
from laiobench.files import distinct, outputs
from laiobench.files.below import Below
from laiobench.jobs.options import Job
from laiobench.jobs.sources import Draft, Setting, check_places, needed_files, resolve
from laiobench.jobs.sources.fio_compat import ON
from laiobench.jobs.sources.fio_readings import notes_of_run
from laiobench.jobs.sources.load import gather
from laiobench.measurement.measure import run
from laiobench.measurement.targets import Filling
from laiobench.report.export import fio_json, fio_logs, fio_normal, fio_terse
from laiobench.report.text import remarks
from laiobench.results import store
from laiobench.results.run_result import RunResult
from laiobench.system import devices, disk_stats
from laiobench.system.disk_stats import DiskUse
from laiobench.words import visible

ALLOW_WRITE = "LAIOBENCH_ALLOW_WRITE"
"""Paths of targets that may be written to, parted by colons."""
_FAILED, _BY_SIGNAL = 1, 128
_FIO_S_ENGINE = Setting("psync", "fio's default")


class _AsItIs(click.Command):
    """Leaves its words to fio_command_line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args == ["--help"]:
            click.echo(fio_help.answer("help", ""))
            ctx.exit()
        ctx.params["words"] = tuple(args)
        return []


@click.command("fio", cls=_AsItIs, short_help="Take fio's command line, for scripts that call fio.")
def command(words: Sequence[str]) -> int:
    """Run fio's job files and options, and answer as fio does."""
    try:
        return _answer(fio_command_line.read(words))
    except LaiobenchError as error:
        complain(error)
        return _BY_SIGNAL if error.exit_code == ExitCode.INTERRUPTED else _FAILED


def _answer(words: FioWords) -> int:
    if words.help_on:
        click.echo(fio_help.answer(*words.help_on))
        return ExitCode.OK
    if not words.files and not words.flags.drafts:
        click.echo(fio_help.USAGE)
        raise UsageError("no job is defined", "give a job file, or begin one with --name=NAME")
    drafts = _drafts(words)
    jobs = resolve(drafts)
    check_places(drafts, jobs, words.log_dir)
    logs = fio_logs.LogFiles(jobs, Below(words.log_dir))
    if words.parse_only:
        return ExitCode.OK
    words.log_dir.mkdir(parents=True, exist_ok=True)
    _check_files(words, jobs, logs)
    with stop_on_signals() as control, _on_screen(words, control) as screen:
        result, disks = _measure(words, jobs, notes_of_run(drafts, jobs), logs, control, screen)
        problems = logs.end()
        _write(words.output, "".join(_texts(words, result, disks)))
        control.is_saved = True
        for sentence in (*_for_people(result), *remarks.failures(result)):
            say(sentence)
        for problem in problems:
            complain(problem)
        if control.leave:
            leave_at_once()
    if result.status == "interrupted":
        return _BY_SIGNAL
    return _FAILED if problems or result.status != "ok" else ExitCode.OK


# ---- before ----------------------------------------------------------------------------


def _drafts(words: FioWords) -> list[Draft]:
    """The jobs; a file is read as fio's, whatever it is called."""
    files = [name if name == "-" or "/" in name else f"./{name}" for name in words.files]
    drafts = gather(files, words.flags, os.environ, words.sections)
    raise_all([problem for draft in drafts for problem in _asks_for_mounted(draft)])
    return [_with_fio_s_engine(draft) for draft in drafts]


def _asks_for_mounted(draft: Draft) -> Iterator[UsageError]:
    """A script that relies on it must not go on as if it had been given."""
    asked = draft.settings.get("allow_mounted_write")
    if asked and str(asked.value).strip().lower() in ON:
        yield UsageError(
            f"{asked.told('allow_mounted_write')}: a mounted device is never written to",
            f"unmount it, and name it in {ALLOW_WRITE}; a file on it can be named as well",
        )


def _with_fio_s_engine(draft: Draft) -> Draft:
    if "engine" in draft.settings:
        return draft
    return replace(draft, settings={**draft.settings, "engine": _FIO_S_ENGINE})


def _check_files(words: FioWords, jobs: Sequence[Job], logs: fio_logs.LogFiles) -> None:
    """Check before the run that all files can be written, and that none is needed otherwise.

    Raises:
        UsageError, RunError: one can't be, or is.
    """
    output = words.output
    if output is not None:
        if not output.parent.is_dir():  # as with fio, which makes no folder for it
            raise RunError(f"--output={output} cannot be written: No such file or directory")
        store.check_output(output)
    logs.check()
    written = [] if output is None else [(f"--output={output}", output)]
    distinct.check([*written, *logs.paths], needed_files(words.files, jobs))


def _write(output: Path | None, text: str) -> None:
    """Write to stdout, or to a file.

    Raises:
        RunError: it can't be written.
    """
    if output is None:
        write_document(text)
        return
    try:
        outputs.write(output, text)
    except OSError as error:
        raise RunError(f"--output={output} cannot be written: {error.strerror}") from None


# ---- the run ---------------------------------------------------------------------------


def _on_screen(words: FioWords, control: SignalControl) -> AbstractContextManager[Screen]:
    quiet = not words.shows_progress or not sys.stderr.isatty()
    return progress(control, quiet=quiet, is_drawn=words.status_interval_s is None)


class _Disks:
    """What disks did since the last file was written that the run needs."""

    def __init__(self) -> None:
        self._before = disk_stats.read_all()

    def fill(self, filling: Filling) -> None:
        if filling.done_bytes == filling.size_bytes:
            self._before = disk_stats.read_all()

    def used_by(self, result: RunResult) -> dict[str, DiskUse]:
        after = disk_stats.read_all()
        return disk_stats.between(self._before, after, _disks_of(result))


def _disks_of(result: RunResult) -> Iterator[str]:
    """The disks that the targets are, or are on."""
    for path in dict.fromkeys(job.target for job in result.jobs if job.target):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            name = "" if stat.S_ISCHR(os.fstat(fd).st_mode) else devices.disk_name(fd)
        finally:
            os.close(fd)
        if name:
            yield name


def _measure(
    words: FioWords,
    jobs: Sequence[Job],
    notes: Sequence[str],
    logs: fio_logs.LogFiles,
    control: SignalControl,
    screen: Screen,
) -> tuple[RunResult, dict[str, DiskUse]]:
    named = tuple(path for path in os.environ.get(ALLOW_WRITE, "").split(":") if path)
    writing = WriteOptions(named, yes=True, force_signature=False, readonly=words.readonly)
    interval_s = words.status_interval_s
    watch = screen if interval_s is None else Status(interval_s, control)
    disks = _Disks()

    def fill(filling: Filling) -> None:
        watch.fill(filling)
        disks.fill(filling)

    result = run(
        jobs,
        allow_write=writing.permission(lambda: control.stop),
        control=control,
        watch=watch,
        fill=fill,
        tell=screen.tell,
        warn=screen.warn,
        argv=sys.argv,
        notes=notes,
        logs=logs.add,
        log_dir=words.log_dir,
    )
    return result, disks.used_by(result)


# ---- after -----------------------------------------------------------------------------


def _for_people(result: RunResult) -> Iterator[str]:
    if sys.stderr.isatty():
        yield from remarks.remarks(result)


def _texts(words: FioWords, result: RunResult, disks: Mapping[str, DiskUse]) -> Iterator[str]:
    """In the order in which fio prints them: for people, then terse lines, then JSON."""
    told = list(remarks.remarks(result))
    for name in words.formats:
        match name:
            case "normal":
                noted = "".join(f"{sentence}\n" for sentence in ("", *told) if told)
                yield visible(fio_normal.render(result, disks) + noted)
            case "terse":
                yield visible(fio_terse.render(result, disks, words.terse_version))
            case "json":
                yield fio_json.render(result, disks, told)
            case "json+":
                yield fio_json.plus(result, disks, told)
