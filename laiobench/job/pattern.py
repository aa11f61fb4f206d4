"""What is done: reads, writes, in which order and of which size."""

from collections.abc import Mapping
from typing import ClassVar

from laiobench.job.group import Alias, OptionGroup, option
from laiobench.values import Count, Pattern, Size, parse_count


def _reads_besides(writes_percent: object) -> tuple[str, object]:
    share = parse_count(writes_percent)
    if not isinstance(share, int) or not 0 <= share <= 100:
        raise ValueError("it must be a share from 0 to 100 %")
    return "rwmixread", 100 - share


class PatternOptions(OptionGroup):
    """What is done: reads, writes, in which order and of which size."""

    TITLE: ClassVar[str] = "Pattern"

    ALIASES: ClassVar[Mapping[str, Alias]] = {
        "blocksize": "bs",
        "readwrite": "rw",
        "ba": "blockalign",
        "rwmixwrite": _reads_besides,
    }

    rw: Pattern = option("read", "read, write, randread, randwrite, rw or randrw (mixed)")
    rwmixread: Count = option(
        50,
        "share of reads in a mix; rwmixwrite is its complement",
        unit="%",
        ge=0,
        le=100,
    )
    bs: Size = option(4096, "size of each I/O", unit="bytes", ge=1, le=1 << 30)
    blockalign: Size | None = option(
        None,
        "random offsets are multiples of this; none: of bs",
        unit="bytes",
        ge=1,
        le=1 << 30,
    )

    @property
    def reads(self) -> bool:
        """Whether any of its I/Os is a read."""
        return self.read_percent > 0

    @property
    def writes(self) -> bool:
        """Whether any of its I/Os changes data."""
        return self.read_percent < 100

    @property
    def is_random(self) -> bool:
        return self.rw.startswith("rand")

    @property
    def read_percent(self) -> int:
        """Share of reads, 0 to 100."""
        match self.rw.removeprefix("rand"):
            case "read":
                return 100
            case "write":
                return 0
            case _:
                return self.rwmixread
