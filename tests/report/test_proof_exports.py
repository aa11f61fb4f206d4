"""Exports contain what hidden arms proved, and which verdicts were withheld."""

import pytest
from junitparser import JUnitXml
from prometheus_client.parser import text_string_to_metric_families

from laiobench.comparison.proof_arms import withhold
from laiobench.report import export
from laiobench.results.comparison import ComparedMetric, Comparison, Variant, Verdict
from laiobench.results.comparison_proof import ArmRatio, Proof, ProvenMetric
from laiobench.results.run_result import Tool


def proof(*, differs: bool, is_found: bool) -> Proof:
    sham = ArmRatio(ratio=1.02, low=1.01, high=1.03) if differs else ArmRatio(ratio=1.0)
    metric = ProvenMetric(
        job="job", direction="read", metric="lat_p50_ns", better="lower",
        sham=sham, sham_p=0.001 if differs else 0.5,
        spike=ArmRatio(ratio=1.049, low=1.046, high=1.053), spike_found=is_found, needed=0.05,
    )  # fmt: skip
    return Proof(spike=0.05, pairs=8, sham_level=0.01, sham_differs=differs, metrics=[metric])


def gate(proven: Proof) -> Comparison:
    metric = ComparedMetric(
        job="job", direction="read", metric="lat_p50_ns", better="lower", baseline="base",
        variant="new", n=8, level=0.95, max_regression=0.1, ratio=1.0, low=0.99, high=1.01,
        verdict=Verdict.PASS,
    )  # fmt: skip
    return Comparison(
        status="ok", verdict=Verdict.PASS, exit_code=0, policy={},
        tool=Tool(version="0", build="0"), argv=[], started_at="2026-01-02T03:04:05Z",
        method="paired", variants=[Variant(name="base", set={}), Variant(name="new", set={})],
        metrics=withhold([metric], proven), proof=proven,
    )  # fmt: skip


GOOD = gate(proof(differs=False, is_found=True))
SHAM = gate(proof(differs=True, is_found=True))
SPIKE = gate(proof(differs=False, is_found=False))


@pytest.mark.parametrize("made", [SHAM, SPIKE], ids=["sham", "spike"])
def test_annotations_warn_where_verdicts_were_withheld(made: Comparison) -> None:
    skipped, line = export.write("github-annotations", [made]).splitlines()
    assert skipped.startswith("::warning title=laiobench%3A job") and "%3A skipped::" in skipped
    assert line.startswith("::warning title=laiobench%3A verdicts withheld::sham: ")
    assert "withheld" in line.split("::", 2)[2]


def test_annotations_tell_the_proof_of_what_passed() -> None:
    (line,) = export.write("github-annotations", [GOOD]).splitlines()
    assert line.startswith("::notice title=laiobench%3A proof::sham: no difference, as it must be")
    assert "%0Aspike of 5.0%25: found, p50 1.049 [1.046, 1.053]%0A" in line


@pytest.mark.parametrize(("made", "withheld"), [(GOOD, "0"), (SHAM, "1"), (SPIKE, "1")])
def test_junit_has_the_proof_as_properties_of_the_suite(made: Comparison, withheld: str) -> None:
    (suite,) = JUnitXml.fromstring(export.write("junit", [made]).encode())
    found = {prop.name: prop.value for prop in suite.properties()}
    assert found["withheld"] == withheld
    assert "sham" in found["proof"] and "spike of 5.0%" in found["proof"]
    assert suite.skipped == int(withheld)


@pytest.mark.parametrize(
    ("made", "expected"),
    [(GOOD, (0, 1, 0)), (SHAM, (1, 1, 1)), (SPIKE, (0, 0, 1))],
    ids=["good", "sham", "spike"],
)
def test_prometheus_has_the_arms_and_what_they_withheld(
    made: Comparison, expected: tuple[float, ...]
) -> None:
    text = export.write("prometheus", [made])
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    values = {sample.name: sample.value for sample in samples}
    names = ("sham_differs", "spike_found", "verdict_withheld")
    assert tuple(values[f"laiobench_{name}"] for name in names) == expected
    assert values["laiobench_spike"] == 0.05
    ratios = {s.labels["arm"]: s.value for s in samples if s.name == "laiobench_proof_ratio"}
    assert ratios.keys() == {"sham", "spike"} and ratios["spike"] == 1.049


@pytest.mark.parametrize(("made", "word"), [(GOOD, "found"), (SHAM, "DIFFERS"), (SPIKE, "missed")])
@pytest.mark.parametrize("name", ["markdown", "github-summary"])
def test_markdown_tells_the_proof(name: str, made: Comparison, word: str) -> None:
    assert word in export.write(name, [made])
    explored = made.model_copy(update={"policy": None, "verdict": None, "exit_code": None})
    assert word in export.write("markdown", [explored])
