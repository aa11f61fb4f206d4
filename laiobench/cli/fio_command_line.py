"""fio's command line: its own options, its job files, and the options of jobs.

Each of fio's own options is taken, or refused with what to do instead.  A name may begin with
one dash or two, as for fio; its value follows after = or as the next word.  Knows nothing of
what a job's options mean.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from laiobench.cli.status import check_interval
from laiobench.errors import UsageError
from laiobench.jobs.options import option_names
from laiobench.jobs.sources.fio_compat import COMMAND_OPTIONS
from laiobench.jobs.sources.flags import Flags, split
from laiobench.units import NS_PER_S, parse_duration_ns
from laiobench.words import suggest

FORMATS = ("normal", "terse", "json", "json+")
_ETA = ("always", "never", "auto")

# Whether each takes a value.
_OWN = {
    "output": True, "output-format": True, "terse-version": True, "section": True,
    "eta": True, "eta-newline": True, "eta-interval": True, "status-interval": True,
    "aux-path": True, "max-jobs": True, "alloc-size": True, "minimal": False,
    "append-terse": False, "parse-only": False, "readonly": False, "version": False, "help": False,
}  # fmt: skip
_SHORT = {"-v": "version", "-h": "help"}


@dataclass
class FioWords:
    """What a command line of fio's asks for."""

    formats: list[str] = field(default_factory=lambda: ["normal"])
    terse_version: int = 3
    output: Path | None = None
    sections: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    flags: Flags = field(default_factory=Flags)
    shows_progress: bool = True
    status_interval_s: float | None = None
    log_dir: Path = Path()
    parse_only: bool = False
    readonly: bool = False
    help_on: tuple[str, str] | None = None
    """`cmdhelp`, `enghelp`, `help` or `version`, and what of it."""


def read(words: Sequence[str]) -> FioWords:
    """The command line in its parts.

    Raises:
        UsageError: an option is none of fio's, or none that laiobench has, or has a wrong value.
    """
    spellings = {f"{dash}{name}": takes for name, takes in _OWN.items() for dash in ("-", "--")}
    flags = split(words, spellings)
    found = FioWords(flags=flags)
    rest = list(reversed(flags.rest))
    while rest:
        word = rest.pop()
        name, equals, value = word.partition("=")
        own = _SHORT.get(word, re.sub("^--?", "", name))
        if not word.startswith("-") or word == "-":
            found.files.append(word)
        elif own in ("cmdhelp", "enghelp"):
            found.help_on = (own, value)
        elif own in _OWN:
            if _OWN[own] and not equals:
                if not rest:
                    raise UsageError(f"--{own} needs a value", f"write --{own}=…")
                value = rest.pop()
            _take(found, own, value)
        else:
            raise _refusal(own)
    return found


def _refusal(name: str) -> UsageError:
    if remedy := COMMAND_OPTIONS.get(f"--{name}"):
        return UsageError(f"--{name}: laiobench does not have this option of fio's", remedy)
    known = [*_OWN, *option_names()]
    return UsageError(f"there is no option --{name}{suggest(name, known)}", "see --cmdhelp")


def _take(found: FioWords, name: str, value: str) -> None:
    match name:
        case "output":
            found.output = Path(value)
        case "output-format":
            found.formats = _formats(value)
        case "minimal":
            found.formats = ["terse"]
        case "append-terse":
            found.formats = [*found.formats, "terse"]
        case "terse-version":
            if value not in ("3", "4", "5"):
                raise UsageError(f"--terse-version={value}: there are 3, 4 and 5")
            found.terse_version = int(value)
        case "section":
            found.sections.append(value)
        case "eta":
            if value not in _ETA:
                raise UsageError(f"--eta={value}: it must be {', '.join(_ETA)}")
            found.shows_progress = value != "never"
        case "status-interval":
            found.status_interval_s = _seconds(name, value)
            check_interval(found.status_interval_s)
        case "aux-path":
            found.log_dir = Path(value)
        case "parse-only":
            found.parse_only = True
        case "readonly":
            found.readonly = True
        case "help" | "version":
            found.help_on = (name, "")


def _formats(value: str) -> list[str]:
    """In the order in which fio prints them."""
    asked = value.split(",")
    for name in asked:
        if name not in FORMATS:
            raise UsageError(
                f"--output-format={value}: there is no format {name}{suggest(name, FORMATS)}",
                f"the formats are {', '.join(FORMATS)}; several are parted by commas",
            )
    return [name for name in FORMATS if name in asked]


def _seconds(name: str, value: str) -> float:
    try:
        return parse_duration_ns(value, "s") / NS_PER_S
    except ValueError as error:
        raise UsageError(f"--{name}={value}: {error}") from None
