"""Values of several parts: per direction, ranges, splits, percentages.

Each is written as in fio, and parsed into a frozen value; `str()` gives the text again.
Single numbers are parsed by `units`; what a value means is known to its option.

    bs: Annotated[PerDirection[int], CommaForm(size_of(least=1), blank=4096)]
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from laiobench import units

T = TypeVar("T")
Item = Callable[[str], Any]
"""Parses the text of one part; raises ValueError if it is wrong."""


@dataclass(frozen=True)
class Form:
    """How pydantic parses an option's text: `Annotated[Range, Form(range_of())]`.

    A value other than text is parsed by its text, unless it is a `kind` already.
    Documents store the text, so it can be given as an option again.
    """

    item: Item
    kind: type[Any]

    def parse(self, value: object) -> Any:
        if isinstance(value, self.kind):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError("it must be text or a number")
        return self.item(str(value).strip())

    @staticmethod
    def written(value: Any) -> Any:
        """The value as documents store it."""
        return value if value is None or isinstance(value, int | float) else str(value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(self.written),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": ["string", "number"]}


# ---- per direction -----------------------------------------------------------------


@dataclass(frozen=True)
class PerDirection(Generic[T]):
    """An option's values for reads, writes and trims."""

    read: T
    write: T
    trim: T

    @classmethod
    def same(cls, value: T) -> "PerDirection[T]":
        """One value for all directions."""
        return cls(value, value, value)

    @property
    def is_same(self) -> bool:
        return self.read == self.write == self.trim

    def of(self, direction: str) -> T:
        """The value for `read`, `write` or `trim`."""
        value: T = getattr(self, direction)
        return value

    def values(self) -> tuple[T, T, T]:
        return self.read, self.write, self.trim

    def __str__(self) -> str:
        """`4096`, `4096,8192` or `,8192`, as fio writes it."""
        texts = ["" if value is None else str(value) for value in self.values()]
        if self.is_same:
            return texts[0]
        return ",".join(texts[:2] if self.write == self.trim else texts)


@dataclass(frozen=True)
class CommaForm(Form):
    """`r`, `r,w` or `r,w,t`, each part parsed by `item`; an empty part is `blank`.

    A single part is for all directions; of two, the second is for writes and trims.
    """

    kind: type[Any] = PerDirection
    blank: Any = None

    def parse(self, value: object) -> Any:
        if isinstance(value, PerDirection):
            return value
        if value is None and self.blank is None:
            return PerDirection.same(None)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError("it must be text or a number")
        parts = comma_parts(str(value))
        return PerDirection(*(self.item(part) if part else self.blank for part in parts))

    @staticmethod
    def written(value: Any) -> Any:
        return Form.written(value.read) if value.is_same else str(value)


def comma_parts(text: str) -> tuple[str, str, str]:
    """The texts for reads, writes and trims; empty ones stay empty.

    Raises:
        ValueError: there are more than three parts.
    """
    parts = [part.strip() for part in text.split(",")]
    match parts:
        case [same]:
            return same, same, same
        case [read, ""]:
            return read, "", ""
        case [read, write]:
            return read, write, write
        case [read, write, trim]:
            return read, write, trim
        case _:
            raise ValueError(f"{text!r} has {len(parts)} parts; there are read, write and trim")


def filled(text: str, earlier: str) -> str:
    """`text` with its empty parts taken from `earlier`: `,8k` over `4k` is `4k,8k,8k`."""
    try:
        parts, before = comma_parts(text), comma_parts(earlier)
    except ValueError:
        return text  # the option itself reports what is wrong
    if all(parts):
        return text
    return ",".join(part or old for part, old in zip(parts, before, strict=True))


# ---- single values -----------------------------------------------------------------


def size_of(least: int = 0, most: int = 1 << 60) -> Item:
    """A parser of sizes in bytes, within limits."""

    def parse(text: str) -> int:
        return _within(units.parse_size(text), least, most)

    return parse


def count_of(least: int = 0, most: int = 1 << 60) -> Item:
    """A parser of whole numbers with fio's suffixes, within limits."""

    def parse(text: str) -> int:
        return _within(units.parse_count(text), least, most)

    return parse


