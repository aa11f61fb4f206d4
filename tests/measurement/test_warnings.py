"""Warnings: each is given where it applies, and nowhere else."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from laiobench import native
from laiobench.jobs.options import Job
from laiobench.measurement.outcome import warnings
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.region import Region
from laiobench.measurement.trial import JobRun, Trial
from laiobench.measurement.watch.time_series import Series
from laiobench.native import (
    ClockReport,
    DirectionReport,
    JobReport,
    LatencyReport,
    PacingReport,
    WorkerReport,
)
from laiobench.results.warning import Warning
from laiobench.units import NS_PER_S

WINDOW_NS = 10 * NS_PER_S
GOOD_CLOCK = ClockReport(hardware=True, read_ns=10.0, drift_ppm=0.5)
NO_USAGE = {
    "run_delay_ns": 0, "cpu_ns": 0, "user_ns": 0, "system_ns": 0, "measured_ns": WINDOW_NS,
    "kernel_workers_ns": 0, "kernel_worker_wakeups": 0, "kernel_poller_ns": 0,
}  # fmt: skip


def direction(ios: int, clat_sum_ns: int) -> DirectionReport:
    latency = LatencyReport(min=1, max=2, sum=clat_sum_ns, bins=[], overflow=0)
    return DirectionReport(
        ios=ios, bytes=ios * 4096, short_ios=0, eofs=0, errors={},
        latency={"slat": latency, "clat": latency, "lat": latency},
    )  # fmt: skip


def worker(**changes: Any) -> WorkerReport:
    counters = native.empty_counters()
    for path, value in changes.pop("counted", {}).items():
        group, name = path.split(".")
        counters[group][name] = value
    values: dict[str, Any] = {
        "name": "iothread0", "window": counters, "life": counters, "usage": NO_USAGE,
        "submitted": 0, "completed": 0, "failed": 0, "cancelled": 0, "leftover_events": 0,
        "fdmon_fell_back": False, "ready_needs_syscall": False, "cpus_changed": False,
        "failure": "",
    }  # fmt: skip
    return WorkerReport(**(values | changes))


def run_of(
    job: Job,
    *workers: WorkerReport,
    window_ns: int = WINDOW_NS,
    clat_sum_ns: int = 0,
    gave_up: bool = False,
    has_finished: bool = True,
) -> JobRun:
    """A job's measured window, on these workers."""
    report = JobReport(
        submitted=100, completed=100, failed=0, cancelled=0,
        window_start_ns=5, window_end_ns=5 + window_ns,
        has_finished=has_finished, gave_up=gave_up, stalled=False,
        directions={"read": direction(100, clat_sum_ns)}, pacing=PacingReport(),
    )  # fmt: skip
    copy = JobCopy(
        job=job, label=job.name, position=0, copy_index=0, group=0, iothread="iothread0",
        target=None, region=Region(start=0, length=4096, size=4096, blocks=1, step_bytes=4096),
        ios=0, bytes=0, seed=0,
    )  # fmt: skip
    return JobRun(
        copy=copy,
        report=report,
        workers=workers or (worker(),),
        ios_of_workers=100,
        is_notified=False,
        series=Series(),
    )


def found(*runs: JobRun, clock: ClockReport = GOOD_CLOCK) -> list[Warning]:
    trial = Trial(runs, clock, datetime.now(UTC), interrupted=False, failures=())
    return warnings.find(trial)


def ids(*runs: JobRun, clock: ClockReport = GOOD_CLOCK) -> list[str]:
    return [warning.id for warning in found(*runs, clock=clock)]


def test_a_good_run_has_none() -> None:
    assert ids(run_of(Job(iodepth=32))) == []


@pytest.mark.parametrize(("drift_ppm", "told"), [(99.0, False), (150.0, True), (-150.0, True)])
def test_a_clock_that_strayed(drift_ppm: float, told: bool) -> None:
    clock = dataclasses.replace(GOOD_CLOCK, drift_ppm=drift_ppm)
    assert ids(run_of(Job()), clock=clock) == ["clock_drift"] * told


