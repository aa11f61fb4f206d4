"""What is recorded besides."""

from typing import ClassVar

from laiobench.job.group import OptionGroup, option
from laiobench.values import Percentiles


class OutputOptions(OptionGroup):
    """What is recorded besides."""

    TITLE: ClassVar[str] = "Output"

    percentile_list: Percentiles | None = option(
        None, "percentiles that the document has besides its own, such as 10:99.95", max_length=64
    )
