"""How many I/Os are in flight, and how they are submitted."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from laiobench.jobs.options.engines import ENGINES, names_of_those_that
from laiobench.jobs.options.group import Alias, OptionGroup, option
from laiobench.jobs.options.modes import MODES, modes_that
from laiobench.jobs.options.types import Count, Flag, OffAtZero, parse_flag

if TYPE_CHECKING:
    from laiobench.jobs.options import Job


def _reaped_in_user_space(value: object) -> tuple[str, object]:
    if not parse_flag(value):
        raise ValueError("0 does not say how to reap; write completion=… instead")
    return "completion", "poll"


class QueueOptions(OptionGroup):
    """How many I/Os are in flight, and how they are submitted."""

    TITLE: ClassVar[str] = "Queue"

    ALIASES: ClassVar[Mapping[str, Alias]] = {
        "iodepth_batch": "max_batch",
        "iodepth_batch_submit": "max_batch",
        "iodepth_batch_complete": "iodepth_batch_complete_min",
        "userspace_reap": _reaped_in_user_space,
    }

    iodepth: Count = option(1, "I/Os kept in flight", ge=1, le=65536, is_own_cost=True)
    iodepth_low: Annotated[Count | None, OffAtZero] = option(
        None,
        "once iodepth is reached, issue no more until so few are in flight; none: refill at once",
        ge=0,
        le=65536,
    )
    max_batch: Count = option(
        32,
        "I/Os in one io_submit at most; 0: all there are (fio's iodepth_batch_submit, there 1)",
        ge=0,
        le=65536,
        scope="iothread",
        is_own_cost=True,
    )
    iodepth_batch_complete_min: Count = option(
        1,
        "completion=getevents: completions to wait for in a call; other modes take what there "
        "is, and 0 wants completion=poll, which never waits",
        ge=0,
        le=65536,
        scope="iothread",
    )
    iodepth_batch_complete_max: Annotated[Count | None, OffAtZero] = option(
        None,
        "completion=getevents: completions taken in a call; none: all there are "
        "(in fio: iodepth_batch_complete_min)",
        ge=0,
        le=65536,
        scope="iothread",
    )
    nowait: Flag = option(
        False,
        "an I/O that would wait in the kernel fails with EAGAIN (RWF_NOWAIT); it is counted, and "
        "fails no run",
    )
    reap_on_submit: Flag = option(
        False,
        "take completions right after each submit (hides the completion mode)",
        scope="iothread",
        is_own_cost=True,
    )
    short_io: Literal["resubmit", "strict"] = option(
        "resubmit", "a short I/O: ask for the rest, or end it at once", scope="iothread"
    )

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        least, most = job.iodepth_batch_complete_min, job.iodepth_batch_complete_max
        if job.iodepth_low and job.iodepth_low > job.iodepth:
            yield f"iodepth_low is {job.iodepth_low}, above iodepth, which is {job.iodepth}"
        mode = MODES[job.completion]
        if least == 0 and mode.sleeps_in_flight:
            modes = modes_that(lambda mode: not mode.sleeps_in_flight)
            yield f"iodepth_batch_complete_min=0 does not wait: that is completion={modes}"
        if (least > 1 or most) and not mode.waits_for_several:
            modes = modes_that(lambda mode: mode.waits_for_several)
            yield (
                f"iodepth_batch_complete_min and _max need completion={modes}: "
                f"{job.completion} takes the completions that there are"
            )
        if least > job.iodepth:
            yield f"iodepth_batch_complete_min is {least}, above iodepth: they would never come"
        if most and most < least:
            yield "iodepth_batch_complete_max is below iodepth_batch_complete_min"
        if most and not ENGINES[job.engine].bounds_waits:
            engines = names_of_those_that("bounds_waits")
            yield f"iodepth_batch_complete_max needs engine={engines}, whose call takes it"
        if job.nowait and not ENGINES[job.engine].takes_nowait:
            engines = names_of_those_that("takes_nowait")
            yield f"nowait needs engine={engines}: the kernel is asked for it with each I/O"
