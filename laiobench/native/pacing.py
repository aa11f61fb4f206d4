"""Pacing across the border: a job's options as the core's plan, and the core's report.

Knows the structures of pacing_plan.h.
"""

from dataclasses import dataclass
from typing import Any

from laiobench.jobs.options import Job
from laiobench.jobs.options.compound_types import PerDirection
from laiobench.units import NS_PER_S

NS_PER_US = 1000
NS_PER_MS = 1_000_000


@dataclass(frozen=True)
class SearchStep:
    """A depth that was tried: its I/Os, and how many were within the target latency."""

    depth: int
    holds: bool
    ios: int
    within: int


@dataclass(frozen=True)
class SlowIo:
    """The I/O that was too slow, and ended the job."""

    direction: int
    offset: int
    latency_ns: int


@dataclass(frozen=True)
class SlowCycle:
    """The cycle with too low a rate, which ended the job."""

    direction: int
    ios_per_s: float
    bytes_per_s: float


@dataclass(frozen=True)
class PacingReport:
    """The outcome of a job's schedule, limits and search."""

    late: int = 0
    """I/Os that were issued well after they were due."""
    late_max_ns: int = 0
    scheduled_ns: tuple[int, ...] = (0, 0, 0)
    """The part of the schedule that was issued in the window, in ns: reads, writes, trims."""
    behind_ns: tuple[int, ...] = (0, 0, 0)
    """How much the delay behind the schedule grew in the window, in ns."""
    slow_io: SlowIo | None = None
    slow_cycle: SlowCycle | None = None
    search_is_over: bool = False
    depth: int = 0
    """The depth that the search found; 0: none was within the target."""
    steps: tuple[SearchStep, ...] = ()


def search_window_us(job: Job) -> float:
    """latency_window, shortened if needed so that the search ends within half of the runtime.

    The search doubles the depth, then bisects between a good and a bad one.
    """
    if job.runtime is None:
        return job.latency_window
    windows = 2 * job.iodepth.bit_length() + 1
    return min(job.latency_window, job.runtime / 2 / windows * 1e6)


def fill_pacing(native: Any, job: Job, start_delay_s: float, phase: float) -> None:
    """Fill in what a job's I/Os wait for, and what ends the job early."""
    _fill_schedule(native, job)
    _fill_pauses(native, job)
    _fill_bounds(native, job)
    native.depth_low = 0 if job.iodepth_low in (None, job.iodepth) else job.iodepth_low
    native.phase = phase
    native.start_delay_ns = round(start_delay_s * NS_PER_S)
    native.nowait = job.nowait


def _fill_schedule(native: Any, job: Job) -> None:
    _fill_each(native.bytes_per_s, job.rate)
    _fill_each(native.ios_per_s, job.rate_iops)
    native.poisson = job.rate_process == "poisson"


def _fill_pauses(native: Any, job: Job) -> None:
    by_number = "thinktime_blocks" in job.model_fields_set or not job.thinktime_iotime
    native.think_ns = round(job.thinktime * NS_PER_US)
    native.think_spin_ns = round(job.thinktime_spin * NS_PER_US)
    native.think_ios = job.thinktime_blocks if by_number else 0
    native.think_on_issue = job.thinktime_blocks_type == "issue"
    native.think_every_ns = round(job.thinktime_iotime * NS_PER_S)
    native.think_shifts = job.rate_ignore_thinktime


def _fill_bounds(native: Any, job: Job) -> None:
    for index, latency_us in enumerate(job.max_latency.values()):
        native.max_latency_ns[index] = round(latency_us * NS_PER_US)
    _fill_each(native.min_bytes_per_s, job.rate_min)
    _fill_each(native.min_ios_per_s, job.rate_iops_min)
    native.min_rate_cycle_ns = round(job.rate_cycle * NS_PER_MS)
    native.target_ns = round(job.latency_target * NS_PER_US)
    native.target_window_ns = round(search_window_us(job) * NS_PER_US)
    native.target_percent = job.latency_percentile
    native.target_goes_on = job.latency_run


def _fill_each(native: Any, values: PerDirection[int]) -> None:
    for index, value in enumerate(values.values()):
        native[index] = value


def read_pacing(report: Any) -> PacingReport:
    """The core's report as Python data."""
    return PacingReport(
        late=report.late,
        late_max_ns=report.late_max_ns,
        scheduled_ns=tuple(report.scheduled_ns),
        behind_ns=tuple(report.behind_ns),
        slow_io=SlowIo(report.direction, report.offset, report.latency_ns)
        if report.latency_exceeded
        else None,
        slow_cycle=SlowCycle(report.direction, report.ios_per_s, report.bytes_per_s)
        if report.rate_missed
        else None,
        search_is_over=report.search_is_over,
        depth=report.depth,
        steps=tuple(
            SearchStep(step.depth, step.holds, step.ios, step.within)
            for step in report.steps[0 : report.step_count]
        ),
    )
