"""Job: what to do to which target, and how; the one definition of every option.

Command line, job files, documents, help and the option table are all made from the
fields of `Job`.  A new option is a field in its group's file here, and nothing else.
Names, meanings and the units of bare numbers are fio's; where ours differ, the help
says so.  A value is kept in the unit in which a bare number is read, so a value
that a document shows can be given as an option again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, Unpack

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError, PydanticUndefined

from laiobench import units
from laiobench.jobs.options.completion import MechanismOptions
from laiobench.jobs.options.compound_types import Amount, PerDirection
from laiobench.jobs.options.data import DataOptions
from laiobench.jobs.options.durability import DurabilityOptions
from laiobench.jobs.options.duration import TimeOptions
from laiobench.jobs.options.engines import ENGINES
from laiobench.jobs.options.group import LONGEST_S as LONGEST_S
from laiobench.jobs.options.group import OptionGroup, Scope, Traits, traits_of
from laiobench.jobs.options.io_uring import IoUringOptions
from laiobench.jobs.options.modes import CompletionMode as CompletionMode
from laiobench.jobs.options.name import NamingOptions
from laiobench.jobs.options.null import NullOptions
from laiobench.jobs.options.output import OutputOptions
from laiobench.jobs.options.pacing import PacingOptions
from laiobench.jobs.options.pattern import PatternOptions
from laiobench.jobs.options.queue import QueueOptions
from laiobench.jobs.options.random import RandomOptions
from laiobench.jobs.options.region import RegionOptions
from laiobench.jobs.options.search import SearchOptions
from laiobench.jobs.options.threads import ThreadOptions
from laiobench.jobs.options.throttle import ThrottleOptions
from laiobench.jobs.options.types import parse_count
from laiobench.jobs.options.verify import VerifyOptions
from laiobench.words import suggest

if TYPE_CHECKING:
    from laiobench.jobs.options.arguments import JobArguments


SMALLEST_BLOCK_BYTES = 512
"""No block device has smaller ones."""


# Pydantic takes fields from the last base first: help and documents list them in that order.
class Job(
    NullOptions,
    IoUringOptions,
    MechanismOptions,
    ThreadOptions,
    OutputOptions,
    SearchOptions,
    ThrottleOptions,
    PacingOptions,
    TimeOptions,
    VerifyOptions,
    DataOptions,
    DurabilityOptions,
    RandomOptions,
    QueueOptions,
    RegionOptions,
    PatternOptions,
    NamingOptions,
):
    """One workload on one target.  Frozen; `Job(rw="randread", bs="4k")` parses and checks.

    Raises:
        pydantic.ValidationError: an option is unknown or has a wrong value.
    """

    if TYPE_CHECKING:  # callers may write values as users do; fields then have the parsed types

        def __init__(self, **options: Unpack[JobArguments]) -> None: ...

    @property
    def writes(self) -> bool:
        """Whether any of its I/Os changes data."""
        return super().writes and not self.only_verifies and not self.create_only

    @property
    def uses_map(self) -> bool:
        """Whether a random map visits each block once per pass."""
        return (
            self.is_random
            and not self.norandommap
            and self.random_distribution.kind == "random"
            and not self.begins_elsewhere
        )

    @property
    def is_plain(self) -> bool:
        """Whether its I/Os have one size, and are sequential or evenly random."""
        return (
            self.has_one_size
            and self.has_one_align
            and self.stride == 0
            and self.run_length == 1
            and not self.is_strided
            and (not self.is_random or self._is_evenly_random)
        )

    @property
    def _is_evenly_random(self) -> bool:
        return (
            self.random_distribution.kind == "random"
            and self.random_generator != "lfsr"
            and all(self.percentage_random.of(name) == 100 for name in self.directions)
        )

    @property
    def is_buffered_for_its_sizes(self) -> bool:
        """Whether it goes through the page cache because its I/Os cannot go around it."""
        is_free = "direct" not in self.model_fields_set and ENGINES[self.engine].completes_in_submit
        return is_free and self.unit_bytes(*self.directions) % SMALLEST_BLOCK_BYTES > 0

    @model_validator(mode="wrap")
    @classmethod
    def _tells_the_nearest(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """For an unknown option, name the nearest known one; other errors are told, too."""
        try:
            return handler(values)
        except ValidationError as error:
            details = error.errors()
            if all(detail["type"] != "extra_forbidden" for detail in details):
                raise
            told = [_told(detail) for detail in details]
            raise ValidationError.from_exception_data(error.title, told) from None

    @model_validator(mode="before")
    @classmethod
    def _one_name_for_each(cls, values: Any) -> Any:
        """Replace fio's other names of options by ours."""
        if not isinstance(values, dict):
            return values
        return dict(canonical(str(name), value) for name, value in values.items())

    @property
    def may_idle(self) -> bool:
        """Whether it may sometimes issue nothing though iodepth allows it (rates, pauses)."""
        return bool(self.is_paced or self.is_throttled or self.thinktime)

    @model_validator(mode="after")
    def _as_its_engine_has_it(self) -> Self:
        """The options' values in effect, where the engine leaves no choice.

        Blocking calls go through the page cache as well as around it: so they do, if nothing was
        said, where an I/O is no multiple of the smallest block and cannot go around it.
        """
        values = dict(ENGINES[self.engine].imposed)
        if self.is_buffered_for_its_sizes:
            values["direct"] = False
        self.__dict__.update(values)  # of a frozen model that is still being made
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = [fault for group in GROUPS for fault in group.faults(self)]
        if faults:
            raise ValueError("\n".join(faults))
        return self


