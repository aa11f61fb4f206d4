"""The example docs/journal.py runs, recovers, and writes in the order that it states."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from laiobench.aio import AioContext, Target

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "journal.py"
SIZE = 65 * 4096


@pytest.fixture
def journal() -> ModuleType:
    specification = importlib.util.spec_from_file_location("journal", EXAMPLE)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def run(*arguments: object, prefix: tuple[str, ...] = ()) -> str:
    return subprocess.run(
        [*prefix, sys.executable, EXAMPLE, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_the_example_runs_and_keeps_its_records(tmp_path: Path) -> None:
    path = tmp_path / "records"
    assert run(path) == ""
    assert run(path, "3=hello", "5=world") == "3: hello\n5: world\n"
    assert run(path, "3=goodbye") == "3: goodbye\n5: world\n"
    assert run(path) == "3: goodbye\n5: world\n"


@pytest.mark.parametrize("in_place", [b"", b"torn" * 100])
def test_a_crash_before_the_change_in_place_is_recovered(
    tmp_path: Path, journal: ModuleType, in_place: bytes
) -> None:
    path = tmp_path / "records"
    run(path, "3=old")
    with path.open("r+b") as file:
        file.write(journal.encode(3, b"new"))
        file.seek(4 * 4096)
        file.write(in_place)
    assert run(path) == "recovered record 3\n3: new\n"
    assert run(path) == "3: new\n"


def test_a_crash_within_the_journal_leaves_what_was_there(
    tmp_path: Path, journal: ModuleType
) -> None:
    path = tmp_path / "records"
    run(path, "3=old")
    with path.open("r+b") as file:
        file.write(journal.encode(3, b"new" * 1000)[:2048])
    assert run(path) == "3: old\n"


def test_a_change_is_two_writes_and_two_syncs(tmp_path: Path, journal: ModuleType) -> None:
    with (
        AioContext() as ctx,
        Target.open(tmp_path / "records", writable=True, create=SIZE) as target,
    ):
        ctx.run(journal.write_record(target, 3, b"hello"))
        assert ctx.counters()["submit"]["requests"] == 4
        assert ctx.counters()["other"]["in_flight_max"] == 1


@pytest.mark.strace
def test_the_journal_is_on_disk_before_the_change_in_place(tmp_path: Path) -> None:
    log = tmp_path / "strace.log"
    path = tmp_path / "records"
    run(path, "3=old")
    run(
        path,
        "3=hello",
        prefix=("strace", "-f", "-qq", "-e", "trace=io_submit", "-o", str(log)),
    )
    calls = re.findall(
        r"aio_lio_opcode=IOCB_CMD_(PWRITE|FDSYNC)(?:.*?aio_offset=(\d+))?", log.read_text()
    )
    assert calls == [("PWRITE", "0"), ("FDSYNC", ""), ("PWRITE", "16384"), ("FDSYNC", "")]
