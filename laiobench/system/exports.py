"""What the kernel's own servers export: NVMe and SCSI targets, and USB gadgets.

A server writes to a device or file without a process that has it open, and without
claiming it.  Configfs has the paths that the servers were given, and these are followed
here; an export of a path that does not exist now may be anything, and is reported so.
"""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from laiobench.system.kernel import Number, System, number_of, text
from laiobench.system.loops import Inode


@dataclass(frozen=True)
class Export:
    """One exported file or device; without inode and device: not known which."""

    server: str
    """The server, as the beginning of a sentence: `the NVMe target NQN`."""
    path: str
    remedy: str
    inode: Inode | None = None
    device: Number | None = None


# Kernel modules, and the folder of configfs that configures each.
_SERVERS = (("nvmet", "nvmet"), ("target_core_mod", "target"))


def exports(system: System) -> list[Export]:
    """All exports that can be found."""
    return [*_nvme(system), *_scsi(system), *_usb(system), *_scst(system)]


def hidden(system: System) -> list[str]:
    """Servers that are loaded, but have no configuration that we can see."""
    return [
        module
        for module, folder in _SERVERS
        if (system.sys / "module" / module).exists() and not (system.config / folder).exists()
    ]


def _nvme(system: System) -> Iterator[Export]:
    for folder in sorted(system.config.glob("nvmet/subsystems/*/namespaces/*")):
        if text(folder / "enable") != "0" and (path := text(folder / "device_path")):
            what = f"the NVMe target {folder.parent.parent.name}"
            yield _followed(what, path, f"echo 0 > {folder}/enable")


def _scsi(system: System) -> Iterator[Export]:
    for folder in sorted(system.config.glob("target/core/*/*")):
        told = text(folder / "info")
        if not folder.is_dir() or text(folder / "enable") == "0":
            continue
        what, remedy = (
            f"the SCSI target {folder.name}",
            f"targetcli /backstores delete {folder.name}",
        )
        if numbers := re.search(r"Major:\s*(\d+)\s+Minor:\s*(\d+)", told):
            device = f"{numbers[1]}:{numbers[2]}"
            yield Export(what, text(folder / "udev_path"), remedy, device=device)
            continue
        said = re.search(r"\bFile: (.+?)\s+Size:", told)
        if path := said[1] if said else text(folder / "udev_path"):
            yield _followed(what, path, remedy)


def _usb(system: System) -> Iterator[Export]:
    for file in sorted(system.config.glob("usb_gadget/*/functions/mass_storage.*/lun.*/file")):
        if path := text(file):
            yield _followed(f"the USB gadget {file.parts[-5]}", path, f"echo > {file}")


def _scst(system: System) -> Iterator[Export]:
    for file in sorted(system.sys.glob("kernel/scst_tgt/devices/*/filename")):
        if path := text(file).partition("\n")[0]:
            name = file.parent.name
            yield _followed(f"the SCST device {name}", path, f"scstadmin -close_dev {name}")


def _followed(server: str, path: str, remedy: str) -> Export:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return Export(server, path, remedy)
    if stat.S_ISBLK(status.st_mode):
        return Export(server, path, remedy, device=number_of(status.st_rdev))
    return Export(server, path, remedy, inode=(status.st_dev, status.st_ino))
