"""The document's parts on a job's schedule, its search for a depth, and its steady state.

Also the sentences for jobs that such a limit ended.  Knows nothing of the rest of the
document.
"""

from collections.abc import Iterator

from laiobench.jobs.options import Job
from laiobench.measurement.trial import JobRun
from laiobench.measurement.watch.steady_state import SteadyOutcome, mean
from laiobench.native import search_window_us
from laiobench.results.run_parts import (
    DepthSearchResult,
    DepthTried,
    PacingResult,
    SteadyStateResult,
)
from laiobench.units import format_bandwidth, format_count, format_exact, format_ns
from laiobench.words import DIRECTIONS, IO_DIRECTIONS

NS_PER_US = 1000


def pacing_result(run: JobRun) -> PacingResult | None:
    """The outcome of the job's schedule; None without a rate."""
    report = run.report.pacing
    if not is_paced(run):
        return None
    return PacingResult(
        late=report.late, late_max_ns=report.late_max_ns, behind_ns=max(report.behind_ns)
    )


def is_paced(run: JobRun) -> bool:
    """Whether a direction that the job uses has a schedule."""
    return any(rate_of(run.copy.job, name) for name in run.report.directions)


def rate_of(job: Job, direction: str) -> bool:
    """Whether this direction has a schedule."""
    if direction not in IO_DIRECTIONS:
        return False
    return bool(job.rate.of(direction) or job.rate_iops.of(direction))


def depth_search_result(run: JobRun) -> DepthSearchResult | None:
    """The outcome of the search for a depth; None without a latency_target."""
    report = run.report.pacing
    if not run.copy.job.latency_target:
        return None
    return DepthSearchResult(
        attained=report.search_is_over and report.depth > 0,
        depth=report.depth,
        is_over=report.search_is_over,
        tried=[DepthTried(**vars(step)) for step in report.steps],
    )


def steady_state_result(outcome: SteadyOutcome | None) -> SteadyStateResult | None:
    """The outcome of the wait for a steady state; None without one."""
    if outcome is None:
        return None
    measured = outcome.measured if outcome.iops else None
    return SteadyStateResult(
        attained=outcome.attained,
        criterion=str(outcome.criterion),
        measured=None if measured == float("inf") else measured,
        slope=outcome.slope,
        max_deviation=outcome.max_deviation,
        iops_mean=mean(outcome.iops),
        bw_bytes_mean=mean(outcome.bw_bytes),
        iops=list(outcome.iops),
        bw_bytes=list(outcome.bw_bytes),
    )


def failures(run: JobRun, *, interrupted: bool) -> Iterator[str]:
    """Sentences on a limit that ended the job."""
    job, report = run.copy.job, run.report.pacing
    if slow := report.slow_io:
        direction = DIRECTIONS[slow.direction]
        limit_ns = job.max_latency.of(direction) * NS_PER_US
        yield (
            f"{run.copy.label} was ended, since a {direction} at offset {slow.offset:,} took "
            f"{format_ns(slow.latency_ns)}, more than max_latency, {format_ns(limit_ns)}"
        )
    if report.slow_cycle:
        yield _slow_cycle(run)
    if job.latency_target and not report.search_is_over and not interrupted:
        yield (
            f"{run.copy.label}: the search for latency_target was not over when the job was, after "
            f"{len(report.steps)} depths of {format_ns(search_window_us(job) * NS_PER_US)} each: "
            "give it more runtime, or a shorter latency_window"
        )


def _slow_cycle(run: JobRun) -> str:
    job, slow = run.copy.job, run.report.pacing.slow_cycle
    assert slow is not None
    direction = DIRECTIONS[slow.direction]
    least_iops, least_bw = job.rate_iops_min.of(direction), job.rate_min.of(direction)
    if slow.ios_per_s < least_iops:
        seen = f"{format_count(slow.ios_per_s)} IOPS, less than rate_iops_min, {least_iops:,}"
    else:
        seen = (
            f"{format_bandwidth(slow.bytes_per_s)}, less than rate_min, "
            f"{format_bandwidth(least_bw)}"
        )
    return (
        f"{run.copy.label} was ended, since its {direction}s came to {seen}, in a rate_cycle of "
        f"{format_exact(job.rate_cycle)} ms"
    )
