"""Settings from the command line and from the environment.

fio's spellings are all accepted: `--iodepth=32`, `--iodepth 32`, `--ramp-time`,
`--ramp_time`, `--time_based`, `--time_based=1`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laiobench.errors import UsageError
from laiobench.job import ALIASES, option_names, options
from laiobench.sources import Setting

ENVIRONMENT_PREFIX = "LAIOBENCH_"


@dataclass(frozen=True)
class Split:
    """A command line, parted into a job's settings and everything else."""

    settings: dict[str, Setting]
    rest: list[str]


def split(arguments: Sequence[str], own_options: Mapping[str, bool]) -> Split:
    """Take the jobs' options out of a command line.

    Args:
        arguments: what the user typed.
        own_options: the command's own long options, and whether each takes a
            value; they win where a name is both.

    Raises:
        UsageError: an option that takes a value has none.
    """
    known = option_names()
    flags = {option.name for option in options() if option.is_flag}
    settings: dict[str, Setting] = {}
    rest: list[str] = []
    words = list(arguments)
    while words:
        word = words.pop(0)
        written, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *words]
            break
        name = written.removeprefix("--").replace("-", "_")
        if not written.startswith("--") or name not in known or written in own_options:
            rest.append(word)
            if not equals and own_options.get(written) and words:
                rest.append(words.pop(0))
            continue
        if not equals and name not in flags:
            if not words:
                raise UsageError(f"{written} needs a value, such as {written}=…")
            value = words.pop(0)
        settings[ALIASES.get(name, name)] = Setting(value, written, is_name=True)
    return Split(settings, rest)


def from_environment(environment: Mapping[str, str]) -> dict[str, Setting]:
    """Settings in variables such as LAIOBENCH_RUNTIME; others of that prefix are not ours."""
    settings = {}
    for variable, value in environment.items():
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if variable.startswith(ENVIRONMENT_PREFIX) and name in option_names():
            settings[ALIASES.get(name, name)] = Setting(value, variable, is_name=True)
    return settings
