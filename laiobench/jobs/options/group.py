"""A group of options: what the file of each group is made of.

A group is a small frozen model with fields made by `option()`, the other names
that fio has for them, and what must hold between them; `Job` inherits all groups.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

# Ten years: what is longer is a slip of the pen.
LONGEST_S = 315_360_000
# No control characters: names are shown in tables and passed to the kernel.
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

# Our name for an option, or what makes our name and value of another's value.
Alias = str | Callable[[object], tuple[str, object]]


def option(
    default: Any, text: str, *, unit: str = "", may_be_bare: bool = False, **limits: Any
) -> Any:
    """A field of a group: its default, help text and the bare number's unit."""
    return Field(
        default,
        description=text,
        json_schema_extra={"unit": unit, "may_be_bare": may_be_bare},
        **limits,
    )


class OptionGroup(BaseModel):
    """Options that belong together."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    TITLE: ClassVar[str] = ""
    """What the help calls the group."""

    ALIASES: ClassVar[Mapping[str, Alias]] = {}
    """fio's other names for its options."""

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        """What does not fit together in `job`, of this group's options and others."""
        yield from ()
