"""From jobs to a result, in one call.

It is the Python API's `run`, and what commands use.
"""

import os
from collections.abc import Sequence

from laiobench.errors import UsageError
from laiobench.jobs.options import LONGEST_S, Job
from laiobench.measurement.control import Control, OnFilling, OnProgress, Teller
from laiobench.measurement.outcome.build import from_trial
from laiobench.measurement.runner import RunContext, run_jobs
from laiobench.measurement.targets import Permission
from laiobench.measurement.watch.log_windows import LogSink
from laiobench.measurement.watch.stuck_io import DEFAULT_HANG_TIMEOUT_S
from laiobench.results.run_result import RunResult

LARGEST_SPIKE = 10.0
"""The largest spike: eleven times as slow.  A larger one proves nothing more."""


def run(
    jobs: Job | Sequence[Job],
    *,
    allow_write: Permission | Sequence[str] = (),
    control: Control | None = None,
    watch: OnProgress | None = None,
    tell: Teller = lambda _: None,
    warn: Teller = lambda _: None,
    fill: OnFilling = lambda _: None,
    hang_timeout_s: float = DEFAULT_HANG_TIMEOUT_S,
    argv: Sequence[str] | None = None,
    notes: Sequence[str] = (),
    logs: LogSink | None = None,
    log_dir: str | os.PathLike[str] = "",
    spike: float = 0.0,
) -> RunResult:
    """Run one job or several, and return what was measured.

    Args:
        jobs: they start together; one with `stonewall` waits for those before it.
        allow_write: paths of the targets whose data may be lost, or a Permission.
            A job that writes to anything else is refused.
        control: lets a signal handler end the run.
        watch: is given a sample of each running job every second.
        tell: is given sentences for the user, such as what the run waits for.
        warn: is given sentences that must not be missed, such as that I/Os hang.
        fill: is given the progress of a file that must be written first, every few MiB.
        hang_timeout_s: report an I/O that is in flight for longer; 0: never.
        argv: the command to note in the result; default: this process's.
        notes: what to note on how the jobs were read.
        logs: is given the windows of jobs with a write_*_log, as they end.
        log_dir: the folder for states of verifications and bad blocks; default: the current one.
        spike: a slowness that the core adds, as a share of each I/O's time, such as 0.05, to
            prove that it is found.  Latencies, throughput and costs all get worse by it.

    Raises:
        UsageError: there is no job, or the timeout or the spike is out of range.
        LaiobenchError: a target can't be used as asked, or the run could not be set up.
            A run that has begun always returns a result: look at its `status`.
    """
    sequence = [jobs] if isinstance(jobs, Job) else list(jobs)
    if not sequence:
        raise UsageError("there is no job to run")
    if not 0 <= hang_timeout_s <= LONGEST_S:  # false for nan, too
        raise UsageError(
            f"the hang timeout must be from 0 to {LONGEST_S:,} s, not {hang_timeout_s:g}"
        )
    if not 0 <= spike <= LARGEST_SPIKE:
        raise UsageError(f"a spike must be a share from 0 to {LARGEST_SPIKE:g}, not {spike:g}")
    context = RunContext(
        allow_write,
        control or Control(),
        watch,
        tell,
        warn,
        fill,
        hang_timeout_s=hang_timeout_s,
        logs=logs,
        log_dir=log_dir,
        spike=spike,
    )
    return from_trial(run_jobs(sequence, context), argv, notes, spike=spike or None)
