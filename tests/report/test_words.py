"""Each word and sign has one meaning, and sentences agree with their table."""

import re
from typing import Any

import pytest

from laiobench.report import export
from laiobench.report.text import calibration_table, comparison_table
from laiobench.results.calibration import Calibration, LengthCalibration, NoiseFloor
from laiobench.results.comparison import ComparedMetric, Comparison, Summary, Variant, Verdict
from laiobench.results.run_result import Tool


def metric(name: str = "iops", **more: Any) -> ComparedMetric:
    known: dict[str, Any] = {
        "job": "job", "direction": "read", "metric": name, "baseline": "base", "variant": "new",
        "better": "higher" if name == "iops" else "lower", "n": 10, "level": 0.95,
        "baseline_values": Summary(n=10, median=1000, spread=0.02),
        "variant_values": Summary(n=10, median=1000, spread=0.02),
        "verdict": Verdict.INCONCLUSIVE,
    }  # fmt: skip
    return ComparedMetric(**known | more)


def comparison(*metrics: ComparedMetric, **more: Any) -> Comparison:
    known: dict[str, Any] = {
        "status": "ok", "tool": Tool(version="1", build="b"), "argv": ["laiobench"],
        "started_at": "2026-01-02T03:04:05Z", "method": "paired", "family": len(metrics),
        "variants": [Variant(name=name, set={}) for name in ("base", "new")],
        "metrics": list(metrics),
    }  # fmt: skip
    return Comparison(**known | more)


NO_DIFFERENCE = {"ratio": 1.0, "low": 0.98, "high": 1.02, "smallest_visible": 0.03}
LOST = {
    "verdict": Verdict.NOT_MEASURABLE, "lost": True, "at_least": 7.5, "variant_values": None,
    "reason": "new: it needs 10,000 I/Os a trial",
}  # fmt: skip


def test_plus_minus_is_half_the_distance_of_the_quartiles_and_the_head_says_so() -> None:
    text = comparison_table.render(comparison(metric(**NO_DIFFERENCE)))
    head = next(line for line in text.splitlines() if "variant" in line)
    assert re.search(r"  ± IQR/2  ", head)
    assert "± 2.0%" in text
    assert "±: half the distance of the quartiles (IQR/2)" in text


def test_a_calibration_s_standard_deviation_has_no_such_sign() -> None:
    floor = NoiseFloor(
        job="job", direction="read", metric="iops", better="higher", median=1000, spread=0.012,
        smallest_visible=0.02, pairs_to_see={"0.02": 20, "0.05": 8, "0.1": 6},
    )  # fmt: skip
    made = Calibration(
        tool=Tool(version="1", build="b"), argv=["laiobench"], started_at="2026-01-02T03:04:05Z",
        machine={}, jobs=[{"name": "job"}], own_costs=[],
        lengths=[LengthCalibration(runtime_s=1, trial_s=1, pairs=10, floors=[floor],
                                   not_measurable={})],
    )  # fmt: skip
    text = calibration_table.render(made)
    assert "sd of a pair" in text.splitlines()[0] and "1.2%" in text
    assert "±" not in text
    assert "±" not in export.write("bigger-is-better", [made])


def test_what_is_lost_is_in_the_headline_and_marked_as_worse() -> None:
    made = comparison(metric(**NO_DIFFERENCE), metric("lat_p99_ns", **LOST))
    text = comparison_table.render(made)
    assert "new is worse in p99 (at least 7.50 ×) than base" in text
    assert "in IOPS no difference was shown" in text
    row = next(line for line in text.splitlines() if re.match(r" +new +– ", line))
    assert row.endswith("worse")


def test_what_may_be_lost_for_nothing_worse_is_not_called() -> None:
    made = comparison(metric(**NO_DIFFERENCE), metric("lat_p99_ns", **LOST | {"at_least": 0.9}))
    text = comparison_table.render(made)
    assert "no difference was shown" in text and "worse in p99" not in text


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (Verdict.REGRESS, "::error title=laiobench%3A job read p50::"),
        (Verdict.INCONCLUSIVE, "::warning title=laiobench%3A job read p50%3A skipped::"),
        (Verdict.NOT_MEASURABLE, "::warning title=laiobench%3A job read p50%3A skipped::"),
        (Verdict.MISMATCH, "::error title=laiobench%3A job read p50%3A not judged::"),
        (Verdict.PASS, ""),
        (Verdict.IMPROVE, ""),
    ],
)
def test_ci_is_told_what_was_skipped_and_why(verdict: Verdict, line: str) -> None:
    reason = None if verdict in (Verdict.PASS, Verdict.IMPROVE) else "the reason for it"
    judged = metric(
        "lat_p50_ns", **NO_DIFFERENCE, verdict=verdict, reason=reason, max_regression=0.1
    )
    made = comparison(judged, verdict=verdict, exit_code=0, policy={})
    text = export.write("github-annotations", [made])
    assert text.startswith(line) and (not line or "the reason for it" in text)
    assert line or not text
    junit = export.write("junit", [made])
    skipped = verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_MEASURABLE)
    assert ("<skipped" in junit) == skipped
    assert (reason is None) or reason in junit
