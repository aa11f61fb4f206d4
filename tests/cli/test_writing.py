"""Permission to write: named targets, the question on a terminal, read-only runs."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from program import Program

USAGE = 2
LONGEST_S = 30


@dataclass
class Terminal:
    """The program on a terminal of its own, as a person has it; stdout goes there, too."""

    process: subprocess.Popen[bytes]
    end: int
    seen: str = ""

    def read_until(self, text: str) -> str:
        deadline = time.monotonic() + LONGEST_S
        while text not in self.seen and time.monotonic() < deadline:
            if not select.select([self.end], [], [], 0.1)[0]:
                continue
            try:
                self.seen += os.read(self.end, 4096).decode()
            except OSError:  # all have left
                break
        assert text in self.seen, self.seen
        return self.seen

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def code(self) -> int:
        return self.process.wait(LONGEST_S)


def on_terminal(program: Program, *arguments: str | Path) -> Terminal:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        program.command(*arguments), stdin=theirs, stdout=theirs, stderr=theirs,
        cwd=program.folder, env=program.environment, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    return Terminal(process, ours)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(os.urandom(1 << 20))
    return path


def writing(file: Path | str) -> tuple[str, ...]:
    return ("run", "--rw=randwrite", "--number_ios=10", "--no-save", f"--filename={file}")


def test_a_terminal_is_asked_and_takes_the_very_name(program: Program, file: Path) -> None:
    terminal = on_terminal(program, *writing(file))
    seen = terminal.read_until("type its name (disk.img): ")
    assert f"job job (rw=randwrite) will overwrite {file}" in seen
    assert "1 MiB" in seen
    terminal.type("disk.img\n")
    terminal.read_until("write")
    assert terminal.code() == 0


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "\n", "disk\n", "\x04"])
def test_anything_else_leaves_it_as_it_is(program: Program, file: Path, answer: str) -> None:
    before = file.read_bytes()
    terminal = on_terminal(program, *writing(file))
    terminal.read_until("(disk.img): ")
    terminal.type(answer)
    terminal.read_until("was left as it is")
    assert re.search(r"\(disk.img\): \S*\r\n", terminal.seen), "what was asked stays to be seen"
    assert terminal.code() == USAGE
    assert file.read_bytes() == before


def test_the_question_can_be_interrupted(program: Program, file: Path) -> None:
    terminal = on_terminal(program, *writing(file))
    terminal.read_until("(disk.img): ")
    terminal.process.send_signal(signal.SIGINT)
    terminal.read_until("stopped before anything was written")
    assert terminal.code() == 130


@pytest.mark.root
@pytest.mark.loop
def test_of_a_device_that_was_named_a_terminal_is_asked_and_a_script_is_not(
    program: Program, zram: str
) -> None:
    """zram takes 4 KiB blocks."""
    command = (*writing(zram), f"--allow-write={zram}")
    terminal = on_terminal(program, *command)
    seen = terminal.read_until(f"({Path(zram).name}): ")
    assert "model" in seen and "serial" in seen and "64 MiB" in seen
    terminal.type("\n")
    assert terminal.code() == USAGE
    assert program(*command).code == 0
    said_yes = on_terminal(program, *command, "--yes")
    said_yes.read_until("write")
    assert said_yes.code() == 0


def test_yes_grants_nothing_that_was_not_named(program: Program, file: Path) -> None:
    terminal = on_terminal(program, *writing(file), "--yes")
    terminal.read_until(f"add --allow-write={file}")
    assert terminal.code() == USAGE
    assert program(*writing(file), "--yes").code == USAGE
    assert program(*writing(file), "--yes", f"--allow-write={file}").code == 0


def test_readonly_forbids_writing_from_the_command_line_and_the_environment(
    program: Program, file: Path
) -> None:
    allowed = (*writing(file), f"--allow-write={file}")
    outcome = program(*allowed, "--readonly")
    assert outcome.code == USAGE
    assert "rw=randwrite is forbidden by --readonly" in outcome.stderr
    assert program("run", "--readonly", f"--filename={file}", "--number_ios=10").code == 0

    def everywhere(value: str) -> Program:
        return Program(program.folder, {**program.environment, "LAIOBENCH_READONLY": value})

    assert "leave out --readonly and LAIOBENCH_READONLY" in everywhere("1")(*allowed).stderr
    assert everywhere("0")(*allowed).code == 0
    unclear = everywhere("perhaps")(*allowed)
    assert unclear.code == USAGE
    assert "LAIOBENCH_READONLY: 'perhaps' is neither yes nor no" in unclear.stderr


def test_readonly_makes_no_scratch_file_and_uses_one_that_is_there(program: Program) -> None:
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": "new"})
    job = ("run", "--size=1m", "--number_ios=10", "--no-save")
    refused = inside(*job, "--readonly")
    assert refused.code == USAGE
    assert "--readonly forbids to make it" in refused.stderr
    assert not program.folder.joinpath("new").exists()
    assert inside(*job).code == 0
    assert inside(*job, "--readonly").code == 0
    assert "forbidden by --readonly" in inside(*job, "--rw=randwrite", "--readonly").stderr


def test_holes_and_hard_links_are_told_of(program: Program, file: Path) -> None:
    sparse = program.folder / "sparse"
    with sparse.open("wb") as opened:
        opened.truncate(1 << 20)
    os.link(sparse, program.folder / "other")
    outcome = program(*writing(sparse), f"--allow-write={sparse}", "--json")
    ids = [warning["id"] for warning in outcome.document["warnings"]]
    assert "holes" in ids and "hard_links" in ids
    whole = program(*writing(file), f"--allow-write={file}", "--json")
    assert {"holes", "hard_links"}.isdisjoint(
        warning["id"] for warning in whole.document["warnings"]
    )


def test_leave_to_write_to_what_is_mounted_is_noted_and_not_given(
    program: Program, file: Path
) -> None:
    """It matters to nobody where nothing is mounted; where something is, the guard refuses."""
    command = (*writing(file), f"--allow-write={file}", "--allow_mounted_write=1", "--json")
    outcome = program(*command)
    assert outcome.code == 0, outcome.stderr
    note = "--allow_mounted_write=1: a mounted device is never written to"
    assert note in outcome.document["notes"]


def test_a_comparison_asks_once_for_all_its_trials(program: Program, file: Path) -> None:
    terminal = on_terminal(
        program, "ab", "--vary", "iodepth=1,2", "--pairs=6", "--rw=randwrite", "--number_ios=10",
        f"--filename={file}",
    )  # fmt: skip
    terminal.read_until("(disk.img): ")
    terminal.type("disk.img\n")
    terminal.read_until("saved in")
    assert terminal.code() == 0
    assert terminal.seen.count("type its name") == 1


def test_a_file_that_is_not_there_is_made_and_stays_ours_until_others_change_it(
    program: Program,
) -> None:
    new = program.folder / "new.bin"
    job = ("run", f"--filename={new}", "--size=1m", "--number_ios=10", "--no-save")
    refused = program(*job, "--readonly")
    assert refused.code == USAGE
    assert f"{new} does not exist, and --readonly forbids to make it" in refused.stderr
    explained = program("explain", *job[1:-1], "--rw=randwrite")
    assert explained.code == 0, explained.stderr
    assert f"the file {new}, 1 MiB" in explained.stdout
    assert "needs --allow-write" not in explained.stdout
    assert not new.exists()

    assert program(*job).code == 0
    assert new.stat().st_size == 1 << 20
    assert new.stat().st_blocks * 512 >= 1 << 20
    for _ in range(2):  # what we wrote ourselves changes nothing
        assert program(*job, "--rw=randwrite").code == 0
    with new.open("r+b") as file:
        file.write(b"precious")
    changed = program(*job, "--rw=randwrite")
    assert changed.code == USAGE
    assert f"add --allow-write={new}" in changed.stderr


def test_a_copy_of_what_we_made_is_not_ours(program: Program) -> None:
    new, copy = program.folder / "new.bin", program.folder / "copy.bin"
    job = ("run", "--rw=randwrite", "--size=1m", "--number_ios=10", "--no-save")
    assert program(*job, f"--filename={new}").code == 0
    subprocess.run(["cp", "--archive", new, copy], check=True)
    assert f"add --allow-write={copy}" in program(*job, f"--filename={copy}").stderr


def test_no_file_is_made_where_a_device_is_missing(program: Program) -> None:
    outcome = program("run", "--filename=/dev/nvme77n1", "--size=1m", "--number_ios=1")
    assert outcome.code == 1
    assert "/dev/nvme77n1 does not exist" in outcome.stderr
    assert not Path("/dev/nvme77n1").exists()
    folder = program("run", "--filename=no/where", "--size=1m", "--number_ios=1")
    assert "no/where cannot be made" in folder.stderr


def test_all_refusals_are_told_at_once_and_nothing_is_made_before(
    program: Program, file: Path
) -> None:
    other = program.folder / "other.img"
    other.write_bytes(bytes(1 << 20))
    new = program.folder / "new.bin"
    outcome = program(
        "run", "--rw=randwrite", "--number_ios=1", "--name=a", f"--filename={new}", "--size=1m",
        "--name=b", f"--filename={file}", "--name=c", f"--filename={other}",
    )  # fmt: skip
    assert outcome.code == USAGE
    assert f"job b would overwrite {file}" in outcome.stderr
    assert f"job c would overwrite {other}" in outcome.stderr
    assert not new.exists()


NEW = ("--filename=new.bin", "--size=1m", "--rw=write", "--direct=1")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((*NEW, "--bs=1000"), "bs=1000 does not fit direct I/O on"),
        (
            ("--name=a", *NEW, "--name=b", *NEW, "--offset=100"),
            "offset=100 does not fit direct I/O on",
        ),
        ((*NEW, "--bs=2m"), "bs=2 MiB is larger than the region of"),
        (("--size=1m", "--bs=1000"), "bs=1000 does not fit direct I/O on"),
        (("--bs=1g",), "bs=1 GiB is larger than the region of"),
        (
            ("--name=a", *NEW, "--verify=crc32c", "--name=b", *NEW),
            "job b writes to the same part of",
        ),
        ((*NEW, "--cpus_allowed=4000"), "names CPUs that are not there"),
        (
            ("--name=a", *NEW, "--name=b", "--filename=other.bin", "--rw=write", "--size=8000t"),
            "other.bin cannot be made",
        ),
    ],
)
def test_what_does_not_fit_is_found_before_anything_is_made(
    program: Program, options: tuple[str, ...], told: str
) -> None:
    folder = program.folder / "scratch"
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": str(folder)})
    outcome = inside("run", *options, "--no-save")
    assert outcome.code in (1, 2)
    assert told in outcome.stderr
    assert "writing" not in outcome.stderr
    assert [path for path in program.folder.rglob("*") if path.is_file()] == []
