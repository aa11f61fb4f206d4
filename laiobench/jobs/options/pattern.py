"""What is done: reads, writes, in which order and of which size."""

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import PlainValidator

from laiobench import units
from laiobench.jobs.options.compound_types import (
    CommaForm,
    PerDirection,
    Range,
    Split,
    parse_percent,
    range_of,
    size_of,
    split_of,
)
from laiobench.jobs.options.group import Alias, OptionGroup, option
from laiobench.jobs.options.types import Count, Flag, parse_count
from laiobench.words import IO_DIRECTIONS

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

LARGEST_BYTES = 1 << 30
KINDS = (
    "read", "write", "randread", "randwrite", "rw", "randrw", "trim", "randtrim", "trimwrite",
)  # fmt: skip
_OTHER_NAMES = {"readwrite": "rw"}
_RW = re.compile(r"(?P<kind>\w+)(?::(?P<suffix>-?[^:]+))?")


def _rw(value: object) -> str:
    """`randread`, or with a suffix `randread:8` or `read:8k`."""
    found = _RW.fullmatch(str(value).strip())
    kind = found["kind"] if found else ""
    kind = _OTHER_NAMES.get(kind, kind)
    if found is None or kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1, cutoff=0.7)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"it must be {', '.join(KINDS[:-1])} or {KINDS[-1]}{hint}")
    if found["suffix"] is None:
        return kind
    number = _suffix(kind, found["suffix"])
    return f"{kind}:{number}" if number else kind


def _suffix(kind: str, text: str) -> int:
    if kind.startswith("rand"):
        count = units.parse_count(text)
        if not 1 <= count < 1 << 32:
            raise ValueError("after the colon must be how many I/Os follow each random offset")
        return count
    size = units.parse_size(text.removeprefix("-"))
    if size > 1 << 60:
        raise ValueError("after the colon must be how many bytes to skip after each I/O")
    return -size if text.startswith("-") else size


def _reads_besides(writes_percent: object) -> tuple[str, object]:
    share = parse_count(writes_percent)
    if not isinstance(share, int) or not 0 <= share <= 100:
        raise ValueError("it must be a share from 0 to 100 %")
    return "rwmixread", 100 - share


def _percent(text: str) -> float:
    """Keep a whole number whole, so that documents show it so."""
    percent = parse_percent(text)
    return int(percent) if percent.is_integer() else percent


@dataclass(frozen=True)
class SizeShare:
    """Sizes from `low` to `high` in steps, and what share of I/Os has them, in percent."""

    percent: float
    low: int
    high: int
    step: int
    """0 if `low` is the only size."""


_SIZE = size_of(least=1, most=LARGEST_BYTES)


