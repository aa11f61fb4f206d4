"""Warnings: reasons why a run's numbers mean less than they seem to.

Each warning is a value: what was seen, why it matters, what to do.  Warnings are judged
from the measurements alone, and never change them.
"""

from collections.abc import Iterator, Sequence
from errno import EAGAIN
from itertools import groupby

from laiobench.jobs.options import Job, traits
from laiobench.jobs.options.engines import ENGINES
from laiobench.measurement.outcome import kernel_threads
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.trial import JobRun, Trial
from laiobench.native import search_window_us
from laiobench.results.warning import Warning
from laiobench.system.allocation import UNWRITTEN
from laiobench.units import NS_PER_S, format_exact, format_ns, format_size
from laiobench.words import IO_DIRECTIONS

# From this share of the time inside io_submit on, submitting is not asynchronous.
BLOCKING_SHARE = 0.25
# From this share of the threads' time spent waiting for a CPU on, it is told.
RUN_DELAY_SHARE = 0.05
CLOCK_DRIFT_PPM = 100.0
EARLY_SHARE = 0.9
# Below this share of a rate, the rate was not kept.
KEPT_SHARE = 0.99


def find(trial: Trial) -> list[Warning]:
    """All warnings that apply; those on jobs in the jobs' order."""
    found = [*_clock(trial), *_hangs(trial), *_ignored_options(trial)]
    for _, copies in groupby(trial.runs, key=lambda run: (run.copy.position, run.copy.label)):
        found += _of_copies([(run, _of_run(run, trial)) for run in copies])
    return list(dict.fromkeys(found))


def _of_run(run: JobRun, trial: Trial) -> list[Warning]:
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
        *kernel_threads.find(run),
        *_rate_missed(run),
        *_search_missed(run),
        *_not_steady(run),
        *_would_block(run),
    ]


def _of_copies(found: Sequence[tuple[JobRun, list[Warning]]]) -> Iterator[Warning]:
    """Each warning once, with the number of copies that it applies to."""
    alike: dict[tuple[str, str, str], list[tuple[JobRun, Warning]]] = {}
    for run, warnings in found:
        for warning in warnings:
            alike.setdefault((warning.id, warning.why, warning.do), []).append((run, warning))
    for seen in alike.values():
        run, first = seen[0]
        yield first.model_copy(update={"seen": first.seen + _of_how_many(run.copy, seen)})


def _of_how_many(copy: JobCopy, seen: Sequence[tuple[JobRun, Warning]]) -> str:
    count, having = copy.job.numjobs, len({run.copy.copy_index for run, _ in seen})
    if count == 1:
        return ""
    if having == 1:
        return f" (copy {copy.copy_index + 1} of {count})"
    if len({warning.seen for _, warning in seen}) == 1:
        return f" ({having} of {count} copies)"
    return f" (copy {copy.copy_index + 1}, and {having - 1} more of {count} likewise)"


def _clock(trial: Trial) -> Iterator[Warning]:
    drift = trial.clock.drift_ppm
    if abs(drift) > CLOCK_DRIFT_PPM:
        yield Warning(
            id="clock_drift",
            seen=f"the CPU's counter strayed by {drift:.0f} ppm from CLOCK_MONOTONIC",
            why="latencies are off by as much",
            do="repeat the run; a virtual machine may have been moved",
        )


def _hangs(trial: Trial) -> Iterator[Warning]:
    for hang in trial.hangs:
        yield Warning(
            id="hang",
            seen=f"{hang.job}: a {hang.oldest.direction} at offset {hang.oldest.offset:,} "
            f"was not back after {format_ns(hang.lasted_ns)}",
            why="the device, or what is below it, did not answer",
            do="look into the kernel's log, and at the device's health",
        )


def _refused(run: JobRun) -> Iterator[Warning]:
    submit = run.counters["submit"]
    refused = submit["eagain"] + submit["eagain_idle"]
    if refused:
        call = ENGINES[run.copy.job.engine].submit_call
        yield Warning(
            id="submit_refused",
            seen=f"{run.copy.label}: the kernel refused {call} {refused:,} times (EAGAIN), "
            f"{submit['eagain_idle']:,} of them with nothing in flight",
            why="the I/Os had to wait for another try, which is in their latency",
            do="look for other programs that use it, and for what limits the device's queue",
        )


