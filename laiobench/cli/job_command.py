"""A click command that takes all of a job's options besides its own.

The options come from `laiobench.jobs.options`; they are parsed as fio spells them, and
listed in the help by group.
"""

from itertools import groupby
from typing import Any

import click

from laiobench.errors import UsageError
from laiobench.jobs.options import options
from laiobench.jobs.sources.fio_compat import COMMAND_OPTIONS
from laiobench.jobs.sources.flags import split
from laiobench.words import suggest


class JobCommand(click.Command):
    """Puts the jobs' settings into the parameter `flags`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
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

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        for title, group in groupby(options(), key=lambda option: option.group):
            with formatter.section(title):
                formatter.write_dl([(_usage(option), _text(option)) for option in group])


def _usage(option: Any) -> str:
    return f"--{option.name}" if option.is_flag else f"--{option.name}=…"


def _text(option: Any) -> str:
    notes = [note for note in (option.unit, option.default and f"default {option.default}") if note]
    return f"{option.help}  [{', '.join(notes)}]" if notes else str(option.help)
