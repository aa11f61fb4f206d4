"""Whether what is read is what was written."""

from typing import ClassVar

from laiobench.job.group import OptionGroup


class VerifyOptions(OptionGroup):
    """Whether what is read is what was written."""

    TITLE: ClassVar[str] = "Verification"