def _within(number: int, least: int, most: int) -> int:
    if number < least:
        raise ValueError(f"it must be at least {least:,}")
    if number > most:
        raise ValueError(f"it must be at most {most:,}")
    return number


# ---- ranges ------------------------------------------------------------------------


@dataclass(frozen=True)
class Range:
    """From `low` to `high`, both included."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


def range_of(item: Item) -> Item:
    """A parser of `lo-hi` or `lo:hi`."""

    def parse(text: str) -> Range:
        ends = text.replace(":", "-").split("-")
        if len(ends) != 2:
            raise ValueError(f"{text!r} is not a range; write 4k-64k")
        low, high = (item(end.strip()) for end in ends)
        if high < low:
            raise ValueError(f"{text!r} is a range that ends before it begins")
        return Range(low, high)

    return parse


# ---- splits ------------------------------------------------------------------------

MOST_SHARES = 64
# The error of thirds that are written as decimals.
ROUNDING_PERCENT = 1e-6


@dataclass(frozen=True)
class Share(Generic[T]):
    """A value, and the share of I/Os that have it, in percent."""

    value: T
    percent: float

    def __str__(self) -> str:
        return f"{self.value}/{self.percent:.12g}"


@dataclass(frozen=True)
class Split(Generic[T]):
    """Values with their shares, which add up to 100 %."""

    shares: tuple[Share[T], ...]

    def __str__(self) -> str:
        return ":".join(map(str, self.shares))


def split_of(item: Item) -> Item:
    """A parser of `4k/10:64k/50:32k/40`; entries without a percentage share the rest.

    As in fio, if all have one, the last also takes what is missing from 100 %.
    """

    def parse(text: str) -> Split[Any]:
        entries = text.split(":")
        if len(entries) > MOST_SHARES:
            raise ValueError(f"{len(entries)} parts are too many; there can be {MOST_SHARES}")
        pairs = [entry.partition("/") for entry in entries]
        values = [item(value.strip()) for value, _, _ in pairs]
        percents = shared_rest([percent.strip() for _, _, percent in pairs])
        missing = 100 - sum(percents)
        percents[-1] += missing if missing > ROUNDING_PERCENT else 0
        return Split(tuple(map(Share, values, percents)))

    return parse


def shared_rest(texts: Sequence[str]) -> list[float]:
    """The percentages; empty texts share what the others leave of 100 %.

    Raises:
        ValueError: a text is no percentage, or they add up to more than 100 %.
    """
    percents = [parse_percent(text) if text else None for text in texts]
    total = sum(percent or 0 for percent in percents)
    if total > 100 + ROUNDING_PERCENT:
        raise ValueError(f"the percentages add up to {total:g}, more than 100")
    blanks = percents.count(None)
    return [max(0.0, 100 - total) / blanks if percent is None else percent for percent in percents]


# ---- percentages -------------------------------------------------------------------


@dataclass(frozen=True)
class Amount:
    """Bytes, or a share of something."""

    bytes: int | None
    percent: float | None

    def of(self, whole_bytes: int) -> int:
        """The number of bytes, if the whole has `whole_bytes`; a share is rounded down."""
        if self.percent is None:
            return self.bytes or 0
        return int(whole_bytes * self.percent / 100)

    def __str__(self) -> str:
        return str(self.bytes) if self.percent is None else f"{units.format_exact(self.percent)}%"


def amount_of(least: int = 0, most: int = 1 << 60) -> Item:
    """A parser of `512m` or `50%`; if `least` is above 0, 0 % is refused."""
    size = size_of(least, most)

    def parse(text: str) -> Amount:
        if not text.endswith("%"):
            return Amount(size(text), None)
        percent = parse_percent(text)
        if percent == 0 and least > 0:
            raise ValueError("it must be above 0 %")
        return Amount(None, percent)

    return parse


def parse_percent(text: str) -> float:
    """A number from 0 to 100, with or without `%`.

    Raises:
        ValueError: `text` is not one.
    """
    number = text.removesuffix("%").strip()
    if not _is_decimal(number):
        raise ValueError(f"{text!r} is not a percentage; write 50 or 12.5")
    percent = float(number)
    if percent > 100:
        raise ValueError(f"{text!r} is more than 100 %")
    return percent


def _is_decimal(text: str) -> bool:
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    return digits.isascii() and digits.isdigit()
