"""Options that have no effect without others: what each of them needs.

Whether a job that sets one has what it needs is asked here; that it was set in vain
is told in `warnings`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from laiobench.jobs.options import Job
from laiobench.jobs.options.engines import ENGINES


@dataclass(frozen=True)
class Condition:
    """What an option has no effect without, as it is written and as it is asked."""

    text: str
    holds: Callable[[Job], bool]


_THROTTLED = Condition("throttle_iops or throttle_bw", lambda job: job.is_throttled)
_ADAPTIVE = Condition("completion=adaptive", lambda job: job.completion == "adaptive")
_WRITES = Condition("a job that writes", lambda job: job.writes)
_PINNED = Condition("cpus_allowed", lambda job: bool(job.cpus_allowed))
_NULL = Condition("engine=null", lambda job: ENGINES[job.engine].is_simulated)
_PACED = Condition("rate or rate_iops", lambda job: job.is_paced)
_THINKS = Condition("thinktime", lambda job: job.thinktime > 0)
_LEAST = Condition("rate_min or rate_iops_min", lambda job: job.has_least_rate)
_SEARCHES = Condition("latency_target", lambda job: job.latency_target > 0)
_STEADY = Condition("steadystate", lambda job: job.steadystate is not None)

NEEDED_BY = {
    "rate_process": _PACED,
    "rate_ignore_thinktime": _THINKS,
    "thinktime_spin": _THINKS,
    "thinktime_blocks": _THINKS,
    "thinktime_blocks_type": _THINKS,
    "thinktime_iotime": _THINKS,
    "rate_cycle": _LEAST,
    "latency_window": _SEARCHES,
    "latency_percentile": _SEARCHES,
    "latency_run": _SEARCHES,
    "steadystate_duration": _STEADY,
    "steadystate_ramp_time": _STEADY,
    "steadystate_check_interval": _STEADY,
    "throttle_burst": _THROTTLED,
    "fsync": _WRITES,
    "fdatasync": _WRITES,
    "end_fsync": _WRITES,
    "sync": _WRITES,
    "refill_buffers": _WRITES,
    "zero_buffers": _WRITES,
    "buffer_pattern": _WRITES,
    "buffer_compress_percentage": _WRITES,
    "buffer_compress_chunk": Condition(
        "buffer_compress_percentage", lambda job: job.buffer_compress_percentage > 0
    ),
    "dedupe_percentage": _WRITES,
    "poll_max_ns": _ADAPTIVE,
    "poll_grow": _ADAPTIVE,
    "poll_shrink": _ADAPTIVE,
    "poll_rule": _ADAPTIVE,
    "cpus_allowed_policy": _PINNED,
    "null_latency_us": _NULL,
    "null_jitter": _NULL,
    "null_servers": _NULL,
}