def _ignored_options(trial: Trial) -> Iterator[Warning]:
    """Options without effect in all jobs that set them; one set for all must help only one."""
    if trial.interrupted or trial.failures:
        return  # a job that did not run may have used it
    copies = [run.copy for run in trial.runs]
    for name, its in traits().items():
        needs, setting = its.needs, [copy for copy in copies if name in copy.job.model_fields_set]
        if not needs or not setting or any(needs.holds(copy.job) for copy in setting):
            continue
        yield Warning(
            id="ignored_option",
            seen=f"{', '.join(dict.fromkeys(copy.label for copy in setting))}: {name} has no "
            f"effect without {needs.text}",
            why="it was set, and the run was the same as without it",
            do=f"add {needs.text}, or leave {name} out",
        )


def _submit_blocks(run: JobRun) -> Iterator[Warning]:
    """io_submit blocks: on buffered I/O, on writes that extend a file, or on a full queue."""
    job, inside_ns = run.copy.job, run.counters["submit"]["ns"]
    measured_ns = run.usage["measured_ns"]  # the time inside io_submit is the whole worker's
    share = inside_ns / measured_ns if measured_ns else 0.0
    completed = run.ios_of_workers  # so are the I/Os
    inline = run.counters["other"]["completed_in_submit"]
    call = ENGINES[job.engine].submit_call
    if not call or job.iodepth == 1 or share < BLOCKING_SHARE or not completed:
        return
    depth, allowed = _true_depth(run, share), measured_depth(run)
    if allowed == 1 or depth > allowed / 2:
        return
    yield Warning(
        id="submit_blocks",
        seen=f"{run.copy.label}: {share:.0%} of the time was spent inside {call}; "
        f"effectively depth {depth:.1f}, not {allowed}"
        + (f" ({inline / completed:.0%} completed inside the call)" if inline else ""),
        why="the target or file system serves these I/Os while they are submitted, one by one",
        do="use direct=1 on allocated blocks; for a RAM device, this is as it should be",
    )


def measured_depth(run: JobRun) -> int:
    """How many I/Os it may have in flight: iodepth, or the depth that the search found."""
    job, pacing = run.copy.job, run.report.pacing
    if not job.latency_target or not pacing.search_is_over:
        return job.iodepth
    return max(1, pacing.depth)


def _true_depth(run: JobRun, share: float) -> float:
    """The I/Os in flight on average, if those inside io_submit are done one by one."""
    clat_ns = sum(direction.latency["clat"].sum for direction in run.report.directions.values())
    return share + clat_ns / run.window_ns


def _ended_early(run: JobRun) -> Iterator[Warning]:
    job = run.copy.job
    if job.runtime is None or job.time_based or job.number_ios:
        return
    if job.latency_target or run.was_exited or (run.steady and run.steady.attained):
        return  # the job was meant to end early
    lasted_s = run.window_ns / NS_PER_S
    if run.report.has_finished and lasted_s < EARLY_SHARE * job.runtime and not run.report.gave_up:
        yield Warning(
            id="ended_early",
            seen=f"{run.copy.label} was through its size after {format_ns(lasted_s * NS_PER_S)}, "
            f"before its runtime of {format_exact(job.runtime)} s",
            why="runtime is an upper limit, as in fio",
            do="add time_based to go on for the whole runtime",
        )


def _run_delay(run: JobRun) -> Iterator[Warning]:
    delay_ns, measured_ns = run.usage["run_delay_ns"], run.usage["measured_ns"]
    if delay_ns > RUN_DELAY_SHARE * measured_ns:
        yield Warning(
            id="cpu_contended",
            seen=f"{run.copy.label} waited {delay_ns / measured_ns:.0%} of the time for a CPU",
            why="others were running on it, or a CPU quota was used up; "
            "latencies contain that wait",
            do="end what else runs, lower numjobs, or give it CPUs of its own with cpus_allowed; "
            "in a container, raise its CPU limit",
        )


