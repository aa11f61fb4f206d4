"""How values of options are written: the types of `Job`'s fields, and their parsers.

Each parser takes text, with the suffixes that fio takes, or the value itself.
"""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from laiobench import units

_CPU_DIGITS = 5  # Linux supports up to 8,192 CPUs


def _size(value: object) -> object:
    return units.parse_size(value) if isinstance(value, str) else value


def parse_count(value: object) -> object:
    """A whole number with fio's suffixes: `iodepth=1k`."""
    return units.parse_count(value) if isinstance(value, str) else value


def _seconds(value: object) -> object:
    return units.parse_duration_ns(value, "s") / 1e9 if isinstance(value, str) else value


def _milliseconds(value: object) -> object:
    return units.parse_duration_ns(value, "ms") / 1e6 if isinstance(value, str) else value


def _microseconds(value: object) -> object:
    return units.parse_duration_ns(value, "us") / 1e3 if isinstance(value, str) else value


def parse_flag(value: object) -> object:
    """True for a bare option, `1` and `true`; False for `0` and `false`."""
    words = {
        "": True,
        "1": True,
        "true": True,
        "yes": True,
        "0": False,
        "false": False,
        "no": False,
    }
    text = str(value).lower() if isinstance(value, str | int) else ""
    if text not in words:
        raise ValueError(f"{value!r} is neither yes nor no; write 1 or 0")
    return words[text]


def cpus_of_mask(value: object) -> object:
    """The CPUs of fio's cpumask: bit 0 is CPU 0."""
    try:
        mask = value if isinstance(value, int) else int(str(value), 0)
    except ValueError:
        mask = 0
    if value in (0, "0"):
        return None
    if not 0 < mask < 1 << 8192:
        raise ValueError(f"{value!r} is not a mask of CPUs; write cpus_allowed=0,2-5")
    return tuple(cpu for cpu in range(mask.bit_length()) if mask >> cpu & 1)


TOLERANCES = ("none", "read", "write", "io", "verify", "all")


def _continue_on_error(value: object) -> object:
    """Accept fio's words, and a flag's 0 and 1."""
    if value in TOLERANCES:
        return value
    try:
        return "all" if parse_flag(value) else "none"
    except ValueError:
        raise ValueError(f"{value!r} is none of {', '.join(TOLERANCES)}") from None


def _cpus(value: object) -> object:
    """`0,2-5`: CPU numbers and ranges of them."""
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, str):
        return value
    cpus: set[int] = set()
    for part in value.split(","):
        first, _, last = part.strip().partition("-")
        last = last or first
        if not first.isdecimal() or not last.isdecimal():
            raise ValueError(f"{value!r} is not a list of CPUs; write 0 or 0,2-5")
        if max(len(first), len(last)) > _CPU_DIGITS:
            raise ValueError("there is no CPU of so high a number")
        if int(last) < int(first):
            raise ValueError(f"{part!r} is a range that ends before it begins")
        cpus.update(range(int(first), int(last) + 1))
    return tuple(sorted(cpus))


def _integer(value: object) -> object:
    """A whole number, which may be negative."""
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a whole number") from None


def _percentiles(value: object) -> object:
    """`50:99.9`: percentages above 0 and at most 100."""
    if isinstance(value, list):
        parts = value
    elif isinstance(value, str):
        parts = value.split(":")
    else:
        return value
    try:
        found = sorted({float(part) for part in parts})
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is not a list of percentiles; write 50:99:99.9") from None
    if not all(0 < percentage <= 100 for percentage in found):
        raise ValueError("percentiles are above 0 and at most 100")
    return tuple(found)


def _number(value: object) -> object:
    """A decimal number: `0.25`."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a number") from None


def _path(value: object) -> object:
    """The name of a file; names that are not UTF-8 are kept (os.fsdecode)."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("it must be a path")
    if not value:
        raise ValueError("it must not be empty")
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in value):
        raise ValueError("it must not contain control characters")
    return value


def _log_name(value: object) -> object:
    """The beginning of a log's name; empty, or 1, for the job's name."""
    if value is True or value == "1":
        return ""
    return _path(value) if value else value


_ZERO = re.compile(r"\s*(0+\.?0*|0x0+)\s*[a-zµ]*\s*", re.IGNORECASE)


def off_at_zero(value: object) -> object:
    """None for 0, by which fio means that there is none."""
    if isinstance(value, str):
        return None if _ZERO.fullmatch(value) else value
    return None if value == 0 and not isinstance(value, bool) else value


OffAtZero = BeforeValidator(off_at_zero)
"""For options whose 0 says what leaving them out says: `Annotated[Count | None, OffAtZero]`."""

LogName = Annotated[str, PlainValidator(_log_name)]
TargetPath = Annotated[
    str | None,
    PlainValidator(_path),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]}),
]
Size = Annotated[int, BeforeValidator(_size)]
Count = Annotated[int, BeforeValidator(parse_count)]
Number = Annotated[float, BeforeValidator(_number)]
Seconds = Annotated[float, BeforeValidator(_seconds)]
Milliseconds = Annotated[float, BeforeValidator(_milliseconds)]
Microseconds = Annotated[float, BeforeValidator(_microseconds)]
Flag = Annotated[bool, BeforeValidator(parse_flag)]
Integer = Annotated[int, BeforeValidator(_integer)]
Nice = Integer
Percentiles = Annotated[tuple[float, ...], BeforeValidator(_percentiles)]
ContinueOnError = Annotated[
    Literal["none", "read", "write", "io", "verify", "all"], BeforeValidator(_continue_on_error)
]
Cpus = Annotated[tuple[int, ...], BeforeValidator(_cpus)]
