"""What makes a run's numbers mean less than they seem to.

Each caveat is a value: what was seen, why it matters, what to do.  They are
judged from what was measured alone, and never change it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from errno import EAGAIN
from itertools import groupby

from laiobench.jobs.options import Job
from laiobench.measurement.outcome.conditions import NEEDED_BY
from laiobench.measurement.plan.copy import Work
from laiobench.measurement.trial import Trial, WorkRun
from laiobench.native import search_window_us
from laiobench.system.allocation import UNWRITTEN
from laiobench.units import NS_PER_S, format_exact, format_ns, format_size
from laiobench.words import IO_DIRECTIONS

# An "asynchronous" submit that takes this share of the time is none.
BLOCKING_SHARE = 0.25
# Of the threads' time, spent ready to run and not running.
RUN_DELAY_SHARE = 0.05
CLOCK_DRIFT_PPM = 100.0
EARLY_SHARE = 0.9
# Of a rate: what is less was not kept.
KEPT_SHARE = 0.99


@dataclass(frozen=True)
class Caveat:
    """`id` is for programs; the rest are phrases for people."""

    id: str
    seen: str
    why: str
    do: str


def find(trial: Trial) -> list[Caveat]:
    """All that apply, those of jobs in the jobs' order."""
    found = [*_clock(trial), *_hangs(trial), *_ignored_options(trial)]
    for _, copies in groupby(trial.runs, key=lambda run: (run.work.position, run.work.job.name)):
        found += _of_copies([(run, _of_run(run, trial)) for run in copies])
    return list(dict.fromkeys(found))


def _of_run(run: WorkRun, trial: Trial) -> list[Caveat]:
    if not run.window_ns:
        return []
    return [
        *_refused(run),
        *_submit_blocks(run),
        *_ended_early(run),
        *_run_delay(run),
        *_buffered(run),
        *_unstored(run, trial),
        *_hard_links(run),
        *_fallbacks(run),
        *_rate_missed(run),
        *_search_missed(run),
        *_not_steady(run),
        *_would_block(run),
    ]


def _of_copies(found: Sequence[tuple[WorkRun, list[Caveat]]]) -> Iterator[Caveat]:
    """Each once, with the number of a job's copies that it is of."""
    alike: dict[tuple[str, str, str], list[tuple[WorkRun, Caveat]]] = {}
    for run, caveats in found:
        for caveat in caveats:
            alike.setdefault((caveat.id, caveat.why, caveat.do), []).append((run, caveat))
    for seen in alike.values():
        run, first = seen[0]
        yield replace(first, seen=first.seen + _of_how_many(run.work, seen))


def _of_how_many(work: Work, seen: Sequence[tuple[WorkRun, Caveat]]) -> str:
    copies, having = work.job.numjobs, len({run.work.copy for run, _ in seen})
    if copies == 1:
        return ""
    if having == 1:
        return f" (copy {work.copy + 1} of {copies})"
    if len({caveat.seen for _, caveat in seen}) == 1:
        return f" ({having} of {copies} copies)"
    return f" (copy {work.copy + 1}, and {having - 1} more of {copies} likewise)"


def _clock(trial: Trial) -> Iterator[Caveat]:
    drift = trial.clock.drift_ppm
    if abs(drift) > CLOCK_DRIFT_PPM:
        yield Caveat(
            "clock_drift",
            f"the CPU's counter strayed by {drift:.0f} ppm from CLOCK_MONOTONIC",
            "latencies are off by as much",
            "repeat the run; a virtual machine may have been moved",
        )


def _hangs(trial: Trial) -> Iterator[Caveat]:
    for hang in trial.hangs:
        yield Caveat(
            "hang",
            f"{hang.job}: a {hang.oldest.direction} at offset {hang.oldest.offset:,} was not back "
            f"after {format_ns(hang.lasted_ns)}",
            "the device, or what is below it, did not answer",
            "look into the kernel's log, and at the device's health",
        )


