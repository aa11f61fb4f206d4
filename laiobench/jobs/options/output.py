"""What is recorded besides, and how it is reported."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from laiobench.jobs.options.group import Alias, OptionGroup, option
from laiobench.jobs.options.types import Flag, LogName, Milliseconds, Percentiles

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

# Options that write logs, and the kinds of log that each writes.
LOGS = {
    "write_bw_log": ("bw",),
    "write_iops_log": ("iops",),
    "write_lat_log": ("lat", "slat", "clat"),
}


def log_files(name: str, number: int, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The kind and file name of each log that job `name` writes as copy `number`."""
    which = f".{number}" if options.get("per_job_logs", True) else ""
    for option_name, kinds in LOGS.items():
        if (given := options.get(option_name)) is not None:
            yield from ((kind, f"{given or name}_{kind}{which}.log") for kind in kinds)


def _unified(value: object) -> object:
    """Accept fio's words for 0, 1 and 2, such as `mixed`."""
    return {"0": "none", "1": "mixed", "2": "both"}.get(str(value), value)


Unified = Annotated[Literal["none", "mixed", "both"], BeforeValidator(_unified)]


class OutputOptions(OptionGroup):
    """What is recorded besides, and how it is reported."""

    TITLE: ClassVar[str] = "Output"

    ALIASES: ClassVar[Mapping[str, Alias]] = {"log_avg_ms": "log_avg_msec"}

    percentile_list: Percentiles | None = option(
        None,
        "percentiles that the document has besides its own, such as 10:99.95",
        max_length=64,
        changes_io=False,
    )
    clat_percentiles: Flag = option(True, "report percentiles of clat", changes_io=False)
    lat_percentiles: Flag = option(
        True, "report percentiles of lat (fio's default is 0)", changes_io=False
    )
    slat_percentiles: Flag = option(
        True, "report percentiles of slat (fio's default is 0)", changes_io=False
    )
    log_avg_msec: Milliseconds = option(
        500,
        "length of the windows that logs have a line for (fio's default is 0: a line for each I/O)",
        unit="ms",
        ge=0,
        le=86_400_000,
        changes_io=False,
    )
    write_bw_log: LogName | None = option(
        None,
        "write NAME_bw.N.log, N being which copy of all; with no =NAME: the job's name",
        may_be_bare=True,
        changes_io=False,
    )
    write_iops_log: LogName | None = option(
        None, "write NAME_iops.N.log", may_be_bare=True, changes_io=False
    )
    write_lat_log: LogName | None = option(
        None,
        "write NAME_lat.N.log, and those of slat and clat",
        may_be_bare=True,
        changes_io=False,
    )
    per_job_logs: Flag = option(
        True, "a log for each copy; 0: all in one without the N", changes_io=False
    )
    log_unix_epoch: Flag = option(
        False, "times in logs are in ms since 1970, not since the job began", changes_io=False
    )
    log_offset: Flag = option(
        False,
        "lines of logs have a column for an offset, which is 0: a line is for a window of I/Os",
        changes_io=False,
    )
    unified_rw_reporting: Unified = option(
        "none",
        "in fio-json: all I/Os as one, `mixed`, in the place of each direction; both: besides",
        changes_io=False,
    )

    @property
    def has_logs(self) -> bool:
        """Whether any log is written."""
        return any(getattr(self, name) is not None for name in LOGS)

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        asked = [name for name in LOGS if getattr(job, name) is not None]
        if asked and not job.log_avg_msec:
            yield (
                f"{asked[0]} needs log_avg_msec above 0, such as log_avg_msec=500: a log has a "
                "line for each window, since a line for each I/O would cost what is measured"
            )
        if 0 < job.log_avg_msec < SHORTEST_MS:
            yield f"log_avg_msec must be 0 or at least {SHORTEST_MS}"


SHORTEST_MS = 10
"""The shortest window.  Another thread ends windows, and its delays would distort shorter ones."""
