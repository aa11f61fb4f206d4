"""The gate: verdicts and exit codes that follow from intervals, and live comparisons."""

import re
from typing import Any

import pytest

from documents_of_runs import document, job
from laiobench.comparison.gate import gate
from laiobench.comparison.gate.gate import exit_code, judge, judge_metric, overall
from laiobench.comparison.gate.gated_metrics import find_keys
from laiobench.comparison.gate.policy import Gated, Policy
from laiobench.errors import UsageError
from laiobench.results.comparison import (
    Change,
    ComparedMetric,
    ComparedTrial,
    Comparison,
    Variant,
    Verdict,
)
from laiobench.results.metrics import Key
from laiobench.results.run_result import RunResult, Tool

INF = float("inf")
P50 = Gated(job="job", name="lat_p50_ns", max_regression=0.10)
IOPS = Gated(job="job", name="iops", max_regression=0.10)


# ---- tables ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.11, 0.20, Verdict.REGRESS),
        (0.10, 0.20, Verdict.INCONCLUSIVE),  # at the limit is not beyond it
        (0.05, 0.20, Verdict.INCONCLUSIVE),
        (-0.30, 0.20, Verdict.INCONCLUSIVE),
        (-0.30, 0.10, Verdict.INCONCLUSIVE),
        (-0.05, 0.09, Verdict.PASS),
        (0.01, 0.09, Verdict.PASS),  # worse, but by less than matters
        (-0.30, -0.05, Verdict.PASS),
        (-0.30, -0.10, Verdict.PASS),
        (-0.30, -0.11, Verdict.IMPROVE),
        (-INF, INF, Verdict.INCONCLUSIVE),
    ],
)
def test_a_verdict_is_about_the_whole_interval(low: float, high: float, verdict: Verdict) -> None:
    assert judge(Change((low + high) / 2, low, high), 0.10) == verdict


def test_without_an_interval_nothing_is_conclusive() -> None:
    assert judge(None, 0.10) == Verdict.INCONCLUSIVE


V = Verdict


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([V.PASS, V.PASS], V.PASS),
        ([V.PASS, V.IMPROVE], V.IMPROVE),
        ([V.IMPROVE, V.REGRESS], V.REGRESS),
        ([V.INCONCLUSIVE, V.REGRESS, V.PASS], V.REGRESS),
        ([V.INCONCLUSIVE, V.PASS], V.INCONCLUSIVE),
        ([V.NOT_MEASURABLE, V.IMPROVE], V.INCONCLUSIVE),
        ([V.MISMATCH, V.REGRESS], V.MISMATCH),
        ([], V.INCONCLUSIVE),
    ],
)
def test_the_worst_of_all_verdicts_decides(verdicts: list[Verdict], verdict: Verdict) -> None:
    assert overall(verdicts) == verdict


@pytest.mark.parametrize(
    ("verdict", "warns", "fails"),
    [
        (V.PASS, 0, 0),
        (V.IMPROVE, 0, 0),
        ("failed", 1, 1),
        (V.REGRESS, 3, 3),
        (V.INCONCLUSIVE, 0, 4),
        (V.NOT_MEASURABLE, 0, 4),
        (V.MISMATCH, 5, 5),
        ("interrupted", 130, 130),
    ],
)
def test_exit_codes(verdict: gate.Overall, warns: int, fails: int) -> None:
    assert exit_code(verdict, Policy(metric=(P50,))) == warns
    assert exit_code(verdict, Policy(metric=(P50,), on_inconclusive="fail")) == fails


def compared(low: float, high: float, **more: Any) -> ComparedMetric:
    """A latency with this interval of ratios."""
    fields = {
        "job": "job", "direction": "read", "metric": "lat_p50_ns", "better": "lower",
        "baseline": "base", "variant": "new", "n": 10, "level": 0.95,
        "ratio": (low + high) / 2, "low": low, "high": high, "verdict": V.INCONCLUSIVE,
    }  # fmt: skip
    return ComparedMetric.model_validate(fields | more)


def test_too_few_trials_are_inconclusive_however_clear_it_looks() -> None:
    judged = judge_metric(compared(2.0, 3.0), 0.10, too_few="n = 2")
    assert (judged.verdict, judged.reason) == (V.INCONCLUSIVE, "n = 2")


@pytest.mark.parametrize(("low", "high"), [(2.0, 3.0), (0.2, 0.3)])
def test_another_machine_is_no_reason_for_either_verdict(low: float, high: float) -> None:
    judged = judge_metric(compared(low, high), 0.10, mismatch="CPU model differs")
    assert (judged.verdict, judged.reason) == (V.INCONCLUSIVE, "CPU model differs")


def test_what_cannot_be_measured_stays_so() -> None:
    metric = compared(2.0, 3.0, verdict=V.NOT_MEASURABLE, reason="too short")
    judged = judge_metric(metric, 0.10, too_few="n = 2")
    assert (judged.verdict, judged.reason) == (V.NOT_MEASURABLE, "too short")


def test_the_verdict_of_exploring_does_not_count() -> None:
    metric = compared(1.0, 1.05, verdict=V.REGRESS, reason="it may be chance")
    judged = judge_metric(metric, 0.10)
    assert (judged.verdict, judged.reason, judged.max_regression) == (V.PASS, None, 0.10)