# In the order of help and documents.
GROUPS: tuple[type[OptionGroup], ...] = tuple(
    base for base in reversed(Job.__bases__) if issubclass(base, OptionGroup)
)

# fio's other names of options, and the option that each stands for.
ALIASES = {name: alias for group in GROUPS for name, alias in group.ALIASES.items()}


def _told(detail: ErrorDetails) -> InitErrorDetails:
    """One of pydantic's errors, to be raised again; for an unknown option with the nearest name."""
    again = InitErrorDetails(type=detail["type"], loc=detail["loc"], input=detail["input"])
    if detail["type"] == "extra_forbidden":
        name = str(detail["loc"][0])
        problem = f"there is no option {name}{suggest(name, option_names())}"
        again["type"] = PydanticCustomError("unknown_option", "{problem}", {"problem": problem})
    elif "ctx" in detail:
        again["ctx"] = detail["ctx"]
    return again


def canonical(name: str, value: object) -> tuple[str, object]:
    """Our name and value for an option that fio also calls otherwise.

    Raises:
        ValueError: the other name does not take this value.
    """
    alias = ALIASES.get(name, name)
    return (alias, value) if isinstance(alias, str) else alias(value)


# ---- tables of the options -------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """One option, for help texts and tables."""

    name: str
    group: str
    """The title of its group."""
    help: str
    default: str
    unit: str
    is_flag: bool


def _shown_default(field: FieldInfo) -> str:
    default = field.default
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, PerDirection) and default.is_same:
        default = default.read
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    if isinstance(default, Amount):
        default = default.bytes
    if isinstance(default, bool):
        return str(int(default))
    if isinstance(default, int) and _unit(field) == "bytes" and default:
        return units.format_size(default).replace(" KiB", "k")
    return "" if default is None else str(default)


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    return str(extra["unit"])


def may_be_bare(field: FieldInfo) -> bool:
    """Whether the option may be written without a value."""
    extra = field.json_schema_extra
    return field.annotation is bool or (isinstance(extra, dict) and extra["may_be_bare"] is True)


def is_count(field: FieldInfo) -> bool:
    """Whether its value is a whole number that may have a size's suffix."""
    return any(getattr(part, "func", None) is parse_count for part in field.metadata)


def options() -> Iterator[Option]:
    """All options of a job, by group, in the order of their definition."""
    for group in GROUPS:
        for name, field in group.model_fields.items():
            yield Option(
                name=name,
                group=group.TITLE,
                help=field.description or "",
                default=_shown_default(field),
                unit=_unit(field),
                is_flag=may_be_bare(field),
            )


def traits() -> dict[str, Traits]:
    """The traits of each option, by its name; in the order of their definition."""
    return {
        name: traits_of(field) for group in GROUPS for name, field in group.model_fields.items()
    }


def names_of_scope(scope: Scope) -> tuple[str, ...]:
    """The options that jobs must agree on if they share an object of this scope."""
    return tuple(name for name, its in traits().items() if its.scope == scope)


def option_names() -> frozenset[str]:
    """Every name that a job file or the command line may use."""
    return frozenset(Job.model_fields) | frozenset(ALIASES)
