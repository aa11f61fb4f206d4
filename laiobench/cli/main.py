"""The `laiobench` command: finds the sub-commands, and reports errors.

The only place where an error becomes text and an exit code.  Commands are imported when
they are called, so that `--help` starts fast.
"""

import contextlib
import importlib
import os
import sys
from typing import NoReturn

import click

from laiobench.cli.console import complain, complain_of
from laiobench.cli.interruption import Interruption
from laiobench.cli.lacks import lack_in
from laiobench.cli.streams import StdoutError, open_standard_streams
from laiobench.errors import ExitCode, LaiobenchError
from laiobench.version import __version__

# Name → the module below laiobench.cli.commands, and what --help says of it.
COMMANDS = {
    "run": ("run", "Measure: run a profile, a file of jobs, or a job made of flags."),
    "explain": ("explain", "Tell what run would do, and where each option came from."),
    "ab": ("ab", "Compare variants, measured in turns."),
    "compare": ("compare", "Compare stored results with others."),
    "bisect": ("bisect", "Find the revision that made it worse."),
    "gate": ("gate", "Judge a candidate by a policy: did it get worse?"),
    "calibrate": ("calibrate", "Measure this machine's noise, and what sees which change."),
    "fio": ("fio", "Take fio's command line, for scripts that call fio."),
    "export": ("export", "Write a stored result in another format."),
    "history": ("history", "Show a metric over stored results, and when it changed."),
    "show": ("show", "Show a stored result."),
    "list": ("list_", "List the stored results."),
    "profiles": ("profiles", "List the profiles that come with laiobench."),
    "help": ("help_", "Tell of a command, or of one of its options."),
}


_WIDEST_HELP = 100
"""The width of help: longer lines are hard to read, however wide the terminal is."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"laiobench.cli.commands.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise _no_command(name, ctx)
        return super().resolve_command(ctx, args)


def _no_command(name: str, ctx: click.Context) -> click.UsageError:
    """The error for an unknown command, with the nearest one."""
    import difflib

    close = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return click.UsageError(f"there is no command {name}{hint}", ctx)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": _WIDEST_HELP,
    },
)
@click.version_option(__version__, "-V", "--version", message="laiobench %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Benchmark block devices: how fast, at what CPU cost, and did it get worse?

    \b
    laiobench run                          a first impression, on a scratch file
    laiobench run randread-4k-qd32 --filename=/dev/nvme0n1
    laiobench run --filename=F --rw=randread --bs=4k --iodepth=32 --runtime=5
    laiobench ab --vary completion=poll,eventfd,bh --pairs 10
    laiobench help run iodepth             what one option means
    """
    ctx.ensure_object(Interruption).begin_work()  # the command is imported by now
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(interruption: Interruption) -> NoReturn:
    """Run the command line, and exit with one of the codes that all commands share."""
    stdout = open_standard_streams()
    code = _run(interruption)
    with contextlib.suppress(StdoutError):
        sys.stdout.flush()
    if stdout.failure:  # whatever the code that met the failure made of it
        code = _output_failed(stdout.failure)
    sys.exit(code)


def _run(interruption: Interruption) -> int:
    try:
        code = cli.main(standalone_mode=False, obj=interruption)
        return code if isinstance(code, int) else ExitCode.OK
    except (Exception, KeyboardInterrupt) as error:
        if interruption.has_come:  # whatever exception it has become on its way
            return _tell(KeyboardInterrupt())
        return _tell(error)
    finally:
        interruption.end_work()


def _tell(error: BaseException) -> int:
    """Report what went wrong; returns the exit code.

    Raises:
        BaseException: it is a fault in laiobench, and LAIOBENCH_TRACEBACK asks for it.
    """
    match error:
        case LaiobenchError():
            complain(error)
            return error.exit_code
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "laiobench"
            text = error.format_message()
            complain_of(f"{text[:1].lower()}{text[1:]}".rstrip("."), f"{where} --help tells more")
            return ExitCode.USAGE
        case click.Abort() | KeyboardInterrupt():
            complain_of("interrupted")
            return ExitCode.INTERRUPTED
        case StdoutError():
            return ExitCode.RUN_FAILED
    if lack := lack_in(error):
        complain_of(*lack)
        return ExitCode.RUN_FAILED
    if os.environ.get("LAIOBENCH_TRACEBACK"):
        raise error
    complain_of(
        f"a fault in laiobench itself: {type(error).__name__}: {error}",
        "please report it, with what LAIOBENCH_TRACEBACK=1 prints",
    )
    return ExitCode.RUN_FAILED


def _output_failed(error: OSError) -> int:
    """stdout can't be written to; if its reader has gone, that is not reported."""
    if not isinstance(error, BrokenPipeError):
        complain_of(f"the answer cannot be printed: {error.strerror or error}")
    return ExitCode.RUN_FAILED
