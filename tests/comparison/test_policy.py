"""Policies: all errors of one are told at once, and a written policy is read again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laiobench.comparison.gate import policy, suggest_policy
from laiobench.comparison.gate.policy import Gated, Pairs, Policy
from laiobench.errors import CombinedUsageError, UsageError
from laiobench.results.calibration import Calibration, LengthCalibration, NoiseFloor
from laiobench.results.metrics import METRICS
from laiobench.results.run_result import Tool

GOOD = """
schema = 1
[gate]
family_alpha = 0.05
pairs = {min = 8, max = 24}
on_inconclusive = "warn"
on_fingerprint_mismatch = "error"
[[gate.metric]]
job = "randread-qd1"
name = "lat_p99_ns"
better = "lower"
max_regression = 0.10
"""
METRIC = '[[gate.metric]]\njob = "a"\nname = "iops"\nmax_regression = 0.1\n'


def problems(text: str) -> list[str]:
    """What is told of a policy."""
    with pytest.raises(UsageError) as caught:
        policy.parse(text, "gate.toml")
    error = caught.value
    found = error.problems if isinstance(error, CombinedUsageError) else (error,)
    return [problem.problem.removeprefix("gate.toml: ") for problem in found]


def test_the_documented_policy_is_read() -> None:
    read = policy.parse(GOOD, "gate.toml")
    assert read == Policy(
        metric=(Gated(job="randread-qd1", name="lat_p99_ns", better="lower", max_regression=0.10),)
    )
    assert (read.pairs, read.alpha) == (Pairs(min=8, max=24), 0.05)


def test_each_metric_has_its_share_of_alpha() -> None:
    four = "".join(METRIC.replace('"a"', f'"{job}"') for job in "abcd")
    assert policy.parse(f"schema = 1\n[gate]\n{four}", "x").alpha == pytest.approx(0.0125)


def test_all_that_is_wrong_is_told_at_once() -> None:
    hostile = """
