"""The device behind a path: its name, model and queue, as sysfs tells them."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laiobench.system.mounts import file_system, mount_options


def describe_target(path: str) -> dict[str, Any]:
    """Facts about the file or device at `path`; empty if there is none."""
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
    """The name of the disk that an open file is on, or is: nvme0n1; empty if there is none."""
    status = os.fstat(fd)
    number = status.st_rdev if stat.S_ISBLK(status.st_mode) else status.st_dev
    return str(_device(number).get("disk", ""))


@dataclass(frozen=True)
class Hardware:
    """What a person recognises a block device by; fields are empty where not known."""

    name: str
    disk: str
    model: str
    serial: str
    size_bytes: int
    backing: str
    """The file behind a loop device."""
    partitions: tuple[tuple[str, int], ...]
    """Names and sizes in bytes."""


def hardware(number: int) -> Hardware:
    """That of the block device with this number."""
    folder = _folder(number).resolve()
    disk = folder.parent if (folder / "partition").exists() else folder
    partitions = sorted(path.parent for path in folder.glob("*/partition"))
    return Hardware(
        name=folder.name,
        disk=disk.name,
        model=_text(disk / "device/model"),
        serial=_serial(disk),
        size_bytes=_number(folder / "size") * 512,
        backing=_text(folder / "loop/backing_file"),
        partitions=tuple((path.name, _number(path / "size") * 512) for path in partitions),
    )


def _serial(disk: Path) -> str:
    """The serial number: NVMe, virtio and SCSI each have it in another place."""
    if serial := _text(disk / "device/serial") or _text(disk / "serial"):
        return serial
    page = _text(disk / "device/vpd_pg80")  # SCSI: a header of four bytes, then the serial
    return "".join(character for character in page[4:] if character.isprintable()).strip()


def is_set_readonly(number: int) -> bool:
    """Whether the block device of this number is set read-only."""
    return _text(_folder(number) / "ro") == "1"


def _folder(number: int) -> Path:
    return Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")


def _device(number: int) -> dict[str, Any]:
    """Facts about a block device; for a partition, about its disk, too."""
    folder = _folder(number)
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
    """The name of its driver, such as nvme or virtio_blk; empty for virtual devices."""
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
