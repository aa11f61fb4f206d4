"""Runs that search for a load, or end at a steady state."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from laiobench import units
from laiobench.jobs.options.compound_types import CommaForm, Form, PerDirection
from laiobench.jobs.options.group import LONGEST_S, Alias, Condition, OptionGroup, option
from laiobench.jobs.options.types import Flag, Microseconds, Number, Seconds

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

_LONGEST_US = 10**6 * LONGEST_S


def _microseconds(text: str) -> float:
    value = units.parse_duration_ns(text, "us") / 1000
    if value > _LONGEST_US:
        raise ValueError(f"it must be at most {LONGEST_S:,} s")
    return value


@dataclass(frozen=True)
class Criterion:
    """What counts as steady: a small enough deviation from the mean, or a small enough slope."""

    metric: Literal["iops", "bw"]
    is_slope: bool
    limit: float
    is_percent: bool
    """Whether the limit is in percent of the mean, or in the metric's unit."""

    def __str__(self) -> str:
        return f"{self.metric}{'_slope' * self.is_slope}:{self.limit:.12g}{'%' * self.is_percent}"


def parse_criterion(text: str) -> Criterion:
    """Parse `iops:10%`, `bw_slope:0.5%` or `bw:4m`.

    Raises:
        ValueError: `text` is not a criterion.
    """
    name, _, limit = text.partition(":")
    metric = name.removesuffix("_slope")
    if metric not in ("iops", "bw") or not limit:
        raise ValueError(
            f"{text!r} is none; write iops:10%, iops_slope:0.5%, bw:10% or bw_slope:0.5%"
        )
    is_percent = limit.endswith("%")
    return Criterion(
        "iops" if metric == "iops" else "bw",
        name.endswith("_slope"),
        _limit(limit.removesuffix("%"), is_size=metric == "bw" and not is_percent),
        is_percent,
    )


def _limit(text: str, *, is_size: bool) -> float:
    if is_size:
        return float(units.parse_size(text))
    if not text.replace(".", "", 1).isdecimal():
        raise ValueError(f"{text!r} is not a number")
    return float(text)


_SEARCHES = Condition("latency_target", lambda job: job.latency_target > 0)
_STEADY = Condition("steadystate", lambda job: job.steadystate is not None)


class SearchOptions(OptionGroup):
    """Runs that search for a load, or end at a steady state."""

    TITLE: ClassVar[str] = "Search"

    ALIASES: ClassVar[Mapping[str, Alias]] = {
        "ss": "steadystate",
        "ss_dur": "steadystate_duration",
        "ss_ramp": "steadystate_ramp_time",
        "ss_interval": "steadystate_check_interval",
    }

    latency_target: Microseconds = option(
        0,
        "find the highest depth, up to iodepth, at which lat is within this, and measure there; "
        "0: no search",
        unit="us",
        ge=0,
        le=_LONGEST_US,
    )
    latency_window: Microseconds = option(
        1_000_000, "how long each depth is tried", unit="us", ge=1, le=_LONGEST_US, needs=_SEARCHES
    )
    latency_percentile: Number = option(
        100,
        "share of I/Os that must be within latency_target",
        unit="%",
        gt=0,
        le=100,
        needs=_SEARCHES,
    )
    latency_run: Flag = option(
        False,
        "measure at the depth found until the runtime is over, instead of for one latency_window "
        "(in fio: go on searching)",
        needs=_SEARCHES,
    )
    max_latency: Annotated[PerDirection[float], CommaForm(_microseconds, blank=0.0)] = option(
        PerDirection.same(0.0),
        "end the job, as failed, at an I/O whose lat is above this (r,w,t); 0: never",
        unit="us",
        changes_io=False,
    )
    steadystate: Annotated[Criterion | None, Form(parse_criterion, Criterion)] = option(
        None,
        "end the job when its rate is steady: iops:LIMIT or bw:LIMIT, the largest deviation from "
        "the mean; iops_slope:LIMIT or bw_slope:LIMIT, the slope in an interval; with % of the "
        "mean, else I/Os or bytes a second",
    )
    steadystate_duration: Seconds = option(
        0, "for how long it must be steady", unit="s", ge=0, le=LONGEST_S, needs=_STEADY
    )
    steadystate_ramp_time: Seconds = option(
        0, "how long to measure before it is judged", unit="s", ge=0, le=LONGEST_S, needs=_STEADY
    )
    steadystate_check_interval: Seconds = option(
        1, "the intervals whose rates are judged", unit="s", ge=0.01, le=LONGEST_S, needs=_STEADY
    )

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.steadystate and job.steadystate_duration < 2 * job.steadystate_check_interval:
            yield (
                "steadystate needs a steadystate_duration of at least two "
                "steadystate_check_interval"
            )