# ---- io_submit that waits ---------------------------------------------------------


def inside_submit(share: float, completed_in_submit: int = 0) -> WorkerReport:
    return worker(
        counted={
            "submit.ns": int(share * WINDOW_NS),
            "other.completed_in_submit": completed_in_submit,
        }
    )


def test_a_submit_that_does_the_io_is_told_with_the_true_depth() -> None:
    job = Job(name="slow", iodepth=32)
    (warning,) = found(run_of(job, inside_submit(0.9), clat_sum_ns=WINDOW_NS))
    assert warning.id == "submit_blocks"
    assert "slow: 90% of the time was spent inside io_submit" in warning.seen
    assert "effectively depth 1.9, not 32" in warning.seen
    assert "completed inside the call" not in warning.seen


@pytest.mark.parametrize(("found_depth", "told"), [(2, []), (64, ["submit_blocks"])])
def test_a_search_is_held_to_the_depth_that_it_found(found_depth: int, told: list[str]) -> None:
    job = Job(iodepth=128, latency_target=500)
    run = run_of(job, inside_submit(0.9), clat_sum_ns=WINDOW_NS)
    pacing = PacingReport(search_is_over=True, depth=found_depth)
    run = dataclasses.replace(run, report=dataclasses.replace(run.report, pacing=pacing))
    assert ids(run) == told
    assert not told or f"not {found_depth}" in found(run)[0].seen


def test_completions_inside_the_call_are_told_with_it() -> None:
    (warning,) = found(run_of(Job(iodepth=32), inside_submit(0.9, completed_in_submit=80)))
    assert "(80% completed inside the call)" in warning.seen


def test_what_an_iothread_completed_inside_the_call_is_of_all_its_jobs() -> None:
    """The counter is the thread's, so it counts the I/Os of all jobs on it."""
    run = run_of(Job(iodepth=32), inside_submit(0.9, completed_in_submit=160))
    (warning,) = found(dataclasses.replace(run, ios_of_workers=200))
    assert "(80% completed inside the call)" in warning.seen


@pytest.mark.parametrize(
    ("job", "share", "clat_sum_ns"),
    [
        (Job(iodepth=32), 0.2, 0),  # not for long
        (Job(iodepth=1), 0.9, 0),  # there was nothing else to do
        (Job(iodepth=32, engine="null"), 0.9, 0),  # it has no io_submit
        (Job(iodepth=32), 0.9, 30 * WINDOW_NS),  # the device was busy nevertheless
    ],
)
def test_a_submit_that_costs_no_depth_is_not_told(job: Job, share: float, clat_sum_ns: int) -> None:
    assert ids(run_of(job, inside_submit(share), clat_sum_ns=clat_sum_ns)) == []


# ---- the window ----------------------------------------------------------------------


def test_a_job_that_was_through_before_its_runtime() -> None:
    (warning,) = found(run_of(Job(runtime=60)))
    assert warning.id == "ended_early"
    assert "before its runtime of 60 s" in warning.seen


@pytest.mark.parametrize(
    ("job", "changes"),
    [
        (Job(), {}),  # it had none
        (Job(runtime=10.5), {}),  # nearly
        (Job(runtime=60, time_based=True), {}),  # it was stopped, then
        (Job(runtime=60, number_ios=100), {}),  # that was asked for
        (Job(runtime=60), {"gave_up": True}),  # told otherwise
        (Job(runtime=60), {"has_finished": False}),  # the user left
    ],
)
def test_other_ends_are_not_early(job: Job, changes: dict[str, bool]) -> None:
    assert ids(run_of(job, **changes)) == []  # type: ignore[arg-type]


def test_a_window_that_never_opened_says_nothing() -> None:
    troubled = worker(fdmon_fell_back=True, counted={"other.pool_fallbacks": 3})
    assert ids(run_of(Job(direct=False, runtime=60), troubled, window_ns=0)) == []


# ---- copies ------------------------------------------------------------------------------


