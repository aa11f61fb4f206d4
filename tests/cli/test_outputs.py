"""Output files that a user names: which may be written, and what is refused before the run."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from program import Program

NULL = ("run", "--engine=null", "--number_ios=10")
USAGE = 2


@pytest.fixture
def device(zram: str) -> Iterator[Path]:
    """A block device with data of somebody's."""
    Path(zram).write_bytes(b"precious" * 512)
    yield Path(zram)
    assert Path(zram).read_bytes()[:4096] == b"precious" * 512


@pytest.fixture
def stored(program: Program) -> str:
    assert program(*NULL, "--output=a.json").code == 0
    return "a.json"


@pytest.mark.root
@pytest.mark.parametrize("readonly", [(), ("--readonly",)])
def test_no_result_is_saved_onto_a_block_device(
    program: Program, device: Path, readonly: tuple[str, ...]
) -> None:
    link = program.folder / "link.json"
    link.symlink_to(device)
    for name in (device, link):
        outcome = program(*NULL, f"--output={name}", *readonly)
        assert outcome.code == USAGE
        assert f"{name} is a block device: results are never written onto one" in outcome.stderr
        assert outcome.stdout == ""
    assert link.is_symlink()


@pytest.mark.root
def test_no_export_is_written_onto_a_block_device(
    program: Program, device: Path, stored: str
) -> None:
    for arguments in (
        ("export", stored, "--format=csv", f"--output={device}"),
        ("export", stored, "--format=bencher", f"--output={device}"),
        ("export", stored, "--format=github-summary", f"--output={device}"),
        ("ab", "--vary=iodepth=1,2", "--engine=null", f"--export=csv={device}"),
        ("calibrate", "--engine=null", f"--output={device}"),
    ):
        outcome = program(*arguments)
        assert outcome.code == USAGE, arguments
        assert f"{device} is a block device" in outcome.stderr


# ---- found before the run ----------------------------------------------------------------

LONG_RUN = ("run", "--engine=null", "--runtime=30", "--time_based", "--no-save")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (("--write_bw_log=no/x",), "no: No such file or directory"),
        (("--write_iops_log=" + "x" * 250,), "File name too long"),
        (("--name=" + "n" * 250, "--write_lat_log"), "File name too long"),
        (("--output=" + "o" * 256, "--results="), "--results is empty"),
    ],
)
def test_what_a_run_could_not_write_is_told_before_it(
    program: Program, asked: tuple[str, ...], problem: str
) -> None:
    outcome = program(*LONG_RUN, *asked, timeout_s=25)
    assert outcome.code in (1, USAGE)
    assert problem in outcome.stderr
    assert outcome.stdout == ""
    assert list(program.folder.iterdir()) == []


def test_an_output_s_name_may_be_as_long_as_names_may(program: Program) -> None:
    name = "o" * 250 + ".json"
    assert program(*NULL, f"--output={name}").code == 0
    assert program("show", name).code == 0
    too_long = program(*LONG_RUN[:-1], f"--output={name}x", timeout_s=25)
    assert too_long.code == 1
    assert "File name too long" in too_long.stderr
    assert too_long.stdout == ""


@pytest.mark.root
@pytest.mark.parametrize("flag", ["+a", "+i"])
def test_where_nothing_may_be_replaced_is_found_before_the_run(program: Program, flag: str) -> None:
    folder = program.folder / "kept"
    folder.mkdir()
    (folder / "x.json").touch()
    for protected, output in ((folder, "kept/new.json"), (folder / "x.json", "kept/x.json")):
        subprocess.run(["chattr", flag, protected], check=True)
        try:
            outcome = program(*LONG_RUN[:-1], f"--output={output}", timeout_s=25)
        finally:
            subprocess.run(["chattr", flag.replace("+", "-"), protected], check=True)
        assert outcome.code == 1
        assert "cannot be saved" in outcome.stderr
        assert outcome.stdout == ""
        assert [path.name for path in folder.iterdir()] == ["x.json"]


def test_a_state_that_could_not_be_kept_is_told_before_anything_is_written(
    program: Program,
) -> None:
    (program.folder / "job-0-verify.state").mkdir()
    outcome = program(
        "run", "--rw=write", "--size=1m", "--verify=crc32c", "--verify_state_save=1",
        "--filename=new.bin", "--no-save",
    )  # fmt: skip
    assert outcome.code == USAGE
    assert "job-0-verify.state is a folder" in outcome.stderr
    assert not (program.folder / "new.bin").exists()


