"""Exports, read by the programs that they are for, or by the rules of their parsers."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from junitparser import Error, Failure, JUnitXml, Skipped
from prometheus_client.parser import text_string_to_metric_families

from documents_of_runs import document, job
from laiobench.errors import UsageError
from laiobench.report import export
from laiobench.report.export.github_annotations import escape_data, escape_property
from laiobench.report.text import comparison_table, gate_table
from laiobench.results.comparison import ComparedMetric, ComparedTrial, Comparison, Variant, Verdict
from laiobench.results.document import Document
from laiobench.results.run_result import RunResult, Tool

GOLDEN = Path(__file__).parent.parent / "golden" / "formats"
NASTY = "a%b\r\n|c,d:e <&>\x01"


def run(**more: Any) -> RunResult:
    return RunResult.model_validate(document(job(**more)))


def metric(verdict: str, low: float | None, high: float | None, **more: Any) -> ComparedMetric:
    side = {"n": 8, "median": 100_000.0, "spread": 0.01}
    fields: dict[str, Any] = {
        "job": "job", "direction": "read", "metric": "lat_p50_ns", "better": "lower",
        "baseline": "base", "variant": "new", "n": 8, "level": 0.99, "max_regression": 0.10,
        "ratio": None if low is None or high is None else (low + high) / 2,
        "low": low, "high": high, "smallest_visible": 0.02, "p": 0.008, "verdict": verdict,
        "baseline_values": side,
        "variant_values": side | {"median": 100_000.0 * (high or 1)},
    }  # fmt: skip
    return ComparedMetric.model_validate(fields | more)


def gate(name: str = "job") -> Comparison:
    """One metric of each verdict."""
    return Comparison(
        status="ok", verdict=Verdict.REGRESS, exit_code=3, policy={},
        tool=Tool(version="0", build="0"), argv=["laiobench"], started_at="2026-01-02T03:04:05Z",
        method="paired", family=5,
        variants=[Variant(name="base", set={}), Variant(name="new", set={})],
        metrics=[
            metric("regress", 1.2, 1.3, job=name),
            metric("pass", 0.99, 1.01, metric="lat_p99_ns", job=name),
            metric("improve", 1.2, 1.4, metric="iops", better="higher", job=name),
            metric("inconclusive", 0.9, 1.3, metric="lat_mean_ns", job=name),
            metric("not_measurable", None, None, metric="lat_p99.9_ns", job=name,
                   reason="new: it is too short", variant_values=None),
        ],
    )  # fmt: skip


def mismatch() -> Comparison:
    reason = "the fingerprints differ in CPU model (Fast against Slow)"
    return gate().model_copy(
        update={
            "verdict": Verdict.MISMATCH,
            "exit_code": 5,
            "metrics": [metric("mismatch", 1.2, 1.3, reason=reason)],
        }
    )


def live() -> Comparison:
    trials = [
        ComparedTrial(variant=name, block=0, position=0, run=run(p50_ns=1e5 + 1000 * number))
        for number, name in enumerate(("base", "new", "new", "base"))
    ]
    return gate().model_copy(update={"verdict": None, "exit_code": None, "trials": trials})


def write(name: str, *documents: Document) -> str:
    return export.write(name, documents)


# ---- as they were ----------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [name for name in export.formats_for("gate") if name not in ("json", "benchfmt")]
)
def test_a_gate_is_written_as_it_was(name: str) -> None:
    """To change one: delete the file, run this, and look at what it wrote."""
    file = GOLDEN / f"gate.{name}.txt"
    text = write(name, gate())
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        pytest.fail(f"{file} has been written: look at it, and commit it")
    assert text == file.read_text()


# ---- test reports ----------------------------------------------------------------


def test_junit_tells_each_verdict_in_its_own_way() -> None:
    (suite,) = JUnitXml.fromstring(write("junit", gate()).encode())
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 1, 0, 2)
    found = {case.name: [type(result) for result in case.result] for case in suite}
    assert found == {
        "read lat_p50_ns": [Failure],
        "read lat_p99_ns": [],
        "read iops": [],
        "read lat_mean_ns": [Skipped],
        "read lat_p99.9_ns": [Skipped],
    }


def test_junit_calls_a_mismatch_and_a_failed_run_errors() -> None:
    (suite,) = JUnitXml.fromstring(write("junit", mismatch()).encode())
    assert [type(case.result[0]) for case in suite] == [Error]
    failed = gate().model_copy(
        update={"status": "failed", "verdict": "failed", "metrics": [], "failures": ["trial 3"]}
    )
    (suite,) = JUnitXml.fromstring(write("junit", failed).encode())
    (case,) = suite
    assert isinstance(case.result[0], Error) and case.result[0].message == "trial 3"


def test_junit_is_xml_whatever_a_job_is_called() -> None:
    (suite,) = JUnitXml.fromstring(write("junit", gate(NASTY)).encode())
    assert suite.tests == 5


# ---- GitHub ----------------------------------------------------------------------


def test_annotations_are_of_what_did_not_pass_a_line_each() -> None:
    lines = write("github-annotations", gate(NASTY)).splitlines()
    matches = [
        re.fullmatch(r"::(error|warning) title=([^:,\r\n]*)::([^\r\n]*)", line) for line in lines
    ]
    assert [match and match[1] for match in matches] == ["error", "warning", "warning"]
    for match in matches:
        assert match and "%25" in match[2] and "%3A" in match[2] and "%2C" in match[2]
    assert write("github-annotations", mismatch()).count("%3A not judged::") == 1


def test_escapes_are_those_of_workflow_commands() -> None:
    assert escape_data("1%\r\n2:,") == "1%25%0D%0A2:,"
    assert escape_property("1%\r\n2:,") == "1%25%0D%0A2%3A%2C"


def test_the_summary_is_one_table_whatever_a_job_is_called() -> None:
    text = write("github-summary", gate(NASTY))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert (len(rows), len(cells)) == (7, 1)
    assert "❌" in text and "regress (exit 3)" in text


# ---- trackers --------------------------------------------------------------------


@pytest.mark.parametrize("made", [run(), gate(), live()], ids=["run", "gate", "live"])
def test_what_is_better_bigger_and_smaller_are_two_files(made: export.Document) -> None:
    bigger = json.loads(write("bigger-is-better", made))
    smaller = json.loads(write("smaller-is-better", made))
    for entries in (bigger, smaller):
        assert entries
        for entry in entries:
            assert set(entry) - {"range"} == {"name", "unit", "value"}
            assert isinstance(entry["value"], float)
    assert {entry["unit"] for entry in bigger} <= {"IOPS", "bytes/s"}
    assert {entry["unit"] for entry in smaller} <= {"ns", "1/IO"}
    names = [entry["name"] for entry in (*bigger, *smaller)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("made", [run(), gate()], ids=["run", "gate"])
def test_bencher_has_benchmarks_of_measures_of_values(made: export.Document) -> None:
    benchmarks = json.loads(write("bencher", made))
    assert {"latency", "throughput"} <= set(benchmarks["job/read"])
    for measures in benchmarks.values():
        for name, found in measures.items():
            assert len(name) <= 64
            assert set(found) in ({"value"}, {"value", "lower_value", "upper_value"})
            assert found.get("lower_value", 0) <= found["value"] <= found.get("upper_value", 1e300)


_BENCHMARK = re.compile(r"Benchmark[A-Z]\S*\t\d+(\t[\d.e+-]+ \S+)+")
_UNIT = re.compile(r"Unit \S+ better=(higher|lower)")


@pytest.mark.parametrize("made", [[run(), run()], [live()]], ids=["runs", "live"])
def test_benchfmt_is_a_line_a_trial(made: list[export.Document]) -> None:
    """By the rules of golang.org/design/14313-benchmark-format, and golang/go#43744."""
    lines = write("benchfmt", *made).splitlines()
    trials = [line for line in lines if line.startswith("Benchmark")]
    assert len(trials) == (2 if len(made) == 2 else 4)
    units = {line.split()[1] for line in lines if line.startswith("Unit ")}
    for line in lines:
        assert _BENCHMARK.fullmatch(line) or _UNIT.fullmatch(line), line
        if line in trials:
            assert set(line.split("\t", 2)[2].replace("\t", " ").split(" ")[1::2]) <= units
    if len(made) == 1:
        assert {trial.split("\t")[0].rsplit("/", 1)[1] for trial in trials} == {
            "variant=base", "variant=new",
        }  # fmt: skip


