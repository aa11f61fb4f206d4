"""When I/Os are due."""

from typing import ClassVar

from laiobench.job.group import OptionGroup


class PacingOptions(OptionGroup):
    """When I/Os are due."""

    TITLE: ClassVar[str] = "Pacing"
