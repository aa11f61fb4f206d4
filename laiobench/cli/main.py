"""The `laiobench` command: finds its sub-commands, and says what went wrong.

The one place where an error becomes text and an exit code.  Commands are
imported when called, so that `--help` is instant.
"""

import importlib
import os
import sys
from typing import Any, NoReturn

import click

from laiobench.errors import CombinedUsageError, ExitCode, LaiobenchError
from laiobench.version import __version__

# Name → the module below laiobench.cli, and what --help says of it.
COMMANDS = {
    "run": ("run", "Measure: run a profile, a file of jobs, or a job made of flags."),
    "show": ("show", "Show a stored result."),
    "list": ("list_", "List the stored results."),
    "profiles": ("profiles", "List the profiles that come with laiobench."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"laiobench.cli.{COMMANDS[name][0]}")
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
            import difflib

            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"there is no command {name}{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="laiobench %(version)s")
def cli() -> None:
    """Benchmark block devices through Linux native AIO.

    \b
    laiobench run                          a first impression, on a scratch file
    laiobench run randread-4k-qd32 --filename=/dev/nvme0n1
    laiobench run --filename=F --rw=randread --bs=4k --iodepth=32 --runtime=5
    """


def main() -> NoReturn:
    """Run the command line, and exit with one of the codes that all commands share."""
    try:
        code = cli.main(standalone_mode=False)
        _flush()
        sys.exit(code if isinstance(code, int) else ExitCode.OK)
    except LaiobenchError as error:
        _complain(error)
        sys.exit(error.exit_code)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "laiobench"
        message = error.format_message()
        _say(f"{message[:1].lower()}{message[1:]}".rstrip("."), f"{where} --help tells more")
        sys.exit(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.RUN_FAILED)
    except Exception as error:
        if os.environ.get("LAIOBENCH_TRACEBACK"):
            raise
        _say(
            f"a fault in laiobench itself: {type(error).__name__}: {error}",
            "please report it, with what LAIOBENCH_TRACEBACK=1 prints",
        )
        sys.exit(ExitCode.RUN_FAILED)


def _flush() -> None:
    sys.stdout.flush()


def _complain(error: LaiobenchError) -> None:
    if isinstance(error, CombinedUsageError):
        for problem in error.problems:
            _say(problem.problem, problem.remedy)
    else:
        _say(error.problem, error.remedy)


def _say(problem: str, remedy: str = "") -> None:
    """On stderr; a closed stderr is no reason to fail in another way."""
    lines: list[Any] = [f"laiobench: error: {problem}"]
    if remedy:
        lines.append(f"  {remedy}")
    try:
        click.echo("\n".join(lines), err=True)
    except OSError:
        return