def test_benchfmt_has_no_trials_of_stored_results() -> None:
    with pytest.raises(UsageError, match="no trials of its own"):
        write("benchfmt", gate())


@pytest.mark.parametrize("made", [run(), gate(NASTY), live()], ids=["run", "gate", "live"])
def test_prometheus_reads_it_in_base_units_without_times(made: export.Document) -> None:
    text = write("prometheus", made)
    families = list(text_string_to_metric_families(text))
    samples = [sample for family in families for sample in family.samples]
    assert samples and all(sample.timestamp is None for sample in samples)
    assert all(sample.name.startswith("laiobench_") for sample in samples)
    p50 = next(
        sample
        for sample in samples
        if sample.name == "laiobench_lat_seconds" and sample.labels["quantile"] == "0.5"
    )
    assert p50.value == pytest.approx(1e-4, rel=0.5)
    assert text.endswith("\n")


# ---- tables ----------------------------------------------------------------------


def test_csv_has_a_line_for_each_value_and_only_one_head() -> None:
    rows = list(csv.DictReader(io.StringIO(write("csv", run(), run(p50_ns=2e5)))))
    iops = [float(row["value"]) for row in rows if row["metric"] == "iops"]
    assert iops == [pytest.approx(10_000), pytest.approx(5_000)]
    rows = list(csv.DictReader(io.StringIO(write("csv", gate(NASTY)))))
    assert [row["verdict"] for row in rows] == [
        "regress", "pass", "improve", "inconclusive", "not_measurable",
    ]  # fmt: skip
    assert {row["job"] for row in rows} == {r"a%b\r\n|c,d:e <&>\x01"}


