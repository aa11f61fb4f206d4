"""The border to the C core: plans go in, raw runs come out.

With `session`, which is for requests issued one by one, the only importer of
the extension module.  It knows how the core's structures look and turns its
failures into errors; it judges nothing and computes no statistics.  The GIL is
released in every call that waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from laiobench.errors import RunError
from laiobench.job import Job
from laiobench.native._core import ffi, lib
from laiobench.native.failures import Explained, explain_failure
from laiobench.native.values import CounterGroups as CounterGroups
from laiobench.native.values import TargetLimits as TargetLimits
from laiobench.native.values import counter_groups, fill_limits, members, text_of
from laiobench.native.values import empty_counters as empty_counters
from laiobench.native.values import probe_target as probe_target
from laiobench.units import NS_PER_S

DIRECTIONS = ("read", "write", "trim", "sync")
LATENCY_KINDS = ("slat", "clat", "lat")

Bins = list[tuple[int, int]]
"""Index of a histogram's bin, and the count in it; ascending, without empty ones."""


@dataclass(frozen=True)
class WorkerPlan:
    """A thread with its event loop, and what it runs with: the mechanism options of `job`."""

    name: str
    job: Job
    is_main: bool
    """Runs in the thread that waits, instead of one of its own."""
    next: int
    """The worker to which moving jobs go on; its own index: nowhere."""
    seed: int


@dataclass(frozen=True)
class WorkPlan:
    """One copy of a job, with its target open, its region known, and the worker to begin on."""

    job: Job
    worker: int
    fd: int
    limits: TargetLimits | None
    """None for an engine that needs no target."""
    region_start: int
    region_blocks: int
    step_bytes: int
    ios: int
    """I/Os to measure; 0: until the runtime is over."""
    seed: int


@dataclass(frozen=True)
class RawLatency:
    """Exact extremes and sum in ns; `overflow` counts what is beyond the histogram."""

    min: int
    max: int
    sum: int
    bins: Bins
    overflow: int


@dataclass(frozen=True)
class RawDirection:
    """What a job measured in one direction; errors by errno."""

    ios: int
    bytes: int
    short_ios: int
    eofs: int
    errors: dict[int, int]
    latency: dict[str, RawLatency]


@dataclass(frozen=True)
class RawJob:
    """What a job has come to; the window is in CLOCK_MONOTONIC ns, (0, 0) if it never opened."""

    submitted: int
    completed: int
    failed: int
    cancelled: int
    window_start_ns: int
    window_end_ns: int
    has_finished: bool
    gave_up: bool
    directions: dict[str, RawDirection]


@dataclass(frozen=True)
class RawWorker:
    """What a worker counted while its jobs measured, and since it was made.

    The accounts are of the jobs' stretches on this worker.
    """

    name: str
    window: CounterGroups
    life: CounterGroups
    usage: dict[str, int]
    submitted: int
    completed: int
    failed: int
    cancelled: int
    leftover_events: int
    fdmon_fell_back: bool
    ring_is_foreign: bool
    failure: str
    """The loop's own, as a sentence; empty if there was none."""


@dataclass(frozen=True)
class RawClock:
    """How time was read, and how far it strayed from CLOCK_MONOTONIC."""

    hardware: bool
    read_ns: float
    drift_ppm: float


@dataclass(frozen=True)
class RawRun:
    """All that the core has to say: of each work, and of each worker."""

    jobs: tuple[RawJob, ...]
    workers: tuple[RawWorker, ...]
    clock: RawClock


@dataclass(frozen=True)
class RawSample:
    """What a job did since its last sample: a histogram of lat over all directions."""

    at_ns: int
    ios: int
    bytes: int
    is_new_window: bool
    bins: Bins


def source_hash() -> str:
    """Of the C sources that the extension module was built from."""
    text: bytes = ffi.string(lib.core_source_hash())
    return text.decode()


