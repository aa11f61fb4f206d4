"""Job: what to do to which target, and how; the one definition of every option.

The command line, profile files, documents, help and the option table are all
made from the fields of `Job`: an option is added here and nowhere else.  Names,
meanings and bare units are fio's; where ours differ, the help says so.  A value
is kept in the unit in which a bare number is read, so what a document shows can
be given as an option again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from laiobench import units
from laiobench.values import (
    Count,
    Cpus,
    Flag,
    Microseconds,
    Number,
    Pattern,
    Seconds,
    Size,
    TargetPath,
    parse_count,
)

CompletionMode = Literal["poll", "eventfd", "bh", "adaptive", "getevents"]

# Ten years: what is longer is a slip of the pen.
LONGEST_S = 315_360_000
# No control characters: names are shown in tables and passed to the kernel.
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

GROUPS = {
    "job": "The job",
    "pattern": "Pattern",
    "region": "Target and region",
    "queue": "Queue",
    "random": "Randomness",
    "time": "Length",
    "throttle": "Limits",
    "threads": "Threads",
    "mechanism": "How completions are noticed",
    "null": "The null engine's target",
}

# fio's other names for the same option.
ALIASES = {
    "blocksize": "bs",
    "readwrite": "rw",
    "ba": "blockalign",
    "iomem_align": "mem_align",
}


def option(group: str, default: Any, text: str, *, unit: str = "", **limits: Any) -> Any:
    """A field of `Job`: its group in the help, default, help text and the bare number's unit."""
    return Field(
        default, description=text, json_schema_extra={"group": group, "unit": unit}, **limits
    )


