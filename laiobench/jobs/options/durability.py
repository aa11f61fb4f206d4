"""When data must be on the medium."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from laiobench.jobs.options.group import WRITES, Alias, OptionGroup, option
from laiobench.jobs.options.types import Count, Flag, parse_flag

# fio's other values of `sync`.
_SYNCS: dict[object, str] = {"0": "none", "1": "sync", 0: "none", 1: "sync", "": "sync"}


def _sync(value: object) -> object:
    return _SYNCS.get(value, value) if isinstance(value, str | int) else value


def _when_closed(value: object) -> tuple[str, object]:
    """fio's fsync_on_close: it is end_fsync, since a job closes its file when all is written."""
    if not parse_flag(value):
        raise ValueError("0 is how it is anyway: leave it out")
    return "end_fsync", True


class DurabilityOptions(OptionGroup):
    """When data must be on the medium."""

    TITLE: ClassVar[str] = "Durability"

    ALIASES: ClassVar[Mapping[str, Alias]] = {"fsync_on_close": _when_closed}

    fsync: Count = option(
        0,
        "fsync after every so many writes, with nothing else in flight; 0: never",
        ge=0,
        le=1 << 31,
        needs=WRITES,
    )
    fdatasync: Count = option(0, "the same with fdatasync", ge=0, le=1 << 31, needs=WRITES)
    end_fsync: Flag = option(False, "fsync when the job has written all", needs=WRITES)
    sync: Annotated[Literal["none", "sync", "dsync"], BeforeValidator(_sync)] = option(
        "none",
        "each write is on the medium when it is done: sync (O_SYNC) or dsync (O_DSYNC)",
        needs=WRITES,
    )
