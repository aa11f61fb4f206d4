"""The gate on stored results: sessions of made-up runs, judged by policies."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents_of_runs import document, job
from laiobench.comparison import stored
from laiobench.comparison.gate import stored_gate
from laiobench.comparison.gate.policy import Baseline, Gated, Policy
from laiobench.errors import ExitCode
from laiobench.results.comparison import (
    Comparison,
    Verdict,
)
from laiobench.results.digest import RunDigest, digest

P50 = Gated(job="job", name="lat_p50_ns", max_regression=0.10)
IOPS = Gated(job="job", name="iops", max_regression=0.10)
V = Verdict


def day(number: int, p50_ns: float, **machine: Any) -> RunDigest:
    """A run of its own day."""
    started_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number - 1)
    made = document(job(p50_ns=p50_ns), started_at=started_at.isoformat())
    made["machine"] = copy.deepcopy(made["machine"]) | machine
    return digest(made)


def days(count: int, p50_ns: float, first: int = 1, **machine: Any) -> list[RunDigest]:
    return [day(first + at, p50_ns * (1 + 0.002 * (at % 3)), **machine) for at in range(count)]


def judged(base: list[RunDigest], new: list[RunDigest], policy: Policy) -> Comparison:
    return stored_gate.judge(stored.uncompared(base, new), base, new, policy)


@pytest.mark.parametrize(
    ("factor", "verdict", "code"),
    [
        (1.0, V.PASS, ExitCode.OK),
        (1.05, V.PASS, ExitCode.OK),
        (1.5, V.REGRESS, ExitCode.REGRESS),
        (0.5, V.IMPROVE, ExitCode.OK),
    ],
)
def test_enough_sessions_decide(factor: float, verdict: Verdict, code: ExitCode) -> None:
    result = judged(days(6, 1e5), days(6, 1e5 * factor, 10), Policy(metric=(P50,)))
    assert (result.verdict, result.exit_code) == (verdict, code)


def test_each_metric_is_judged_at_its_share_of_alpha() -> None:
    result = judged(days(8, 1e5), days(8, 1.5e5, 10), Policy(metric=(IOPS, P50)))
    assert [metric.metric for metric in result.metrics] == ["iops", "lat_p50_ns"]
    assert [metric.level for metric in result.metrics] == [0.975, 0.975]
    assert (result.family, result.alpha) == (2, 0.05)


def test_four_sessions_are_no_baseline_and_say_what_is_missing() -> None:
    result = judged(days(4, 1e5), days(6, 2e5, 10), Policy(metric=(P50,)))
    (metric,) = result.metrics
    assert (result.verdict, result.exit_code) == (V.INCONCLUSIVE, 0)
    assert metric.reason is not None
    assert metric.reason.startswith("the baseline has 4 sessions of measuring, not 5")


def test_many_runs_of_one_session_are_one() -> None:
    base = [day(1, 1e5)] * 40
    result = judged(base, days(6, 2e5, 10), Policy(metric=(P50,)))
    assert result.verdict == V.INCONCLUSIVE


@pytest.mark.parametrize("sessions", [5, 8, 119, 120, 300])
@pytest.mark.parametrize("new", [1, 2, 3, 5])
def test_a_slower_candidate_regresses_however_long_the_baseline_is(sessions: int, new: int) -> None:
    policy = Policy(metric=(P50,), baseline=Baseline(sessions=1000))
    base = days(sessions, 1e5)
    assert judged(base, days(new, 3e5, 400), policy).verdict == V.REGRESS
    assert judged(base, days(new, 1e5, 400), policy).verdict == V.PASS


def test_only_the_newest_sessions_decide() -> None:
    base = [*days(6, 1e5), *days(6, 1.07e5, 10)]
    result = judged(base, days(1, 1.15e5, 20), Policy(metric=(P50,), baseline=Baseline(sessions=5)))
    assert (result.verdict, result.metrics[0].baseline_sessions) == (V.PASS, 5)


def test_a_baseline_begins_anew_where_the_metric_changed_for_good() -> None:
    base = [*days(10, 1e5), *days(6, 2e5, 20)]
    (metric,) = judged(base, days(1, 2e5, 40), Policy(metric=(P50,))).metrics
    assert metric.baseline_sessions == 6
    assert metric.baseline_since == "2026-01-20T00:00:00Z"


def drifting(nights: int) -> list[RunDigest]:
    return [day(1 + at, 1e5 * 1.01**at * (1 + 0.002 * (at % 3))) for at in range(nights)]


def test_what_is_lost_little_by_little_is_added_up() -> None:
    """Each night is 1 % slower: within the noise of the newest sessions, not of the first."""
    policy = Policy(metric=(P50,), baseline=Baseline(sessions=5))
    nights = drifting(30)
    result = judged(nights[:-1], nights[-1:], policy)
    (metric,) = result.metrics
    assert metric.drift is not None and metric.drift.sessions == 8
    assert metric.drift.low is not None and metric.drift.low > 1.10
    assert result.verdict == V.REGRESS and "added up" in str(metric.reason)
    pinned = stored_gate.judge(
        stored.uncompared(nights[:-1], nights[-1:]), nights[:-1], nights[-1:], policy,
        pinned_at=nights[21].started_at,
    )  # fmt: skip
    assert pinned.verdict == V.PASS
    allowed = Gated(job="job", name="lat_p50_ns", max_regression=0.10, max_drift=1.0)
    loose = Policy(metric=(allowed,), baseline=Baseline(sessions=5))
    assert judged(nights[:-1], nights[-1:], loose).verdict == V.PASS


@pytest.mark.parametrize("factor", [1.0, 2.0, 0.5])
def test_another_machine_is_a_mismatch_whatever_was_measured(factor: float) -> None:
    new = days(6, 1e5 * factor, 10, cpu={"model": "Other"})
    result = judged(days(6, 1e5), new, Policy(metric=(P50,)))
    assert (result.verdict, result.exit_code) == (V.MISMATCH, ExitCode.MISMATCH)
    assert "CPU model" in str(result.metrics[0].reason)
    assert [warning.id for warning in result.warnings] == ["fingerprint_mismatch"]


def test_another_machine_never_regresses_though_the_policy_only_warns() -> None:
    policy = Policy(metric=(P50,), on_fingerprint_mismatch="warn")
    new = days(6, 2e5, 10, cpu={"model": "Other"})
    result = judged(days(6, 1e5), new, policy)
    assert (result.verdict, result.exit_code) == (V.INCONCLUSIVE, 0)
    assert [warning.id for warning in result.warnings] == ["fingerprint_mismatch"]


def test_a_soft_difference_is_shown_and_decides_nothing() -> None:
    result = judged(days(6, 1e5), days(6, 2e5, 10, host="elsewhere"), Policy(metric=(P50,)))
    assert result.verdict == V.REGRESS
    assert [difference.name for difference in result.differences] == ["host"]


def test_other_jobs_are_a_mismatch() -> None:
    new = [
        digest(document(job(options={"iodepth": 8}), started_at=f"2026-02-0{n}T00:00:00Z"))
        for n in range(1, 7)
    ]
    assert judged(days(6, 1e5), new, Policy(metric=(P50,))).verdict == V.MISMATCH


def test_where_there_is_no_baseline_yet_nothing_is_judged() -> None:
    new = days(1, 1e5)
    result = stored_gate.begin(stored.uncompared([], new), new, Policy(metric=(P50, IOPS)))
    assert (result.verdict, result.exit_code) == (V.INCONCLUSIVE, 0)
    assert [metric.key.metric for metric in result.metrics] == ["lat_p50_ns", "iops"]


# ---- what can't be measured any more ---------------------------------------------

P99 = Gated(job="job", name="lat_p99_ns", max_regression=0.10)


def short(count: int, p50_ns: float, ios: int, first: int = 1) -> list[RunDigest]:
    """Days of so many I/Os each."""
    return [
        digest(
            document(
                job(p50_ns=p50_ns * (1 + 0.002 * (at % 3)), ios=ios),
                started_at=f"2026-01-{first + at:02d}T00:00:00Z",
            )
        )
        for at in range(count)
    ]


def test_a_percentile_that_is_too_slow_to_be_measured_regresses() -> None:
    result = judged(short(6, 1e5, 20_000), short(6, 8e5, 2_500, 10), Policy(metric=(P99,)))
    (metric,) = result.metrics
    assert (result.verdict, result.exit_code) == (V.REGRESS, ExitCode.REGRESS)
    assert metric.at_least is not None and "worse at least, and new: it needs" in str(metric.reason)


def test_a_percentile_that_can_be_measured_no_more_is_never_green() -> None:
    result = judged(short(6, 1e5, 20_000), short(6, 1e5, 2_500, 10), Policy(metric=(P99,)))
    assert (result.verdict, result.exit_code) == (V.INCONCLUSIVE, ExitCode.INCONCLUSIVE)
    never = judged(short(6, 1e5, 2_500), short(6, 1e5, 2_500, 10), Policy(metric=(P99,)))
    assert never.exit_code == ExitCode.OK  # it was never measurable: the policy decides
