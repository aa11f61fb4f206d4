"""The border to the C core: plans go in, raw runs come out.

The only importer of the extension module.  It knows how the core's structures
look and turns its failures into errors; it judges nothing and computes no
statistics.  The GIL is released in every call that waits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from laiobench.errors import RunError
from laiobench.job import Job
from laiobench.native._core import ffi, lib
from laiobench.native.failures import explain_failure
from laiobench.units import NS_PER_S

DIRECTIONS = ("read", "write", "trim", "sync")
LATENCY_KINDS = ("slat", "clat", "lat")

Bins = list[tuple[int, int]]
"""Index of a histogram's bin, and the count in it; ascending, without empty ones."""

CounterGroups = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class TargetLimits:
    """What an open file or device allows; alignments in bytes, 0 where direct I/O is refused."""

    size_bytes: int
    memory_align: int
    request_align: int
    is_block_device: bool
    is_regular_file: bool


@dataclass(frozen=True)
class WorkPlan:
    """One copy of a job, with its target open and its region known."""

    job: Job
    fd: int
    region_start: int
    region_blocks: int
    ios: int
    """I/Os to measure; 0: until the runtime is over."""
    seed: int


@dataclass(frozen=True)
class ThreadPlan:
    """The jobs of one IOThread.  They share its engine, so the first one's mechanism holds."""

    name: str
    works: tuple[WorkPlan, ...]


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
class RawThread:
    """What an IOThread counted in its measured window, and since it was made."""

    window: CounterGroups
    life: CounterGroups
    usage: dict[str, int]
    leftover_events: int
    fdmon_fell_back: bool
    ring_is_foreign: bool
    failure: str
    """The loop's own, as a sentence; empty if there was none."""
    jobs: tuple[RawJob, ...]


@dataclass(frozen=True)
class RawClock:
    """How time was read, and how far it strayed from CLOCK_MONOTONIC."""

    hardware: bool
    read_ns: float
    drift_ppm: float


@dataclass(frozen=True)
class RawRun:
    """All that the core has to say."""

    threads: tuple[RawThread, ...]
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


def probe_target(fd: int) -> TargetLimits:
    """Ask the kernel what the open file allows.

    Raises:
        OSError: the kernel did not answer.
    """
    limits = ffi.new("TargetLimits *")
    ret = lib.target_probe(fd, limits)
    if ret < 0:
        raise OSError(-ret, "statx")
    return TargetLimits(
        size_bytes=limits.size_bytes,
        memory_align=limits.memory_align,
        request_align=limits.request_align,
        is_block_device=limits.is_block_device,
        is_regular_file=limits.is_regular_file,
    )


