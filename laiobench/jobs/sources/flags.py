"""Settings from the command line and from the environment.

fio's spellings are all accepted: `--iodepth=32`, `--iodepth 32`, `-iodepth=32`,
`--ramp-time`, `--ramp_time`, `--time_based`, `--time_based=1`.  Each `--name` begins a
job; settings before the first are for all jobs.  A name that begins with `global` begins
no job: its settings are for all jobs after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from laiobench.errors import UsageError
from laiobench.jobs.options import ALIASES, option_names, options
from laiobench.jobs.sources import Draft, Setting, put, unknown_option
from laiobench.jobs.sources.fio_compat import FLAGS as FOREIGN_FLAGS
from laiobench.jobs.sources.fio_compat import FOREIGN
from laiobench.jobs.sources.fio_differences import difference
from laiobench.jobs.sources.fio_several import IN_GLOBAL_TOO, several
from laiobench.words import suggest

ENVIRONMENT_PREFIX = "LAIOBENCH_"
NOT_OPTIONS = frozenset(
    {
        "LAIOBENCH_SCRATCH",
        "LAIOBENCH_RESULTS",
        "LAIOBENCH_TRACEBACK",
        "LAIOBENCH_NO_SKIPS",
        "LAIOBENCH_READONLY",
        "LAIOBENCH_ALLOW_WRITE",
    }
)


@dataclass(frozen=True)
class Flags:
    """A command line, divided into jobs' settings and everything else."""

    settings: dict[str, Setting] = field(default_factory=dict)
    """Settings of all jobs: those before the first `--name`."""
    drafts: tuple[Draft, ...] = ()
    """A job for each `--name`, without the `settings` of all."""
    rest: list[str] = field(default_factory=list)
    ends_in_globals: bool = False
    """No job follows the last `--name=global`."""


def split(arguments: Sequence[str], own_options: Mapping[str, bool]) -> Flags:
    """Separate the options of jobs from the other arguments.

    Args:
        arguments: what the user typed.
        own_options: the command's own long options, and whether each takes a
            value; where a job's option has the same name, the command's is meant.

    Raises:
        UsageError: an option that takes a value has none.
    """
    known = option_names() | FOREIGN.keys()
    flags = {option.name for option in options() if option.is_flag} | FOREIGN_FLAGS
    sections = _Sections()
    rest: list[str] = []
    words = list(reversed(arguments))
    while words:
        word = words.pop()
        written, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *reversed(words)]
            break
        name = written.removeprefix("-").removeprefix("-").replace("-", "_")
        if not written.startswith("-") or name not in known or written in own_options:
            rest.append(word)
            if not equals and own_options.get(written) and words:
                rest.append(words.pop())
            continue
        ours = ALIASES.get(name, name)
        is_flag = ours in flags if isinstance(ours, str) else _is_last(words)
        if not equals and not is_flag:
            if not words:
                raise UsageError(f"{written} needs a value, such as {written}=…")
            value = words.pop()
        if name == "name" and value.strip().startswith("global"):
            sections.begin_globals()
            continue
        if name == "name":
            sections.begin_job(value)
        is_bare = is_flag and not value and not equals
        setting = Setting(
            value, written, True, (name, None) if is_bare else None, difference(name, value)
        )
        sections.put(name, setting)
    return Flags(sections.settings, tuple(sections.drafts), rest, sections.is_global)


class _Sections:
    """Where the next setting goes: to all jobs, to all that follow, or to one."""

    def __init__(self) -> None:
        self.settings: dict[str, Setting] = {}
        self.drafts: list[Draft] = []
        self.is_global = False
        """Whether the last name was a `--name=global`."""
        self._later: dict[str, Setting] = {}
        """Settings after `--name=global`s, the first name excepted."""
        self._given: set[str] = set()
        """Options set in this section."""

    def begin_globals(self) -> None:
        self.is_global = True
        self._given.clear()

    def begin_job(self, name: str) -> None:
        self.is_global = False
        self._given.clear()
        self.drafts.append(Draft(name, dict(self._later), is_fio=True))

    def put(self, name: str, setting: Setting) -> None:
        """Add a setting to its section; a second file in a section is an error: a job has one."""
        is_general = not self.drafts
        section = self.settings
        if not is_general:
            section = self._later if self.is_global else self.drafts[-1].settings
        if name == "filename":
            if name in self._given:
                refusal = several(name, f"{setting.origin}={setting.value}")
                setting = replace(setting, refusal=refusal)
            elif name in section or (not is_general and name in self.settings):
                setting = replace(setting, differs=IN_GLOBAL_TOO)
        self._given.add(name)
        put(section, name, setting)


def _is_last(words: Sequence[str]) -> bool:
    """Whether no value follows an option that needs none to have a meaning."""
    return not words or words[-1].startswith("-")


def from_environment(environment: Mapping[str, str]) -> dict[str, Setting]:
    """Settings from environment variables such as LAIOBENCH_RUNTIME.

    Raises:
        UsageError: a variable's name is nearly that of an option.
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
