"""A click command that takes all of a job's options besides its own.

The options come from `laiobench.jobs.options`, and are parsed as fio spells them.  -h shows
what most people need, --help everything, and --help OPTION one option.
"""

from collections.abc import Sequence
from typing import Any

import click

from laiobench.cli import job_help
from laiobench.errors import UsageError
from laiobench.jobs.options import options
from laiobench.jobs.sources.fio_compat import COMMAND_OPTIONS
from laiobench.jobs.sources.flags import split
from laiobench.words import suggest


class JobCommand(click.Command):
    """Passes the jobs' settings on in the parameter `flags`.

    Args:
        examples: command lines for the beginning of its help.
        needed: its own options that most people need, by their first names.
    """

    def __init__(
        self, *args: Any, examples: Sequence[str] = (), needed: Sequence[str] = (), **attrs: Any
    ) -> None:
        super().__init__(*args, **attrs)
        self.examples = examples
        self.needed = needed

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if help_asked := job_help.asked(args):
            click.echo(self._help(ctx, *help_asked))
            ctx.exit()
        own = self._own_options(ctx)
        parted = split(args, own)
        for word in parted.rest:
            if word == "--":
                break
            name = word.partition("=")[0]
            if word.startswith("--") and name not in own:
                known = [*own, *(f"--{option.name}" for option in options())]
                problem = f"there is no option {name}{suggest(name, known)}"
                remedy = COMMAND_OPTIONS.get(name, f"{ctx.command_path} --help lists all options")
                raise UsageError(problem, remedy)
        rest = super().parse_args(ctx, parted.rest)
        ctx.params["flags"] = parted
        return rest

    def _own_options(self, ctx: click.Context) -> dict[str, bool]:
        """The long options of the command itself, and whether each takes a value."""
        own: dict[str, bool] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option):
                takes_value = not (parameter.is_flag or parameter.count)
                for name in (*parameter.opts, *parameter.secondary_opts):
                    own[name] = takes_value
        return own

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the whole help."""
        self.format_usage(ctx, formatter)
        job_help.write_examples(formatter, self.examples)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        job_help.write_job_options(formatter)

    def _help(self, ctx: click.Context, word: str, names: list[str]) -> str:
        formatter = ctx.make_formatter()
        if names:
            job_help.write_named(formatter, self.get_params(ctx), names)
        elif word == "-h":
            self.format_usage(ctx, formatter)
            job_help.write_screen(formatter, self, ctx.command_path, self.needed, self.examples)
        else:
            self.format_help(ctx, formatter)
        return formatter.getvalue().rstrip("\n")
