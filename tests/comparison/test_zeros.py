"""Metrics that are 0 in some trials: a difference instead of a ratio, in tables and gates."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from documents_of_runs import document, job
from laiobench.comparison import analysis, stored
from laiobench.comparison.gate import stored_gate
from laiobench.comparison.gate.policy import Gated, Policy
from laiobench.errors import ExitCode
from laiobench.report.text import comparison_table, gate_table
from laiobench.results.comparison import ComparedMetric, Comparison, Verdict
from laiobench.results.digest import RunDigest, digest

IOS = 200_000
SWITCHES = Gated(job="job", name="switches_per_io", max_regression=0.10)
IOPS = Gated(job="job", name="iops", max_regression=0.10)


def run(day: int, *, switches: float = 0.0, iops: float | None = None) -> RunDigest:
    """So many switches an I/O; a spread of 1 % over the days, of what is not 0."""
    noise = 1 + (day % 3 - 1) / 100
    made = job(ios=IOS, switches=round(IOS * switches * noise))
    if iops is not None:
        made["read"]["iops"] = iops * noise
    started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    return digest(document(made, started_at=started.isoformat()))


def paired(base: Sequence[RunDigest], new: Sequence[RunDigest], metric: str) -> ComparedMetric:
    blocks = [{"old": [a], "new": [b]} for a, b in zip(base, new, strict=True)]
    found = analysis.compare_blocks(blocks, ["old", "new"])
    return next(each for each in found if each.metric == metric)


def runs(count: int, **values: float) -> list[RunDigest]:
    return [run(day, **values) for day in range(count)]


def test_what_is_zero_on_one_side_has_a_difference_and_a_verdict() -> None:
    worse = paired(runs(10), runs(10, switches=0.5), "switches_per_io")
    assert worse.ratio is None and worse.low is None and worse.difference is not None
    assert worse.difference.low is not None and worse.difference.high is not None
    assert 0.49 < worse.difference.low <= worse.difference.estimate <= worse.difference.high < 0.51
    assert worse.verdict == Verdict.REGRESS and worse.p == pytest.approx(2 / 2**10)
    better = paired(runs(10, switches=0.5), runs(10), "switches_per_io")
    assert better.verdict == Verdict.IMPROVE
    assert better.difference is not None and better.difference.estimate == pytest.approx(-0.5, 0.02)


def test_iops_of_zero_are_worse() -> None:
    dead = paired(runs(10, iops=1000), runs(10, iops=0), "iops")
    assert dead.verdict == Verdict.REGRESS and dead.reason is None
    assert dead.difference is not None and dead.difference.estimate == pytest.approx(-1000, 0.02)
    change = dead.change
    assert change is not None and change.estimate == pytest.approx(1.0, 0.02)  # all of it is lost


def test_zero_in_some_trials_is_not_called_by_chance() -> None:
    some = [run(day, switches=0.001 * (day % 2)) for day in range(8)]
    others = [run(day, switches=0.001 * ((day + 1) % 2)) for day in range(8)]
    found = paired(some, others, "switches_per_io")
    assert found.verdict == Verdict.INCONCLUSIVE and found.difference is not None


def test_zero_everywhere_is_as_good_and_no_test_among_the_others() -> None:
    found = paired(runs(8), runs(8), "switches_per_io")
    assert found.verdict == Verdict.PASS and found.p is None
    assert found.difference is not None
    assert (found.difference.low, found.difference.high) == (0, 0)
    one_more = paired(runs(8, switches=0.5), runs(8, switches=0.5), "iops")
    without = paired(runs(8), runs(8), "iops")
    assert without.level < one_more.level  # one more is tested, at a stricter level


def test_five_pairs_say_nothing_of_zero_either() -> None:
    found = paired(runs(5), runs(5, switches=0.5), "switches_per_io")
    assert found.verdict == Verdict.INCONCLUSIVE
    assert found.reason == "n = 5: an interval of 0.95 needs at least 6 pairs"
    assert found.difference is not None and found.difference.low is None


# ---- gates -----------------------------------------------------------------------


def gated(base: list[RunDigest], new: list[RunDigest], metric: Gated) -> Comparison:
    policy = Policy(metric=(metric,))
    return stored_gate.judge(stored.uncompared(base, new), base, new, policy)


@pytest.mark.parametrize(
    ("base", "new", "metric", "verdict"),
    [
        ({}, {}, SWITCHES, Verdict.PASS),
        ({}, {"switches": 0.5}, SWITCHES, Verdict.REGRESS),
        ({"switches": 0.5}, {}, SWITCHES, Verdict.IMPROVE),
        ({"iops": 1000.0}, {"iops": 0.0}, IOPS, Verdict.REGRESS),
        ({"iops": 0.0}, {"iops": 1000.0}, IOPS, Verdict.IMPROVE),
    ],
)
def test_a_gate_judges_what_is_zero(
    base: dict[str, float], new: dict[str, float], metric: Gated, verdict: Verdict
) -> None:
    old, later = runs(8, **base), [run(day, **new) for day in range(20, 26)]
    for candidate in (later, later[:1]):
        judged = gated(old, candidate, metric)
        assert judged.metrics[0].verdict == verdict, judged.metrics[0].reason
    is_worse = verdict == Verdict.REGRESS
    assert judged.exit_code == (ExitCode.REGRESS if is_worse else ExitCode.OK)
    shown = gate_table.render(judged)
    assert "inf" not in shown and "nan" not in shown


def test_what_is_allowed_is_a_share_of_the_baseline_and_nothing_of_zero() -> None:
    """A baseline that is 0 now and then, and mostly not."""
    mostly = [run(day, switches=0.0 if day == 3 else 0.5) for day in range(9)]
    generous = Gated(job="job", name="switches_per_io", max_regression=0.9)
    a_little_more = [run(day, switches=0.55) for day in range(20, 29)]
    assert gated(mostly, a_little_more, generous).metrics[0].verdict == Verdict.PASS
    zero = runs(9)
    assert gated(zero, a_little_more, generous).metrics[0].verdict == Verdict.REGRESS


def test_people_read_the_difference_in_its_unit() -> None:
    judged = gated(runs(8), [run(day, switches=0.5) for day in range(20, 26)], SWITCHES)
    assert "job switches per I/O is 0.5 worse [+0.4" in gate_table.render(judged)
    compared = stored.compare(runs(8, iops=1000), [run(day, iops=0) for day in range(20, 26)])
    text = comparison_table.render(compared)
    row = next(line for line in text.splitlines() if line.split()[:2] == ["new", "0"])
    assert "−1,0" in row and row.endswith("worse")
    assert "What is 0 in some trials has no ratio" in text
    assert "IOPS of new differ from those of base by −1,0" in text


def test_a_document_with_differences_is_read_again_and_one_of_before_too() -> None:
    judged = gated(runs(8), [run(day, switches=0.5) for day in range(20, 26)], SWITCHES)
    again = Comparison.model_validate_json(judged.to_json())
    assert again.metrics[0].difference == judged.metrics[0].difference
    before = judged.model_dump(mode="json", by_alias=True)
    del before["metrics"][0]["difference"]
    old = Comparison.model_validate(before)
    assert old.metrics[0].difference is None and old.metrics[0].change is None
    change = again.metrics[0].change
    assert change is not None and math.isinf(change.low)  # of 0: however much, it is more
