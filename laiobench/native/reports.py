"""Reports of the core as plain data: what jobs and workers have done.

Knows the core's structures for reports; computes nothing from them.
"""

from dataclasses import dataclass
from typing import Any

from laiobench.native._core import ffi, lib
from laiobench.native.failures import explain_failure
from laiobench.native.latencies import LATENCIES
from laiobench.native.pacing import PacingReport, read_pacing
from laiobench.native.structures import CounterGroups, counter_groups, members, text_of
from laiobench.native.verify import VerifyReport, read_verify
from laiobench.words import DIRECTIONS, ios_of

Bins = list[tuple[int, int]]
"""A histogram bin's index, and its count; ascending, without empty bins."""


@dataclass(frozen=True)
class LatencyReport:
    """Extremes and sum are exact, in ns; `overflow` counts values beyond the histogram."""

    min: int
    max: int
    sum: int
    bins: Bins
    overflow: int


@dataclass(frozen=True)
class DirectionReport:
    """What a job measured in one direction; `errors` are by errno."""

    ios: int
    bytes: int
    short_ios: int
    eofs: int
    errors: dict[int, int]
    latency: dict[str, LatencyReport]
    """By the names of LATENCIES."""


@dataclass(frozen=True)
class JobReport:
    """What a job has done; the window is in CLOCK_MONOTONIC ns, (0, 0) if it never opened."""

    submitted: int
    completed: int
    failed: int
    cancelled: int
    window_start_ns: int
    window_end_ns: int
    has_finished: bool
    gave_up: bool
    stalled: bool
    """A fault in laiobench: the job had I/Os left, and nothing would have woken it."""
    directions: dict[str, DirectionReport]
    pacing: PacingReport
    verify: VerifyReport | None = None

    @property
    def ios(self) -> int:
        """The I/Os that it completed; syncs are counted apart."""
        return ios_of(self.directions)


@dataclass(frozen=True)
class WorkerReport:
    """What a worker counted: `window`, while a job on it was measured; `life`, in all.

    submitted, completed, failed and cancelled count what jobs did on this worker.
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
    ready_needs_syscall: bool
    """Its engine could not see completions without a system call."""
    cpus_changed: bool
    """Whether the set of CPUs that its thread may run on changed during the run."""
    failure: str
    """How its loop failed, as a sentence; empty if it did not."""
    engine_flags: tuple[str, ...] = ()
    """How its engine set itself up, by the kernel's names."""
    engine_flags_refused: tuple[str, ...] = ()
    """What it would have used as well, if the kernel knew it."""


@dataclass(frozen=True)
class ClockReport:
    """How time was read, and how far that drifted from CLOCK_MONOTONIC."""

    hardware: bool
    read_ns: float
    drift_ppm: float


@dataclass(frozen=True)
class RunReport:
    """The reports on all jobs and all workers."""

    jobs: tuple[JobReport, ...]
    workers: tuple[WorkerReport, ...]
    clock: ClockReport


@dataclass(frozen=True)
class Sample:
    """What a job did since its last sample; the histogram is of lat, over all directions."""

    at_ns: int
    ios: int
    bytes: int
    is_new_window: bool
    bins: Bins
    max_ns: int
    """The longest lat of the measured window so far."""


@dataclass(frozen=True)
class Totals:
    """A job's totals at a time (CLOCK_MONOTONIC), since its window opened."""

    at_ns: int
    ios: int
    bytes: int
    phase: str
    """idle, delayed, ramp, searching, measuring, draining, verifying or finished."""
    is_measuring: bool
    has_finished: bool
    has_failed: bool
    """Whether it finished with failed I/Os, or was cut short."""


@dataclass(frozen=True)
class DirectionTotals:
    """Totals in one direction; `latency_ns` has the sums of latencies that every I/O has."""

    ios: int
    bytes: int
    latency_ns: dict[str, int]


@dataclass(frozen=True)
class TotalsByDirection:
    """Totals by direction, their time, and when the window opened (CLOCK_MONOTONIC, ns)."""

    at_ns: int
    window_start_ns: int
    totals: dict[str, DirectionTotals]
    """Empty before the window opens."""


@dataclass(frozen=True)
class InFlightReport:
    """An I/O in flight; `age_ns` is the time since the engine got it."""

    direction: str
    offset: int
    bytes: int
    age_ns: int


@dataclass(frozen=True)
class JobInFlight:
    """How many of a job's I/Os are in flight, and the oldest of them."""

    count: int
    oldest: tuple[InFlightReport, ...]


# ---- reading them -----------------------------------------------------------


class BinsRoom:
    """Arrays into which the core copies a histogram's bins; they are reused."""

    def __init__(self) -> None:
        self.indexes = ffi.new("uint32_t[]", lib.HISTOGRAM_COUNTS)
        self.counts = ffi.new("uint64_t[]", lib.HISTOGRAM_COUNTS)

    def taken(self, bins: int) -> Bins:
        """The first `bins` bins."""
        indexes, counts = ffi.unpack(self.indexes, bins), ffi.unpack(self.counts, bins)
        return list(zip(indexes, counts, strict=True))


