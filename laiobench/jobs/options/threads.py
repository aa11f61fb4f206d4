"""Who runs a job, where, and when."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from laiobench.jobs.options.group import PRINTABLE, Alias, Condition, OptionGroup, option
from laiobench.jobs.options.types import ContinueOnError, Count, Cpus, Flag, Nice, cpus_of_mask

if TYPE_CHECKING:
    from laiobench.jobs.options import Job


_PINNED = Condition("cpus_allowed", lambda job: bool(job.cpus_allowed))


class ThreadOptions(OptionGroup):
    """Who runs a job, where, and when."""

    TITLE: ClassVar[str] = "Threads"

    ALIASES: ClassVar[Mapping[str, Alias]] = {
        "wait_for_previous": "stonewall",
        "cpumask": lambda mask: ("cpus_allowed", cpus_of_mask(mask)),
    }

    numjobs: Count = option(1, "copies of the job, a thread each", ge=1, le=4096)
    cpus_allowed: Cpus | None = option(None, "CPUs to run on, such as 0,2-5", scope="iothread")
    cpus_allowed_policy: Literal["shared", "split"] = option(
        "shared", "all copies on all of cpus_allowed, or each on one of them", needs=_PINNED
    )
    nice: Nice = option(0, "of the job's threads, -20 to 19", ge=-20, le=19, scope="iothread")
    group_reporting: Flag = option(
        False,
        "one row for all jobs of a group in the table; the document has each apart",
        changes_io=False,
    )
    iothread: str | None = option(
        None,
        "name of the IOThread to share, or main; none: one of its own",
        min_length=1,
        pattern=PRINTABLE,
    )
    iothread_move_every: Count = option(
        0,
        "move on to the next IOThread after so many I/Os (to test moving)",
        ge=0,
        lt=1 << 63,
    )
    stonewall: Flag = option(False, "begin when all jobs above have finished")
    exitall: Flag = option(False, "end all jobs of the group once this one has finished")
    exitall_on_error: Flag = option(
        False, "the same, once this one has finished with failures", changes_io=False
    )
    continue_on_error: ContinueOnError = option(
        "none",
        "which failed I/Os are counted without failing the run: none, read, write (syncs and "
        "trims, too), io (both), verify or all; where that is all I/Os, never give up",
        may_be_bare=True,
        changes_io=False,
    )

    def tolerates(self, direction: str) -> bool:
        """Whether failures of this kind (`read`, `write`, …, `verify`) do not fail the run."""
        kinds = {"io": ("read", "write"), "all": ("read", "write", "verify")}
        kind = direction if direction in ("read", "verify") else "write"
        return kind in kinds.get(self.continue_on_error, (self.continue_on_error,))

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.iothread == "main" and job.cpus_allowed:
            yield (
                "cpus_allowed cannot pin the thread that called (iothread=main): "
                "use taskset, or an IOThread"
            )
        if job.iothread == "main" and job.nice:
            yield "nice is for IOThreads, not for the thread that called (iothread=main)"
