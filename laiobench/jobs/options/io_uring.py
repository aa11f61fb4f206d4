"""The io_uring engine: what is registered beforehand, and who submits and polls."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from laiobench.jobs.options.engines import ENGINES, engine_that_takes
from laiobench.jobs.options.group import OptionGroup, option
from laiobench.jobs.options.modes import MODES, Mode, modes_that
from laiobench.jobs.options.types import Flag, Integer

if TYPE_CHECKING:
    from laiobench.jobs.options import Job


def _own(name: str, default: Any, text: str, **limits: Any) -> Any:
    """One of the engine's own options."""
    return option(
        default,
        text,
        needs=engine_that_takes(name),
        scope="iothread",
        is_own_cost=True,
        **limits,
    )


def _never_leaves_polling(mode: Mode) -> bool:
    """Whether its thread is there to poll whenever I/Os are in flight."""
    return not mode.sleeps_in_flight or mode.waits_for_several


class IoUringOptions(OptionGroup):
    """The io_uring engine: what is registered beforehand, and who submits and polls."""

    TITLE: ClassVar[str] = "The io_uring engine"

    fixedbufs: Flag = _own(
        "fixedbufs", False, "register buffers beforehand, so that no I/O looks up their pages"
    )
    registerfiles: Flag = _own(
        "registerfiles", False, "register files beforehand, so that no I/O looks them up"
    )
    sqthread_poll: Flag = _own(
        "sqthread_poll",
        False,
        "a kernel thread submits (SQPOLL), and needs a CPU: its time counts as the job's",
    )
    sqthread_poll_cpu: Integer = _own(
        "sqthread_poll_cpu", -1, "the CPU of that thread; -1: any", ge=-1, le=2**31 - 1
    )
    nonvectored: Flag = _own(
        "nonvectored", True, "pass a buffer as it is; 0: as a vector of one, as preadv does"
    )
    uncached: Flag = _own(
        "uncached",
        False,
        "with direct=0: what was read or written does not stay in the page cache (RWF_DONTCACHE, "
        "Linux 6.14)",
    )

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if "sqthread_poll" not in ENGINES[job.engine].options:
            return  # with others hipri is but a flag of each I/O
        if job.hipri and not job.direct:
            yield "hipri needs direct=1: the kernel polls for direct I/O only"
        if job.hipri and not job.sqthread_poll and not _never_leaves_polling(MODES[job.completion]):
            modes = modes_that(_never_leaves_polling)
            yield (
                f"hipri needs completion={modes}, or sqthread_poll=1: a device that is polled "
                f"interrupts nobody, and completion={job.completion} would sleep for ever"
            )
        if job.uncached and job.direct:
            yield "uncached needs direct=0: direct I/O is not in the page cache anyway"
