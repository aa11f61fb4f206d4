"""Engines, completion modes, and how adaptive mode polls."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from laiobench.jobs.options.engines import (
    ENGINES,
    EngineName,
    engine_that_takes,
    engines_text,
    names_of_those_that,
    parse_engine,
)
from laiobench.jobs.options.group import Alias, OptionGroup, option
from laiobench.jobs.options.modes import MODES, CompletionMode, mode_that, modes_text
from laiobench.jobs.options.types import Count, Flag

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

_ADAPTIVE = mode_that(lambda mode: mode.adapts_polling)


class MechanismOptions(OptionGroup):
    """Engines, completion modes, and how adaptive mode polls."""

    TITLE: ClassVar[str] = "How completions are noticed"

    ALIASES: ClassVar[Mapping[str, Alias]] = {"ioengine": "engine"}

    engine: Annotated[EngineName, BeforeValidator(parse_engine)] = option(
        "libaio",
        engines_text(),
        scope="iothread",
    )
    completion: CompletionMode = option(
        "poll",
        modes_text(),
        scope="iothread",
        is_own_cost=True,
    )
    poll_max_ns: Count = option(
        32768,
        "adaptive: look for so long at most; 0: not at all",
        unit="ns",
        ge=0,
        le=10**12,
        needs=_ADAPTIVE,
        scope="iothread",
        is_own_cost=True,
    )
    poll_grow: Count = option(
        2,
        "adaptive: grow by this factor when looking longer would have found it",
        ge=1,
        le=1000,
        needs=_ADAPTIVE,
        scope="iothread",
        is_own_cost=True,
    )
    poll_shrink: Count = option(
        2,
        "adaptive: shrink by this factor when it came too late; 0: to nothing",
        ge=0,
        le=1000,
        needs=_ADAPTIVE,
        scope="iothread",
        is_own_cost=True,
    )
    poll_rule: Literal["weighted", "step"] = option(
        "weighted",
        "adaptive: judge by a weighted average, or by the last wait",
        needs=_ADAPTIVE,
        scope="iothread",
        is_own_cost=True,
    )
    resfd: Flag = option(
        False,
        "have the kernel set an eventfd also where the mode needs none",
        scope="iothread",
        is_own_cost=True,
    )
    hipri: Flag = option(
        False,
        "let the kernel poll for I/Os: io_uring the device's own queues for that, if it has some "
        "(IOPOLL), and completion=poll makes a call for each look then; psync by RWF_HIPRI, which "
        "kernels since 6.0 take and ignore",
        needs=engine_that_takes("hipri"),
        scope="iothread",
    )
    fdmon: Literal["epoll", "ppoll"] = option(
        "epoll", "what the loop sleeps in", scope="iothread", is_own_cost=True
    )

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if MODES[job.completion].is_for_blocking and not ENGINES[job.engine].completes_in_submit:
            engines = names_of_those_that("completes_in_submit")
            yield (
                f"completion={job.completion} needs engine={engines}, whose I/Os are done when "
                "they have been submitted"
            )