def _buffered(run: JobRun) -> Iterator[Warning]:
    job = run.copy.job
    call = ENGINES[job.engine].submit_call
    if call and not job.direct:
        yield Warning(
            id="buffered",
            seen=f"{run.copy.label} goes through the page cache (direct=0)",
            why=f"memory is measured as much as the device, and {call} waits for both",
            do="use direct=1 to measure the device",
        )


def _unstored(run: JobRun, trial: Trial) -> Iterator[Warning]:
    """Data that reads do not fetch from a device, as far as was known before the run."""
    job, target, region = run.copy.job, run.copy.target, run.copy.region
    if not target:
        return
    if target.allocation.memory == "" and any(_fills(other, run) for other in trial.runs):
        return
    allocation = target.allocation
    of_it = f" ({allocation.holder}, which it is made of)" if allocation.holder else ""
    if allocation.memory:
        yield Warning(
            id="memory",
            seen=f"{run.copy.label}: {target.path}{of_it} is on {allocation.memory}, "
            "which is memory",
            why="no device was measured, but copies from memory to memory",
            do="name a file on a disk, or use laiobench's own scratch file",
        )
    kinds = {gap.kind for gap in allocation.gaps_in(region.start, region.length)}
    for kind in sorted(kinds):
        yield Warning(
            id="unwritten" if kind == UNWRITTEN else "holes",
            seen=f"{run.copy.label}: parts of {target.path}{of_it} are {kind}",
            why=_why_unstored(job),
            do="write the file once from end to end, or use laiobench's own scratch file",
        )
    stored_bytes = allocation.stored_bytes
    if stored_bytes is not None and stored_bytes < region.length and (job.reads or job.trims):
        yield Warning(
            id="unallocated",
            seen=f"{run.copy.label}: {allocation.holder} had stored {format_size(stored_bytes)} "
            f"when it was opened, and the job uses {format_size(region.length)}",
            why="where nothing is stored, reads and trims have nothing to do, and are faster",
            do=f"write the device once from end to end: rw=write --filename={target.path}",
        )


def _fills(other: JobRun, run: JobRun) -> bool:
    """Whether an earlier group of the run wrote all of the region that this job uses."""
    writer, copy = other.copy, run.copy
    if not writer.target or not copy.target or writer.target.path != copy.target.path:
        return False
    fills = writer.job.writes and not writer.job.trims and not writer.job.is_random
    return fills and writer.group < copy.group and writer.region.covers(copy.region)


def _why_unstored(job: Job) -> str:
    if not job.writes:
        return "reads of them never reach the device"
    call = ENGINES[job.engine].submit_call
    waits = f", during which {call} waits, as for extensions" if call else ""
    return f"writes into them allocate or convert blocks{waits}"


def _hard_links(run: JobRun) -> Iterator[Warning]:
    copy = run.copy
    if copy.job.writes and copy.target and copy.target.links > 1:
        yield Warning(
            id="hard_links",
            seen=f"{copy.label}: {copy.target.path} has {copy.target.links} names (hard links)",
            why="what was written shows under all of them",
            do="use a file of its own",
        )


