"""Settings from the command line and from the environment.

fio's spellings are all accepted: `--iodepth=32`, `--iodepth 32`, `--ramp-time`,
`--ramp_time`, `--time_based`, `--time_based=1`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laiobench.errors import UsageError
from laiobench.job import option_names, options
from laiobench.sources import Setting, put, suggest, unknown_option

ENVIRONMENT_PREFIX = "LAIOBENCH_"
NOT_OPTIONS = frozenset({"LAIOBENCH_SCRATCH", "LAIOBENCH_TRACEBACK", "LAIOBENCH_NO_SKIPS"})


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
        put(settings, name, Setting(value, written, is_name=True))
    return Split(settings, rest)


def from_environment(environment: Mapping[str, str]) -> dict[str, Setting]:
    """Settings in variables such as LAIOBENCH_RUNTIME.

    Raises:
        UsageError: a variable of that prefix is nearly an option's.
    """
    settings: dict[str, Setting] = {}
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in NOT_OPTIONS:
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if name in option_names():
            put(settings, name, Setting(value, variable, is_name=True))
        elif suggest(name, option_names()):
            raise unknown_option(name, variable)
    return settings