def _refused(run: WorkRun) -> Iterator[Caveat]:
    submit = run.counters["submit"]
    refused = submit["eagain"] + submit["eagain_idle"]
    if refused:
        yield Caveat(
            "submit_refused",
            f"{run.work.job.name}: the kernel refused io_submit {refused:,} times (EAGAIN), "
            f"{submit['eagain_idle']:,} of them with nothing in flight",
            "the I/Os had to wait for another try, which is in their latency",
            "look for other users of native AIO, and for what limits the device's queue",
        )


def _ignored_options(trial: Trial) -> Iterator[Caveat]:
    """Set, and without effect in all jobs: one for all of them need only matter to one."""
    if trial.interrupted or trial.failures:
        return  # it may have mattered to a job that did not run
    jobs = [run.work.job for run in trial.runs]
    for name, condition in NEEDED_BY.items():
        setting = [job for job in jobs if name in job.model_fields_set]
        if not setting or any(condition.holds(job) for job in setting):
            continue
        yield Caveat(
            "ignored_option",
            f"{', '.join(dict.fromkeys(job.name for job in setting))}: {name} has no effect "
            f"without {condition.text}",
            "it was set, and the run was the same as without it",
            f"add {condition.text}, or leave {name} out",
        )


def _submit_blocks(run: WorkRun) -> Iterator[Caveat]:
    """Buffered, extending or congested I/O makes io_submit wait, in silence."""
    job, inside_ns = run.work.job, run.counters["submit"]["ns"]
    measured_ns = run.usage["measured_ns"]  # the call is of all jobs that share the worker
    share = inside_ns / measured_ns if measured_ns else 0.0
    completed = run.ios_of_workers  # as is what was counted of them
    inline = run.counters["other"]["completed_in_submit"]
    if job.engine != "libaio" or job.iodepth == 1 or share < BLOCKING_SHARE or not completed:
        return
    depth, allowed = _true_depth(run, share), measured_depth(run)
    if allowed == 1 or depth > allowed / 2:
        return
    yield Caveat(
        "submit_blocks",
        f"{job.name}: {share:.0%} of the time was spent inside io_submit; "
        f"effectively depth {depth:.1f}, not {allowed}"
        + (f" ({inline / completed:.0%} completed inside the call)" if inline else ""),
        "the target or file system serves these I/Os while they are submitted, one by one",
        "use direct=1 on allocated blocks; for a RAM device, this is as it should be",
    )


def measured_depth(run: WorkRun) -> int:
    """How many I/Os it might have in flight: iodepth, or what the search found."""
    job, pacing = run.work.job, run.raw.pacing
    if not job.latency_target or not pacing.search_is_over:
        return job.iodepth
    return max(1, pacing.depth)


def _true_depth(run: WorkRun, share: float) -> float:
    """I/Os that the device had at a time: those inside io_submit it has one by one."""
    clat_ns = sum(direction.latency["clat"].sum for direction in run.raw.directions.values())
    return share + clat_ns / run.window_ns


def _ended_early(run: WorkRun) -> Iterator[Caveat]:
    job = run.work.job
    if job.runtime is None or job.time_based or job.number_ios:
        return
    if job.latency_target or run.was_exited or (run.steady and run.steady.attained):
        return  # they are to end it
    lasted_s = run.window_ns / NS_PER_S
    if run.raw.has_finished and lasted_s < EARLY_SHARE * job.runtime and not run.raw.gave_up:
        yield Caveat(
            "ended_early",
            f"{job.name} was through its size after {format_ns(lasted_s * NS_PER_S)}, "
            f"before its runtime of {format_exact(job.runtime)} s",
            "runtime is an upper limit, as in fio",
            "add time_based to go on for the whole runtime",
        )


