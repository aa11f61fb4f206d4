"""What is written."""

from typing import ClassVar

from laiobench.job.group import OptionGroup


class DataOptions(OptionGroup):
    """What is written."""

    TITLE: ClassVar[str] = "Data"
