"""The document of a run, made from a trial: rates, percentiles, proof, status.

Knows the names of things in the core's reports and in the document.  Rules, warnings and
failures are judged in the files beside this one.
"""

import errno
import sys
from collections.abc import Sequence
from typing import Any, Literal

from laiobench import native
from laiobench.jobs.options import Job
from laiobench.measurement.outcome import pacing as timing
from laiobench.measurement.outcome import proof, warnings
from laiobench.measurement.outcome import verify as integrity
from laiobench.measurement.outcome.failures import failures_of
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.trial import JobRun, Trial
from laiobench.measurement.watch.log_windows import Window
from laiobench.measurement.watch.time_series import Series
from laiobench.results.copies import told_apart
from laiobench.results.histogram import PERCENTILES, Histogram, bin_high, counts_of_bins
from laiobench.results.run_result import (
    Accounts,
    ClockFacts,
    Cpu,
    DirectionResult,
    JobResult,
    Latency,
    LogWindow,
    ProofRule,
    RunResult,
    SeriesPoint,
    Tool,
    WorkerResult,
)
from laiobench.system import machine
from laiobench.units import NS_PER_S, format_exact
from laiobench.version import __version__
from laiobench.words import printable

# ---- from a trial ----------------------------------------------------------------


def from_trial(
    trial: Trial,
    argv: Sequence[str] | None = None,
    notes: Sequence[str] = (),
    *,
    spike: float | None = None,
) -> RunResult:
    """Make the document: rates, percentiles, proof, status."""
    jobs = [_job_result(run) for run in trial.runs]
    failures = [*failures_of(trial, told_apart(jobs)), *trial.failures]
    status: Literal["ok", "failed", "interrupted"] = "failed" if failures else "ok"
    targets = [run.copy.target.path for run in trial.runs if run.copy.target]
    return RunResult(
        status="interrupted" if trial.interrupted else status,
        failures=printable(failures),
        tool=Tool(version=__version__, build=native.source_hash()),
        argv=[printable(word) for word in (sys.argv if argv is None else argv)],
        started_at=trial.started_at.isoformat().replace("+00:00", "Z"),
        machine=printable(machine.describe(targets)),
        clock=ClockFacts(
            source="cpu" if trial.clock.hardware else "clock_gettime",
            read_ns=trial.clock.read_ns,
            drift_ppm=trial.clock.drift_ppm,
        ),
        notes=printable(list(notes)),
        spike=spike,
        warnings=warnings.find(trial),
        jobs=jobs,
    )


def _job_result(run: JobRun) -> JobResult:
    copy, report = run.copy, run.report
    directions = {
        name: _direction_result(
            direction, run.window_ns, copy.job, is_scheduled=timing.rate_of(copy.job, name)
        )
        for name, direction in report.directions.items()
    }
    usage = {name: used for name, used in run.usage.items() if name not in _CPU_USAGE}
    counters = run.counters
    return JobResult(
        name=copy.job.name,
        copy_index=copy.copy_index,
        group=copy.group,
        iothreads=[worker.name for worker in run.workers],
        target=printable(copy.target.path) if copy.target else None,
        options=_options(copy),
        runtime_ns=run.window_ns,
        window_start_ns=report.window_start_ns,
        verify=integrity.verify_result(run),
        pacing=timing.pacing_result(run),
        latency_target=timing.depth_search_result(run),
        steadystate=timing.steady_state_result(run.steady),
        cpu=_cpu(run),
        accounts=Accounts(
            submitted=report.submitted,
            completed=report.completed,
            failed=report.failed,
            cancelled=report.cancelled,
        ),
        counters={**counters, "other": {**counters["other"], **usage}},
        workers=[_worker_result(worker) for worker in run.workers],
        proof=_proof(run),
        series=_series(run.series, report.window_start_ns),
        windows=[_log_window(window, report.window_start_ns) for window in run.windows],
        **directions,
    )


def _worker_result(worker: native.WorkerReport) -> WorkerResult:
    return WorkerResult(
        iothread=worker.name,
        accounts=Accounts(
            submitted=worker.submitted,
            completed=worker.completed,
            failed=worker.failed,
            cancelled=worker.cancelled,
        ),
        counters=worker.life,
        leftover_events=worker.leftover_events,
        engine_flags=list(worker.engine_flags),
        engine_flags_refused=list(worker.engine_flags_refused),
    )


