"""Makes loop devices with partitions and the like, for the duration of a test."""

import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

SECTOR = 512
STARTS = (2048, 16384)


def run(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def image(path: Path, size_bytes: int = 16 << 20) -> Path:
    """An allocated file."""
    path.write_bytes(bytes(size_bytes))
    return path


@contextmanager
def loop(file: Path | str, *options: str) -> Iterator[str]:
    device = run("losetup", *options, "--find", "--show", file)
    try:
        yield device
    finally:
        run("losetup", "--detach", device)


@contextmanager
def mounted(device: str, folder: Path) -> Iterator[Path]:
    folder.mkdir()
    run("mount", device, folder)
    try:
        yield folder
    finally:
        run("umount", folder)


def write_mbr(file: Path) -> None:
    """A partition table with two partitions, each a quarter of the file."""
    table = b"".join(
        struct.pack("<B3sB3sII", 0, b"", 0x83, b"", start, _quarter(file)) for start in STARTS
    )
    with file.open("r+b") as opened:
        opened.seek(446)
        opened.write(table.ljust(64, b"\0") + b"\x55\xaa")


@contextmanager
def addpart(disk: str, number: int, start: int, sectors: int) -> Iterator[None]:
    """A partition that the kernel knows, but no table on the disk names."""
    run("addpart", disk, str(number), str(start), str(sectors))
    try:
        yield
    finally:
        run("delpart", disk, str(number))


@contextmanager
def partitioned(file: Path) -> Iterator[str]:
    """A loop device with two partitions that the kernel knows, also without reading a table."""
    write_mbr(file)
    with ExitStack() as stack:
        device = stack.enter_context(loop(file))
        for number, start in enumerate(STARTS, start=1):
            stack.enter_context(addpart(device, number, start, _quarter(file)))
        yield device


def _quarter(file: Path) -> int:
    return file.stat().st_size // SECTOR // 4
