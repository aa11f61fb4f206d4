"""Wrong input: one clear sentence on stderr, the right exit code, and no traceback."""

import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from program import Outcome, Program

RUN_FAILED, USAGE = 1, 2
ABSURD = "9" * 400


def complaint(outcome: Outcome, code: int) -> str:
    """The program's one error; it printed nothing else."""
    assert outcome.code == code, outcome.stderr
    assert outcome.stdout == ""
    first, *more = outcome.stderr.splitlines()
    assert first.startswith("laiobench: error: ")
    assert all(line.startswith("  ") for line in more), outcome.stderr
    return outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--iodepth=0"], "--iodepth=0: it must be at least 1"),
        (["--bs=0"], "--bs=0: it must be at least 1"),
        (["--bs=1.3k"], "'1.3k' is not a whole number of bytes"),
        (["--rw=randraed"], "did you mean randread"),
        (["--completion=polling"], "did you mean poll?"),
        (["--iodpeth=3"], "there is no option --iodpeth; did you mean --iodepth?"),
        (["--iodepth"], "--iodepth needs a value"),
        (["--iothread="], "--iothread=: it must not be empty"),
        (["--iothread=a\nb"], "--iothread=a\\nb: it must not contain control characters"),
        (["--iothread=\udcff"], "it must be text in UTF-8"),
        (["--cpus_allowed=0-999999999999"], "there is no CPU of so high a number"),
        (["--cpus_allowed=²"], "is not a list of CPUs"),
        ([f"--runtime={ABSURD}"], "it must be less than 30 years"),
        ([f"--hang-timeout={ABSURD}"], "it must be less than 30 years"),
        (["--hang-timeout=4000d"], "the hang timeout must be from 0 to 315,360,000 s"),
        ([f"--size={ABSURD}"], "it must be below 16 EiB"),
        (["--engine=null", "--size=15e"], "it must be at most"),
        (["--blockalign=5g"], "it must be at most"),
        ([f"--iodepth={ABSURD}"], "it must be below 2^64"),
        (["nosuchprofile"], "there is no profile or file nosuchprofile"),
        (["mine.toml"], "mine.toml cannot be read: No such file"),
        (["--time_based"], "time_based needs a runtime"),
        (["quick", "--section=qd3"], "--section=qd3: there is no such job; did you mean qd32?"),
        (["--ioengine=mmap"], "threads, psync or null\n  engine=psync makes blocking calls"),
        (["--output-format=json"], "--json prints the whole document"),
        (["--exec_prerun=ls"], "a job file never runs a command"),
    ],
)
def test_usage(program: Program, arguments: list[str], said: str) -> None:
    assert said in complaint(program("run", *arguments), USAGE)


def test_unknown_commands_are_answered_with_the_nearest(program: Program) -> None:
    assert "there is no command rnu; did you mean run?" in complaint(program("rnu"), USAGE)


def test_all_errors_of_a_profile_at_once(program: Program, tmp_path: Path) -> None:
    profile = tmp_path / "wrong.toml"
    profile.write_text('[job.a]\nrw = "raed"\niodepth = 0\n')
    outcome = program("run", profile)
    assert outcome.code == USAGE
    assert outcome.stderr.count("laiobench: error:") == 2


@pytest.mark.parametrize("size", [(), ("--size=1m",)])
@pytest.mark.parametrize("command", ["run", "explain"])
def test_several_files_on_a_command_line_are_not_one(
    program: Program, command: str, size: tuple[str, ...]
) -> None:
    outcome = program(command, "--filename=a:b", *size)
    assert outcome.code == RUN_FAILED
    assert "a job has one here" in outcome.stderr
    assert not (program.folder / "a:b").exists()


