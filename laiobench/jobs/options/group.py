"""A group of options: what the file of each group is made of.

A group is a small frozen model with fields made by `option()`, the other names
that fio has for them, and what must hold between them; `Job` inherits all groups.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

# Ten years: what is longer is a slip of the pen.
LONGEST_S = 315_360_000
# No control characters: names are shown in tables and passed to the kernel.
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

# Our name for an option, or what makes our name and value of another's value.
Alias = str | Callable[[object], tuple[str, object]]


Scope = Literal["job", "iothread", "throttle_group"]
"""What an option is of: jobs that share that must agree on it."""


@dataclass(frozen=True)
class Condition:
    """What an option has no effect without, as it is written and as it is asked."""

    text: str
    holds: Callable[["Job"], bool]


@dataclass(frozen=True)
class Traits:
    """What goes with an option, besides its value."""

    needs: Condition | None = None
    scope: Scope = "job"
    is_own_cost: bool = False
    """Whether it matters to what laiobench itself costs, with no device behind it."""


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
    **limits: Any,
) -> Any:
    """A field of a group: its default, help text, the bare number's unit, and its traits."""
    field = Field(
        default,
        description=text,
        json_schema_extra={"unit": unit, "may_be_bare": may_be_bare},
        **limits,
    )
    field.metadata.append(Traits(needs, scope, is_own_cost))
    return field


def traits_of(field: FieldInfo) -> Traits:
    """Of a field that `option()` made."""
    return next(part for part in field.metadata if isinstance(part, Traits))


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
