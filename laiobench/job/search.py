"""Runs that look for a load, or a state."""

from typing import ClassVar

from laiobench.job.group import OptionGroup


class SearchOptions(OptionGroup):
    """Runs that look for a load, or a state."""

    TITLE: ClassVar[str] = "Search"
