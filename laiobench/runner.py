"""Running jobs: from checked jobs to what the core measured.

Opens the targets, lays the jobs out on threads and groups, runs group after
group, takes samples, and passes on what the user asks for meanwhile.  Knows
nothing of results, files or words; what it yields is a Trial.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from laiobench import scratch
from laiobench.guard import OpenTarget, Region, Targets, region_of
from laiobench.job import Job
from laiobench.native import NativeRun, RawClock, RawJob, RawSample, RawThread, ThreadPlan, WorkPlan
from laiobench.series import Series, make_point

SAMPLE_INTERVAL_S = 1.0
NULL_TARGET_BYTES = 1 << 30

# No longer than this passes between a signal and our noticing it.
_LONGEST_WAIT_S = 0.25


class Control:
    """What the user asked for, from a signal handler; looked at by the runner."""

    def __init__(self) -> None:
        self.requests = 0

    def request_stop(self) -> None:
        """Once: issue no more and drain.  Twice: leave with what there is."""
        self.requests += 1

    @property
    def stop(self) -> bool:
        return self.requests >= 1

    @property
    def leave(self) -> bool:
        return self.requests >= 2


@dataclass(frozen=True)
class Work:
    """One copy of a job, as it is laid out."""

    job: Job
    copy: int
    """Which of numjobs."""
    group: int
    """Jobs of one group run together; stonewall begins another."""
    thread: str
    target: OpenTarget | None
    """None for the null engine."""
    region: Region
    ios: int
    """I/Os to measure; 0: until the runtime is over."""
    seed: int


@dataclass(frozen=True)
class WorkRun:
    """What became of one copy of a job."""

    work: Work
    raw: RawJob
    raw_thread: RawThread
    series: Series


@dataclass(frozen=True)
class Trial:
    """One run of all jobs."""

    runs: tuple[WorkRun, ...]
    clock: RawClock
    started_at: datetime
    interrupted: bool


@dataclass(frozen=True)
class Progress:
    """A sample of one job, for whoever watches."""

    work: Work
    elapsed_s: float
    interval_s: float
    sample: RawSample


Watcher = Callable[[Sequence[Progress]], None]


# ---- layout ------------------------------------------------------------------------


def lay_out(jobs: Sequence[Job], targets: Targets) -> list[Work]:
    """Open the targets, and give each copy of each job its group, thread, region and seed.

    Raises:
        LaiobenchError: a target can't be used as the job wants.
    """
    works: list[Work] = []
    group = 0
    for job in jobs:
        if job.stonewall and works:
            group += 1
        target, region = _target_of(job, targets)
        for copy in range(job.numjobs):
            works.append(
                Work(
                    job=job,
                    copy=copy,
                    group=group,
                    thread=f"iothread{len(works)}",
                    target=target,
                    region=region,
                    ios=_ios_to_measure(job, region),
                    seed=stream_seed(job.randseed, len(works)),
                )
            )
    return works


def stream_seed(randseed: int, ordinal: int) -> int:
    """The seed of the nth copy of all: its own, and the same whenever `randseed` is."""
    text = f"{randseed}/{ordinal}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


def _target_of(job: Job, targets: Targets) -> tuple[OpenTarget | None, Region]:
    if job.engine == "null":
        size = job.size or NULL_TARGET_BYTES
        return None, Region(start=job.offset, blocks=max(1, size // job.bs))
    target = targets.open(job.filename or _scratch_for(job), job)
    return target, region_of(job, target)


def _scratch_for(job: Job) -> str:
    needed = job.offset + (job.size or scratch.DEFAULT_BYTES)
    return str(scratch.prepare(needed))


def _ios_to_measure(job: Job, region: Region) -> int:
    """The smaller of number_ios and the passes over the size; 0 for no limit."""
    limits = [job.number_ios] if job.number_ios else []
    if not job.time_based:
        limits.append(region.blocks * job.loops)
    return min(limits, default=0)


# ---- running -----------------------------------------------------------------------


@dataclass
class _Group:
    """Works that run together, each on its own thread."""

    works: list[Work]
    series: list[Series] = field(init=False)

    def __post_init__(self) -> None:
        self.series = [Series() for _ in self.works]

    def plans(self) -> list[ThreadPlan]:
        return [
            ThreadPlan(
                work.thread,
                (
                    WorkPlan(
                        job=work.job,
                        fd=work.target.fd if work.target else -1,
                        region_start=work.region.start,
                        region_blocks=work.region.blocks,
                        ios=work.ios,
                        seed=work.seed,
                    ),
                ),
            )
            for work in self.works
        ]


def _groups(works: Sequence[Work]) -> Iterator[_Group]:
    for number in sorted({work.group for work in works}):
        yield _Group([work for work in works if work.group == number])


def run_jobs(
    jobs: Sequence[Job],
    *,
    allow_write: Sequence[str] = (),
    control: Control | None = None,
    watch: Watcher | None = None,
) -> Trial:
    """Run all jobs, group after group.

    Args:
        jobs: what to run.
        allow_write: the targets whose data may be lost.
        control: asks to stop, from a signal handler.
        watch: gets a sample of every running job each second.

    Raises:
        LaiobenchError: a target can't be used, or the run could not be set up.
    """
    control = control or Control()
    started_at = datetime.now(UTC)
    writable = list(allow_write)
    if any(job.filename is None and job.engine != "null" for job in jobs):
        writable += [str(folder / "scratch.dat") for folder in scratch.folders()]
    runs: list[WorkRun] = []
    clock = RawClock(hardware=False, read_ns=0.0, drift_ppm=0.0)
    with Targets(writable) as targets:
        for group in _groups(lay_out(jobs, targets)):
            if control.stop:
                break
            group_runs, clock = _run_group(group, control, watch)
            runs += group_runs
    return Trial(tuple(runs), clock, started_at, interrupted=control.stop)


def _run_group(
    group: _Group, control: Control, watch: Watcher | None
) -> tuple[list[WorkRun], RawClock]:
    native_run = NativeRun(group.plans())
    try:
        native_run.start()
        _follow(native_run, group, control, watch)
        raw = native_run.collect()
    finally:
        if not control.leave:  # closing waits for what is in flight
            native_run.close()
    runs = [
        WorkRun(work, thread.jobs[0], thread, series)
        for work, thread, series in zip(group.works, raw.threads, group.series, strict=True)
    ]
    return runs, raw.clock


def _follow(native_run: NativeRun, group: _Group, control: Control, watch: Watcher | None) -> None:
    """Until all have finished, or the user leaves: take samples, pass on requests."""
    started = last_sample = time.monotonic()
    stopped = finished = False
    while not finished and not control.leave:
        next_sample = last_sample + SAMPLE_INTERVAL_S
        wait_s = min(_LONGEST_WAIT_S, max(0.0, next_sample - time.monotonic()))
        finished = native_run.wait(wait_s)
        if control.stop and not stopped:
            native_run.stop()
            stopped = True
        now = time.monotonic()
        if now < next_sample and not finished:
            continue
        samples = _sample_all(native_run, group, is_last=finished)
        if watch:
            watch(
                [
                    Progress(work, now - started, now - last_sample, sample)
                    for work, sample in zip(group.works, samples, strict=True)
                ]
            )
        last_sample = now


def _sample_all(native_run: NativeRun, group: _Group, *, is_last: bool) -> list[RawSample]:
    """Every job's newest interval, which its series keeps; one without I/Os is a stall."""
    samples = [native_run.sample(index, 0) for index in range(len(group.works))]
    for index, sample in enumerate(samples):
        if sample.is_new_window:
            group.series[index] = Series()
        if sample.ios or not is_last:
            group.series[index].add(make_point(sample.at_ns, sample.ios, sample.bytes, sample.bins))
    return samples
