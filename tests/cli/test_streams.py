"""The answer is written whole or the failure is told, in characters that the terminal has."""

import fcntl
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from program import Program

# A document that no pipe takes at once.
LARGE = ("profiles", "--schema")
F_SETPIPE_SZ = 1031


def with_environment(program: Program, **variables: str) -> Program:
    return Program(program.folder, {**program.environment, **variables})


@pytest.fixture(params=["", "1"], ids=["buffered", "unbuffered"])
def either(program: Program, request: pytest.FixtureRequest) -> Program:
    """The program, with Python's own buffers and without, as containers and CI have it."""
    return with_environment(program, PYTHONUNBUFFERED=request.param)


def read_all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 1 << 16):
        parts.append(part)
    return b"".join(parts)


def wait_until_full(process: subprocess.Popen[str], fd: int) -> None:
    """Until there is something to read, and the program has no more room to write."""
    deadline = time.monotonic() + 30
    assert select.select([fd], [], [], 30)[0]
    while time.monotonic() < deadline:
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state in "SZ":
            time.sleep(0.2)
            return
        time.sleep(0.01)
    raise AssertionError("the program neither waits nor ends")


@pytest.mark.parametrize("flag", [0, os.O_NONBLOCK], ids=["blocking", "non-blocking"])
def test_a_slow_reader_gets_all_of_it(either: Program, flag: int) -> None:
    whole = either(*LARGE).stdout.encode()
    assert len(whole) > 1 << 14
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, F_SETPIPE_SZ, 4096)
    fcntl.fcntl(theirs, fcntl.F_SETFL, fcntl.fcntl(theirs, fcntl.F_GETFL) | flag)
    process = subprocess.Popen(
        either.command(*LARGE), cwd=either.folder, env=either.environment, stdout=theirs, text=True
    )
    os.close(theirs)
    wait_until_full(process, ours)
    # A signal that nobody asked for ends a write() in the middle.
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGCONT)
    assert read_all(ours) == whole
    assert process.wait(timeout=30) == 0
    os.close(ours)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 8 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.root
@pytest.mark.parametrize("arguments", [LARGE, ("--help",), ("run", "--help")])
def test_a_full_disk_is_told(either: Program, small_disk: Path, arguments: tuple[str, ...]) -> None:
    with (small_disk / "answer").open("wb") as answer:
        answer.write(bytes(8000))
        answer.flush()
        done = subprocess.run(
            either.command(*arguments), cwd=either.folder, env=either.environment, stdout=answer,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "laiobench: error: the answer cannot be printed: No space left on device\n"
    )


def test_a_reader_that_has_gone_is_no_reason_to_talk(either: Program) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        either.command(*LARGE), cwd=either.folder, env=either.environment, stdout=theirs,
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(theirs)
    assert done.returncode == 1
    assert done.stderr == ""


def test_an_answer_that_cannot_be_printed_is_saved_nevertheless(either: Program) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            either.command("run", "--engine=null", "--number_ios=10", "--json"),
            cwd=either.folder, env=either.environment, stdout=full, stderr=subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "the answer cannot be printed: No space left on device" in done.stderr
    assert "saved in" in done.stderr
    (saved,) = either.folder.joinpath("results").iterdir()
    assert json.loads(saved.read_text())["status"] == "ok"


def test_a_fault_elsewhere_is_not_taken_for_the_answer_s(program: Program) -> None:
    """A system call that fails without a file's name."""
    program.folder.joinpath("sitecustomize.py").write_text(
        "import laiobench.measurement.targets.scratch\n"
        "def broken():\n    raise OSError(5, 'Input/output error')\n"
        "laiobench.measurement.targets.scratch.folders = broken\n"
    )
    outcome = with_environment(program, PYTHONPATH=str(program.folder))("run", "--rw=read")
    assert outcome.code == 1
    assert "the answer cannot be printed" not in outcome.stderr
    assert "OSError: [Errno 5] Input/output error" in outcome.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--verify=crc32c", "--rw=write", "--numjobs=2", "--size=1m", "--offset_increment=1m"),
        ("--rw=write", "--mem_align=512", "--size=1m"),
    ],
)
def test_a_target_that_is_not_there_yet_is_explained(
    program: Program, options: tuple[str, ...]
) -> None:
    outcome = program("explain", "--filename=new.bin", *options)
    assert outcome.code == 0, outcome.stderr
    assert outcome.stderr == ""
    assert not program.folder.joinpath("new.bin").exists()


# ---- what is not UTF-8 ---------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["iso8859-1", "euc_jp", "koi8-r"])
def test_what_a_terminal_cannot_show_is_substituted(program: Program, encoding: str) -> None:
    eight_bit = with_environment(program, PYTHONIOENCODING=encoding)

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            eight_bit.command(*arguments), cwd=program.folder, env=eight_bit.environment,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done

    run("run", "--help").stdout.decode(encoding)
    table = run("run", "--engine=null", "--null_latency_us=50", "--number_ios=10", "--name=日本–ж")
    shown = run("show", "last").stdout.decode(encoding)
    for text in (table.stdout.decode(encoding), shown):
        assert "µs" in text or "us" in text
    assert b"\\u" not in table.stdout + table.stderr
    table.stderr.decode(encoding)
    run("list").stdout.decode(encoding)
    # Documents for programs are UTF-8, whatever people here read.
    assert json.loads(run("show", "last", "--json").stdout.decode())["jobs"][0]["name"] == "日本–ж"
    exported = run("export", "last", "--format=markdown").stdout
    assert "µs" in exported.decode()
