"""Plans for the core: workers, the jobs that run on them, and the limits that jobs share.

Knows the core's structures for plans, and which options fill them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from laiobench.jobs.options import Job
from laiobench.jobs.options.engines import ENGINES
from laiobench.native._core import ffi, lib
from laiobench.native.pacing import fill_pacing
from laiobench.native.structures import TargetLimits, fill_engine_options, fill_limits
from laiobench.native.verify import VerifyPlan, fill_verify
from laiobench.native.workload import shape_of
from laiobench.units import NS_PER_S


@dataclass(frozen=True)
class WorkerPlan:
    """A thread with an event loop; `job` has the options that it takes."""

    name: str
    job: Job
    is_main: bool
    """Whether it runs in the thread that calls run_wait, and has none of its own."""
    next: int
    """The index of the worker to which its jobs move; its own: they stay."""
    seed: int
    cpus: tuple[int, ...] = ()
    """The CPUs that it may run on; none: any."""


@dataclass(frozen=True)
class JobPlan:
    """One copy of a job: its target is open, its region known, and its first worker chosen."""

    job: Job
    worker: int
    fd: int
    limits: TargetLimits | None
    """None for an engine that needs no target."""
    region_start: int
    region_bytes: int
    region_blocks: int
    step_bytes: int
    ios: int
    """I/Os to measure; 0: no limit."""
    bytes: int
    """Bytes to measure; 0: no limit.  The first limit reached ends it."""
    seed: int
    throttle: int | None = None
    """The index of its throttle group."""
    start_delay_s: float = 0.0
    phase: float = 0.0
    """How much later the first I/O of a constant schedule is, as a share of a gap."""
    verify: VerifyPlan | None = None
    waits_for: range = range(0)
    """The indices of jobs that must have finished before it begins."""
    spike: float = 0.0
    """A slowness to add, as a share of each I/O's time; 0: none."""


@dataclass(frozen=True)
class ThrottlePlan:
    """A limit that jobs share; 0: no limit."""

    ios_per_s: float
    bytes_per_s: float
    burst_s: float
    """Missed time that may be made up for at once."""


@dataclass(frozen=True)
class RunPlan:
    """The workers, jobs and limits of a run."""

    workers: tuple[WorkerPlan, ...]
    jobs: tuple[JobPlan, ...]
    throttles: tuple[ThrottlePlan, ...] = ()


def to_native(plan: RunPlan) -> tuple[Any, Sequence[Any]]:
    """The core's structure, and the objects that must live as long as it is used."""
    keep: list[Any] = []

    def alive(value: Any) -> Any:
        """Keep `value`: cffi frees what no Python object refers to, and C pointers do not count."""
        keep.append(value)
        return value

    workers = alive(ffi.new("WorkerPlan[]", len(plan.workers)))
    for worker, native in zip(plan.workers, workers, strict=True):
        _fill_worker(native, worker, alive)
    jobs = alive(ffi.new("JobPlan[]", len(plan.jobs)))
    for planned, native in zip(plan.jobs, jobs, strict=True):
        _fill_job(native, planned, alive)
        _fill_data(native.data, planned.job, alive)
        _fill_side_io(native, planned.job)
        fill_verify(native.verify, planned.job, planned.verify, alive)
    throttles = alive(ffi.new("ThrottlePlan[]", len(plan.throttles)))
    for throttle, native in zip(plan.throttles, throttles, strict=True):
        native.ios_per_s = throttle.ios_per_s
        native.bytes_per_s = throttle.bytes_per_s
        native.burst_ns = round(throttle.burst_s * NS_PER_S)
    run = ffi.new("RunPlan *")
    run.workers, run.worker_count = workers, len(plan.workers)
    run.jobs, run.job_count = jobs, len(plan.jobs)
    run.throttles, run.throttle_count = throttles, len(plan.throttles)
    return run, keep


@dataclass(frozen=True)
class PlannedIo:
    """An I/O that would be issued."""

    direction: str
    offset: int
    bytes: int


