"""Options for what is recorded: percentiles, logs as fio writes them, lines of status."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from program import Program

NULL = ("run", "--engine=null", "--size=1g", "--null_latency_us=100", "--no-save")
LOGS = ("--log_avg_msec=200", "--write_bw_log=x", "--write_iops_log=x", "--write_lat_log=x")


def lines(path: Path) -> list[list[int]]:
    return [[int(field) for field in line.split(", ")] for line in path.read_text().splitlines()]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.log")}


def test_percentiles_near_to_all_are_each_there_by_what_was_written(program: Program) -> None:
    asked = ["99.9999", "99.99999", "99.999999", "99.99999999"]
    arguments = [*NULL, "--rw=randread", "--number_ios=20", f"--percentile_list={':'.join(asked)}"]
    run = program(*arguments, "--json")
    (program.folder / "run.json").write_text(run.stdout)
    percentiles = run.document["jobs"][0]["read"]["lat_ns"]["percentiles"]
    assert set(asked) < percentiles.keys() and "100" not in percentiles
    (job,) = program("export", "run.json", "--format=fio-json").document["jobs"]
    names = [name for name in job["read"]["lat_ns"]["percentile"] if name.startswith("99.99")]
    assert names == ["99.990000", "99.999900", "99.999990", "99.999999", "99.99999999"]
    assert job["job options"]["percentile_list"] == ":".join(asked)


def test_the_percentiles_asked_for_are_there_besides(program: Program) -> None:
    outcome = program(
        *NULL, "--rw=randread", "--number_ios=2000", "--percentile_list=99.123", "--json",
        "--slat_percentiles=0",
    )  # fmt: skip
    read = outcome.document["jobs"][0]["read"]
    assert {"50", "99", "99.9", "99.123"} <= read["lat_ns"]["percentiles"].keys()
    assert list(map(float, read["clat_ns"]["percentiles"])) == sorted(
        map(float, read["lat_ns"]["percentiles"])
    )
    assert read["slat_ns"]["percentiles"] == {}
    assert read["slat_ns"]["histogram"]
    assert max(read["lat_ns"]["percentiles"].values()) <= read["lat_ns"]["max"]


def test_logs_add_up_to_what_was_measured(program: Program) -> None:
    outcome = program(
        *NULL, "--rw=randrw", "--runtime=1.1", "--time_based", "--numjobs=2", "--iodepth=4",
        "--json", *LOGS,
    )  # fmt: skip
    jobs = outcome.document["jobs"]
    expected = {
        f"x_{kind}.{n}.log" for kind in ("bw", "iops", "lat", "slat", "clat") for n in (1, 2)
    }
    assert names(program.folder) == expected
    for number, job in enumerate(jobs, start=1):
        for code, direction in enumerate(("read", "write")):
            windows = [w for w in job["windows"] if w["direction"] == direction]
            assert sum(window["ios"] for window in windows) == pytest.approx(
                job[direction]["ios"],
                rel=0.1,  # what was before the first look is in none
            )
            rates = [
                row for row in lines(program.folder / f"x_iops.{number}.log") if row[2] == code
            ]
            shown = [
                (round(w["t_ns"] / 1e6), round(w["ios"] * 1e9 / w["length_ns"])) for w in windows
            ]
            assert [(row[0], row[1]) for row in rates] == shown
            for window in windows:
                assert window["slat_ns"] + window["clat_ns"] == pytest.approx(
                    window["lat_ns"], rel=0.05
                )


def test_times_in_a_log_may_be_those_of_the_clock_on_the_wall(program: Program) -> None:
    before_ms = time.time() * 1000
    program(*NULL, "--runtime=0.5", "--time_based", *LOGS, "--log_unix_epoch=1")
    after_ms = time.time() * 1000
    rows = lines(program.folder / "x_bw.1.log")
    assert rows and all(before_ms <= row[0] <= after_ms for row in rows)


def test_a_log_has_a_column_for_offsets_if_asked(program: Program) -> None:
    program(*NULL, "--runtime=0.5", "--time_based", *LOGS, "--log_offset=1")
    rows = lines(program.folder / "x_bw.1.log")
    assert rows and all(row[2:] == [0, 0, 0, 0] for row in rows)


def test_a_log_of_each_i_o_is_refused_and_says_what_to_write(program: Program) -> None:
    outcome = program(*NULL, "--number_ios=1", "--write_lat_log=x", "--log_avg_msec=0")
    assert outcome.code == 2
    assert "write_lat_log needs log_avg_msec above 0, such as log_avg_msec=500" in outcome.stderr


def test_a_log_has_windows_where_fio_would_have_each_i_o_and_that_is_noted(
    program: Program,
) -> None:
    outcome = program(*NULL, "--runtime=1.2", "--time_based", "--write_bw_log=x", "--json")
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["options"]["log_avg_msec"] == 500
    assert 0 < len(lines(program.folder / "x_bw.1.log")) <= 3 < job["read"]["ios"]
    noted = "note: --write_bw_log=x: a line for each 500 ms, not for each I/O; see log_avg_msec"
    assert noted in outcome.stderr


def test_a_log_that_cannot_be_written_any_more_fails_the_run_and_loses_nothing(
    program: Program,
) -> None:
    running = program.start(*NULL, "--runtime=3", "--time_based", "--write_bw_log=x", "--json",
                            "--log_avg_msec=100")  # fmt: skip
    log = program.folder / "x_bw.1.log"
    while not log.exists():
        time.sleep(0.05)
    log.unlink()
    stdout, stderr = running.communicate()
    assert running.returncode == 1
    assert "the log x_bw.1.log cannot be written: No such file or directory" in stderr
    assert len(json.loads(stdout)["jobs"][0]["windows"]) > 20


@pytest.mark.fio
def test_logs_have_fio_s_names_and_columns(program: Program, data_file: Path) -> None:
    """From one job file, with logs named and not, of several jobs and copies."""
    theirs, ours = program.folder / "fio", program.folder / "ours"
    source = (
        f"[global]\nfilename={data_file}\nioengine=libaio\ndirect=1\nrw=randread\nruntime=1\n"
        "time_based\nlog_avg_msec=200\n[a]\nnumjobs=2\nwrite_lat_log=x\nwrite_iops_log=x\n"
        "[b]\nwrite_bw_log\n"
    )
    for folder in (theirs, ours):
        folder.mkdir()
        (folder / "logs.fio").write_text(source)
    subprocess.run(["fio", "logs.fio"], cwd=theirs, check=True, capture_output=True)
    outcome = Program(ours, program.environment)("run", "logs.fio", "--no-save")
    assert outcome.code == 0, outcome.stderr
    assert names(ours) == names(theirs)
    for name in names(ours):
        mine, fio_s = lines(ours / name), lines(theirs / name)
        assert {len(row) for row in mine} == {len(row) for row in fio_s}
        assert {tuple(row[2:]) for row in mine} == {tuple(row[2:]) for row in fio_s}
        assert max(row[0] for row in mine) == pytest.approx(max(row[0] for row in fio_s), abs=400)


def test_status_lines_are_json_and_stdout_stays_one_document(program: Program) -> None:
    outcome = program(*NULL, "--runtime=2.2", "--time_based", "--json", "--status-interval=1")
    assert outcome.document["status"] == "ok"
    told = [json.loads(line) for line in outcome.stderr.splitlines() if line.startswith("{")]
    assert [line["kind"] for line in told][:2] == ["status", "status"]
    assert all(line["jobs"][0]["ios"] > 0 for line in told)
    assert (
        sum(line["jobs"][0]["ios"] for line in told) <= outcome.document["jobs"][0]["read"]["ios"]
    )
    assert program(*NULL, "--number_ios=1", "--status_interval=100ms").code == 2
