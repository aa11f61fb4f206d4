"""When data must be on the medium."""

from typing import ClassVar

from laiobench.job.group import OptionGroup


class DurabilityOptions(OptionGroup):
    """When data must be on the medium."""

    TITLE: ClassVar[str] = "Durability"