def copies_of(job: Job, *shares: float) -> list[JobRun]:
    """Copies that waited for a CPU for these shares of the time."""
    runs = []
    for copy, share in enumerate(shares):
        usage = {**NO_USAGE, "run_delay_ns": round(share * WINDOW_NS)}
        run = run_of(job, worker(usage=usage))
        runs.append(dataclasses.replace(run, copy=dataclasses.replace(run.copy, copy_index=copy)))
    return runs


def test_copies_are_warned_of_once_with_their_number() -> None:
    runs = copies_of(Job(name="a", numjobs=4, direct=False), 0.3, 0.4, 0.0, 0.3)
    assert [warning.seen for warning in found(*runs)] == [
        "a waited 30% of the time for a CPU (copy 1, and 2 more of 4 likewise)",
        "a goes through the page cache (direct=0) (4 of 4 copies)",
    ]


def test_one_copy_is_told_by_its_number() -> None:
    (warning,) = found(*copies_of(Job(name="a", numjobs=3), 0.0, 0.3, 0.0))
    assert warning.seen == "a waited 30% of the time for a CPU (copy 2 of 3)"


# ---- schedules ---------------------------------------------------------------------------


def paced(scheduled_s: float, behind_s: float, *, ios: int = 100, **more: Any) -> JobRun:
    """A schedule of reads, at the window's end."""
    run = run_of(Job(rate_iops=1000, **more), worker())
    pacing = PacingReport(
        scheduled_ns=(round(scheduled_s * 1e9), 0, 0), behind_ns=(round(behind_s * 1e9), 0, 0)
    )
    report = dataclasses.replace(run.report, pacing=pacing, directions={"read": direction(ios, 0)})
    return dataclasses.replace(run, report=report)


def test_a_rate_is_missed_when_much_that_was_due_has_not_gone() -> None:
    (warning,) = found(paced(5, 5))
    assert warning.id == "rate_missed" and "50.0% of their rate" in warning.seen


def test_a_rate_is_kept_however_few_ios_chance_had_due() -> None:
    """100 reads in ten seconds at 1,000 a second: so few were due."""
    assert ids(paced(10, 0, rate_process="poisson")) == []


def test_one_io_that_was_due_at_the_very_end_is_no_miss() -> None:
    assert ids(paced(10, 0.4, ios=20)) == []  # they are due each 0.5 s
    assert ids(paced(10, 0.6, ios=20)) == ["rate_missed"]


# ---- the machine ------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "told"), [(0.04, False), (0.2, True)])
def test_waiting_for_a_cpu(share: float, told: bool) -> None:
    waiting = worker(usage={**NO_USAGE, "run_delay_ns": int(share * WINDOW_NS)})
    assert ids(run_of(Job(), waiting)) == ["cpu_contended"] * told