def test_a_file_that_does_not_exist(program: Program) -> None:
    assert "nowhere.bin does not exist" in complaint(
        program("run", "--filename=nowhere.bin"), RUN_FAILED
    )


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("/dev/nope", (), "files cannot be kept in devtmpfs"),
        ("/proc/nope", (), "files cannot be kept in proc"),
        ("no/such/folder", (), "no/such is not there"),
        ("nowhere.bin", ("--readonly",), ""),
    ],
)
def test_a_size_is_advised_only_where_a_file_would_then_be_made(
    program: Program, name: str, options: tuple[str, ...], why: str
) -> None:
    said = complaint(program("run", f"--filename={name}", *options), RUN_FAILED)
    assert f"{name} does not exist" in said and "check the name" in said and why in said
    assert "give a size" not in said
    advised = complaint(program("run", "--filename=nowhere.bin"), RUN_FAILED)
    assert "give a size" in advised
    assert program("run", "--filename=nowhere.bin", "--size=1m", "--number_ios=1").code == 0


def test_an_empty_name_is_not_the_scratch_file(program: Program) -> None:
    said = complaint(program("run", "--filename=", "--rw=randwrite"), USAGE)
    assert "--filename=: it must not be empty" in said


def test_a_directory(program: Program, tmp_path: Path) -> None:
    assert "is a directory" in complaint(program("run", f"--filename={tmp_path}"), USAGE)


