"""The device behind a path: its name, model and queue, as sysfs tells them."""

import os
import stat
from pathlib import Path
from typing import Any

from laiobench.machine.mounts import file_system, mount_options


def describe_target(path: str) -> dict[str, Any]:
    """What is known of the file or device at `path`; empty if it is gone."""
    try:
        status = Path(path).stat()
    except OSError:
        return {}
    if stat.S_ISBLK(status.st_mode):
        return {"kind": "block device", **_device(status.st_rdev)}
    if stat.S_ISREG(status.st_mode):
        return {
            "kind": "file",
            "file_system": file_system(Path(path)),
            "mount_options": mount_options(Path(path)),
            "size_bytes": status.st_size,
            "allocated_bytes": status.st_blocks * 512,
            **_device(status.st_dev),
        }
    return {"kind": "character device"}


def disk_name(fd: int) -> str:
    """The disk that an open file is on, or is, such as nvme0n1; empty if it is on none."""
    status = os.fstat(fd)
    number = status.st_rdev if stat.S_ISBLK(status.st_mode) else status.st_dev
    return str(_device(number).get("disk", ""))


def _device(number: int) -> dict[str, Any]:
    """A block device, and the disk whose partition it may be."""
    folder = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if not folder.exists():
        return {}
    folder = folder.resolve()
    disk = folder.parent if (folder / "partition").exists() else folder
    return {
        "device": folder.name,
        "disk": disk.name,
        "model": _text(disk / "device/model"),
        "driver": _driver(disk),
        "firmware": _text(disk / "device/firmware_rev") or _text(disk / "device/rev"),
        "device_bytes": _number(folder / "size") * 512,
        "rotational": _number(disk / "queue/rotational") == 1,
        "scheduler": _chosen(_text(disk / "queue/scheduler")),
        "logical_block_bytes": _number(disk / "queue/logical_block_size"),
        "physical_block_bytes": _number(disk / "queue/physical_block_size"),
        "queue_requests": _number(disk / "queue/nr_requests"),
        "write_cache": _text(disk / "queue/write_cache"),
    }


def _driver(disk: Path) -> str:
    """Who drives it, such as nvme or virtio_blk; empty for those without hardware."""
    link = disk / "device/driver"
    return link.resolve().name if link.exists() else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdigit() else 0


def _chosen(choices: str) -> str:
    """`mq-deadline` from `none [mq-deadline] kyber`."""
    _, bracket, rest = choices.partition("[")
    return rest.partition("]")[0] if bracket else choices