class Job(BaseModel):
    """One workload on one target.  Frozen; `Job(rw="randread", bs="4k")` parses and checks.

    Raises:
        pydantic.ValidationError: an option is unknown or has a wrong value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str = option(
        "job", "job", "what the job is called in results", min_length=1, pattern=PRINTABLE
    )

    rw: Pattern = option(
        "pattern", "read", "read, write, randread, randwrite, rw or randrw (mixed)"
    )
    rwmixread: Count = option(
        "pattern",
        50,
        "share of reads in a mix; rwmixwrite is its complement",
        unit="%",
        ge=0,
        le=100,
    )
    bs: Size = option("pattern", 4096, "size of each I/O", unit="bytes", ge=1, le=1 << 30)

    blockalign: Size | None = option(
        "pattern",
        None,
        "random offsets are multiples of this; none: of bs",
        unit="bytes",
        ge=1,
        le=1 << 30,
    )

    filename: TargetPath = option(
        "region", None, "the file or block device; none: laiobench's own scratch file"
    )
    size: Size | None = option(
        "region",
        None,
        "length of the region used; none: up to the target's end",
        unit="bytes",
        gt=0,
        le=1 << 60,
    )
    offset: Size = option("region", 0, "where the region begins", unit="bytes", ge=0, le=1 << 60)
    mem_align: Size = option(
        "region", 4096, "alignment of buffers: this, and not more", unit="bytes", ge=1, le=4096
    )
    direct: Flag = option("region", True, "bypass the page cache (O_DIRECT; fio's default is 0)")

    iodepth: Count = option("queue", 1, "I/Os kept in flight", ge=1, le=65536)
    max_batch: Count = option(
        "queue", 32, "I/Os in one io_submit; 0: all there are", ge=0, le=65536
    )
    reap_on_submit: Flag = option(
        "queue", False, "take completions right after each submit (hides the completion mode)"
    )
    short_io: Literal["resubmit", "strict"] = option(
        "queue", "resubmit", "a short I/O: ask for the rest, or end it at once"
    )

    norandommap: Flag = option(
        "random", False, "random offsets may repeat, instead of each block once per pass"
    )
    randseed: Count = option(
        "random", 0x8989, "seed of offsets, directions and data", ge=0, lt=1 << 64
    )

    runtime: Seconds | None = option(
        "time",
        None,
        "measure for so long at most; none: until the size is done",
        unit="s",
        gt=0,
        le=LONGEST_S,
    )
    time_based: Flag = option("time", False, "go on for the whole runtime, over and over the size")
    ramp_time: Seconds = option(
        "time", 0, "run for so long before measuring", unit="s", ge=0, le=LONGEST_S
    )
    loops: Count = option("time", 1, "passes over the size", ge=1, le=1 << 20)
    number_ios: Count | None = option("time", None, "end after so many I/Os", ge=1, lt=1 << 63)

    throttle_iops: Count = option(
        "throttle", 0, "I/Os a second of the throttle group; 0: no limit", ge=0, le=10**9
    )
    throttle_bw: Size = option(
        "throttle",
        0,
        "bytes a second of the throttle group; 0: no limit",
        unit="bytes/s",
        ge=0,
        le=1 << 50,
    )
    throttle_burst: Seconds = option(
        "throttle", 0.1, "how much missed time may be made up for at once", unit="s", ge=0, le=3600
    )
    throttle_group: str | None = option(
        "throttle",
        None,
        "name of the limit, to share it with other jobs; none: the job's copies share one",
        min_length=1,
        pattern=PRINTABLE,
    )

    numjobs: Count = option("threads", 1, "copies of the job, a thread each", ge=1, le=4096)
    cpus_allowed: Cpus | None = option("threads", None, "CPUs to run on, such as 0,2-5")
    iothread: str | None = option(
        "threads",
        None,
        "name of the IOThread to share, or main; none: one of its own",
        min_length=1,
        pattern=PRINTABLE,
    )
    iothread_move_every: Count = option(
        "threads",
        0,
        "move on to the next IOThread after so many I/Os (to test moving)",
        ge=0,
        lt=1 << 63,
    )
    stonewall: Flag = option("threads", False, "begin when all jobs above have finished")
    continue_on_error: Flag = option(
        "threads", False, "count failed I/Os without failing the run, and never give up"
    )

    engine: Literal["libaio", "threads", "null"] = option(
        "mechanism",
        "libaio",
        "Linux native AIO, a pool of threads, or a simulated target (see null_*)",
    )
    completion: CompletionMode = option(
        "mechanism",
        "poll",
        "poll, eventfd, bh (eventfd, then a bottom half), adaptive (poll a while, then eventfd) "
        "or getevents",
    )
    poll_max_ns: Count = option(
        "mechanism",
        32768,
        "adaptive: look for so long at most; 0: not at all",
        unit="ns",
        ge=0,
        le=10**12,
    )
    poll_grow: Count = option(
        "mechanism",
        2,
        "adaptive: grow by this factor when looking longer would have found it",
        ge=1,
        le=1000,
    )
    poll_shrink: Count = option(
        "mechanism",
        2,
        "adaptive: shrink by this factor when it came too late; 0: to nothing",
        ge=0,
        le=1000,
    )
    poll_rule: Literal["weighted", "step"] = option(
        "mechanism", "weighted", "adaptive: judge by a weighted average, or by the last wait"
    )
    resfd: Flag = option(
        "mechanism", False, "have the kernel set an eventfd also where the mode needs none"
    )
    fdmon: Literal["epoll", "ppoll"] = option("mechanism", "epoll", "what the loop sleeps in")

    null_latency_us: Microseconds = option(
        "null", 0, "mean service time", unit="us", ge=0, le=1e6 * LONGEST_S
    )
    null_jitter: Number = option(
        "null", 0, "service times spread evenly over mean × (1 ± this)", ge=0, le=1
    )
    null_servers: Count = option(
        "null", 0, "I/Os served at a time; 0: all in flight", ge=0, le=65536
    )

    @property
    def reads(self) -> bool:
        """Whether any of its I/Os is a read."""
        return self.read_percent > 0

    @property
    def writes(self) -> bool:
        """Whether any of its I/Os changes data."""
        return self.read_percent < 100

    @property
    def is_throttled(self) -> bool:
        return bool(self.throttle_iops or self.throttle_bw)

    @property
    def is_random(self) -> bool:
        return self.rw.startswith("rand")

    @property
    def read_percent(self) -> int:
        """Share of reads, 0 to 100."""
        match self.rw.removeprefix("rand"):
            case "read":
                return 100
            case "write":
                return 0
            case _:
                return self.rwmixread

    @model_validator(mode="before")
    @classmethod
    def _one_name_for_each(cls, values: Any) -> Any:
        """Put fio's other spellings into our fields."""
        if not isinstance(values, dict):
            return values
        return dict(canonical(str(name), value) for name, value in values.items())

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.time_based and self.runtime is None:
            raise ValueError("time_based needs a runtime")
        if self.iothread == "main" and self.cpus_allowed:
            raise ValueError(
                "cpus_allowed cannot pin the thread that called (iothread=main): "
                "use taskset, or an IOThread"
            )
        if self.throttle_group and not self.is_throttled:
            raise ValueError("throttle_group needs throttle_iops or throttle_bw")
        return self


def canonical(name: str, value: object) -> tuple[str, object]:
    """An option by our name for it, where fio has several.

    Raises:
        ValueError: the value is none that the other name takes.
    """
    if name == "rwmixwrite":
        share = parse_count(value)
        if not isinstance(share, int) or not 0 <= share <= 100:
            raise ValueError("it must be a share from 0 to 100 %")
        return "rwmixread", 100 - share
    return ALIASES.get(name, name), value


# ---- the options, as others list them ------------------------------------------


@dataclass(frozen=True)
class Option:
    """One option, for help texts and tables."""

    name: str
    group: str
    help: str
    default: str
    unit: str
    is_flag: bool


def _shown_default(field: FieldInfo) -> str:
    default = field.default
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, bool):
        return str(int(default))
    if isinstance(default, int) and _extra(field)["unit"] == "bytes" and default:
        return units.format_size(default).replace(" KiB", "k")
    return str(default)


def _extra(field: FieldInfo) -> dict[str, str]:
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    return {key: str(value) for key, value in extra.items()}


def options() -> Iterator[Option]:
    """All options of a job, in the order of their definition."""
    for name, field in Job.model_fields.items():
        extra = _extra(field)
        yield Option(
            name=name,
            group=extra["group"],
            help=field.description or "",
            default=_shown_default(field),
            unit=extra["unit"],
            is_flag=field.annotation is bool,
        )


def option_names() -> frozenset[str]:
    """Every name that a job file or the command line may use."""
    return frozenset(Job.model_fields) | frozenset(ALIASES) | {"rwmixwrite"}
