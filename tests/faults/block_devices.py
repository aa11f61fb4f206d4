"""Makes block devices and file systems on files, for the duration of a test."""

import fcntl
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOP_SET_STATUS64, _LOOP_GET_STATUS64 = 0x4C04, 0x4C05
_LOOP_INFO_BYTES, _SIZE_LIMIT_AT = 232, 32


def _run(*words: str | Path) -> str:
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@contextmanager
def loop_device(file: Path) -> Iterator[str]:
    """A block device that passes every request on to `file`, past the page cache."""
    device = _run("losetup", "--direct-io=on", "--find", "--show", file)
    try:
        yield device
    finally:
        _run("losetup", "--detach", device)


def limit(device: str, size_bytes: int) -> None:
    """Make the device smaller; its file stays, since writes would extend a shorter one."""
    with Path(device).open("rb") as opened:
        info = bytearray(_LOOP_INFO_BYTES)
        fcntl.ioctl(opened, _LOOP_GET_STATUS64, info)
        struct.pack_into("<Q", info, _SIZE_LIMIT_AT, size_bytes)
        fcntl.ioctl(opened, _LOOP_SET_STATUS64, info)


def set_read_only(device: str, *, read_only: bool) -> None:
    """Make the device refuse writes, or accept them again."""
    _run("blockdev", "--setro" if read_only else "--setrw", device)


@contextmanager
def mounted_ext4(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A small file system on a loop device, at `folder`."""
    image = folder.with_suffix(".image")
    with image.open("wb") as file:
        file.truncate(size_bytes)
    _run("mkfs.ext4", "-q", "-m", "0", image)
    with loop_device(image) as device, _mounted(folder, device):
        yield folder


@contextmanager
def mounted_tmpfs(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A small file system in memory, at `folder`."""
    with _mounted(folder, "tmpfs", "-t", "tmpfs", "-o", f"size={size_bytes}"):
        yield folder


@contextmanager
def _mounted(folder: Path, what: str, *options: str) -> Iterator[None]:
    folder.mkdir()
    _run("mount", *options, what, folder)
    try:
        yield
    finally:
        _run("umount", "--lazy", folder)