class PatternOptions(OptionGroup):
    """What is done: reads, writes, in which order and of which size."""

    TITLE: ClassVar[str] = "Pattern"

    ALIASES: ClassVar[Mapping[str, Alias]] = {
        "blocksize": "bs",
        "blocksize_range": "bsrange",
        "blocksize_unaligned": "bs_unaligned",
        "readwrite": "rw",
        "ba": "blockalign",
        "rwmixwrite": _reads_besides,
    }

    rw: Annotated[str, PlainValidator(_rw, json_schema_input_type=str)] = option(
        "read",
        "read, write, randread, randwrite, rw or randrw (mixed), trim, randtrim or trimwrite; "
        "read:8k skips 8k after each I/O, randread:8 does 8 I/Os from each random offset on",
        is_own_cost=True,
    )
    rw_sequencer: Literal["sequential", "identical"] = option(
        "sequential",
        "the I/Os of randread:8 from one offset on: one after the other, or all there",
    )
    rwmixread: Count = option(
        50,
        "share of reads in a mix; rwmixwrite is its complement",
        unit="%",
        ge=0,
        le=100,
    )
    percentage_random: Annotated[PerDirection[float], CommaForm(_percent, blank=100)] = option(
        PerDirection[float].same(100),
        "of a random rw, so many I/Os are at random, the others sequential; read,write,trim",
        unit="%",
    )
    bs: Annotated[PerDirection[int], CommaForm(_SIZE, blank=4096)] = option(
        PerDirection.same(4096), "size of each I/O; read,write,trim", unit="bytes", is_own_cost=True
    )
    bsrange: Annotated[PerDirection[Range | None], CommaForm(range_of(_SIZE))] = option(
        PerDirection[Range | None].same(None),
        "sizes from lo to hi, in multiples of lo; instead of bs; read,write,trim",
        unit="bytes",
    )
    bssplit: Annotated[PerDirection[Split[int] | None], CommaForm(split_of(_SIZE))] = option(
        PerDirection[Split[int] | None].same(None),
        "sizes and their shares, 4k/60:64k/40; instead of bs; read,write,trim",
        unit="bytes",
    )
    bs_unaligned: Flag = option(False, "bsrange: any number of bytes, not only multiples of lo")
    blockalign: Annotated[PerDirection[int | None], CommaForm(_SIZE)] = option(
        PerDirection[int | None].same(None),
        "random offsets are multiples of this, without a random map unless it is the smallest "
        "size, as it is by default; read,write,trim",
        unit="bytes",
    )

    # ---- directions

    @property
    def kind(self) -> str:
        """`rw` without its suffix."""
        return self.rw.partition(":")[0]

    @property
    def reads(self) -> bool:
        """Whether any of its I/Os is a read."""
        return self.read_percent > 0

    @property
    def writes(self) -> bool:
        """Whether any of its I/Os changes data."""
        return self.read_percent < 100

    @property
    def trims(self) -> bool:
        """Whether its writes are trims (trimwrite: trims, then writes)."""
        return "trim" in self.kind

    @property
    def is_random(self) -> bool:
        return self.kind.startswith("rand")

    @property
    def read_percent(self) -> int:
        """The share of reads, 0 to 100."""
        match self.kind.removeprefix("rand"):
            case "read":
                return 100
            case "write" | "trim" | "trimwrite":
                return 0
            case _:
                return self.rwmixread

    @property
    def changing(self) -> str:
        """The direction of the options for I/Os that change data: write, or trim."""
        return "trim" if self.kind.endswith("trim") else "write"

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions that options may be about; verify_only counts as if it wrote."""
        return ("read",) * self.reads + (self.changing,) * (self.read_percent < 100)

    # ---- sequences

    @property
    def stride(self) -> int:
        """Bytes skipped after each sequential I/O; below 0: backwards."""
        return 0 if self.is_random else int(self.rw.partition(":")[2] or 0)

    @property
    def run_length(self) -> int:
        """How many I/Os are made from each random offset on."""
        return int(self.rw.partition(":")[2] or 1) if self.is_random else 1

    # ---- sizes

    def sizes(self, direction: str) -> tuple[SizeShare, ...]:
        """The sizes of a direction, with their shares."""
        split, between = self.bssplit.of(direction), self.bsrange.of(direction)
        if split:
            found = [
                SizeShare(share.percent, share.value, share.value, 0) for share in split.shares
            ]
            return tuple(share for share in found if share.percent > 0)
        if between and between.low < between.high:
            step = 1 if self.bs_unaligned else between.low
            high = between.low + (between.high - between.low) // step * step
            return (SizeShare(100, between.low, high, step if high > between.low else 0),)
        size = between.low if between else self.bs.of(direction)
        return (SizeShare(100, size, size, 0),)

    @property
    def smallest_bytes(self) -> int:
        """The smallest size of any I/O."""
        return min(size.low for name in self.directions for size in self.sizes(name))

    @property
    def largest_bytes(self) -> int:
        """The largest size of any I/O."""
        return max(size.high for name in self.directions for size in self.sizes(name))

    @property
    def has_one_size(self) -> bool:
        """Whether all I/Os are of one size."""
        return self.smallest_bytes == self.largest_bytes

    def unit_bytes(self, *directions: str) -> int:
        """The number that divides all sizes of these directions."""
        sizes = [size for name in directions for size in self.sizes(name)]
        return math.gcd(*(number for size in sizes for number in (size.low, size.high, size.step)))

    def align_bytes(self, direction: str) -> int:
        """The number that divides all random offsets of this direction."""
        return self.blockalign.of(direction) or min(size.low for size in self.sizes(direction))

    @property
    def has_one_align(self) -> bool:
        return len({self.align_bytes(name) for name in self.directions}) == 1

    @property
    def begins_elsewhere(self) -> bool:
        """Whether random offsets are no multiples of the block size (blockalign); there is no map.

        As in fio, the blockalign of a direction that the job does not use counts as well.
        """
        return any(
            self.align_bytes(name) != min(size.low for size in self.sizes(name))
            for name in IO_DIRECTIONS
        )

    @property
    def maps_units(self) -> bool:
        """Whether a random map's cells are units that divide all sizes; else they are blocks."""
        return self.is_random and not self.has_one_size

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.rw_sequencer == "identical" and job.run_length == 1:
            yield "rw_sequencer=identical needs a random rw with a number, such as rw=randread:8"
        if job.bs_unaligned and job.uses_map and not job.has_one_size:
            yield "bs_unaligned with a random rw needs norandommap: the map has no unit"