def test_a_fifo_is_refused_and_does_not_block(program: Program, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert "pipe or socket" in complaint(program("run", f"--filename={fifo}", "--direct=0"), USAGE)


def test_an_empty_file(program: Program, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    assert "is empty" in complaint(program("run", f"--filename={empty}"), RUN_FAILED)


@pytest.mark.root
def test_no_permission(program: Program, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(8192))
    secret.chmod(0)
    outcome = program(
        "run", f"--filename={secret}", "--no-save",
        prefix=("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"),
    )  # fmt: skip
    assert "no permission to read" in complaint(outcome, RUN_FAILED)


def test_a_size_beyond_the_target_says_what_fits(program: Program, data_file: Path) -> None:
    said = complaint(program("run", f"--filename={data_file}", "--size=17m"), RUN_FAILED)
    assert "goes beyond" in said
    assert str(16 << 20) in said
    said = complaint(program("run", f"--filename={data_file}", "--offset=1g"), RUN_FAILED)
    assert f"offset must be below {16 << 20} bytes" in said


def test_a_block_size_that_direct_io_cannot_do_says_which_fit(
    program: Program, data_file: Path
) -> None:
    said = complaint(program("run", f"--filename={data_file}", "--bs=4000"), RUN_FAILED)
    assert "must be a multiple of 512 bytes" in said
    assert "bs=3584 or 4096 fits" in said


def test_no_room_for_aio_events_says_the_sysctl(program: Program, data_file: Path) -> None:
    limit = int(Path("/proc/sys/fs/aio-max-nr").read_text())
    outcome = program(
        "run", f"--filename={data_file}", "--iodepth=65536", f"--numjobs={limit // 65536 + 1}",
        "--bs=512", "--norandommap", "--no-save",
    )  # fmt: skip
    said = complaint(outcome, RUN_FAILED)
    needed = 65536 * (limit // 65536 + 1)
    assert re.search(rf"the run's {needed:,} AIO events: others use [\d,]+ of the {limit:,}", said)
    assert "sysctl -w fs.aio-max-nr=" in said


def test_a_cpu_that_is_not_there(program: Program, data_file: Path) -> None:
    said = complaint(
        program("run", f"--filename={data_file}", "--cpus_allowed=900", "--no-save"), USAGE
    )
    assert "names CPUs that are not there: 900" in said
    partly = ("run", f"--filename={data_file}", "--cpus_allowed=0,900", "--no-save")
    assert "not there: 900" in complaint(program(*partly), USAGE)


# ---- writing -------------------------------------------------------------------


def test_writing_needs_the_very_target_s_name(
    program: Program, data_file: Path, tmp_path: Path
) -> None:
    write = ("run", "--rw=write", "--number_ios=1", f"--filename={data_file}")
    before = data_file.read_bytes()
    assert f"add --allow-write={data_file}" in complaint(program(*write), USAGE)
    other = complaint(program(*write, f"--allow-write={data_file.parent}"), USAGE)
    assert "would overwrite" in other
    assert data_file.read_bytes() == before
    link = tmp_path / "link"
    link.symlink_to(data_file)
    through_link = ("run", "--rw=write", "--number_ios=1", f"--filename={link}")
    assert f"which is {data_file}" in complaint(program(*through_link), USAGE)
    assert program(*write, f"--allow-write={data_file}").code == 0
    assert program(*through_link, f"--allow-write={link}").code == 0


def test_only_the_scratch_file_itself_is_our_own(program: Program, data_file: Path) -> None:
    """A job on the scratch file gives no other job leave to write."""
    before = data_file.read_bytes()
    program.folder.joinpath("laiobench-scratch.dat").symlink_to(data_file)
    profile = program.folder / "two.toml"
    profile.write_text(
        "[global]\nrw = 'randwrite'\nnumber_ios = 10\nsize = '1m'\n"
        f"[job.ours]\n[job.theirs]\nfilename = '{data_file}'\n"
    )
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": "."})
    assert "job theirs would overwrite" in complaint_after(inside("run", profile))
    refused = inside("run", "--rw=randwrite", "--size=1m", "--number_ios=10")
    assert refused.code == RUN_FAILED
    assert "is in the scratch file's place, and is none of ours" in refused.stderr
    assert data_file.read_bytes() == before  # the link was neither followed nor replaced
    assert program.folder.joinpath("laiobench-scratch.dat").is_symlink()


def complaint_after(outcome: Outcome) -> str:
    """An error that may follow a remark."""
    assert outcome.code == USAGE
    assert outcome.stdout == ""
    return outcome.stderr


@pytest.mark.parametrize("arguments", [["show", ""], ["compare", "", ""], ["compare", " ", "last"]])
def test_an_empty_reference_names_no_result(program: Program, arguments: list[str]) -> None:
    program("run", "--engine=null", "--number_ios=10", "--quiet")
    said = complaint(program(*arguments), USAGE)
    assert "an empty reference names no result" in said


def test_a_file_is_no_folder_of_results(program: Program, data_file: Path) -> None:
    said = complaint(program("list", f"--results={data_file}"), USAGE)
    assert f"{data_file} is no folder" in said


@pytest.fixture
def loop_device(tmp_path: Path) -> Iterator[str]:
    """A loop device with an ext4 file system on it."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    device = subprocess.run(
        ["losetup", "--find", "--show", image], check=True, capture_output=True, text=True
    ).stdout.strip()
    yield device
    subprocess.run(["losetup", "--detach", device], check=True)


@pytest.mark.root
def test_a_mounted_device_is_never_written_to(
    program: Program, loop_device: str, tmp_path: Path
) -> None:
    place = tmp_path / "mounted"
    place.mkdir()
    subprocess.run(["mount", loop_device, place], check=True)
    try:
        outcome = program(
            "run", "--rw=randwrite", f"--filename={loop_device}", f"--allow-write={loop_device}"
        )
        said = complaint(outcome, USAGE)
        assert f"it is mounted at {place}" in said
        assert program("run", f"--filename={loop_device}", "--number_ios=10").code == 0
    finally:
        subprocess.run(["umount", place], check=True)


# ---- results ---------------------------------------------------------------------


def test_a_results_folder_that_cannot_be_is_told_before_the_run(
    program: Program, data_file: Path
) -> None:
    program.folder.joinpath("taken").write_text("a file")
    outcome = program("run", f"--filename={data_file}", "--results=taken", "--runtime=30")
    assert "cannot be saved in taken" in complaint(outcome, RUN_FAILED)


def test_contradicting_destinations(program: Program, tmp_path: Path) -> None:
    both = ("run", "--engine=null", "--number_ios=1", "--output=x.json", "--no-save")
    assert "--output and --no-save contradict each other" in complaint(program(*both), USAGE)
    folder = ("run", "--engine=null", "--runtime=30", f"--output={tmp_path}")
    assert "is a folder" in complaint(program(*folder), USAGE)


def test_output_goes_into_devices_and_through_links(program: Program) -> None:
    """What is there may be more than a file: it is written to, never replaced."""
    null_run = ("run", "--engine=null", "--number_ios=10")
    pipe = program.folder / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    assert program(*null_run, f"--output={pipe}").code == 0
    text, _ = reader.communicate(timeout=10)
    assert json.loads(text)["status"] == "ok"
    assert stat.S_ISFIFO(pipe.stat().st_mode)

    real, link = program.folder / "real.json", program.folder / "link.json"
    link.symlink_to(real)
    assert program(*null_run, f"--output={link}").code == 0
    assert link.is_symlink()
    assert json.loads(real.read_text())["status"] == "ok"
    assert program(*null_run, "--output=/dev/null").code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_names_that_are_not_utf8_lose_no_result(program: Program, data_file: Path) -> None:
    name = os.fsencode(program.folder) + b"/f\xff"
    Path(os.fsdecode(name)).symlink_to(data_file)
    outcome = program("run", f"--filename={os.fsdecode(name)}", "--number_ios=10", "--json")
    assert outcome.code == 0, outcome.stderr
    assert "f\ufffd" in outcome.document["argv"][2]


def test_an_answer_that_cannot_be_printed_is_told(program: Program) -> None:
    command = " ".join(program.command("run", "--engine=null", "--number_ios=10"))
    done = subprocess.run(
        ["bash", "-c", f"{command} > /dev/full"], cwd=program.folder, env=program.environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == RUN_FAILED
    assert "the answer cannot be printed: No space left on device" in done.stderr
    assert len(list(program.folder.joinpath("results").iterdir())) == 1
    closed = subprocess.run(
        ["bash", "-c", f"{command} >&- 2>&-"], cwd=program.folder, env=program.environment,
        check=False,
    )  # fmt: skip
    assert closed.returncode == 0


def test_a_group_that_cannot_run_loses_nothing_of_those_before(
    program: Program, data_file: Path
) -> None:
    """Where no file is to be made, groups are set up when it is their turn."""
    limit = int(Path("/proc/sys/fs/aio-max-nr").read_text())
    profile = program.folder / "late.toml"
    profile.write_text(
        f"[global]\nfilename = '{data_file}'\nnumber_ios = 10\nsize = '1m'\n[job.a]\n"
        f"[job.b]\nstonewall = true\nbs = 512\niodepth = 65536\nnumjobs = {limit // 65536 + 1}\n"
    )
    outcome = program("run", profile, "--json")
    assert outcome.code == RUN_FAILED
    assert [job["name"] for job in outcome.document["jobs"]] == ["a"]
    assert "the next group of jobs could not be run" in outcome.stderr
    assert len(list(program.folder.joinpath("results").iterdir())) == 1


@pytest.mark.root
def test_a_full_disk_loses_no_result(program: Program, data_file: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", small], check=True)
    try:
        outcome = program(
            "run", f"--filename={data_file}", "--number_ios=3000", "--iodepth=16", "--json",
            f"--results={small}",
        )  # fmt: skip
        assert outcome.code == RUN_FAILED
        assert "No space left on device" in outcome.stderr
        assert outcome.document["jobs"][0]["read"]["ios"] == 3000
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.strace
def test_a_run_without_any_io_is_no_good_run(program: Program, data_file: Path) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randread", "--runtime=1", "--time_based",
        "--no-save",
        prefix=(
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=io_submit",
            "-e", "inject=io_submit:error=EAGAIN:when=1+",
        ),
    )  # fmt: skip
    assert outcome.code == RUN_FAILED
    assert re.search(r"no I/O was completed in 1\.\d+ s, so nothing was measured", outcome.stderr)
    assert "the kernel refused io_submit" in outcome.stderr