def _run_delay(run: WorkRun) -> Iterator[Caveat]:
    delay_ns, measured_ns = run.usage["run_delay_ns"], run.usage["measured_ns"]
    if delay_ns > RUN_DELAY_SHARE * measured_ns:
        yield Caveat(
            "cpu_contended",
            f"{run.work.job.name} waited {delay_ns / measured_ns:.0%} of the time for a CPU",
            "others were running on it, or a CPU quota was used up; latencies contain that wait",
            "end what else runs, lower numjobs, or give it CPUs of its own with cpus_allowed; "
            "in a container, raise its CPU limit",
        )


def _buffered(run: WorkRun) -> Iterator[Caveat]:
    job = run.work.job
    if job.engine == "libaio" and not job.direct:
        yield Caveat(
            "buffered",
            f"{job.name} goes through the page cache (direct=0)",
            "memory is measured as much as the device, and io_submit waits for both",
            "use direct=1 to measure the device",
        )


def _unstored(run: WorkRun, trial: Trial) -> Iterator[Caveat]:
    """Data that never reached a device, as far as that could be seen before the run."""
    job, target, region = run.work.job, run.work.target, run.work.region
    if not target:
        return
    if target.allocation.memory == "" and any(_fills(other, run) for other in trial.runs):
        return
    allocation = target.allocation
    of_it = f" ({allocation.holder}, which it is made of)" if allocation.holder else ""
    if allocation.memory:
        yield Caveat(
            "memory",
            f"{job.name}: {target.path}{of_it} is on {allocation.memory}, which is memory",
            "no device was measured, but copies from memory to memory",
            "name a file on a disk, or use laiobench's own scratch file",
        )
    kinds = {gap.kind for gap in allocation.gaps_in(region.start, region.length)}
    for kind in sorted(kinds):
        yield Caveat(
            "unwritten" if kind == UNWRITTEN else "holes",
            f"{job.name}: parts of {target.path}{of_it} are {kind}",
            _why_unstored(job),
            "write the file once from end to end, or use laiobench's own scratch file",
        )
    stored_bytes = allocation.stored_bytes
    if stored_bytes is not None and stored_bytes < region.length and (job.reads or job.trims):
        yield Caveat(
            "unallocated",
            f"{job.name}: {allocation.holder} had stored {format_size(stored_bytes)} when it was "
            f"opened, and the job uses {format_size(region.length)}",
            "where nothing is stored, reads and trims have nothing to do, and are faster",
            f"write the device once from end to end: rw=write --filename={target.path}",
        )


def _fills(other: WorkRun, run: WorkRun) -> bool:
    """Whether an earlier group of the run has written all that this one uses."""
    writer, work = other.work, run.work
    if not writer.target or not work.target or writer.target.path != work.target.path:
        return False
    fills = writer.job.writes and not writer.job.trims and not writer.job.is_random
    return fills and writer.group < work.group and writer.region.covers(work.region)


def _why_unstored(job: Job) -> str:
    if not job.writes:
        return "reads of them never reach the device"
    waits = ", during which io_submit waits, as for extensions" if job.engine == "libaio" else ""
    return f"writes into them allocate or convert blocks{waits}"


def _hard_links(run: WorkRun) -> Iterator[Caveat]:
    work = run.work
    if work.job.writes and work.target and work.target.links > 1:
        yield Caveat(
            "hard_links",
            f"{work.job.name}: {work.target.path} has {work.target.links} names (hard links)",
            "what was written shows under all of them",
            "use a file of its own",
        )


