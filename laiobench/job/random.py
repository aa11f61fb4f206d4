"""How random offsets are chosen."""

from typing import ClassVar

from laiobench.job.group import OptionGroup, option
from laiobench.values import Count, Flag


class RandomOptions(OptionGroup):
    """How random offsets are chosen."""

    TITLE: ClassVar[str] = "Randomness"

    norandommap: Flag = option(
        False, "random offsets may repeat, instead of each block once per pass"
    )
    randseed: Count = option(0x8989, "seed of offsets, directions and data", ge=0, lt=1 << 64)
