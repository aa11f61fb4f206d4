"""Why a run has failed, in sentences; none: it has not."""

from collections.abc import Sequence

from laiobench.measurement.outcome import pacing as timing
from laiobench.measurement.outcome import verify as integrity
from laiobench.measurement.trial import JobRun, Trial
from laiobench.results.run_result import JobResult
from laiobench.units import format_ns

# ---- status ----------------------------------------------------------------------


def failures_of(trial: Trial, jobs: Sequence[JobResult]) -> list[str]:
    """Sentences on what failed; none: nothing did."""
    failures: list[str] = []
    for run, job in zip(trial.runs, jobs, strict=True):
        failures += [
            *timing.failures(run, interrupted=trial.interrupted),
            *_failures_of(run, job),
            *(() if run.copy.job.tolerates("verify") else integrity.failures(job.name, job.verify)),
        ] or _nothing_measured(job, trial.interrupted)
    return failures


def _failures_of(run: JobRun, job: JobResult) -> list[str]:
    failures = [
        f"{job.name}: the event loop failed: {worker.failure}"
        for worker in run.workers
        if worker.failure
    ]
    failures += _broken_rules(job)
    return failures + _io_errors(run, job)


def _nothing_measured(job: JobResult, interrupted: bool) -> list[str]:
    """No I/O was measured, and no other failure explains it."""
    if interrupted or job.ios or (job.verify and job.verify.blocks):
        return []
    return [
        f"{job.name}: no I/O was completed in {format_ns(job.runtime_ns)}, so nothing was measured"
    ]


def _broken_rules(job: JobResult) -> list[str]:
    return [
        f"{job.name}: a proof rule does not hold: {rule.rule}: {rule.left:,} against {rule.right:,}"
        for rule in job.proof
        if not rule.holds
    ]


def _io_errors(run: JobRun, job: JobResult) -> list[str]:
    failures = []
    options = run.copy.job
    for name, direction in job.directions().items():
        if options.tolerates(name):
            continue
        errors = dict(direction.errors)
        if options.nowait:
            errors.pop("EAGAIN", None)  # nowait asked for it
        if errors:
            kinds = ", ".join(f"{count:,} × {kind}" for kind, count in errors.items())
            failures.append(f"{job.name}: {name} I/Os failed: {kinds}")
    in_window = sum(sum(d.errors.values()) for d in job.directions().values())
    unreadable = run.report.verify.unreadable if run.report.verify else 0  # told by `verify`
    if options.hipri and any("ENOTSUP" in d.errors for d in job.directions().values()):
        failures.append(
            f"{job.name}: the device has no queues that can be polled, which hipri needs: leave it "
            "out, or give the driver some, such as nvme.poll_queues=1 on the kernel's command line"
        )
    unseen = job.accounts.failed - in_window - unreadable
    may_fail = options.nowait or all(map(options.tolerates, job.directions()))
    if unseen and not may_fail:
        failures.append(f"{job.name}: {unseen:,} I/Os failed before the measured window")
    if run.report.gave_up:
        failures.append(f"{job.name} was ended, since nothing but failures came back")
    if run.report.stalled:
        failures.append(
            f"{job.name} was ended by a fault in laiobench itself: it had I/Os to issue, none was "
            "in flight, and nothing would have woken it; please report it, with the command line"
        )
    return failures