def _fallbacks(run: WorkRun) -> Iterator[Caveat]:
    name = run.work.job.name
    if misaligned := run.counters["other"]["pool_fallbacks"]:
        yield Caveat(
            "misaligned",
            f"{name}: {misaligned:,} I/Os were misaligned and went to a thread pool",
            "direct I/O cannot carry them out, so they were not native AIO, but threads and copies",
            "use a blockalign and mem_align that the target takes",
        )
    if any(worker.fdmon_fell_back for worker in run.workers):
        yield Caveat(
            "fdmon_fell_back",
            f"{name}: epoll failed; the loop slept in ppoll instead",
            "its cost per sleep differs",
            "look for a sandbox or a limit that forbids epoll",
        )
    if any(worker.ring_is_foreign for worker in run.workers):
        yield Caveat(
            "foreign_ring",
            f"{name}: the kernel's completion ring has a layout unknown to this version",
            "completions were taken with io_getevents, also where the mode needs no system call",
            "look for a newer laiobench",
        )
    if run.work.job.cpus_allowed and any(worker.cpus_changed for worker in run.workers):
        yield Caveat(
            "cpus_changed",
            f"{name}: its thread did not stay on the CPUs that cpus_allowed names",
            "one of them went offline, or somebody else moved the thread, so in part it was "
            "measured elsewhere",
            "look which CPUs are online (lscpu), and for what changes them or the cpuset",
        )


def _rate_missed(run: WorkRun) -> Iterator[Caveat]:
    """By the schedule, not by the number of I/Os: with `poisson` that is of chance."""
    job, pacing = run.work.job, run.raw.pacing
    if not run.raw.has_finished or (job.thinktime and job.rate_ignore_thinktime):
        return
    for index, name in enumerate(IO_DIRECTIONS):
        direction = run.raw.directions.get(name)
        scheduled_ns, behind_ns = pacing.scheduled_ns[index], pacing.behind_ns[index]
        if direction is None or not behind_ns:
            continue
        gap_ns = scheduled_ns / max(1, direction.ios)  # one may have been due at the very end
        share = scheduled_ns / (scheduled_ns + behind_ns)
        if share < KEPT_SHARE and behind_ns > gap_ns:
            yield Caveat(
                "rate_missed",
                f"{job.name}: {name}s came to {share:.1%} of their rate, and were "
                f"{format_ns(behind_ns)} behind schedule at the end",
                "the device was slower than the schedule, which did not wait: I/Os waited for a "
                "free slot, which is in response, and not in lat",
                f"lower the rate of {name}s, or raise iodepth",
            )


def _search_missed(run: WorkRun) -> Iterator[Caveat]:
    job, raw = run.work.job, run.raw.pacing
    if job.latency_target and (window_us := search_window_us(job)) < job.latency_window:
        yield Caveat(
            "latency_window_shortened",
            f"{job.name}: each depth was looked at for {format_ns(window_us * 1000)}, not for "
            f"{format_ns(job.latency_window * 1000)} (latency_window)",
            "the search would not have ended within the runtime",
            "raise runtime, or lower latency_window",
        )
    if job.latency_target and raw.search_is_over and raw.depth == 0:
        yield Caveat(
            "latency_target_missed",
            f"{job.name}: not even at depth 1 were {format_exact(job.latency_percentile)} % of the "
            f"I/Os within {format_ns(job.latency_target * 1000)} (latency_target)",
            "what was measured is depth 1, which does not keep the target",
            "raise latency_target, or lower latency_percentile",
        )


def _not_steady(run: WorkRun) -> Iterator[Caveat]:
    steady = run.steady
    if steady is None or steady.attained:
        return
    seen = "there was no full steadystate_duration to judge"
    if steady.is_full:
        sign = "%" if steady.criterion.is_percent else ""
        seen = f"at the end it was {steady.measured:.3g}{sign} instead of {steady.criterion}"
    yield Caveat(
        "not_steady",
        f"{run.work.job.name} did not become steady: {seen}",
        "its rate was still changing, so the numbers depend on when it was measured",
        "raise runtime (with time_based), or the limit",
    )


def _would_block(run: WorkRun) -> Iterator[Caveat]:
    if not run.work.job.nowait:
        return
    refused = sum(direction.errors.get(EAGAIN, 0) for direction in run.raw.directions.values())
    if refused:
        yield Caveat(
            "would_block",
            f"{run.work.job.name}: {refused:,} I/Os would have waited in the kernel (nowait)",
            "they ended with EAGAIN, and are no I/Os of the result",
            "leave nowait out to have them done",
        )