class NativeRun:
    """A run in the core.  Set up when made; `close()` gives everything back.

    Raises:
        RunError: it could not be set up.
    """

    def __init__(self, workers: Sequence[WorkerPlan], works: Sequence[WorkPlan]) -> None:
        self._workers = tuple(workers)
        self._works = tuple(works)
        self._keep_alive: list[Any] = []
        error = ffi.new("Error *")
        self._run = lib.run_new(self._run_plan(), error)
        if self._run == ffi.NULL:
            raise RunError(*self._setup_failure(error))
        self._indexes = ffi.new("uint32_t[]", lib.HISTOGRAM_COUNTS)
        self._counts = ffi.new("uint64_t[]", lib.HISTOGRAM_COUNTS)

    def _setup_failure(self, error: Any) -> Explained:
        call = text_of(error.call)
        asked = error.argument
        if call == "io_setup":  # what the run took before has been given back
            asked = sum(work.job.iodepth for work in self._works)
        return explain_failure(call, error.code, asked)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Waits for what is in flight: take `collect()` before."""
        if self._run != ffi.NULL:
            lib.run_free(self._run)
            self._run = ffi.NULL

    def start(self) -> None:
        """Let the jobs go."""
        lib.run_start(self._run)

    def wait(self, timeout_s: float) -> bool:
        """Whether all jobs have finished; back after the timeout, or at a signal.

        A worker that is_main runs in here.
        """
        return bool(lib.run_wait(self._run, max(0, int(timeout_s * 1000))))

    def stop(self) -> None:
        """Ask the jobs to issue no more."""
        lib.run_stop(self._run)

    def sample(self, work: int) -> RawSample:
        """What one job did since its last sample."""
        sample = ffi.new("Sample *")
        lib.run_sample(self._run, work, sample, self._indexes, self._counts)
        indexes = ffi.unpack(self._indexes, sample.bins)
        counts = ffi.unpack(self._counts, sample.bins)
        return RawSample(
            at_ns=sample.at_ns,
            ios=sample.ios,
            bytes=sample.bytes,
            is_new_window=sample.is_new_window,
            bins=list(zip(indexes, counts, strict=True)),
        )

    def collect(self) -> RawRun:
        """All reports, also of jobs that have not finished."""
        clock = ffi.new("ClockReport *")
        lib.run_clock_report(self._run, clock)
        return RawRun(
            jobs=tuple(self._job(index) for index in range(len(self._works))),
            workers=tuple(self._worker(index) for index in range(len(self._workers))),
            clock=RawClock(clock.hardware, clock.read_ns, clock.drift_ppm),
        )

    # ---- plans ------------------------------------------------------------------

    def _alive(self, value: Any) -> Any:
        """cffi frees what nobody refers to, and C pointers do not count."""
        self._keep_alive.append(value)
        return value

    def _run_plan(self) -> Any:
        workers = self._alive(ffi.new("WorkerPlan[]", len(self._workers)))
        for plan, native in zip(self._workers, workers, strict=True):
            self._fill_worker(native, plan)
        jobs = self._alive(ffi.new("JobPlan[]", len(self._works)))
        for work, native in zip(self._works, jobs, strict=True):
            _fill_job(native, work)
        run = ffi.new("RunPlan *")
        run.workers, run.worker_count = workers, len(self._workers)
        run.jobs, run.job_count = jobs, len(self._works)
        return self._alive(run)

    def _fill_worker(self, native: Any, plan: WorkerPlan) -> None:
        job = plan.job
        cpus = job.cpus_allowed or ()
        native.name = self._alive(ffi.new("char[]", plan.name.encode()))
        native.is_main = plan.is_main
        native.next = plan.next
        native.completion = self._alive(ffi.new("char[]", job.completion.encode()))
        native.engine = self._alive(ffi.new("char[]", job.engine.encode()))
        native.ppoll = job.fdmon == "ppoll"
        native.resfd = job.resfd
        native.reap_on_submit = job.reap_on_submit
        native.strict_short_io = job.short_io == "strict"
        native.max_batch = job.max_batch
        native.complete_min = 1
        native.poll_step = job.poll_rule == "step"
        if job.completion == "adaptive":
            native.poll_max_ns = job.poll_max_ns
        native.poll_grow = job.poll_grow
        native.poll_shrink = job.poll_shrink
        native.null_latency_ns = round(job.null_latency_us * 1000)
        native.null_jitter = job.null_jitter
        native.null_servers = job.null_servers
        native.seed = plan.seed
        native.cpus = self._alive(ffi.new("int[]", cpus))
        native.cpu_count = len(cpus)

    # ---- reports ----------------------------------------------------------------

    def _worker(self, index: int) -> RawWorker:
        report = ffi.new("WorkerReport *")
        lib.run_worker_report(self._run, index, report)
        failure = report.failure
        sentence = ""
        if failure.code:
            sentence = explain_failure(text_of(failure.call), failure.code, failure.argument)[0]
        return RawWorker(
            name=self._workers[index].name,
            window=counter_groups(report.window),
            life=counter_groups(report.life),
            usage=dict(members(report.usage)),
            submitted=report.submitted,
            completed=report.completed,
            failed=report.failed,
            cancelled=report.cancelled,
            leftover_events=report.leftover_events,
            fdmon_fell_back=report.fdmon_fell_back,
            ring_is_foreign=report.ring_is_foreign,
            failure=sentence,
        )

    def _job(self, index: int) -> RawJob:
        report = ffi.new("JobReport *")
        lib.run_job_report(self._run, index, report)
        directions = {}
        for number, name in enumerate(DIRECTIONS):
            native = ffi.new("DirectionReport *")
            if lib.run_direction_report(self._run, index, number, native):
                directions[name] = _direction(native)
        return RawJob(
            submitted=report.submitted,
            completed=report.completed,
            failed=report.failed,
            cancelled=report.cancelled,
            window_start_ns=report.window_start_ns,
            window_end_ns=report.window_end_ns,
            has_finished=report.has_finished,
            gave_up=report.gave_up,
            directions=directions,
        )


def _fill_job(native: Any, work: WorkPlan) -> None:
    job = work.job
    native.worker = work.worker
    native.fd = work.fd
    if work.limits and job.direct:  # through the page cache, anything is aligned
        fill_limits(native.limits, work.limits)
    native.iodepth = job.iodepth
    native.block_bytes = job.bs
    native.region_start = work.region_start
    native.region_blocks = work.region_blocks
    native.step_bytes = work.step_bytes
    native.memory_align = job.mem_align
    native.random = job.is_random
    native.use_random_map = not job.norandommap
    native.read_percent = job.read_percent
    native.ios = work.ios
    native.ramp_ns = round(job.ramp_time * NS_PER_S)
    native.runtime_ns = round((job.runtime or 0) * NS_PER_S)
    native.seed = work.seed
    native.move_every = job.iothread_move_every
    native.continue_on_error = job.continue_on_error


def _direction(native: Any) -> RawDirection:
    errors = ffi.unpack(native.errors, lib.ERRNO_COUNT)
    return RawDirection(
        ios=native.ios,
        bytes=native.bytes,
        short_ios=native.short_ios,
        eofs=native.eofs,
        errors={code: count for code, count in enumerate(errors) if count},
        latency={kind: _latency(getattr(native, kind)) for kind in LATENCY_KINDS},
    )


def _latency(native: Any) -> RawLatency:
    *counts, overflow = ffi.unpack(native.counts, lib.HISTOGRAM_COUNTS)
    bins = [(index, count) for index, count in enumerate(counts) if count]
    is_empty = not bins and not overflow
    return RawLatency(
        min=0 if is_empty else native.min,
        max=native.max,
        sum=native.sum,
        bins=bins,
        overflow=overflow,
    )