def read_worker(run: Any, index: int, name: str) -> WorkerReport:
    """Read what a worker has counted."""
    report = ffi.new("WorkerReport *")
    lib.run_worker_report(run, index, report)
    failure = report.failure
    sentence = ""
    if failure.code:
        sentence = explain_failure(text_of(failure.call), failure.code, failure.argument)[0]
    return WorkerReport(
        name=name,
        window=counter_groups(report.window),
        life=counter_groups(report.life),
        usage=dict(members(report.usage)),
        submitted=report.submitted,
        completed=report.completed,
        failed=report.failed,
        cancelled=report.cancelled,
        leftover_events=report.leftover_events,
        fdmon_fell_back=report.fdmon_fell_back,
        ready_needs_syscall=report.ready_needs_syscall,
        engine_flags=tuple(text_of(report.set_up.flags).split()),
        engine_flags_refused=tuple(text_of(report.set_up.refused).split()),
        cpus_changed=report.cpus_changed,
        failure=sentence,
    )


def read_job(run: Any, index: int, room: BinsRoom) -> JobReport:
    """Read what a job has done."""
    report = ffi.new("JobReport *")
    lib.run_job_report(run, index, report)
    directions = {}
    for number, name in enumerate(DIRECTIONS):
        native = ffi.new("DirectionReport *")
        if lib.run_direction_report(run, index, number, native):
            directions[name] = _direction(native, _read_latencies(run, index, number, room))
    return JobReport(
        submitted=report.submitted,
        completed=report.completed,
        failed=report.failed,
        cancelled=report.cancelled,
        window_start_ns=report.window_start_ns,
        window_end_ns=report.window_end_ns,
        has_finished=report.has_finished,
        gave_up=report.gave_up,
        stalled=report.stalled,
        directions=directions,
        pacing=read_pacing(report.pacing),
        verify=read_verify(run, index),
    )


def read_clock(run: Any) -> ClockReport:
    """Read how the run's time was read."""
    clock = ffi.new("ClockReport *")
    lib.run_clock_report(run, clock)
    return ClockReport(clock.hardware, clock.read_ns, clock.drift_ppm)


def read_sample(run: Any, index: int, room: BinsRoom) -> Sample:
    """Read what a job did since its last sample."""
    sample = ffi.new("Sample *")
    lib.run_sample(run, index, sample, room.indexes, room.counts)
    return Sample(
        at_ns=sample.at_ns,
        ios=sample.ios,
        bytes=sample.bytes,
        is_new_window=sample.is_new_window,
        bins=room.taken(sample.bins),
        max_ns=sample.max_ns,
    )


def read_totals(run: Any, index: int) -> Totals:
    """Read a job's totals."""
    totals = ffi.new("Totals *")
    lib.run_totals(run, index, totals)
    return Totals(
        at_ns=totals.at_ns,
        ios=totals.ios,
        bytes=totals.bytes,
        phase=text_of(totals.phase),
        is_measuring=totals.is_measuring,
        has_finished=totals.has_finished,
        has_failed=totals.has_failed,
    )


def read_direction_totals(run: Any, index: int) -> TotalsByDirection:
    """Read a job's totals by direction."""
    native = ffi.new("DirectionTotals *")
    sums = ffi.new("uint64_t[]", len(LATENCIES))
    totals = {}
    window_start_ns = 0
    for number, direction in enumerate(DIRECTIONS):
        if lib.run_direction_totals(run, index, number, native, sums):
            window_start_ns = native.window_start_ns
            totals[direction] = DirectionTotals(
                native.ios,
                native.bytes,
                {
                    name: sum_ns
                    for (name, latency), sum_ns in zip(LATENCIES.items(), sums, strict=True)
                    if latency.is_of_every_io
                },
            )
    return TotalsByDirection(native.at_ns, window_start_ns, totals)


def read_in_flight(run: Any, index: int, max_oldest: int) -> JobInFlight:
    """Read which of a job's I/Os are in flight."""
    oldest = ffi.new("InFlightReport[]", max_oldest)
    count = lib.run_in_flight(run, index, oldest, max_oldest)
    return JobInFlight(
        count,
        tuple(
            InFlightReport(DIRECTIONS[io.direction], io.offset, io.bytes, io.age_ns)
            for io in oldest[0 : min(count, max_oldest)]
        ),
    )


def _read_latencies(
    run: Any, index: int, direction: int, room: BinsRoom
) -> dict[str, LatencyReport]:
    native = ffi.new("LatencyReport *")
    found = {}
    for number, kind in enumerate(LATENCIES):
        lib.run_latency_report(run, index, direction, number, native, room.indexes, room.counts)
        found[kind] = latency_of(native, room.taken(native.bins))
    return found


def _direction(native: Any, latency: dict[str, LatencyReport]) -> DirectionReport:
    errors = ffi.unpack(native.errors, lib.ERRNO_COUNT)
    return DirectionReport(
        ios=native.ios,
        bytes=native.bytes,
        short_ios=native.short_ios,
        eofs=native.eofs,
        errors={code: count for code, count in enumerate(errors) if count},
        latency=latency,
    )


def latency_of(native: Any, bins: Bins) -> LatencyReport:
    """A LatencyReport with its bins; if there is overflow, it is the last bin."""
    minimum = native.min if bins else 0
    overflow = 0
    if bins and bins[-1][0] == lib.HISTOGRAM_COUNTS - 1:
        *bins, (_, overflow) = bins
    return LatencyReport(
        min=minimum,
        max=native.max,
        sum=native.sum,
        bins=bins,
        overflow=overflow,
    )