def test_runs_and_comparisons_are_no_one_table() -> None:
    with pytest.raises(UsageError, match="do not go into one csv"):
        write("csv", run(), gate())


@pytest.mark.parametrize("made", [run(), live(), gate()], ids=["run", "live", "gate"])
def test_markdown_has_a_table(made: export.Document) -> None:
    assert re.search(r"^\|[-:|]+\|$", write("markdown", made), re.MULTILINE)


def test_json_is_the_document_itself() -> None:
    assert Comparison.model_validate_json(write("json", gate())) == gate()


# ---- histograms ------------------------------------------------------------------


def test_hdrhistogram_reads_the_very_counts(tmp_path: Path) -> None:
    counts = [(999, 3), (1_023_999, 5), (59_000_000_000, 2)]
    made = document(job("a, b", ios=10, histogram=counts))
    made["jobs"][0]["read"]["lat_ns"] = made["jobs"][0]["read"]["lat_ns"] | {
        "overflow": 4,
        "max": 90_000_000_000,
    }
    file = tmp_path / "run.hlog"
    file.write_text(write("hdr", RunResult.model_validate(made)))
    reader = HistogramLogReader(str(file), HdrHistogram(1, 60_000_000_000, 3))
    found = {}
    while histogram := reader.get_next_interval_histogram():
        found[histogram.get_tag()] = histogram
    assert sorted(found) == ["a_b/0/read/clat", "a_b/0/read/lat", "a_b/0/read/slat"]
    lat = found["a_b/0/read/lat"]
    assert [lat.get_count_at_value(value) for value, _ in counts] == [3, 5, 2]
    assert lat.get_total_count() == 14 and lat.get_count_at_value(90_000_000_000) == 4


# ---- what may go wrong -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "made", "told"),
    [
        ("juint", [gate()], "did you mean junit"),
        ("junit", [live()], "junit is not for comparisons that no policy has judged"),
        ("junit", [run()], "junit is not for results of runs"),
        ("fio-json", [gate()], "fio-json is not for what a gate has judged"),
        ("bencher", [run(), run()], "bencher is for one document, and here are 2"),
    ],
)
def test_what_a_format_is_not_for_is_said(
    name: str, made: list[export.Document], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        export.write(name, made)


@pytest.mark.parametrize(
    ("format_", "package", "extra"),
    [
        ("junit", "junitparser", "ci"),
        ("prometheus", "prometheus_client", "ci"),
        ("hdr", "hdrh", "hdr"),
    ],
)
def test_a_missing_package_is_told_with_the_extra_that_brings_it(
    format_: str, package: str, extra: str
) -> None:
    program = (
        f"import sys; sys.modules['{package}'] = None\n"
        "from laiobench.report import export\n"
        f"export.check_format('{format_}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert f"pip install '.[{extra}]'" in done.stderr


# ---- words -----------------------------------------------------------------------


def test_better_and_worse_are_said_of_shown_differences_alone() -> None:
    """An interval on both sides of nothing shows neither, whatever its estimate is."""
    undecided = metric("inconclusive", 0.96, 1.13, metric="iops", better="higher")
    passed = metric("pass", 0.98, 1.01)
    for told in (gate_table.sentence(undecided), gate_table.sentence(passed)):
        assert "shows no difference [" in told
        assert "better [" not in told
        assert "worse [" not in told
    assert "25% worse [+20%, +30%]" in gate_table.sentence(metric("regress", 1.2, 1.3))


def test_the_sign_of_a_column_is_said_in_its_head() -> None:
    head = next(line for line in gate_table.render(gate()).splitlines() if "baseline" in line)
    assert "change (+ is worse)" in head


def test_comparisons_have_the_same_words_in_markdown_as_on_a_terminal() -> None:
    said = [
        {word for word in ("worse", "better", "regress", "improve") if f" {word} " in text}
        for text in (
            write("markdown", live()).partition("\n\n")[0],
            comparison_table.render(live()).partition("\n\n")[0].replace("\n", " \n"),
        )
    ]
    assert said == [{"worse", "better"}] * 2


# ---- what acts -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hdr", "benchfmt"])
def test_names_have_nothing_that_acts(name: str) -> None:
    """Names of results that were made here, too, and the version of who made a document."""
    made = run()
    jobs = [made.jobs[0].model_copy(update={"name": "a\x1b[2J\x9bb\u202ec"})]
    acting = made.model_copy(
        update={"jobs": jobs, "tool": Tool(version="1\n#[fake]\x1b", build="")}
    )
    text = write(name, acting)
    assert all(letter == "\n" or letter.isprintable() or letter == "\t" for letter in text)
    assert "\\x1b[2J" in text and "\n#[fake]" not in text


def test_a_reason_of_several_lines_is_no_line_of_its_own() -> None:
    told = metric("not_measurable", None, None, reason="slow\nlaiobench: all is well")
    lines = gate_table.render(gate().model_copy(update={"metrics": [told]})).splitlines()
    assert not [line for line in lines if line.startswith("laiobench: all")]
