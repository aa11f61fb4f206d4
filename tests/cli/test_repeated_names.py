"""Jobs of one name that ran one after the other are shown as two, wherever results are shown."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from documents_of_runs import document, job
from program import Program

JOBS = """
[global]
ioengine=null
rw=randread
size=1g
number_ios=300
numjobs=2
[a]
null_latency_us=100
[a]
stonewall
null_latency_us=2000
"""


def policy(named: str) -> str:
    return f"""
schema = 1
[gate]
pairs = {{min = 6, max = 6}}
[[gate.metric]]
job = "{named}"
name = "iops"
max_regression = 0.1
"""


def of_two(day: int) -> str:
    """A run of a fast job, and after it of a slow one of the same name with two copies."""
    fast, slow = 1e5 * (1 + day / 1000), 4e6 * (1 + day / 1000)
    jobs = [job("a", p50_ns=fast)]
    jobs += [{**job("a", p50_ns=slow, copy=copy), "group": 1} for copy in (0, 1)]
    return json.dumps(document(*jobs, started_at=f"2026-01-{day + 1:02d}T10:00:00Z"))


IOPS = {"a": 10_000.0, "a#2": 500.0}
"""Of both on day 0: 10,000 and twice 250."""


def folder_of(program: Program, name: str) -> Path:
    folder = program.folder / name
    folder.mkdir()
    for day in range(6):
        (folder / f"{day}.json").write_text(of_two(day))
    return folder


def test_a_run_s_table_adds_up_copies_and_nothing_else(program: Program) -> None:
    (program.folder / "jobs.fio").write_text(JOBS)
    outcome = program("run", "jobs.fio", "--output=run.json")
    assert outcome.code == 0, outcome.stderr
    titles = [line.split("  ")[0] for line in outcome.stdout.splitlines() if " read " in line]
    assert titles == ["a 1/2", "a 2/2", "a, all 2", "a#2 1/2", "a#2 2/2", "a#2, all 2"]
    costs = [line for line in outcome.stdout.splitlines() if "depth 1 each" in line]
    assert [line.split(":")[0] for line in costs] == ["a, all 2", "a#2, all 2"]
    jobs = json.loads((program.folder / "run.json").read_text())["jobs"]
    assert [copy["name"] for copy in jobs] == ["a"] * 4  # the document has what was asked for


def test_each_format_has_both_with_their_own_numbers(program: Program) -> None:
    (program.folder / "run.json").write_text(of_two(0))

    def exported(name: str) -> str:
        outcome = program("export", "run.json", "--format", name)
        assert outcome.code == 0, outcome.stderr
        return outcome.stdout

    rows = csv.DictReader(io.StringIO(exported("csv")))
    found = [(row["job"], float(row["value"])) for row in rows if row["metric"] == "iops"]
    assert found == list(IOPS.items())
    bencher = json.loads(exported("bencher"))
    assert bencher["a/read"]["throughput"]["value"] == IOPS["a"]
    assert bencher["a#2/read"]["throughput"]["value"] == IOPS["a#2"]
    lines = [line for line in exported("benchfmt").splitlines() if line.startswith("Benchmark")]
    assert [line.split("\t")[0] for line in lines] == [
        "BenchmarkIO/job=a/rw=read",
        "BenchmarkIO/job=a#2/rw=read",
    ]
    text = exported("prometheus")
    for name, iops in IOPS.items():
        assert f'laiobench_ios_per_second{{direction="read",job="{name}"}} {iops}' in text
    failed = re.findall(r'laiobench_failed_ios\{direction="read",job="(.*?)"\}', text)
    assert sorted(failed) == ["a#2/0", "a#2/1", "a/0"]
    named = [each["name"] for each in json.loads(exported("bigger-is-better"))]
    assert [name for name in named if "IOPS" in name] == ["a/read IOPS", "a#2/read IOPS"]
    in_fio_s_words = json.loads(exported("fio-json"))["jobs"]  # fio tells them apart by groups
    assert [(each["jobname"], each["groupid"]) for each in in_fio_s_words] == [
        ("a", 0), ("a", 1), ("a", 1),
    ]  # fmt: skip
    tags = re.findall(r"Tag=(\S+?)/lat,", exported("hdr"))
    assert tags == ["a/0/read", "a#2/0/read", "a#2/1/read"]
    assert re.search(r"a\\?#2", exported("markdown"))


def test_stored_results_are_compared_job_by_job(program: Program) -> None:
    base, new = folder_of(program, "base"), folder_of(program, "new")
    found = program("compare", base, new, "--json").document
    assert [each for each in found["differences"] if each["hard"]] == []
    iops = {each["job"]: each["baseline_values"]["median"] for each in found["metrics"]
            if each["metric"] == "iops"}  # fmt: skip
    assert iops == pytest.approx(IOPS, rel=0.01)


def test_a_gate_judges_the_one_that_its_policy_names(program: Program) -> None:
    base, new = folder_of(program, "base"), folder_of(program, "new")
    (program.folder / "gate.toml").write_text(policy("a#2"))
    outcome = program("gate", base, new, "--export", "junit=junit.xml")
    assert outcome.code == 0, outcome.stderr
    assert 'classname="a#2"' in (program.folder / "junit.xml").read_text()
    (program.folder / "gate.toml").write_text(policy("a#3"))
    outcome = program("gate", base, new)
    assert outcome.code == 2
    assert "the policy is about job a#3, which there is not" in outcome.stderr
    assert "the jobs are: a, a#2" in outcome.stderr


def test_a_history_is_of_one_of_them(program: Program) -> None:
    base = folder_of(program, "base")
    outcome = program("history", base, "--job=a#2", "--json")
    assert outcome.code == 0, outcome.stderr
    values = [point["value"] for point in outcome.document["points"]]
    assert values == pytest.approx([IOPS["a#2"]] * 6, rel=0.01)


def test_a_live_comparison_varies_and_judges_one_of_them(program: Program) -> None:
    (program.folder / "jobs.fio").write_text(JOBS.replace("300", "50"))
    (program.folder / "gate.toml").write_text(policy("a#2"))
    outcome = program(
        "ab", "jobs.fio", "--vary=a#2.null_latency_us=2000,500", "--policy=gate.toml",
        "--proof=none", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (metric,) = outcome.document["metrics"]
    assert (metric["job"], metric["verdict"]) == ("a#2", "improve")
    assert 2 < metric["ratio"] < 8  # and not that of a sum, which the fast one decides
    slow = [each["jobs"][1]["null_latency_us"] for each in outcome.document["variants"]]
    fast = [each["jobs"][0]["null_latency_us"] for each in outcome.document["variants"]]
    assert (slow, fast) == ([2000, 500], [100, 100])