# ---- what jobs name ----------------------------------------------------------------------


def job_file(program: Program, *lines: str, name: str = "their.fio") -> str:
    (program.folder / name).write_text("\n".join(["[global]", "ioengine=null", *lines]) + "\n")
    return name


def fake_engine(*lines: str) -> tuple[str, ...]:
    return ("number_ios=10", "size=1m", *lines)


def test_a_job_file_s_logs_are_below_the_current_folder(program: Program, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (program.folder / "link").symlink_to(outside)
    for line in (f"write_bw_log={outside}/x", f"write_lat_log=../{outside.name}/x"):
        refused = program("run", job_file(program, *fake_engine(line), "[a]"), "--no-save")
        assert refused.code == USAGE
        assert "their.fio:5: " in refused.stderr
        assert "may only write below the current folder" in refused.stderr
    named = program("run", job_file(program, *fake_engine(), f"[../{outside.name}/x]",
                                    "write_bw_log"), "--no-save")  # fmt: skip
    assert named.code == USAGE
    linked = program("run", job_file(program, *fake_engine("write_bw_log=link/x"), "[a]"))
    assert linked.code == USAGE
    assert "link is a link" in linked.stderr
    assert list(outside.iterdir()) == []
    theirs = job_file(program, *fake_engine(f"write_bw_log={outside}/x"), "[a]")
    assert program("run", theirs, "--no-save", f"--log-dir={outside}").code == 0
    assert program("run", theirs, "--no-save", f"--write_bw_log={outside}/y").code == 0
    assert {path.name for path in outside.iterdir()} == {"x_bw.1.log", "y_bw.1.log"}


def test_no_log_is_written_through_a_link(program: Program) -> None:
    precious = program.folder / "precious"
    precious.write_text("data")
    (program.folder / "x_bw.1.log").symlink_to(precious)
    (program.folder / "y_bw.1.log").hardlink_to(precious)
    refused = program(*NULL, "--no-save", "--write_bw_log=x")
    assert refused.code == USAGE
    assert "x_bw.1.log is a link" in refused.stderr
    assert program(*NULL, "--no-save", "--write_bw_log=y").code == 0
    assert precious.read_text() == "data"


def test_logs_dumps_and_states_go_to_the_folder_for_them(program: Program) -> None:
    job = ("--rw=write", "--size=1m", "--verify=crc32c", "--verify_state_save=1",
           "--filename=new.bin", "--no-save", "--log-dir=logs")  # fmt: skip
    explained = program("explain", *job, "--write_bw_log")
    assert "logs/job_bw.1.log" in explained.stdout
    assert program("run", *job, "--write_bw_log").code == 0
    assert {path.name for path in program.folder.iterdir()} == {"logs", "new.bin"}
    assert {path.name for path in (program.folder / "logs").iterdir()} == {
        "job_bw.1.log", "job-0-verify.state",
    }  # fmt: skip
    with (program.folder / "new.bin").open("r+b") as file:
        file.seek(8192)
        file.write(b"spoilt")
    bad = program("run", *job[:4], "--verify_state_load=1", *job[4:], "--verify_dump=1")
    assert bad.code == 1
    assert len(list((program.folder / "logs").glob("*.received"))) == 1


def test_states_and_dumps_follow_no_link(program: Program) -> None:
    precious = program.folder / "precious"
    precious.write_text("data")
    (program.folder / "job-0-verify.state").symlink_to(precious)
    outcome = program(
        "run", "--rw=write", "--size=1m", "--verify=crc32c", "--verify_state_save=1",
        "--filename=new.bin", "--no-save",
    )  # fmt: skip
    assert outcome.code == USAGE
    assert "job-0-verify.state is a link" in outcome.stderr
    assert precious.read_text() == "data"


def test_a_log_is_there_while_the_job_runs(program: Program) -> None:
    running = program.start(*LONG_RUN, "--write_iops_log=x", "--log_avg_msec=50", "-q")
    log = program.folder / "x_iops.1.log"
    for _ in range(200):
        if log.exists() and log.read_text().count("\n") > 2:
            break
        time.sleep(0.1)
    lines = log.read_text().splitlines()
    running.kill()
    running.wait()
    assert len(lines) > 2
    assert all(line.count(", ") == 4 for line in lines)


def test_what_an_included_file_says_is_not_shown(program: Program) -> None:
    secret = program.folder / "secret"
    secret.write_text("root:hunter2:19000\npassword=hunter2\niodepth=hunter2\n")
    theirs = job_file(program, *fake_engine(f"include {secret}"), "[hunter]")
    for command in ("run", "explain"):
        outcome = program(command, theirs)
        assert outcome.code == USAGE
        assert "hunter2" not in outcome.stderr + outcome.stdout
        for number in (1, 2, 3):
            assert f"{secret}:{number}: " in outcome.stderr


# ---- nothing is written over what the same run needs ----------------------------------------


@pytest.mark.root
@pytest.mark.parametrize("flag", ["+a", "+i"])
def test_a_log_that_may_not_be_replaced_is_found_before_the_run(
    program: Program, flag: str
) -> None:
    log = program.folder / "x_bw.1.log"
    log.touch()
    subprocess.run(["chattr", flag, log], check=True)
    try:
        outcome = program(*LONG_RUN, "--write_bw_log=x", timeout_s=25)
    finally:
        subprocess.run(["chattr", flag.replace("+", "-"), log], check=True)
    assert outcome.code == 1
    assert f"the log cannot be written: {log.name}: Operation not permitted" in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.root
def test_nor_is_one_that_is_mounted_there(program: Program) -> None:
    (program.folder / "x_bw.1.log").touch()
    mount = 'mount --bind x_bw.1.log x_bw.1.log && exec "$@"'
    outcome = program(
        *LONG_RUN, "--write_bw_log=x", timeout_s=25,
        prefix=("unshare", "--mount", "sh", "-c", mount, "sh"),
    )  # fmt: skip
    assert outcome.code == 1
    assert "x_bw.1.log: Device or resource busy" in outcome.stderr


@pytest.mark.parametrize("name", ["data_bw.1.log", "./data_bw.1.log", "link", "hard"])
def test_results_and_logs_never_replace_what_is_measured(program: Program, name: str) -> None:
    target = program.folder / "data_bw.1.log"
    target.write_bytes(b"precious" * 8192)
    (program.folder / "link").symlink_to(target)
    (program.folder / "hard").hardlink_to(target)
    for asked in (f"--output={name}", "--write_bw_log=data"):
        outcome = program("run", f"--filename={name}", "--rw=randread", "--number_ios=9", asked)
        assert outcome.code == USAGE, asked
        assert "is what job job measures" in outcome.stderr
    assert target.read_bytes() == b"precious" * 8192
    export = ("--vary=iodepth=1,2", "--pairs=1", f"--export=csv={name}")
    outcome = program("ab", "--filename=data_bw.1.log", "--number_ios=9", *export)
    assert outcome.code == USAGE
    assert "is what job job measures" in outcome.stderr


def test_a_target_that_is_still_to_be_made_is_none_to_save_in(program: Program) -> None:
    outcome = program("run", "--filename=new", "--size=1m", "--number_ios=9", "--output=./new")
    assert outcome.code == USAGE
    assert "is what job job measures" in outcome.stderr


def test_nor_the_job_file(program: Program) -> None:
    name = job_file(program, *fake_engine("[j]"))
    outcome = program("run", name, f"--output={name}")
    assert outcome.code == USAGE
    assert f"{name} is the source of the jobs" in outcome.stderr
    assert (program.folder / name).read_text().startswith("[global]")


def test_nothing_is_written_twice_into_one_file(program: Program) -> None:
    twice = (
        (*NULL, "--output=x_bw.1.log", "--write_bw_log=x"),
        ("ab", *NULL[1:], "--vary=iodepth=1,2", "--pairs=1", "--export=csv=x", "--export=json=./x"),
    )
    for asked in twice:
        outcome = program(*asked)
        assert outcome.code == USAGE, asked
        assert "are one file" in outcome.stderr


def test_an_export_does_not_replace_the_result(program: Program, stored: str) -> None:
    before = (program.folder / stored).read_bytes()
    outcome = program("export", stored, "--format=csv", f"--output={stored}")
    assert outcome.code == USAGE
    assert "is what is exported" in outcome.stderr
    assert (program.folder / stored).read_bytes() == before


def test_what_is_no_file_may_be_written_twice(program: Program) -> None:
    """And a summary of a gate is added to what is there."""
    outcome = program(
        "ab", *NULL[1:], "--vary=iodepth=1,2", "--pairs=1", "--export=csv=/dev/null",
        "--export=markdown=/dev/null",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