# Usage that the document has under `cpu`, and not among the counters.
_CPU_USAGE = ("cpu_ns", "user_ns", "system_ns", "measured_ns")


def _cpu(run: JobRun) -> Cpu:
    """CPU time: the total is exact; user and system time are rounded to ticks."""
    total, user, system, measured_ns = (run.usage[name] for name in _CPU_USAGE)
    user_ns = round(total * user / (user + system)) if user + system else 0
    return Cpu(
        user_ns=user_ns,
        system_ns=total - user_ns,
        per_io_ns=total / run.ios_of_workers if run.ios_of_workers else 0.0,
        ios=run.ios_of_workers,
        measured_ns=measured_ns or None,
    )


def _proof(run: JobRun) -> list[ProofRule]:
    """The rules of each worker of the job; none while I/Os are in flight."""
    if not run.report.has_finished:
        return []
    return [
        ProofRule(
            rule=f"{rule.rule} (on {worker.name})" if len(run.workers) > 1 else rule.rule,
            holds=rule.holds,
            left=rule.left,
            right=rule.right,
        )
        for worker in run.workers
        for rule in proof.check(run.copy.job, worker, is_notified=run.is_notified)
    ]


def _options(copy: JobCopy) -> dict[str, Any]:
    """The value of every option; those that depend on the target as they turned out."""
    resolved = {name: printable(value) for name, value in copy.job.model_dump().items()}
    if copy.target:
        resolved["filename"] = printable(copy.target.path)
    resolved["randseed"] = copy.job.seed
    if resolved["size"] is None:
        resolved["size"] = copy.region.size
    return resolved


def _direction_result(
    report: native.DirectionReport, runtime_ns: int, job: Job, *, is_scheduled: bool
) -> DirectionResult:
    seconds = runtime_ns / NS_PER_S
    errors = {errno.errorcode.get(code, str(code)): count for code, count in report.errors.items()}
    if report.eofs:
        errors["eof"] = report.eofs
    return DirectionResult(
        ios=report.ios,
        bytes=report.bytes,
        iops=report.ios / seconds if seconds else 0.0,
        bw_bytes=report.bytes / seconds if seconds else 0.0,
        short_ios=report.short_ios,
        errors=errors,
        **{
            f"{name}_ns": _latency(report.latency[name], _percentiles_wanted(job, name))
            for name, latency in native.LATENCIES.items()
            if latency.is_of_every_io or is_scheduled
        },
    )


def _percentiles_wanted(job: Job, latency: str) -> Sequence[float]:
    """Those of some latencies can be switched off, by options that have fio's names."""
    if not getattr(job, f"{latency}_percentiles", True):
        return ()
    return sorted({*PERCENTILES, *(job.percentile_list or ())})


def _latency(report: native.LatencyReport, wanted: Sequence[float]) -> Latency:
    histogram = Histogram(report.bins, report.min, report.max, report.sum, report.overflow)
    return Latency(
        count=histogram.count,
        min=report.min,
        max=report.max,
        mean=histogram.mean,
        stddev=histogram.stddev,
        percentiles={
            format_exact(key): value for key, value in histogram.percentiles(wanted).items()
        },
        histogram=[(bin_high(index), count) for index, count in report.bins],
        overflow=report.overflow,
    )


def _series(series: Series, window_start_ns: int) -> list[SeriesPoint]:
    points = []
    for point in series:
        at = counts_of_bins(point.bins, point.max_ns).percentiles((50.0, 99.0, 100.0))
        points.append(
            SeriesPoint(
                t_ns=point.end_ns - window_start_ns,
                ios=point.ios,
                bytes=point.size_bytes,
                p50_ns=at.get(50.0),
                p99_ns=at.get(99.0),
                max_ns=at.get(100.0),
            )
        )
    return points


def _log_window(window: Window, window_start_ns: int) -> LogWindow:
    return LogWindow(
        t_ns=window.end_ns - window_start_ns,
        length_ns=window.length_ns,
        direction=window.direction,
        ios=window.ios,
        bytes=window.size_bytes,
        **{f"{name}_ns": mean_ns for name, mean_ns in window.latency_ns.items()},
    )