def preview_ios(plan: JobPlan, count: int) -> list[PlannedIo]:
    """The first I/Os that a copy of a job would issue; a trim is shown as a write.

    Raises:
        MemoryError: there is not enough for the random map.
    """
    keep: list[Any] = []

    def alive(value: Any) -> Any:
        keep.append(value)
        return value

    native = alive(ffi.new("JobPlan *"))
    _fill_job(native, plan, alive)
    ios = ffi.new("PlannedIo[]", count)
    if lib.plan_preview(native, ios, count) < 0:
        raise MemoryError
    return [PlannedIo(("read", "write")[io.direction], io.offset, io.bytes) for io in ios]


def _fill_worker(native: Any, plan: WorkerPlan, alive: Callable[[Any], Any]) -> None:
    job = plan.job
    cpus = plan.cpus
    native.name = alive(ffi.new("char[]", plan.name.encode()))
    native.is_main = plan.is_main
    native.next = plan.next
    native.completion = alive(ffi.new("char[]", job.completion.encode()))
    native.engine = alive(ffi.new("char[]", job.engine.encode()))
    native.ppoll = job.fdmon == "ppoll"
    native.resfd = job.resfd
    native.reap_on_submit = job.reap_on_submit
    native.strict_short_io = job.short_io == "strict"
    native.max_batch = job.max_batch
    native.complete_min = max(1, job.iodepth_batch_complete_min)
    native.complete_max = job.iodepth_batch_complete_max or 0
    native.poll_step = job.poll_rule == "step"
    native.poll_max_ns = job.poll_max_ns
    native.poll_grow = job.poll_grow
    native.poll_shrink = job.poll_shrink
    own = ENGINES[job.engine].options
    fill_engine_options(
        native.engine_options,
        job.engine,
        {taken.field: taken.value(getattr(job, name)) for name, taken in own.items()},
    )
    native.engine_options.seed = plan.seed
    native.cpus = alive(ffi.new("int[]", cpus))
    native.cpu_count = len(cpus)
    native.nice = job.nice


def _fill_job(native: Any, plan: JobPlan, alive: Callable[[Any], Any]) -> None:
    job = plan.job
    native.worker = plan.worker
    native.throttle = 0 if plan.throttle is None else plan.throttle + 1
    native.fd = plan.fd
    if plan.limits and job.direct:  # with the page cache, any alignment is allowed
        fill_limits(native.limits, plan.limits)
    native.iodepth = job.iodepth
    native.block_bytes = job.largest_bytes
    native.region_start = plan.region_start
    native.region_blocks = plan.region_blocks
    native.step_bytes = plan.step_bytes
    native.shape = alive(shape_of(job, plan.region_bytes))
    native.memory_align = job.mem_align
    native.random = job.is_random
    native.use_random_map = job.uses_map
    native.read_percent = job.read_percent
    native.trim, native.write_after_trim = job.trims, job.kind.endswith("trimwrite")
    native.ios = plan.ios
    native.bytes = plan.bytes
    native.ramp_ns = round(job.ramp_time * NS_PER_S)
    native.runtime_ns = round((job.runtime or 0) * NS_PER_S)
    native.seed = plan.verify.seed if plan.verify else plan.seed
    native.move_every = job.iothread_move_every
    native.continue_on_error = (not job.reads or job.tolerates("read")) and (
        not job.writes or job.tolerates("write")
    )
    native.spike = plan.spike
    native.wait_for, native.wait_for_count = plan.waits_for.start, len(plan.waits_for)
    fill_pacing(native.pacing, job, plan.start_delay_s, plan.phase)


def _fill_data(native: Any, job: Job, alive: Callable[[Any], Any]) -> None:
    content = job.verify_pattern if job.verifies else job.buffer_pattern
    # Data that must compress or repeat is generated at each write, as in fio.
    native.refill = bool(
        job.refill_buffers or job.buffer_compress_percentage or job.dedupe_percentage
    )
    native.zeros = job.zero_buffers
    if content:
        native.pattern = alive(ffi.new("uint8_t[]", content.pattern))
        native.pattern_bytes = len(content.pattern)
        native.offset_at = alive(ffi.new("uint32_t[]", content.offset_at))
        native.offset_count = len(content.offset_at)
    native.compress_percent = job.buffer_compress_percentage
    native.compress_chunk = job.buffer_compress_chunk
    native.dedupe_percent = job.dedupe_percentage


def _fill_side_io(native: Any, job: Job) -> None:
    if job.writes:
        native.fsync_every = job.fsync
        native.fdatasync_every = job.fdatasync
        native.end_fsync = job.end_fsync
