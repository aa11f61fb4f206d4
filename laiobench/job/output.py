"""What is recorded besides."""

from typing import ClassVar

from laiobench.job.group import OptionGroup


class OutputOptions(OptionGroup):
    """What is recorded besides."""

    TITLE: ClassVar[str] = "Output"