def test_more_is_better_or_worse_as_the_metric_has_it() -> None:
    faster = judge_metric(compared(1.3, 1.5, metric="iops", better="higher"), 0.10)
    slower = judge_metric(compared(0.6, 0.8, metric="iops", better="higher"), 0.10)
    assert (faster.verdict, slower.verdict) == (V.IMPROVE, V.REGRESS)


# ---- which metrics ---------------------------------------------------------------

KEYS = [
    Key("job", "read", "iops"),
    Key("job", "write", "iops"),
    Key("job", None, "cpu_ns_per_io"),
    Key("other", "read", "iops"),
]


def test_a_metric_is_found_by_job_name_and_direction() -> None:
    policy = Policy(
        metric=(
            Gated(job="other", name="iops", max_regression=0.1),
            Gated(job="job", name="iops", direction="write", max_regression=0.1),
            Gated(job="job", name="cpu_ns_per_io", max_regression=0.1),
        )
    )
    assert find_keys(policy, KEYS) == [KEYS[3], KEYS[1], KEYS[2]]


@pytest.mark.parametrize(
    ("gated", "told"),
    [
        ({"job": "jobb", "name": "iops"}, "job jobb, which there is not; did you mean job?"),
        ({"job": "job", "name": "iops"}, "is there for read, write"),
        ({"job": "job", "name": "iops", "direction": "trim"}, "read, write, not for trim"),
        ({"job": "other", "name": "lat_p50_ns"}, "job other has no lat_p50_ns"),
    ],
)
def test_a_policy_about_nothing_is_an_error(gated: dict[str, Any], told: str) -> None:
    policy = Policy(metric=(Gated(max_regression=0.1, **gated),))
    with pytest.raises(UsageError, match=re.escape(told)):
        find_keys(policy, KEYS)


def test_all_that_is_not_found_is_told_at_once() -> None:
    policy = Policy(metric=tuple(Gated(job=name, name="iops", max_regression=0.1) for name in "xy"))
    with pytest.raises(UsageError, match=r"(?s)job x.*job y"):
        find_keys(policy, KEYS)


# ---- live comparisons ------------------------------------------------------------


def live(pairs: int, factor: float, status: str = "ok", names: str = "ab") -> Comparison:
    """Made up, in ABBA blocks."""
    trials = [
        ComparedTrial(
            variant=name, block=pair // 2, position=0,
            run=RunResult.model_validate(
                document(job(p50_ns=1e5 * (factor if name == "b" else 1) * (1 + 0.002 * pair)))
            ),
        )
        for pair in range(pairs)
        for name in names
    ]  # fmt: skip
    return Comparison(
        status=status,  # type: ignore[arg-type]
        failures=["trial 3 (b, block 1) failed: EIO"] if status == "failed" else [],
        tool=Tool(version="0", build="0"), argv=[], started_at="2026-01-01T00:00:00Z",
        method="paired", variants=[Variant(name=name, set={}) for name in names], trials=trials,
        metrics=[],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "factor", "verdict"),
    [
        (8, 1.0, V.PASS),
        (8, 1.3, V.REGRESS),
        (8, 0.7, V.IMPROVE),
        (5, 1.3, V.INCONCLUSIVE),
    ],
)
def test_pairs_are_judged(pairs: int, factor: float, verdict: Verdict) -> None:
    result = gate.judge_live(live(pairs, factor), Policy(metric=(P50,)))
    assert result.verdict == verdict
    assert result.metrics[0].n == pairs


def test_five_metrics_need_eight_pairs() -> None:
    names = ("iops", "lat_p50_ns", "lat_mean_ns", "lat_p99_ns", "cpu_ns_per_io")
    policy = Policy(metric=tuple(Gated(job="job", name=name, max_regression=0.1) for name in names))
    few = gate.judge_live(live(7, 1.0), policy)
    enough = gate.judge_live(live(8, 1.0), policy)
    assert (few.verdict, enough.verdict) == (V.INCONCLUSIVE, V.PASS)
    assert few.metrics[0].reason == "n = 7: an interval of 0.99 needs at least 8 pairs"


def test_a_failed_trial_fails_the_gate_and_says_which() -> None:
    result = gate.judge_live(live(8, 1.0, status="failed"), Policy(metric=(P50,)))
    assert (result.verdict, result.exit_code, result.metrics) == ("failed", 1, [])
    assert result.failures == ["trial 3 (b, block 1) failed: EIO"]


def test_an_interrupted_comparison_is_not_judged() -> None:
    result = gate.judge_live(live(8, 1.0, status="interrupted"), Policy(metric=(P50,)))
    assert (result.verdict, result.exit_code) == ("interrupted", 130)


def test_a_gate_has_one_candidate() -> None:
    with pytest.raises(UsageError, match="3 variants"):
        gate.judge_live(live(8, 1.0, names="abc"), Policy(metric=(P50,)))


def test_the_document_has_the_verdict_at_its_top_and_is_read_again() -> None:
    result = gate.judge_live(live(8, 1.3), Policy(metric=(P50,)))
    document_ = result.model_dump(mode="json", by_alias=True)
    assert (document_["kind"], document_["verdict"], document_["exit_code"]) == (
        "comparison", "regress", 3,
    )  # fmt: skip
    assert Comparison.model_validate_json(result.to_json()) == result
