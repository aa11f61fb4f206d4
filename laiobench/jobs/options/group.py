"""What the groups of options are built from.

A group is a frozen pydantic model.  Its fields are made by `option()`; it also has
fio's other names for them, and checks options against each other; `Job` inherits all groups.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

# Ten years: a longer time is a typing error.
LONGEST_S = 315_360_000
# Without control characters: names are shown in tables and passed to the kernel.
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

# Our name for an option, or a function that makes our name and value of fio's value.
Alias = str | Callable[[object], tuple[str, object]]


Scope = Literal["job", "iothread", "throttle_group"]
"""Who shares it: jobs that share an object of this scope must agree on the option."""


@dataclass(frozen=True)
class Condition:
    """What must hold for an option to have an effect: its text, and its test."""

    text: str
    holds: Callable[["Job"], bool]


@dataclass(frozen=True)
class Traits:
    """What is known about an option, besides its type."""

    needs: Condition | None = None
    scope: Scope = "job"
    is_own_cost: bool = False
    """Whether it changes laiobench's own cost per I/O, whatever the device."""
    changes_io: bool = True
    """Whether it changes which I/Os are made, when or how, in a run that does not fail.  Jobs that
    differ in no such option are one and the same job, whose results may be compared."""


WRITES = Condition("a job that writes", lambda job: job.writes)


def option(
    default: Any,
    text: str,
    *,
    unit: str = "",
    may_be_bare: bool = False,
    needs: Condition | None = None,
    scope: Scope = "job",
    is_own_cost: bool = False,
    changes_io: bool = True,
    **limits: Any,
) -> Any:
    """A field of a group: default, help text, unit of a bare number, and traits."""
    field = Field(
        default,
        description=text,
        json_schema_extra={"unit": unit, "may_be_bare": may_be_bare},
        **limits,
    )
    field.metadata.append(Traits(needs, scope, is_own_cost, changes_io))
    return field


def traits_of(field: FieldInfo) -> Traits:
    """The traits of a field that `option()` made."""
    return next(part for part in field.metadata if isinstance(part, Traits))


class OptionGroup(BaseModel):
    """Options that belong together."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    TITLE: ClassVar[str] = ""
    """The group's heading in help."""

    ALIASES: ClassVar[Mapping[str, Alias]] = {}
    """fio's other names for its options."""

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        """What options of this group contradict, among themselves or with others of `job`."""
        yield from ()