def _fallbacks(run: JobRun) -> Iterator[Warning]:
    name = run.copy.label
    if misaligned := run.counters["other"]["pool_fallbacks"]:
        yield Warning(
            id="misaligned",
            seen=f"{name}: {misaligned:,} I/Os were misaligned and went to a thread pool",
            why="direct I/O cannot carry them out, so the engine did not, but threads and copies",
            do="use a blockalign and mem_align that the target takes",
        )
    if any(worker.fdmon_fell_back for worker in run.workers):
        yield Warning(
            id="fdmon_fell_back",
            seen=f"{name}: epoll failed; the loop slept in ppoll instead",
            why="its cost per sleep differs",
            do="look for a sandbox or a limit that forbids epoll",
        )
    is_polled = run.copy.job.hipri  # see kernel_threads
    if not is_polled and any(worker.ready_needs_syscall for worker in run.workers):
        yield Warning(
            id="foreign_ring",
            seen=f"{name}: the kernel's completion ring has a layout unknown to this version",
            why="completions were taken with io_getevents, also where the mode needs "
            "no system call",
            do="look for a newer laiobench",
        )
    if run.copy.job.cpus_allowed and any(worker.cpus_changed for worker in run.workers):
        yield Warning(
            id="cpus_changed",
            seen=f"{name}: its thread did not stay on the CPUs that cpus_allowed names",
            why="one of them went offline, or somebody else moved the thread, so in part it was "
            "measured elsewhere",
            do="look which CPUs are online (lscpu), and for what changes them or the cpuset",
        )


def _rate_missed(run: JobRun) -> Iterator[Warning]:
    """Judged by the delay, not by the number of I/Os, which `poisson` leaves to chance."""
    job, pacing = run.copy.job, run.report.pacing
    if not run.report.has_finished or (job.thinktime and job.rate_ignore_thinktime):
        return
    for index, name in enumerate(IO_DIRECTIONS):
        direction = run.report.directions.get(name)
        scheduled_ns, behind_ns = pacing.scheduled_ns[index], pacing.behind_ns[index]
        if direction is None or not behind_ns:
            continue
        gap_ns = scheduled_ns / max(1, direction.ios)  # one I/O may have been due at the very end
        share = scheduled_ns / (scheduled_ns + behind_ns)
        if share < KEPT_SHARE and behind_ns > gap_ns:
            yield Warning(
                id="rate_missed",
                seen=f"{run.copy.label}: {name}s came to {share:.1%} of their rate, and were "
                f"{format_ns(behind_ns)} behind schedule at the end",
                why="the device was slower than the schedule, which did not wait: I/Os "
                "waited for a free slot, which is in response, and not in lat",
                do=f"lower the rate of {name}s, or raise iodepth",
            )


def _search_missed(run: JobRun) -> Iterator[Warning]:
    job, report = run.copy.job, run.report.pacing
    if job.latency_target and (window_us := search_window_us(job)) < job.latency_window:
        yield Warning(
            id="latency_window_shortened",
            seen=f"{run.copy.label}: each depth was looked at for {format_ns(window_us * 1000)}, "
            f"not for {format_ns(job.latency_window * 1000)} (latency_window)",
            why="the search would not have ended within the runtime",
            do="raise runtime, or lower latency_window",
        )
    if job.latency_target and report.search_is_over and report.depth == 0:
        yield Warning(
            id="latency_target_missed",
            seen=f"{run.copy.label}: not even at depth 1 were "
            f"{format_exact(job.latency_percentile)} % of the "
            f"I/Os within {format_ns(job.latency_target * 1000)} (latency_target)",
            why="what was measured is depth 1, which does not keep the target",
            do="raise latency_target, or lower latency_percentile",
        )


def _not_steady(run: JobRun) -> Iterator[Warning]:
    steady = run.steady
    if steady is None or steady.attained:
        return
    seen = "there was no full steadystate_duration to judge"
    if steady.is_full:
        sign = "%" if steady.criterion.is_percent else ""
        seen = f"at the end it was {steady.measured:.3g}{sign} instead of {steady.criterion}"
    yield Warning(
        id="not_steady",
        seen=f"{run.copy.label} did not become steady: {seen}",
        why="its rate was still changing, so the numbers depend on when it was measured",
        do="raise runtime (with time_based), or the limit",
    )


def _would_block(run: JobRun) -> Iterator[Warning]:
    if not run.copy.job.nowait:
        return
    refused = sum(direction.errors.get(EAGAIN, 0) for direction in run.report.directions.values())
    if refused:
        yield Warning(
            id="would_block",
            seen=f"{run.copy.label}: {refused:,} I/Os would have waited in the kernel (nowait)",
            why="they ended with EAGAIN, and are no I/Os of the result",
            do="leave nowait out to have them done",
        )
