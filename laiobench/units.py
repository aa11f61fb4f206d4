"""Sizes and durations, as people write and read them.

The only place where units are converted.  Suffixes are fio's, but all are powers
of 1024 (in fio, `4kib` is 4,000).  A size or duration that is no whole number of
bytes or nanoseconds is an error; it is never rounded.
"""

import re
from decimal import Decimal
from fractions import Fraction

BINARY_SUFFIXES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
NS_PER_UNIT = {
    "ns": 1,
    "us": 1_000,
    "usec": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "msec": 1_000_000,
    "s": 1_000_000_000,
    "sec": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
NS_PER_S = 1_000_000_000

# Larger sizes and durations are mistakes.  The first is 2^64.
SIZE_END_BYTES = 1 << 64
DURATION_END_NS = 30 * 365 * NS_PER_UNIT["d"]
_MOST_DIGITS = 1000

_NUMBER = r"(?P<number>0x[0-9a-f]+|\d+(?:\.\d*)?|\.\d+)"
_SIZE = re.compile(_NUMBER + r"\s*(?:(?P<suffix>[kmgtpe])(?:ib?|b)?|b)?", re.IGNORECASE)
_DURATION = re.compile(_NUMBER + r"\s*(?P<unit>[a-zµ]*)", re.IGNORECASE)


class TooLarge(ValueError):
    """A number that is well written, but larger than anybody can mean."""


def _fraction(text: str) -> Fraction:
    if len(text) > _MOST_DIGITS:  # Python itself gives up at 4300
        raise TooLarge(f"a number of {len(text):,} digits is too long")
    return Fraction(int(text, 16)) if text.lower().startswith("0x") else Fraction(text)


def parse_size(text: str) -> int:
    """Bytes from `4096`, `4k`, `4KiB`, `4Ki`, `1.5m` or `0x1000`.

    Raises:
        ValueError: not a size, or not a whole number of bytes.
        TooLarge: 2^64 or more.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size; write bytes or 4k, 1m, 2g")
    exact = _fraction(match["number"]) * 1024 ** BINARY_SUFFIXES[(match["suffix"] or "").lower()]
    if exact.denominator != 1:
        raise ValueError(f"{text!r} is not a whole number of bytes")
    if exact >= SIZE_END_BYTES:
        raise TooLarge("it must be below 16 EiB")
    return int(exact)


def parse_count(text: str) -> int:
    """A whole number, with the suffixes of sizes: `1k`.

    Raises:
        ValueError: not a whole number.
        TooLarge: 2^64 or more.
    """
    try:
        return parse_size(text)
    except TooLarge:
        raise TooLarge("it must be below 2^64") from None
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def parse_duration_ns(text: str, bare_unit: str) -> int:
    """Nanoseconds from `30`, `0.5`, `100ms` or `2h`; a bare number is in `bare_unit`.

    Raises:
        ValueError: not a duration, or finer than a nanosecond.
        TooLarge: 30 years or more.
    """
    match = _DURATION.fullmatch(text.strip())
    unit = (match["unit"].lower() or bare_unit) if match else ""
    if match is None or unit not in NS_PER_UNIT:
        raise ValueError(f"{text!r} is not a duration; write 30, 500ms, 10s, 2m or 1h")
    exact = _fraction(match["number"]) * NS_PER_UNIT[unit]
    if exact.denominator != 1:
        raise ValueError(f"{text!r} is finer than a nanosecond")
    if exact >= DURATION_END_NS:
        raise TooLarge("it must be less than 30 years")
    return int(exact)


def format_size(size_bytes: float) -> str:
    """`4 KiB`, `1.5 GiB`: as few digits as show the value."""
    value, exponent = float(size_bytes), 0
    while abs(value) >= 1024 and exponent < len("KMGTPE"):
        value /= 1024
        exponent += 1
    unit = "B" if exponent == 0 else f"{'KMGTPE'[exponent - 1]}iB"
    digits = 0 if value == int(value) else 1 if value >= 100 else 2
    return f"{value:.{digits}f} {unit}"


def format_bandwidth(bytes_per_s: float) -> str:
    """`1.25 GiB/s`."""
    return f"{format_size(bytes_per_s)}/s"


def format_ns(ns: float) -> str:
    """`850 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`: three digits."""
    for limit, divisor, unit in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if ns < limit * 0.9995:
            return f"{_three_digits(ns / divisor)} {unit}"
    return f"{_three_digits(ns / 1e9)} s"


def format_exact(value: float) -> str:
    """`50`, `99.99999`: all digits, and no exponent."""
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")


def format_count(count: float) -> str:
    """`1,234,567`; with three digits below 100."""
    return f"{count:,.0f}" if count >= 100 or count == int(count) else _three_digits(count)


def _three_digits(value: float) -> str:
    if value >= 100 or value == 0:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
