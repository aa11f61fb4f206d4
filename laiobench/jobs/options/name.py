"""What a job is called."""

from typing import ClassVar

from laiobench.jobs.options.group import PRINTABLE, OptionGroup, option


class NamingOptions(OptionGroup):
    """What a job is called."""

    TITLE: ClassVar[str] = "The job"

    name: str = option(
        "job",
        "what the job is called in results",
        min_length=1,
        pattern=PRINTABLE,
        changes_io=False,
    )