schema = 2
extra = 1
[gate]
family_alpha = 2
pairs = {min = 8, max = 4, step = 1}
on_inconclusiv = "warn"
on_fingerprint_mismatch = "ignore"
[[gate.metric]]
job = "a"
name = "lat_p99"
max_regression = 0.1
[[gate.metric]]
job = 1
name = "iops"
better = "lower"
max_regression = "10%"
"""
    found = problems(hostile)
    assert found[:2] == ["there is no key extra", "schema must be 1, not 2"]
    for beginning in (
        "gate.family_alpha must be less than 1, not 2",
        "gate.pairs.max: must be at least min, which is 8",
        "gate.pairs.step: there is no such key",
        "gate.on_inconclusiv: there is no such key; did you mean on_inconclusive?",
        "gate.on_fingerprint_mismatch must be 'error' or 'warn', not \"ignore\"",
        "gate.metric 1: name: there is no metric lat_p99; did you mean lat_p99_ns?",
        "gate.metric 2: job must be a valid string, not 1",
        "gate.metric 2: better: of iops higher is better",
        'gate.metric 2: max_regression must be a valid number, not "10%"',
    ):
        assert any(problem.startswith(beginning) for problem in found), (beginning, found)
    assert len(found) == 11


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "schema must be 1, and is missing"),
        ("schema = true\n[gate]\n" + METRIC, "schema must be 1, not True"),
        ("schema = 1", "there is no [gate]"),
        ("schema = 1\ngate = 3", "there is no [gate]"),
        ("schema = 1\n[gate]", "no metric decides"),
        ("schema = 1\n[gate]\nmetric = []", "no metric decides"),
        ("schema = 1\n[gate]\nmetric = [1]", "gate.metric 1 must be a table"),
        ("schema = 1\n[gate]\n" + 2 * METRIC, "gate.metric 2: iops of job a is there twice"),
        (
            "schema = 1\n[gate]\n" + "".join(METRIC.replace('"a"', f'"{n}"') for n in range(6)),
            "6 metrics are too many: at most 5 decide",
        ),
        (
            "schema = 1\n[gate]\n" + METRIC.replace("0.1", "1.0"),
            "gate.metric 1: max_regression: must be below 1: nothing loses more than all",
        ),
        (
            "schema = 1\n[gate]\n" + METRIC.replace("0.1", "nan"),
            "gate.metric 1: max_regression must be greater than 0, not NaN",
        ),
        (
            "schema = 1\n[gate]\n" + METRIC.replace("0.1", "inf"),
            "gate.metric 1: max_regression: must be a share such as 0.10",
        ),
        ("schema = 1\n[gate", "gate.toml is not valid TOML"),
        (
            "schema = 1\n[gate]\nx = " + "[" * 5000,
            "gate.toml cannot be read: it is nested too deeply",
        ),
        ("schema = 1\n[gate]\nx = '\udc80'", "gate.toml cannot be read: it is not UTF-8 text"),
    ],
)
def test_a_wrong_policy_says_what_is_wrong(text: str, told: str) -> None:
    assert any(problem.startswith(told) for problem in problems(text)), problems(text)


@given(st.text())
def test_no_text_is_more_than_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        policy.parse(text + "\n=", "x")


@given(
    job=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    name=st.sampled_from(sorted(METRICS)),
    limit=st.floats(0.001, 0.999),
)
def test_what_is_written_is_read_again(job: str, name: str, limit: float) -> None:
    made = Policy(metric=(Gated(job=job, name=name, direction="read", max_regression=limit),))
    assert policy.parse(suggest_policy.to_toml(made, "a remark\nof two lines"), "x") == made


# ---- from a calibration ----------------------------------------------------------


def calibration(*lengths: tuple[float, dict[str, float], list[str]]) -> Calibration:
    """Of trials of so many seconds: the noise of metrics, and what was not measurable."""

    def floor(name: str, spread: float) -> NoiseFloor:
        of_job = name == "cpu_ns_per_io"
        return NoiseFloor(
            job="a", direction=None if of_job else "read", metric=name,
            better=METRICS[name].better, median=1.0, spread=spread, smallest_visible=None,
            pairs_to_see={},
        )  # fmt: skip

    return Calibration.model_validate(
        {
            "tool": Tool(version="0", build="0"),
            "started_at": "2026-01-01T00:00:00Z",
            "machine": {},
            "jobs": [],
            "lengths": [
                LengthCalibration(
                    runtime_s=runtime_s, pairs=10,
                    floors=[floor(name, spread) for name, spread in noise.items()],
                    not_measurable=dict.fromkeys(lacking, "too short"),
                )
                for runtime_s, noise, lacking in lengths
            ],
            "own_costs": [],
        }
    )  # fmt: skip


def limits(made: Policy) -> dict[str, float]:
    return {metric.name: metric.max_regression for metric in made.metric}


def test_thresholds_are_above_the_noise_and_never_below_what_is_wanted() -> None:
    noise: dict[str, Any] = {"iops": 0.001, "lat_p50_ns": 0.20}
    made = limits(suggest_policy.from_calibration(calibration((1.0, noise, [])), widest=1))
    assert made["iops"] == 0.05
    assert made["lat_p50_ns"] > 0.1


def test_thresholds_that_hide_too_much_are_refused_by_name_unless_they_are_allowed() -> None:
    noisy = calibration((1.0, {"iops": 0.001, "lat_p50_ns": 0.40}, []))
    with pytest.raises(UsageError) as caught:
        suggest_policy.from_calibration(noisy)
    assert "a lat_p50_ns" in caught.value.problem and "iops" not in caught.value.problem
    allowed = float(caught.value.remedy.rpartition("--max-threshold=")[2].removesuffix("%")) / 100
    assert limits(suggest_policy.from_calibration(noisy, widest=allowed))["lat_p50_ns"] == allowed


def test_pairs_are_as_many_as_the_noise_needs() -> None:
    quiet = suggest_policy.from_calibration(calibration((1.0, {"iops": 0.001}, []))).pairs
    loud = suggest_policy.from_calibration(calibration((1.0, {"iops": 0.10}, []))).pairs
    assert quiet.min == loud.min == 8
    assert quiet.max < loud.max <= 60


def test_the_shortest_length_at_which_all_is_measurable_is_chosen() -> None:
    made = suggest_policy.from_calibration(
        calibration(
            (1.0, {"iops": 0.01}, ["lat_p99_ns"]),
            (5.0, {"iops": 0.02, "lat_p99_ns": 0.03, "cpu_ns_per_io": 0.01}, []),
            (9.0, {"iops": 0.01, "lat_p99_ns": 0.01}, []),
        )
    )
    assert list(limits(made)) == ["iops", "lat_p99_ns", "cpu_ns_per_io"]


def test_at_most_five_metrics_decide() -> None:
    noise = dict.fromkeys(METRICS, 0.01)
    assert len(suggest_policy.from_calibration(calibration((1.0, noise, []))).metric) == 5


def test_a_calibration_of_nothing_makes_no_policy() -> None:
    with pytest.raises(UsageError, match="no metric that could be measured"):
        suggest_policy.from_calibration(calibration((1.0, {}, ["iops"])))
