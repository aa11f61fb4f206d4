"""The fixtures really cause their faults; without that, other tests would prove nothing."""

import errno
import mmap
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults.aio_holder import aio_events_held, aio_events_left
from faults.block_devices import limit, loop_device
from faults.fault_rules import Rule
from faults.faulty_file import FaultyFile, mounted
from faults.system_calls import without


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """For direct I/O."""
    descriptor = os.open(path, os.O_RDWR | os.O_DIRECT)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def page(byte: int = 0) -> mmap.mmap:
    """Aligned as direct I/O needs it."""
    memory = mmap.mmap(-1, 4096)
    memory.write(bytes([byte]) * 4096)
    return memory


@pytest.mark.parametrize(
    ("rule", "request_", "hit"),
    [
        ("read:4096-8191:EIO", ("read", 4096, 4096), True),
        ("read:4096-8191:EIO", ("read", 0, 4096), False),
        ("read:4096-8191:EIO", ("read", 8192, 4096), False),
        ("read:4096-8191:EIO", ("read", 0, 16384), True),
        ("read:4096-8191:EIO", ("write", 4096, 4096), False),
        ("any:-0:EIO", ("write", 0, 1), True),
        ("any:1-:EIO", ("fsync", 0, 0), False),
    ],
)
def test_a_rule_hits_its_range_and_operation(
    rule: str, request_: tuple[str, int, int], hit: bool
) -> None:
    assert Rule.parse(rule).hit(*request_) is hit


def test_a_rule_counts() -> None:
    rule = Rule.parse("read::EIO:every=3:count=2")
    hits = [rule.hit("read", 0, 4096) for _ in range(12)]
    assert hits == [False, False, True, False, False, True, *[False] * 6]


@pytest.mark.parametrize("text", ["read::ENONSENSE", "erase::EIO", "read::"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no rule"):
        Rule.parse(text)


@pytest.mark.root
@pytest.mark.fuse
def test_the_faulty_file_is_a_file_until_told_otherwise(faulty_file: FaultyFile) -> None:
    written, read = page(7), page()
    with opened(faulty_file.path) as file:
        assert os.pwritev(file, [written], 8192) == 4096
        assert os.preadv(file, [read], 8192) == 4096
        assert read[:] == written[:]
        os.fsync(file)
        faulty_file.inject("read:0-4095:EILSEQ", "fsync::EIO")
        with pytest.raises(OSError, match=os.strerror(errno.EILSEQ)):
            os.preadv(file, [read], 0)
        assert os.preadv(file, [read], 4096) == 4096
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            os.fsync(file)
        assert faulty_file.hits == 2
        faulty_file.clear()
        faulty_file.inject("any::short=512")
        assert os.preadv(file, [read], 0) == os.pwritev(file, [written], 0) == 512
        faulty_file.clear()
        assert os.preadv(file, [read], 0) == 4096


@pytest.mark.root
@pytest.mark.fuse
def test_the_faulty_file_is_gone_after_a_failure(tmp_path: Path) -> None:
    folder = tmp_path / "faulty"
    with pytest.raises(ZeroDivisionError), mounted(folder):
        assert folder.is_mount()
        raise ZeroDivisionError
    assert not folder.is_mount()


@pytest.mark.root
@pytest.mark.loop
def test_a_loop_device_shrinks_and_is_gone_after_it(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(1 << 20))
    with loop_device(image) as device:
        limit(device, 4096)
        size = subprocess.run(
            ["blockdev", "--getsize64", device], check=True, capture_output=True, text=True
        )
        assert int(size.stdout) == 4096
    attached = subprocess.run(["losetup", "--all"], check=True, capture_output=True, text=True)
    assert str(image) not in attached.stdout


def test_a_call_that_is_taken_away_fails() -> None:
    done = subprocess.run(
        [*without("eventfd2=EPERM"), "python3", "-c", "import os; os.eventfd(0)"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "PermissionError" in done.stderr


@pytest.mark.alone
def test_aio_events_are_held_and_given_back() -> None:
    with aio_events_held(left=4096):
        assert aio_events_left() <= 4096
    assert aio_events_left() > 4096
