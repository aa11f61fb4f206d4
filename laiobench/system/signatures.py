"""What is on a block device: signatures of file systems, volumes and partition tables.

libblkid finds them, through an open descriptor: no name is looked up again, and no
program is started.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

LIBRARY = "libblkid.so.1"
# A bound, in case libblkid never ends its list.
_MOST = 64
_FOUND, _NO_MORE = 0, 1


class NoLibrary(Exception):
    """libblkid is not installed."""


class Unreadable(Exception):
    """The device could not be read."""


@dataclass(frozen=True)
class Signature:
    """One signature that was found."""

    kind: str
    """libblkid's name for it: ext4, LVM2_member, gpt."""
    is_partition_table: bool
    label: str = ""
    uuid: str = ""

    def __str__(self) -> str:
        what = f"a {self.kind} partition table" if self.is_partition_table else self.kind
        return f"{what} labelled {self.label}" if self.label else what


def find(fd: int) -> list[Signature]:
    """All signatures on the open device `fd`.

    Raises:
        NoLibrary: libblkid can't be loaded.
        Unreadable: reading the device failed.
    """
    blkid = _load()
    probe = blkid.blkid_new_probe()
    if not probe:
        raise Unreadable("no memory")
    try:
        if blkid.blkid_probe_set_device(probe, fd, 0, 0) != 0:
            raise Unreadable("libblkid could not look at it")
        blkid.blkid_probe_enable_superblocks(probe, 1)
        blkid.blkid_probe_enable_partitions(probe, 1)
        found: list[Signature] = []
        while (answer := blkid.blkid_do_probe(probe)) == _FOUND and len(found) < _MOST:
            if signature := _signature(lambda name: _value(blkid, probe, name)):
                found.append(signature)
        if answer not in (_FOUND, _NO_MORE):
            raise Unreadable("it could not be read")
        return list(dict.fromkeys(found))
    finally:
        blkid.blkid_free_probe(probe)


def _signature(value: Callable[[str], str]) -> Signature | None:
    if kind := value("TYPE"):
        return Signature(kind, False, value("LABEL"), value("UUID"))
    if kind := value("PTTYPE"):
        return Signature(kind, True)
    return None


def _value(blkid: ctypes.CDLL, probe: int, name: str) -> str:
    data = ctypes.c_char_p()
    if blkid.blkid_probe_lookup_value(probe, name.encode(), ctypes.byref(data), None) != 0:
        return ""
    return (data.value or b"").decode(errors="replace")


def _load() -> ctypes.CDLL:
    try:
        blkid = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise NoLibrary(str(error)) from None
    probe = ctypes.c_void_p
    blkid.blkid_new_probe.restype = probe
    blkid.blkid_free_probe.argtypes = [probe]
    blkid.blkid_probe_set_device.argtypes = [
        probe, ctypes.c_int, ctypes.c_int64, ctypes.c_int64,
    ]  # fmt: skip
    blkid.blkid_probe_enable_superblocks.argtypes = [probe, ctypes.c_int]
    blkid.blkid_probe_enable_partitions.argtypes = [probe, ctypes.c_int]
    blkid.blkid_do_probe.argtypes = [probe]
    blkid.blkid_probe_lookup_value.argtypes = [
        probe, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p,
    ]  # fmt: skip
    return blkid
