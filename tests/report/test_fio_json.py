"""fio's JSON: its keys and types, and the bins of its histogram."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents_of_runs import document, job
from laiobench.report import export as formats
from laiobench.report.export.fio_json import bin_index, bin_value
from laiobench.results.run_result import RunResult
from program import Program

LATER_THAN_FIO_3_33 = {"job_start"}
ONLY_WITH_PERCENTILES = {"percentile", "bins"}  # fio prints those of clat, unless it is asked
NAMES_OF_USERS = {"job options", "global options"}


def export(form: str = "fio-json+", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        formats.write(form, [RunResult.model_validate(document(job(**more)))])
    )
    return found


def differing(ours: Any, theirs: Any, at: str = "") -> list[str]:
    """Keys that one of them lacks, and values of another type."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if at.rsplit("/", 1)[-1] in NAMES_OF_USERS | ONLY_WITH_PERCENTILES:
            return []
        found = [
            f"{at}/{key}"
            for key in ours.keys() ^ theirs.keys()
            if key not in LATER_THAN_FIO_3_33 | ONLY_WITH_PERCENTILES | {"sync"}
        ]
        for key in ours.keys() & theirs.keys():
            found += differing(ours[key], theirs[key], f"{at}/{key}")
        return found
    if isinstance(theirs, list) and theirs and ours:
        return differing(ours[0], theirs[0], f"{at}[0]")
    return [] if type(ours) is type(theirs) else [f"{at}: {ours!r} against {theirs!r}"]


@pytest.mark.fio
@pytest.mark.parametrize("form", ["json", "json+"])
def test_keys_and_types_are_those_of_fio_itself(tmp_path: Path, form: str) -> None:
    fio = shutil.which("fio")
    assert fio
    done = subprocess.run(
        [fio, "--name=job", "--ioengine=null", "--size=1m", "--rw=randrw", "--fsync=8",
         f"--output-format={form}", "--output=out.json"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    assert not done.stderr
    theirs = json.loads((tmp_path / "out.json").read_text())
    theirs.setdefault("global options", {})  # there only where there are some
    theirs.setdefault("disk_util", [])  # likewise
    assert differing(export(f"fio-{form}"), theirs) == []


@pytest.mark.fio
def test_bins_are_those_of_fio_itself(tmp_path: Path) -> None:
    fio = shutil.which("fio")
    assert fio
    subprocess.run(
        [fio, "--name=job", "--ioengine=null", "--size=16m", "--rw=randread",
         "--output-format=json+", "--output=out.json"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    printed = json.loads((tmp_path / "out.json").read_text())["jobs"][0]["read"]["clat_ns"]["bins"]
    assert printed
    for value in map(int, printed):
        assert bin_value(bin_index(value)) == value


@given(st.integers(0, 60_000_000_000))
def test_a_bin_holds_its_value_to_within_a_64th(value_ns: int) -> None:
    index = bin_index(value_ns)
    assert 0 <= index <= 1855
    if value_ns < 17_000_000_000:
        assert abs(bin_value(index) - value_ns) <= max(1, value_ns / 64)
    assert bin_index(value_ns + 1) >= index


def test_what_takes_longer_than_fio_s_histogram_is_in_its_last_bin() -> None:
    slow = [(1_000, 10), (20_000_000_000, 5), (50_000_000_000, 5)]
    bins = export(ios=20, histogram=slow)["jobs"][0]["read"]["clat_ns"]["bins"]
    assert list(bins.values()) == [10, 10]
    assert sum(bins.values()) == 20


def test_only_json_plus_has_bins() -> None:
    latency = export("fio-json")["jobs"][0]["read"]["clat_ns"]
    assert "bins" not in latency and "99.000000" in latency["percentile"]


def test_no_percentile_is_above_the_maximum_and_depths_add_up() -> None:
    (made,) = export(ios=1000)["jobs"]
    for kind in ("slat_ns", "clat_ns", "lat_ns"):
        latency = made["read"][kind]
        assert max(latency["percentile"].values()) <= latency["max"]
    assert sum(made["iodepth_level"].values()) == 100.0
    shares = [made[f"latency_{unit}"] for unit in ("ns", "us", "ms")]
    assert sum(sum(share.values()) for share in shares) == pytest.approx(100.0)


def test_job_options_always_have_what_plotters_look_for() -> None:
    options = export()["jobs"][0]["job options"]
    assert {"rw": "randread", "bs": "4k", "iodepth": "1"}.items() <= options.items()


def test_a_failed_run_has_its_error_s_number() -> None:
    made = document(job())
    made["jobs"][0]["read"]["errors"] = {"EIO": 3}
    text = formats.write("fio-json", [RunResult.model_validate(made)])
    assert json.loads(text)["jobs"][0]["error"] == 5


GROUPS = (
    "[global]\n{engine}\nsize=256k\nbs=4k\nrw=randrw\ngroup_reporting=1\n"
    "unified_rw_reporting={unified}\n[a]\nnumjobs=2\n[b]\niodepth=4\n[c]\nstonewall\n"
)
DIRECTIONS = {"read", "write", "trim"}
REPORTED = {"none": DIRECTIONS, "mixed": {"mixed"}, "both": DIRECTIONS | {"mixed"}}


def reported_of(entry: dict[str, Any]) -> set[str]:
    return (DIRECTIONS | {"mixed"}) & entry.keys()


@pytest.mark.fio
@pytest.mark.parametrize("unified", REPORTED)
def test_a_group_that_reports_as_one_has_one_entry_as_in_fio(
    tmp_path: Path, program: Program, unified: str
) -> None:
    jobs = tmp_path / "fio.fio"
    jobs.write_text(GROUPS.format(engine="ioengine=null", unified=unified))
    subprocess.run(
        ["fio", jobs, "--output-format=json", "--output=out.json"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    theirs = json.loads((tmp_path / "out.json").read_text())["jobs"]
    program.folder.joinpath("ours.fio").write_text(
        GROUPS.format(engine="engine=null", unified=unified)
    )
    assert program("run", "ours.fio").code == 0
    ours = json.loads(program("export", "--format=fio-json").stdout)["jobs"]
    for entry in [*ours, *theirs]:
        assert reported_of(entry) == REPORTED[unified]
    told = ("jobname", "groupid")
    assert [[entry[key] for key in told] for entry in ours] == [
        [entry[key] for key in told] for entry in theirs
    ]
    for entry, copies in zip(ours, (3, 1), strict=True):
        parts = [entry[name] for name in reported_of(entry) - {"mixed"} or {"mixed"}]
        assert sum(part["total_ios"] for part in parts) == copies * 64
        for part in [*parts, *([entry["mixed"]] if "mixed" in entry else [])]:
            for latency in ("slat_ns", "clat_ns", "lat_ns"):
                assert part[latency]["N"] == part["total_ios"]
