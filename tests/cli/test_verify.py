"""Verification: kinds of faults, what is saved of bad blocks, and verifying after a crash."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from program import Outcome, Program

BLOCK = 4096
BLOCKS = 64
SIZE = BLOCK * BLOCKS
AT = 5 * BLOCK
MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.bin"
    path.write_bytes(b"\xee" * SIZE)
    return path


def run(program: Program, target: Path, *options: str) -> Outcome:
    return program(
        "run", "--json", "--no-save", "--name=job", f"--filename={target}",
        f"--allow-write={target}", "--iodepth=8", "--verify=crc32c", *options,
    )  # fmt: skip


def write(program: Program, target: Path, *options: str) -> dict[str, Any]:
    """Write each block, and verify it."""
    done = run(program, target, "--rw=randwrite", *options)
    assert done.code == 0, done.stderr
    verify: dict[str, Any] = done.document["jobs"][0]["verify"]
    return verify


def failures_after(
    program: Program, target: Path, change: bytes, *options: str, at: int = AT
) -> list[dict[str, Any]]:
    """What is found when the same job verifies again, after something was changed."""
    with target.open("r+b") as file:
        file.seek(at)
        file.write(change)
    done = run(program, target, "--rw=randwrite", "--verify_only", *options)
    assert done.code == 1, done.stderr
    verify = done.document["jobs"][0]["verify"]
    assert verify["blocks"] == BLOCKS
    assert verify["failed_blocks"] == len(verify["failures"])
    assert f"{verify['failed_blocks']} of 64 blocks are not as they were written" in done.stderr
    found: list[dict[str, Any]] = verify["failures"]
    return found


def block_of(target: Path, at: int) -> bytes:
    return target.read_bytes()[at : at + BLOCK]


# ---- faults -----------------------------------------------------------------------------


def test_a_corrupt_byte_is_found_and_both_blocks_are_saved(program: Program, target: Path) -> None:
    write(program, target)
    good = block_of(target, AT)
    (bad,) = failures_after(program, target, bytes([good[777] ^ 4]), at=AT + 777)
    assert (bad["fault"], bad["offset"], bad["bytes"]) == ("corrupt", AT, BLOCK)
    assert (bad["first_bad_byte"], bad["bad_bytes"]) == (777, 1)
    assert (program.folder / bad["received"]).read_bytes() == block_of(target, AT)


def test_a_block_of_another_place_is_misplaced(program: Program, target: Path) -> None:
    write(program, target)
    (bad,) = failures_after(program, target, block_of(target, 9 * BLOCK))
    assert (bad["fault"], bad["offset"], bad["found_offset"]) == ("misplaced", AT, 9 * BLOCK)


def test_an_earlier_write_is_stale(program: Program, target: Path) -> None:
    """Two passes; the first one's block is put back, as a lost write would leave it."""
    write(program, target, "--verify_state_save")
    older = block_of(target, AT)
    done = run(program, target, "--rw=randwrite", "--verify_state_load")
    assert done.code == 0, done.stderr
    state = program.folder / "job-0-verify.state"
    whole = bytearray(state.read_bytes())
    whole[4096 + 5 * 4] = 2  # the state says that it was written twice
    state.write_bytes(whole)
    (bad,) = failures_after(program, target, older, "--verify_state_load")
    assert bad["fault"] == "stale"
    assert (bad["found_generation"], bad["expected_generation"]) == (1, 2)


