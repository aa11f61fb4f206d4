"""`laiobench fio` takes fio's command line and answers as fio does; compared with real fio."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from program import Outcome, Program

JOB = ("--name=x", "--rw=randrw", "--size=1m", "--number_ios=100", "--norandommap")


def fio(program: Program, *arguments: str | Path, allow: str = "") -> Outcome:
    environment = {**program.environment, "LAIOBENCH_ALLOW_WRITE": allow}
    return Program(program.folder, environment)("fio", *arguments)


def real(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["fio", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


def jobs_of(outcome: Outcome) -> list[dict[str, Any]]:
    assert (outcome.code, outcome.stderr) == (0, "")
    jobs: list[dict[str, Any]] = json.loads(outcome.stdout)["jobs"]
    return jobs


def paths(value: Any, before: str = "") -> set[str]:
    """All keys, by where they are; those of percentiles and options are values rather."""
    if isinstance(value, list):
        return {path for part in value for path in paths(part, f"{before}[]")}
    if not isinstance(value, dict) or before.endswith(("percentile", "bins", "options")):
        return {before}
    return {path for key, part in value.items() for path in paths(part, f"{before}.{key}")}


# ---- beside the real one -----------------------------------------------------------------


@pytest.mark.fio
@pytest.mark.parametrize("form", ["json", "json+"])
def test_every_key_of_fio_s_json_is_there(program: Program, data_file: Path, form: str) -> None:
    words = (*JOB, f"--filename={data_file}", f"--output-format={form}", "--fdatasync=10")
    ours = fio(program, *words, allow=str(data_file))
    theirs = json.loads(real(program.folder, *words).stdout)
    assert ours.code == 0, ours.stderr
    missing = paths(theirs) - paths(json.loads(ours.stdout))
    assert {path for path in missing if "disk_util" not in path} == set()


@pytest.mark.fio
@pytest.mark.parametrize("version", [3, 4, 5])
def test_terse_lines_have_fio_s_fields(program: Program, data_file: Path, version: int) -> None:
    words = (*JOB, f"--filename={data_file}", "--output-format=terse", f"--terse-version={version}")
    ours = fio(program, *words, allow=str(data_file))
    assert ours.code == 0, ours.stderr
    rows = [text.strip().split(";") for text in (ours.stdout, real(program.folder, *words).stdout)]
    beside_disks = [row[: {3: 121, 4: 162, 5: 180}[version]] for row in rows]
    mine, theirs = beside_disks
    assert len(mine) == len(theirs)
    assert mine[0] == theirs[0] == str(version)
    assert mine[2:5] == theirs[2:5] == ["x", "0", "0"]
    shapes = [[re.sub(r"[\d.]+", "#", text) for text in row[5:]] for row in beside_disks]
    names = [[text.partition("=")[0] for text in row if "=" in text] for row in beside_disks]
    assert names[0] == names[1]
    assert [shape.rstrip("#") for shape in shapes[0]] == [shape.rstrip("#") for shape in shapes[1]]


@pytest.mark.fio
def test_a_group_is_one_entry_as_of_fio(program: Program, data_file: Path) -> None:
    words = ("--name=x", "--rw=randread", f"--filename={data_file}", "--size=1m", "--numjobs=4",
             "--number_ios=50", "--group_reporting", "--output-format=json")  # fmt: skip
    (ours,) = jobs_of(fio(program, *words))
    (theirs,) = json.loads(real(program.folder, *words).stdout)["jobs"]
    assert ours["read"]["total_ios"] == theirs["read"]["total_ios"] == 200
    assert ours["iodepth_level"] == theirs["iodepth_level"]


@pytest.mark.fio
def test_jobs_of_one_name_are_called_as_by_fio(program: Program, data_file: Path) -> None:
    jobs = f"[global]\nfilename={data_file}\nsize=64k\n[a]\nrw=read\n[a]\nstonewall\nrw=randread\n"
    (program.folder / "jobs.fio").write_text(jobs)
    ours = json.loads(fio(program, "jobs.fio", "--output-format=json").stdout)
    theirs = json.loads(real(program.folder, "jobs.fio", "--output-format=json").stdout)
    names = [[(job["jobname"], job["groupid"]) for job in each["jobs"]] for each in (ours, theirs)]
    assert names[0] == names[1] == [("a", 0), ("a", 1)]


@pytest.mark.fio
@pytest.mark.parametrize(
    "words",
    [("--version",), ("--parse-only", "--name=x", "--rw=read", "--size=1m"), ("--nosuch=1",),
     ("--name=x", "--bs=abc"), (), ("--enghelp=nosuch",), ("nosuch.fio",),
     ("--name=x", "--output-format=yaml"), ("--enghelp",), ("--cmdhelp=bs",)],
)  # fmt: skip
def test_exit_codes_are_fio_s(program: Program, words: tuple[str, ...]) -> None:
    assert fio(program, *words).code == real(program.folder, *words).returncode


@pytest.mark.fio
def test_lines_that_scripts_look_for_are_there(program: Program, data_file: Path) -> None:
    words = ("--name=x", "--rw=randread", f"--filename={data_file}", "--size=1m")
    for text in (fio(program, *words).stdout, real(program.folder, *words).stdout):
        assert re.search(r"^x: \(g=0\): rw=randread, bs=.*, ioengine=psync, iodepth=1$", text, re.M)
        assert re.search(r"^x: \(groupid=0, jobs=1\): err= 0:", text, re.M)
        assert re.search(r"^  read: IOPS=[\d.]+k?, BW=[\d.]+[KMG]iB/s \([\d.]+[kMG]B/s\)\(", text,
                         re.M)  # fmt: skip
        assert re.search(r"^ +clat \((n|u)sec\): min=\d+, max=", text, re.M)
        assert re.search(r"^   READ: bw=[\d.]+[KMG]iB/s \(", text, re.M)
        assert re.search(r"^     issued rwts: total=256,0,0,0 short=0,0,0,0 dropped=0,0,0,0$", text,
                         re.M)  # fmt: skip


# ---- by itself ---------------------------------------------------------------------------


def test_several_formats_come_in_fio_s_order(program: Program, data_file: Path) -> None:
    outcome = fio(
        program, "--name=x", f"--filename={data_file}", "--size=64k",
        "--output-format=json,terse,normal",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    at = [outcome.stdout.index(text) for text in ("x: (g=0)", "\n3;fio-", "\n{\n")]
    assert at == sorted(at)


def test_the_answer_goes_to_a_file(program: Program, data_file: Path) -> None:
    outcome = fio(
        program, "--output", "out.json", "--output-format", "json", "--name=x",
        f"--filename={data_file}", "--size", "64k",
    )  # fmt: skip
    assert (outcome.code, outcome.stdout) == (0, "")
    document = json.loads((program.folder / "out.json").read_text())
    assert document["jobs"][0]["read"]["total_ios"] == 16
    assert not (program.folder / "results").exists()


def test_a_file_that_cannot_be_written_is_told_before_the_run(program: Program) -> None:
    outcome = fio(program, "--output=no/such/out", "--name=x", "--runtime=600", "--time_based")
    assert outcome.code == 1
    assert "--output=no/such/out cannot be written: No such file" in outcome.stderr


def test_what_is_noted_is_in_the_answer_and_not_on_stderr(
    program: Program, data_file: Path
) -> None:
    """bench-fio takes any word on stderr for a failure."""
    words = ("--name=x", f"--filename={data_file}", "--size=64k", "--iodepth=8")
    both = fio(program, *words, "--output-format=normal,json")
    assert (both.code, both.stderr) == (0, "")
    text, _, document = both.stdout.partition("\n{\n")
    noted = "--iodepth=8: no effect with engine=psync"
    assert f"\nnote: {noted}" in text
    assert noted in str(json.loads("{" + document)["laiobench"]["remarks"])


def test_a_job_file_of_any_name_is_fio_s(program: Program, data_file: Path) -> None:
    (program.folder / "quick").write_text(f"[a]\nfilename={data_file}\nsize=64k\n[b]\nsize=64k\n")
    assert [
        job["jobname"] for job in jobs_of(fio(program, "quick", "--section=a", "--minimal",
                                              "--output-format=json"))
    ] == ["a"]  # fmt: skip


def test_a_job_without_an_engine_blocks_as_with_fio(program: Program, data_file: Path) -> None:
    words = (f"--filename={data_file}", "--size=64k", "--output-format=json", "--iodepth=16")
    (job,) = jobs_of(fio(program, "--name=x", *words))
    assert job["job options"]["ioengine"] == "psync"
    (job,) = jobs_of(fio(program, "--name=x", "--ioengine=libaio", *words))
    assert job["job options"]["iodepth"] == "16"


def test_what_disks_did_is_told(program: Program, data_file: Path) -> None:
    outcome = fio(
        program, "--name=x", f"--filename={data_file}", "--size=1m", "--direct=1",
        "--output-format=json",
    )  # fmt: skip
    disks = json.loads(outcome.stdout)["disk_util"]
    if not disks:  # a file system on no disk of the kernel's, as in a container
        assert not any(Path("/sys/block").glob("*/stat"))
        return
    (disk,) = disks
    assert disk["read_ios"] + disk["read_merges"] >= 256
    assert 0 < disk["util"] <= 100


def test_writes_need_a_permission_that_scripts_can_give(program: Program, data_file: Path) -> None:
    words = ("--name=x", "--rw=write", f"--filename={data_file}", "--size=64k", "--minimal")
    refused = fio(program, *words)
    assert refused.code == 1 and refused.stdout == ""
    assert str(data_file) in refused.stderr
    assert fio(program, *words, allow=f"/dev/null:{data_file}").code == 0
    assert fio(program, *words, "--readonly", allow=str(data_file)).code == 1


def test_a_size_beyond_the_target_is_a_failure(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "short"
    file.write_bytes(bytes(1 << 20))
    outcome = fio(
        program, "--name=x", f"--filename={file}", "--rw=read", "--size=2m", "--output-format=json"
    )
    assert outcome.code == 1
    assert "goes beyond" in outcome.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--name=x", "--allow_mounted_write=1"), "a mounted device is never written to"),
        (("--client=host", "--name=x"), "run laiobench on each machine"),
        (("--name=x", "--output-format=yaml"), "there is no format yaml"),
        (("--name=x", "--terse-version=2"), "there are 3, 4 and 5"),
        (("--name=x", "--status-interval=200ms"), "--status-interval must be at least 1 s"),
        (("--name=x", "--eta=often"), "it must be always, never, auto"),
        (("--name=x", "--iodpeth=3"), "did you mean"),
        (("--name=x", "--output"), "--output needs a value"),
        (("--name=x", "--section=x"), "it chooses among a file's jobs: give the file"),
        ((), "no job is defined"),
        (("--cmdhelp=iodpeth",), "did you mean iodepth"),
    ],
)
def test_what_is_wrong_is_told(program: Program, words: tuple[str, ...], told: str) -> None:
    outcome = fio(program, *words)
    assert outcome.code == 1
    assert told in outcome.stderr


def test_help_is_there(program: Program) -> None:
    assert fio(program, "--version").stdout.startswith("fio-3.")
    assert "Available IO engines:" in fio(program, "--enghelp").stdout
    assert "\tpvsync2\n" in fio(program, "--enghelp").stdout
    assert "hipri" in fio(program, "--enghelp=psync").stdout
    assert "iodepth" in fio(program, "--cmdhelp").stdout
    assert "alias: blocksize" in fio(program, "--cmdhelp=bs").stdout
    assert "LAIOBENCH_ALLOW_WRITE" in fio(program, "--help").stdout
    assert program("help", "fio").stdout == fio(program, "--help").stdout


def test_a_signal_ends_it_as_fio(program: Program, data_file: Path) -> None:
    process = subprocess.Popen(
        program.command("fio", "--name=x", f"--filename={data_file}", "--runtime=60",
                        "--time_based", "--output-format=json", "--status-interval=1"),
        cwd=program.folder, env=program.environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    while not json.loads(process.stderr.readline())["jobs"][0]["ios"]:
        pass
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 128
    assert json.loads(stdout)["jobs"][0]["read"]["total_ios"] > 0


def test_a_link_called_fio_and_a_module_are_in_its_stead(program: Program, tmp_path: Path) -> None:
    script = tmp_path / "laiobench"
    script.write_text(f"#!{sys.executable}\nfrom laiobench.__main__ import start\nstart()\n")
    script.chmod(0o755)
    (tmp_path / "fio").symlink_to(script)
    for words in ([tmp_path / "fio"], [sys.executable, "-m", "laiobench.fio"]):
        done = subprocess.run(
            [*map(str, words), "--version"], env={**os.environ, **program.environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.startswith("fio-3."), done.stderr


# ---- what harnesses call, and what they read ---------------------------------------------


def test_kernel_test_suites_read_terse_fields_by_their_number(
    program: Program, data_file: Path
) -> None:
    """As blktests calls fio: version 4, a row for each group, IOPS and errors by field."""
    outcome = fio(
        program, "--output-format=terse", "--terse-version=4", "--group_reporting=1", "--bs=4k",
        "--rw=randread", "--norandommap", "--name=reads", f"--filename={data_file}", "--size=1m",
        "--direct=1", "--numjobs=2", "--number_ios=50", "--ioengine=libaio",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (row,) = [line.split(";") for line in outcome.stdout.splitlines()]
    assert row[0] == "4" and row[2] == "reads" and row[4] == "0"
    assert int(row[7]) > 0  # read IOPS
    assert int(row[5]) == 400  # KiB


def test_kubernetes_wrappers_read_typed_json(program: Program, data_file: Path) -> None:
    """As kubestr calls fio: a job file of several jobs; it reads numbers of fixed types."""
    (program.folder / "job").write_text(
        "[global]\nrandrepeat=0\nverify=0\nioengine=libaio\ndirect=1\ngtod_reduce=1\n"
        f"filename={data_file}\n"
        "[job1]\nname=read_iops\nbs=4K\niodepth=64\nsize=1M\nreadwrite=randread\n"
        "number_ios=100\n[job2]\nname=read_bw\nbs=128K\niodepth=64\nsize=1M\nreadwrite=randread\n"
    )
    jobs = jobs_of(fio(program, "job", "--output-format=json"))
    assert [job["jobname"] for job in jobs] == ["read_iops", "read_bw"]
    for job in jobs:
        read = job["read"]
        for key in ("io_bytes", "bw_bytes", "bw", "runtime", "total_ios", "bw_min", "bw_max",
                    "iops_min", "iops_max", "bw_samples", "iops_samples"):  # fmt: skip
            assert type(read[key]) is int, key
        for key in ("iops", "bw_mean", "iops_mean", "iops_stddev"):
            assert type(read[key]) is float, key


def test_results_of_regression_bots_are_read_by_direction(
    program: Program, data_file: Path
) -> None:
    """As LKP and kdevops call fio: json+ to a file, percentiles by fio's names."""
    outcome = fio(
        program, "--output-format=json+", "--output=out", "--name=task_0", "--rw=randread",
        "--bs=4k", "--ioengine=sync", f"--filename={data_file}", "--size=1m",
        "--group_reporting", "--status-interval=30", "--eta=never",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = json.loads((program.folder / "out").read_text())["jobs"]
    clat = job["read"]["clat_ns"]
    assert {f"{at:f}" for at in (1, 5, 50, 90, 95, 99, 99.5, 99.9, 99.99)} <= set(
        clat["percentile"]
    )
    assert sum(clat["bins"].values()) == clat["N"] == 256


@pytest.mark.root
def test_no_answer_is_written_onto_a_block_device(program: Program, zram: str) -> None:
    refused = fio(program, "--name=x", "--ioengine=null", "--number_ios=1", f"--output={zram}")
    assert refused.code == 1
    assert "block device" in refused.stderr
    assert Path(zram).read_bytes().strip(b"\0") == b""


def test_no_answer_replaces_what_is_measured_or_read(program: Program) -> None:
    target = program.folder / "target.bin"
    target.write_bytes(b"a" * 65536)
    jobs = program.folder / "jobs.fio"
    jobs.write_text(f"[a]\nfilename={target}\nrw=read\ndirect=0\n")
    for output in (target, jobs):
        before = output.read_bytes()
        refused = fio(program, jobs, f"--output={output}")
        assert refused.code == 1
        assert "would be replaced" in refused.stderr
        assert output.read_bytes() == before
