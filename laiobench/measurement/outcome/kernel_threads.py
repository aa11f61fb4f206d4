"""Warnings on what an engine leaves to others: threads of the kernel, and calls for each look.

An I/O that io_uring cannot start without waiting is handed to a worker thread (io-wq).  It
costs several times as much there, and the IOThread's own time does not show it.
"""

from collections.abc import Iterator

from laiobench.measurement.trial import JobRun
from laiobench.results.warning import Warning

# From this share of the I/Os, or of the CPU time, on, it is told.
WORKER_SHARE = 0.01


def find(run: JobRun) -> Iterator[Warning]:
    """Those that apply to a job's run."""
    yield from _workers(run)
    yield from _looks_by_call(run)


def _workers(run: JobRun) -> Iterator[Warning]:
    """Workers tell no number of I/Os: one that is kept busy never sleeps, one that waits does.

    Syncs always go to a worker, so a job that makes some is not judged.
    """
    usage, ios = run.usage, run.ios_of_workers
    syncs = run.report.directions.get("sync")
    wakeups = usage["kernel_worker_wakeups"]
    share_of_cpu = usage["kernel_workers_ns"] / usage["cpu_ns"] if usage["cpu_ns"] else 0.0
    if (syncs and syncs.ios) or max(share_of_cpu, wakeups / max(1, ios)) < WORKER_SHARE:
        return
    yield Warning(
        id="punted",
        seen=f"{run.copy.label}: I/Os were punted to io_uring's worker threads: these had "
        f"{share_of_cpu:.0%} of the CPU time, and were woken {wakeups:,} times for {ios:,} I/Os",
        why="the target can't start these I/Os without waiting, so they were threads' blocking "
        "I/O, which costs more CPU and time (it is in the result's)",
        do="compare with engine=libaio; direct=1 on allocated blocks, and a deeper queue of the "
        "device, avoid it where the driver can (a RAM device such as zram can't)",
    )


def _looks_by_call(run: JobRun) -> Iterator[Warning]:
    if not run.copy.job.hipri or not any(worker.ready_needs_syscall for worker in run.workers):
        return
    yield Warning(
        id="polled_by_calls",
        seen=f"{run.copy.label}: with hipri each look for completions was a system call",
        why="the device is polled in the kernel, so the ring alone shows nothing",
        do="compare with completion=getevents, or sqthread_poll=1, whose thread polls",
    )