def test_half_of_a_write_is_torn(program: Program, target: Path) -> None:
    write(program, target, "--loops=2")
    (bad,) = failures_after(program, target, bytes(BLOCK // 2), "--loops=2", at=AT + BLOCK // 2)
    assert bad["fault"] == "torn"


def test_zeros_are_told(program: Program, target: Path) -> None:
    write(program, target)
    (bad,) = failures_after(program, target, bytes(BLOCK))
    assert bad["fault"] == "zeroed"


def test_another_job_s_block_is_foreign(program: Program, target: Path) -> None:
    write(program, target)
    other = block_of(target, AT)
    write(program, target, "--randseed=9")
    (bad,) = failures_after(program, target, other, "--randseed=9")
    assert bad["fault"] == "foreign"


def test_garbage_is_corrupt(program: Program, target: Path) -> None:
    write(program, target)
    (bad,) = failures_after(program, target, b"garbage!" * (BLOCK // 8))
    assert bad["fault"] == "corrupt"
    assert bad["found_generation"] is None


def test_a_target_that_was_cut_off_is_unreadable_there(program: Program, target: Path) -> None:
    write(program, target, "--do_verify=0", "--verify_state_save")
    with target.open("r+b") as file:
        file.truncate(SIZE - BLOCK)
    done = run(program, target, f"--size={SIZE - BLOCK}", "--rw=write", "--verify_state_load")
    assert done.code == 2
    assert "blocks is 64, and this one's is 63" in done.stderr


def test_every_bad_block_is_counted_and_the_first_are_told(program: Program, target: Path) -> None:
    write(program, target)
    with target.open("r+b") as file:
        file.write(b"\xee" * SIZE)
    done = run(program, target, "--rw=randwrite", "--verify_only")
    assert done.document["jobs"][0]["verify"]["failed_blocks"] == BLOCKS
    assert done.stderr.count("is corrupt") == 3
    assert len(list(program.folder.glob("job.0.*.received"))) == 8


def test_fatal_ends_with_the_first(program: Program, target: Path) -> None:
    write(program, target)
    target.write_bytes(bytes(SIZE))
    done = run(
        program, target, "--rw=write", "--verify_only", "--verify_fatal", "--iodepth=1",
        "--verify_dump=0",
    )  # fmt: skip
    assert done.code == 1
    assert done.document["jobs"][0]["verify"]["failed_blocks"] == 1
    assert not list(program.folder.glob("*.received"))


# ---- ways to verify -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "sizes",
    ["--bs=8k", "--bssplit=2k/30:4k/40:16k/30", "--bsrange=1k-16k"],
)
def test_direct_and_overlapping_writes_raise_no_alarm(
    program: Program, target: Path, sizes: str
) -> None:
    """In every mode and engine, one after another, each in a part of its own."""
    ways = [(mode, engine) for mode in MODES for engine in ("libaio", "threads")]
    options = []
    for number, (mode, engine) in enumerate(ways):
        options += [
            f"--name={engine}-{mode}", f"--filename={target}", "--size=64k", "--stonewall",
            f"--offset={number * 64}k", "--rw=randrw", "--rwmixread=20", "--norandommap",
            "--blockalign=512", sizes, "--number_ios=200", "--io_size=64m", "--iodepth=32",
            "--verify=crc32c", "--verify_backlog=20", f"--completion={mode}", f"--engine={engine}",
        ]  # fmt: skip
    target.write_bytes(bytes(64 << 10) * len(ways))
    done = program("run", "--json", "--no-save", f"--allow-write={target}", *options)
    assert done.code == 0, done.stderr
    jobs = done.document["jobs"]
    assert len(jobs) == len(ways)
    for job in jobs:
        assert job["read"]["ios"] + job["write"]["ios"] == 200
        assert job["verify"]["complete"]
        assert job["verify"]["blocks"] > 128, "more than there are: the backlog was read too"
        assert all(rule["holds"] for rule in job["proof"])


def test_a_job_that_reads_checks_what_it_reads(program: Program, target: Path) -> None:
    write(program, target, "--do_verify=0")
    done = run(program, target, "--rw=randread")
    assert done.code == 0, done.stderr
    assert done.document["jobs"][0]["verify"]["blocks"] == BLOCKS
    with target.open("r+b") as file:
        file.seek(AT + 100)
        file.write(b"!")
    assert run(program, target, "--rw=randread").code == 1


def test_its_reads_are_in_no_number_of_the_writes(program: Program, target: Path) -> None:
    (job,) = run(program, target, "--rw=write").document["jobs"]
    assert job["read"] is None
    assert job["write"]["ios"] == BLOCKS
    assert sum(point["ios"] for point in job["series"]) == BLOCKS
    assert job["accounts"]["submitted"] == BLOCKS + job["verify"]["bytes"] // BLOCK
    assert job["verify"]["runtime_ns"] > 0


def test_the_table_says_what_was_verified(program: Program, target: Path) -> None:
    done = program(
        "run", "--no-save", f"--filename={target}", f"--allow-write={target}", "--rw=write",
        "--verify=meta",
    )  # fmt: skip
    assert "  verified 64 blocks (256 KiB): 0 bad" in done.stdout


def test_a_job_file_of_fio_s_kind(program: Program, target: Path) -> None:
    job_file = program.folder / "basic-verify.fio"
    job_file.write_text(
        "# The most basic form of data verification\n"
        "[write-and-verify]\n"
        "rw=randwrite\nbs=4k\ndirect=1\nioengine=libaio\niodepth=16\nverify=crc32c\n"
        "verify_async=2\nexperimental_verify=1\n"
        f"filename={target}\n"
    )
    done = program("run", "--json", "--no-save", job_file, f"--allow-write={target}")
    assert done.code == 0, done.stderr
    assert done.document["jobs"][0]["verify"]["blocks"] == BLOCKS


# ---- after a crash --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["poll", "eventfd"])
def test_what_was_written_before_a_crash_is_verified_after_it(
    program: Program, target: Path, mode: str
) -> None:
    options = [
        "--name=job", f"--filename={target}", f"--allow-write={target}", "--rw=randwrite",
        "--iodepth=8", "--verify=crc32c", f"--completion={mode}", "--no-save", "--json",
    ]  # fmt: skip
    state = program.folder / "job-0-verify.state"
    process = program.start("run", *options, "--verify_state_save", "--time_based", "--runtime=60")
    deadline = time.monotonic() + 30
    while not (state.exists() and all(state.read_bytes()[4096 : 4096 + 4 * BLOCKS : 4])):
        assert time.monotonic() < deadline, "it does not write"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    done = program("run", *options, "--verify_state_load")
    assert done.code == 0, done.stderr
    verify = done.document["jobs"][0]["verify"]
    assert (verify["blocks"], verify["failed_blocks"]) == (BLOCKS, 0)

    old = block_of(target, AT)
    with target.open("r+b") as file:
        file.seek(AT)
        file.write(old[:2000] + bytes([old[2000] ^ 1]) + old[2001:])
    assert program("run", *options, "--verify_state_load").code == 1


def test_a_state_of_another_job_is_refused(program: Program, target: Path) -> None:
    write(program, target, "--verify_state_save")
    done = run(program, target, "--rw=write", "--verify_state_load", "--verify_interval=512")
    assert done.code == 2
    assert "job-0-verify.state is of another job: its block_bytes is 4096" in done.stderr


def test_a_damaged_state_is_told(program: Program, target: Path) -> None:
    (program.folder / "job-0-verify.state").write_bytes(b"\0" * 5000)
    done = run(program, target, "--rw=write", "--verify_state_load")
    assert done.code == 1
    assert "is no state of a verification, or is damaged" in done.stderr


# ---- what can't be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--verify=crc64"], "there is no crc64 here; use crc32c"),
        (["--verify=pattern_hdr"], "there is no pattern_hdr here; use crc32c"),
        (["--verify=md6"], "it must be none, crc32c"),
        (["--verify=pattern"], "verify=pattern needs a verify_pattern"),
        (
            ["--verify=pattern", "--verify_pattern=7", "--buffer_compress_percentage=50"],
            "verify=pattern writes the pattern alone",
        ),
        (["--verify_interval=1k", "--bs=2560"], "verify_interval=1024 does not divide its I/Os"),
        (["--engine=null"], "engine=null keeps no data"),
        (["--numjobs=2"], "job writes to the same part of"),
        (["--verify_only", "--time_based", "--runtime=1"], "must know how much was written"),
    ],
)
def test_what_cannot_be_is_told_before_the_run(
    program: Program, target: Path, options: list[str], said: str
) -> None:
    done = run(program, target, "--rw=write", *options)
    assert done.code == 2
    assert said in done.stderr
    assert target.read_bytes() == b"\xee" * SIZE


@pytest.mark.parametrize("command", ["run", "explain"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--verify_interval=64k"], "verify_interval=65536 does not divide its I/Os into whole"),
        (["--bs=500"], "its I/Os have blocks of 500 bytes to verify"),
        (["--bsrange=4k-64k", "--bs_unaligned"], "blocks of 1 bytes to verify, which is too small"),
    ],
)
def test_blocks_that_cannot_be_are_told_before_a_file_is_filled(
    program: Program, command: str, options: list[str], said: str
) -> None:
    done = program(
        command, "--filename=new.bin", "--size=1g", "--rw=write", "--verify=crc32c", *options
    )
    assert done.code == 2
    assert said in done.stderr
    assert "writing" not in done.stderr
    assert list(program.folder.iterdir()) == []


@pytest.mark.parametrize("other", ["--rw=randwrite", "--rw=randread"])
def test_jobs_that_share_the_scratch_file_are_refused(program: Program, other: str) -> None:
    """One would find what the other writes."""
    done = program(
        "run", "--no-save", "--name=one", "--rw=write", "--size=1m", "--verify=crc32c",
        "--name=two", other, "--size=1m", "--verify=crc32c",
    )  # fmt: skip
    assert done.code == 2
    assert "writes to the same part of the scratch file that job" in done.stderr
    assert "stonewall" in done.stderr


def test_one_file_by_two_names_is_one_file(program: Program, target: Path) -> None:
    link = target.with_name("link.bin")
    link.hardlink_to(target)
    done = run(
        program, target, "--rw=write", "--name=two", f"--filename={link}", f"--allow-write={link}",
        "--rw=write",
    )  # fmt: skip
    assert done.code == 2, done.stderr
    assert "job two writes to the same part of" in done.stderr


def test_what_is_found_can_be_borne(program: Program, target: Path) -> None:
    """continue_on_error=verify: it is in the document, and no failure of the run."""
    write(program, target)
    with target.open("r+b") as file:
        file.seek(AT)
        file.write(b"x")
    again = ("--rw=randwrite", "--verify_only")
    borne = run(program, target, *again, "--continue_on_error=verify")
    assert borne.code == 0, borne.stderr
    assert borne.document["jobs"][0]["verify"]["failed_blocks"] == 1
    assert run(program, target, *again, "--continue_on_error=io").code == 1