class NativeRun:
    """A run in the core.  Set up when made; `close()` gives everything back.

    Raises:
        RunError: it could not be set up.
    """

    def __init__(self, threads: Sequence[ThreadPlan]) -> None:
        self._plans = tuple(threads)
        self._keep_alive: list[Any] = []
        error = ffi.new("Error *")
        self._run = lib.run_new(self._run_plan(), error)
        if self._run == ffi.NULL:
            raise RunError(*explain_failure(_text(error.call), error.code, error.argument))
        self._indexes = ffi.new("uint32_t[]", lib.HISTOGRAM_COUNTS)
        self._counts = ffi.new("uint64_t[]", lib.HISTOGRAM_COUNTS)

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
        """Whether all jobs have finished; back after the timeout, or at a signal."""
        return bool(lib.run_wait(self._run, max(0, int(timeout_s * 1000))))

    def stop(self) -> None:
        """Ask the jobs to issue no more."""
        lib.run_stop(self._run)

    def sample(self, thread: int, job: int) -> RawSample:
        """What one job did since its last sample."""
        sample = ffi.new("Sample *")
        lib.run_sample(self._run, thread, job, sample, self._indexes, self._counts)
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
            threads=tuple(self._thread(index) for index in range(len(self._plans))),
            clock=RawClock(clock.hardware, clock.read_ns, clock.drift_ppm),
        )

    # ---- plans ------------------------------------------------------------------

    def _alive(self, value: Any) -> Any:
        """cffi frees what nobody refers to, and C pointers do not count."""
        self._keep_alive.append(value)
        return value

    def _run_plan(self) -> Any:
        threads = self._alive(ffi.new("IOThreadPlan[]", len(self._plans)))
        for plan, thread in zip(self._plans, threads, strict=True):
            self._fill_thread(thread, plan)
        run = ffi.new("RunPlan *")
        run.iothreads = threads
        run.iothread_count = len(self._plans)
        return self._alive(run)

    def _fill_thread(self, thread: Any, plan: ThreadPlan) -> None:
        job = plan.works[0].job
        works = self._alive(ffi.new("JobPlan[]", len(plan.works)))
        for work, native in zip(plan.works, works, strict=True):
            _fill_job(native, work)
        cpus = job.cpus_allowed or ()
        thread.name = self._alive(ffi.new("char[]", plan.name.encode()))
        thread.completion = self._alive(ffi.new("char[]", job.completion.encode()))
        thread.engine = self._alive(ffi.new("char[]", job.engine.encode()))
        thread.ppoll = job.fdmon == "ppoll"
        thread.resfd = job.resfd
        thread.reap_on_submit = job.reap_on_submit
        thread.strict_short_io = job.short_io == "strict"
        thread.max_batch = job.max_batch
        thread.complete_min = 1
        thread.null_latency_ns = round(job.null_latency_us * 1000)
        thread.null_jitter = job.null_jitter
        thread.null_servers = job.null_servers
        thread.cpus = self._alive(ffi.new("int[]", cpus))
        thread.cpu_count = len(cpus)
        thread.jobs = works
        thread.job_count = len(plan.works)

    # ---- reports ----------------------------------------------------------------

    def _thread(self, index: int) -> RawThread:
        report = ffi.new("IOThreadReport *")
        lib.run_iothread_report(self._run, index, report)
        failure = report.failure
        sentence = ""
        if failure.code:
            sentence = explain_failure(_text(failure.call), failure.code, failure.argument)[0]
        return RawThread(
            window=_counter_groups(report.window),
            life=_counter_groups(report.life),
            usage=dict(_members(report.usage)),
            leftover_events=report.leftover_events,
            fdmon_fell_back=report.fdmon_fell_back,
            ring_is_foreign=report.ring_is_foreign,
            failure=sentence,
            jobs=tuple(self._job(index, job) for job in range(len(self._plans[index].works))),
        )

    def _job(self, thread: int, job: int) -> RawJob:
        report = ffi.new("JobReport *")
        lib.run_job_report(self._run, thread, job, report)
        directions = {}
        for number, name in enumerate(DIRECTIONS):
            native = ffi.new("DirectionReport *")
            if lib.run_direction_report(self._run, thread, job, number, native):
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
    native.fd = work.fd
    native.iodepth = job.iodepth
    native.block_bytes = job.bs
    native.region_start = work.region_start
    native.region_blocks = work.region_blocks
    native.random = job.is_random
    native.use_random_map = not job.norandommap
    native.read_percent = job.read_percent
    native.ios = work.ios
    native.ramp_ns = round(job.ramp_time * NS_PER_S)
    native.runtime_ns = round((job.runtime or 0) * NS_PER_S)
    native.seed = work.seed
    native.continue_on_error = job.continue_on_error


def _text(characters: Any) -> str:
    text: bytes = ffi.string(characters)
    return text.decode(errors="replace")


def _members(struct: Any) -> Iterator[tuple[str, int]]:
    for name, _ in ffi.typeof(struct).fields:
        yield name.rstrip("_"), getattr(struct, name)


def _counter_groups(counters: Any) -> CounterGroups:
    """The nested structures of counters.h, by their members' names."""
    groups: CounterGroups = {}
    for name, group in _members(counters):
        groups[name] = dict(_members(group))
    sizes = list(groups["submit"]["batch_sizes"])
    limits = [str(1 << exponent) for exponent in range(len(sizes) - 1)] + ["more"]
    groups["submit"]["batch_sizes"] = dict(zip(limits, sizes, strict=True))
    return groups


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