def test_workers_wait_together() -> None:
    """A job that moves has several; what they waited adds up."""
    half = {**NO_USAGE, "measured_ns": WINDOW_NS // 2}
    waiting = worker(usage={**half, "run_delay_ns": int(0.04 * WINDOW_NS)})
    assert ids(run_of(Job(), waiting, waiting)) == ["cpu_contended"]


def test_a_share_of_waiting_is_of_the_time_that_was_watched() -> None:
    """A short job beside a longer one, on the same IOThread."""
    waiting = worker(usage={**NO_USAGE, "run_delay_ns": WINDOW_NS // 4})
    short = run_of(Job(), waiting, window_ns=WINDOW_NS // 50)
    (warning,) = found(short)
    assert "waited 25% of the time" in warning.seen
    calm = worker(usage={**NO_USAGE, "run_delay_ns": WINDOW_NS // 40})
    assert ids(run_of(Job(), calm, window_ns=WINDOW_NS // 50)) == []


def test_the_page_cache_is_told_where_there_is_one() -> None:
    assert ids(run_of(Job(direct=False))) == ["buffered"]
    assert ids(run_of(Job(direct=False, engine="null"))) == []


def test_misaligned_ios_are_told_with_their_number() -> None:
    (warning,) = found(run_of(Job(), worker(counted={"other.pool_fallbacks": 1234})))
    assert warning.id == "misaligned"
    assert "1,234 I/Os were misaligned" in warning.seen


@pytest.mark.parametrize(
    ("fact", "warning"),
    [("fdmon_fell_back", "fdmon_fell_back"), ("ready_needs_syscall", "foreign_ring")],
)
def test_what_the_kernel_lacked_is_told_of_any_worker(fact: str, warning: str) -> None:
    assert ids(run_of(Job(), worker(), worker(**{fact: True}))) == [warning]


# ---- options without effect ------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (
            Job(throttle_burst=1.0),
            "job: throttle_burst has no effect without throttle_iops or throttle_bw",
        ),
        (Job(poll_max_ns=10), "job: poll_max_ns has no effect without completion=adaptive"),
        (Job(poll_rule="step"), "job: poll_rule has no effect without completion=adaptive"),
        (Job(null_jitter=0.5), "job: null_jitter has no effect without engine=null"),
        (Job(null_servers=0), "job: null_servers has no effect without engine=null"),
    ],
)
def test_an_option_that_does_nothing(job: Job, said: str) -> None:
    (warning,) = found(run_of(job))
    assert (warning.id, warning.seen) == ("ignored_option", said)


@pytest.mark.parametrize(
    "job",
    [
        Job(throttle_burst=1.0, throttle_iops=5),
        Job(throttle_burst=1.0, throttle_bw=5),
        Job(poll_max_ns=10, poll_grow=3, completion="adaptive"),
        Job(null_latency_us=10, engine="null"),
    ],
)
def test_an_option_that_does_what_it_says(job: Job) -> None:
    assert ids(run_of(job)) == []


def test_an_option_for_all_jobs_need_only_matter_to_one() -> None:
    without, another = Job(name="a", null_jitter=0.5), Job(name="b", null_jitter=0.5)
    matters = Job(name="c", null_jitter=0.5, engine="null")
    assert ids(run_of(without), run_of(matters)) == []
    (warning,) = found(run_of(without), run_of(without), run_of(another))
    assert warning.seen == "a, b: null_jitter has no effect without engine=null"


@pytest.mark.parametrize("cut_short", [{"interrupted": True}, {"failures": ("no memory",)}])
def test_a_job_that_did_not_run_may_have_needed_it(cut_short: dict[str, Any]) -> None:
    whole = Trial(
        (run_of(Job(null_jitter=0.5)),),
        GOOD_CLOCK,
        datetime.now(UTC),
        interrupted=False,
        failures=(),
    )
    assert len(warnings.find(whole)) == 1
    assert warnings.find(dataclasses.replace(whole, **cut_short)) == []


# ---- all of them -----------------------------------------------------------------------


def test_each_is_told_once_in_the_jobs_order() -> None:
    twice = run_of(Job(name="a", direct=False))
    other = run_of(Job(name="b", direct=False), worker(fdmon_fell_back=True))
    clock = dataclasses.replace(GOOD_CLOCK, drift_ppm=200.0)
    assert ids(twice, twice, other, clock=clock) == [
        "clock_drift", "buffered", "buffered", "fdmon_fell_back",
    ]  # fmt: skip


def test_each_says_what_to_do() -> None:
    troubled = worker(
        fdmon_fell_back=True, ready_needs_syscall=True,
        usage={**NO_USAGE, "run_delay_ns": WINDOW_NS},
        counted={"submit.ns": WINDOW_NS, "other.pool_fallbacks": 1},
    )  # fmt: skip
    clock = dataclasses.replace(GOOD_CLOCK, drift_ppm=200.0)
    all_of_them = found(run_of(Job(iodepth=8, direct=False, runtime=60), troubled), clock=clock)
    assert len(all_of_them) == 8
    assert all(warning.seen and warning.why and warning.do for warning in all_of_them)


def test_a_file_s_name_that_is_not_utf8_is_printable_in_a_warning() -> None:
    warning = Warning(id="memory", seen="a: b\udcff is on tmpfs", why="w", do="d b\udcff")
    assert (warning.seen, warning.do) == ("a: b\ufffd is on tmpfs", "d b\ufffd")
