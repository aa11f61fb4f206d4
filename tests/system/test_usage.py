"""The users of a device, found in made-up folders of /sys and /proc."""

import os
import re
from pathlib import Path

import pytest

from laiobench.system.kernel import System
from laiobench.system.mapper import Line
from laiobench.system.usage import Use, joined, uses_of_device, uses_of_file

DISK, PARTITION, OTHER = os.makedev(8, 0), os.makedev(8, 1), os.makedev(8, 2)


class Machine:
    """A /proc and a /sys with one disk, sda, and its partitions sda1 and sda2."""

    def __init__(self, root: Path) -> None:
        self.system = System(root / "proc", root / "sys")
        self._mounts: list[str] = []
        (root / "proc/self/ns").mkdir(parents=True)
        (root / "proc/self/ns/mnt").symlink_to("mnt:[1]")
        self.tables: dict[str, list[Line]] = {}
        self.block("sda", "8:0", sectors=10_000)
        self.partition("sda/sda1", "8:1", 1, 1000, 4000)
        self.partition("sda/sda2", "8:2", 2, 5000, 4000)

    def block(self, name: str, number: str, sectors: int = 4000, **facts: str) -> Path:
        """A device; facts are files of its folder, / being __."""
        folder = self.system.sys / "devices" / name
        (folder / "holders").mkdir(parents=True)
        for file, value in {"dev": number, "size": str(sectors), **facts}.items():
            path = folder / file.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(value + "\n")
        for place, link in (("dev/block", number), ("block", Path(name).name)):
            (self.system.sys / place).mkdir(parents=True, exist_ok=True)
            (self.system.sys / place / link).symlink_to(folder)
        return folder

    def partition(self, name: str, device: str, number: int, start: int, sectors: int) -> None:
        self.block(name, device, sectors, partition=str(number), start=str(start))

    def hold(self, held: str, holder: str, number: str = "252:0", **facts: str) -> None:
        """`holder` is built on `held`."""
        folder = self.system.sys / "devices" / holder
        if not folder.exists():
            self.block(holder, number, **facts)
            (folder / "slaves").mkdir()
        (self.system.sys / "devices" / held / "holders" / holder).symlink_to(folder)
        (folder / "slaves" / Path(held).name).touch()

    def mount(self, number: str, place: str, source: str, process: str = "self") -> None:
        file = self.system.proc / process / "mountinfo"
        line = f"30 1 {number} / {place} rw shared:1 - ext4 {source} rw\n"
        file.write_text((file.read_text() if file.exists() else "") + line)

    def process(self, number: str, namespace: str) -> None:
        folder = self.system.proc / number / "ns"
        folder.mkdir(parents=True)
        (folder / "mnt").symlink_to(namespace)

    def uses(self, device: int) -> str:
        return joined(self._found(device)).how

    def remedy(self, device: int) -> str:
        return joined(self._found(device)).remedy

    def _found(self, device: int) -> list[Use]:
        return uses_of_device(device, self.system, self.tables.get)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_idle_device_has_no_uses(machine: Machine) -> None:
    assert machine.uses(DISK) == ""


def test_a_device_that_sysfs_does_not_know_is_not_taken_for_idle(machine: Machine) -> None:
    assert "nobody can tell what uses it" in machine.uses(os.makedev(9, 9))


def test_a_mount_counts_for_the_partition_and_its_disk_but_not_for_its_neighbour(
    machine: Machine,
) -> None:
    machine.mount("8:1", r"/a\040b", "/dev/sda1")
    assert machine.uses(PARTITION) == "it is mounted at /a b"
    assert machine.uses(DISK) == "its partition sda1 is mounted at /a b"
    assert machine.uses(OTHER) == ""
    assert machine.remedy(DISK) == "umount /a b"


def test_a_mounted_disk_forbids_its_partitions(machine: Machine) -> None:
    machine.mount("8:0", "/mnt", "/dev/sda")
    assert machine.uses(OTHER) == "its disk sda is mounted at /mnt"


def test_mounts_of_other_namespaces_are_seen(machine: Machine) -> None:
    machine.process("77", "mnt:[2]")
    machine.mount("8:1", "/inside", "/dev/sda1", process="77")
    assert machine.uses(PARTITION) == "it is mounted at /inside"


def test_a_mount_with_a_number_of_its_own_is_known_by_its_source(machine: Machine) -> None:
    machine.mount("0:44", "/btrfs", "/dev/sda2")
    assert machine.uses(OTHER) == "it is mounted at /btrfs"


def test_members_of_a_btrfs_that_no_mount_names(machine: Machine) -> None:
    (machine.system.sys / "fs/btrfs/1234/devices").mkdir(parents=True)
    (machine.system.sys / "fs/btrfs/1234/devices/sda2").touch()
    assert "part of the btrfs file system 1234" in machine.uses(DISK)


@pytest.mark.parametrize(
    ("uuid", "how", "remedy"),
    [
        ("LVM-abc", "the logical volume data", "lvchange --activate n /dev/mapper/data"),
        ("CRYPT-LUKS2-x", "the encrypted volume data", "cryptsetup close data"),
        ("mpath-36", "the multipath device data", "write to /dev/mapper/data instead"),
        ("", "the device-mapper volume data", "dmsetup remove data"),
    ],
)
def test_device_mapper(machine: Machine, uuid: str, how: str, remedy: str) -> None:
    machine.hold("sda/sda1", "dm-0", dm__name="data", dm__uuid=uuid)
    assert machine.uses(PARTITION) == f"it is held by {how}"
    assert machine.uses(DISK) == f"its partition sda1 is held by {how}"
    assert machine.remedy(DISK) == remedy


def test_md(machine: Machine) -> None:
    machine.hold("sda", "md127", md__level="raid1")
    assert machine.uses(DISK) == "it is a member of the raid1 array /dev/md127"
    assert machine.uses(PARTITION) == "its disk sda is a member of the raid1 array /dev/md127"
    assert machine.remedy(DISK) == "mdadm --stop /dev/md127"


def test_any_other_holder(machine: Machine) -> None:
    machine.hold("sda", "bcache0")
    assert machine.uses(DISK) == "it is held by bcache0"


def test_a_stack_that_only_tells_downwards(machine: Machine) -> None:
    folder = machine.block("dm-3", "252:3")
    (folder / "slaves").mkdir()
    (folder / "slaves/sda2").touch()
    assert machine.uses(OTHER) == "it is held by the device-mapper volume dm-3"


def test_several_uses_are_told_together(machine: Machine) -> None:
    machine.mount("8:1", "/boot", "/dev/sda1")
    machine.hold("sda/sda2", "md0")
    assert machine.uses(DISK) == (
        "its partition sda1 is mounted at /boot, "
        "and its partition sda2 is a member of the array /dev/md0"
    )
    assert machine.remedy(DISK) == "umount /boot; mdadm --stop /dev/md0"


def test_swap(machine: Machine, tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.touch()
    escaped = str(file).replace(" ", r"\040")
    machine.system.proc.joinpath("swaps").write_text(
        f"Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n{escaped} file 1 0 -3\n"
    )
    assert machine.uses(OTHER) == "it is used as swap"
    assert machine.remedy(DISK) == "swapoff /dev/sda2"
    assert [use.how for use in uses_of_file(file.stat(), machine.system)] == ["it is used as swap"]
    assert uses_of_file(tmp_path.stat(), machine.system) == []


def test_where_no_loop_device_can_be_seen_a_file_is_not_taken_for_unused(tmp_path: Path) -> None:
    """Neither /sys, nor /dev, nor /proc/partitions; the last is empty where no disk is at all."""
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    proc.mkdir()
    (proc / "partitions").touch()
    system = System(proc, sys, tmp_path / "dev")
    (use,) = uses_of_file(tmp_path.stat(), system)
    assert use.how == "nobody can tell whether a loop device is made of it"
    (sys / "block").mkdir(parents=True)
    assert uses_of_file(tmp_path.stat(), system) == []
    (sys / "block").rmdir()
    (proc / "partitions").write_text("major minor  #blocks  name\n\n 254 0 268435456 vda\n")
    assert uses_of_file(tmp_path.stat(), system) == []


# ---- beside it: what shares its blocks ---------------------------------------------------


def line(target: str, *arguments: object, start: int = 0, sectors: int = 1000) -> Line:
    return Line(start, sectors, target, tuple(map(str, arguments)))


def volume(machine: Machine, number: int, *lines: Line) -> int:
    """A device-mapper volume over what its table names."""
    name, device = f"dm-{number}", f"252:{number}"
    machine.tables[device] = list(lines)
    sectors = str(sum(line.sectors for line in lines))
    held = {word for line in lines for word in line.arguments if re.fullmatch(r"\d+:\d+", word)}
    names = {"8:0": "sda", "8:1": "sda/sda1", "8:2": "sda/sda2", "8:16": "sdb"}
    for one in sorted(held):
        held_name = names.get(one, f"dm-{one.partition(':')[2]}")
        machine.hold(held_name, name, device, dm__name=f"volume{number}", size=sectors)
    return os.makedev(252, number)


def test_a_partition_that_overlaps_a_mounted_one(machine: Machine) -> None:
    """As tables can say that nobody checked."""
    machine.partition("sda/sda3", "8:3", 3, 4500, 500)
    machine.mount("8:1", "/mnt", "/dev/sda1")
    assert machine.uses(os.makedev(8, 3)) == "sda1, which shares blocks with it, is mounted at /mnt"
    assert machine.uses(OTHER) == ""


def test_an_extended_partition_around_a_mounted_one(machine: Machine) -> None:
    """The kernel shows two sectors of it; the rest is its logical partitions."""
    machine.partition("sda/sda3", "8:3", 3, 9000, 2)
    machine.partition("sda/sda5", "8:5", 5, 9100, 300)
    machine.partition("sda/sda6", "8:6", 6, 9500, 300)
    machine.mount("8:6", "/mnt", "/dev/sda6")
    assert machine.uses(os.makedev(8, 3)) == "sda6, which shares blocks with it, is mounted at /mnt"
    assert machine.uses(os.makedev(8, 5)) == ""


def test_two_volumes_over_the_same_sectors(machine: Machine) -> None:
    one = volume(machine, 0, line("linear", "8:2", 100))
    volume(machine, 1, line("linear", "8:2", 1050, sectors=200))
    beside = volume(machine, 2, line("linear", "8:2", 2000))
    machine.mount("252:1", "/mnt", "/dev/mapper/volume1")
    assert machine.uses(one) == (
        "dm-1, which shares blocks with it, is mounted at /mnt, "
        "and sda2, which it is built on, is held by the device-mapper volume volume1"
    )
    assert machine.uses(beside) == ""


def test_a_volume_over_the_sectors_of_a_mounted_partition(machine: Machine) -> None:
    machine.mount("8:1", "/mnt", "/dev/sda1")
    over = volume(machine, 0, line("crypt", "aes-xts", ":64:logon:x", 0, "8:0", 4000))
    assert "sda1, which shares blocks with it, is mounted at /mnt" in machine.uses(over)
    after = volume(machine, 1, line("linear", "8:0", 5000))
    assert machine.uses(after) == ""


def test_volumes_of_several_parts_and_their_partitions(machine: Machine) -> None:
    """What is beside another on the same volume is beside it below, too."""
    machine.block("sdb", "8:16", sectors=10_000)
    volume(machine, 0, line("striped", 2, 8, "8:2", 0, "8:16", 0, sectors=4000))
    machine.partition("dm-0/dm-0p1", "252:20", 1, 0, 1000)
    machine.partition("dm-0/dm-0p2", "252:21", 2, 1000, 1000)
    machine.mount("252:20", "/mnt", "/dev/dm-0p1")
    assert machine.uses(os.makedev(252, 21)) == ""
    assert "its partition dm-0p1 is mounted at /mnt" in machine.uses(os.makedev(252, 0))
    assert "dm-0p1, which is built on it, is mounted at /mnt" in machine.uses(OTHER)
    below = volume(machine, 1, line("linear", "8:16", 500))
    assert "dm-0p1, which may share blocks with it, is mounted at /mnt" in machine.uses(below)


def test_volumes_of_a_thin_pool_have_blocks_of_their_own(machine: Machine) -> None:
    volume(machine, 0, line("thin-pool", "8:1", "8:2", 128, 0))
    one = volume(machine, 1, line("thin", "252:0", 1))
    two = volume(machine, 2, line("thin", "252:0", 2))
    machine.mount("252:1", "/mnt", "/dev/mapper/volume1")
    assert machine.uses(one) == "it is mounted at /mnt"
    assert machine.uses(two) == ""
    assert "held by the device-mapper volume volume0" in machine.uses(OTHER)


def test_a_table_that_nobody_tells_is_not_taken_for_another_place(machine: Machine) -> None:
    one = volume(machine, 0, line("linear", "8:2", 0))
    volume(machine, 1, line("linear", "8:2", 1000))
    machine.mount("252:1", "/mnt", "/dev/mapper/volume1")
    machine.tables.clear()
    assert "dm-1, which may share blocks with it, is mounted at /mnt" in machine.uses(one)


def test_another_path_to_a_mounted_disk(machine: Machine) -> None:
    for name, number in (("sdb", "8:16"), ("sdc", "8:32")):
        machine.block(name, number, device__wwid="naa.5000c500a1")
    machine.block("sdd", "8:48", device__wwid="naa.5000c500a2")
    machine.partition("sdc/sdc1", "8:33", 1, 8, 100)
    machine.mount("8:16", "/mnt", "/dev/sdb")
    assert machine.uses(os.makedev(8, 32)) == (
        "sdb, which is another path to the same disk, is mounted at /mnt"
    )
    assert machine.uses(os.makedev(8, 33)) == "sdb, which shares blocks with it, is mounted at /mnt"
    assert machine.uses(os.makedev(8, 48)) == ""


def test_a_path_that_multipath_lacks(machine: Machine) -> None:
    machine.block("sdb", "8:16", wwid="eui.0025385b")
    machine.block("sdc", "8:32", wwid="eui.0025385b")
    paths = volume(machine, 0, line("multipath", 0, 0, 1, 1, "queue", 0, 1, 1, "8:16", 1))
    assert machine.uses(paths) == ""
    machine.mount("252:0", "/mnt", "/dev/mapper/volume0")
    assert "dm-0, which shares blocks with it, is mounted at /mnt" in machine.uses(
        os.makedev(8, 32)
    )


def test_disks_without_a_wwid_are_not_one(machine: Machine) -> None:
    machine.block("sdb", "8:16", wwid="eui.0000000000000000")
    machine.block("sdc", "8:32", wwid="eui.0000000000000000")
    machine.mount("8:16", "/mnt", "/dev/sdb")
    assert machine.uses(os.makedev(8, 32)) == ""


# ---- what the kernel gives away ------------------------------------------------------------


def configure(machine: Machine, folder: str, **files: str) -> None:
    place = machine.system.config / folder
    place.mkdir(parents=True)
    for name, value in files.items():
        (place / name).write_text(value + "\n")


NVME = "nvmet/subsystems/nqn.one/namespaces/1"


def test_a_file_that_an_nvme_target_gives_away(machine: Machine, tmp_path: Path) -> None:
    file, other = tmp_path / "image", tmp_path / "other"
    file.touch()
    other.touch()
    configure(machine, NVME, device_path=str(file), enable="1")
    (use,) = uses_of_file(file.stat(), machine.system)
    assert use.how == "the NVMe target nqn.one gives it away"
    assert use.remedy == f"echo 0 > {machine.system.config}/{NVME}/enable"
    assert uses_of_file(other.stat(), machine.system) == []
    (machine.system.config / NVME / "enable").write_text("0\n")
    assert uses_of_file(file.stat(), machine.system) == []


def test_an_nvme_target_s_device_that_has_no_such_name_here(machine: Machine) -> None:
    configure(machine, NVME, device_path="/dev/nowhere", enable="1")
    assert machine.uses(DISK) == (
        "the NVMe target nqn.one may give it away: what it calls /dev/nowhere "
        "is not there by that name"
    )


def test_a_disk_that_a_scsi_target_gives_away(machine: Machine) -> None:
    configure(
        machine, "target/core/iblock_0/tank", enable="1", udev_path="/dev/disk/by-id/x",
        info="Status: ACTIVATED\n  iBlock device: sda2  UDEV PATH: x\n  Major: 8 Minor: 2  CLAIMED",
    )  # fmt: skip
    assert machine.uses(OTHER) == "the SCSI target tank gives it away"
    assert machine.uses(DISK) == "the SCSI target tank gives its partition sda2 away"
    assert machine.uses(PARTITION) == ""


def test_files_that_other_servers_give_away(machine: Machine, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a file", "lun", "scst")]
    for file in files:
        file.touch()
    info = f"Status: ACTIVATED\nTCM FILEIO ID: 0        File: {files[0]}  Size: 1024  Mode: O_DSYNC"
    configure(machine, "target/core/fileio_0/disk", enable="1", info=info)
    configure(machine, "usb_gadget/g1/functions/mass_storage.0/lun.0", file=str(files[1]))
    place = machine.system.sys / "kernel/scst_tgt/devices/disk1"
    place.mkdir(parents=True)
    (place / "filename").write_text(f"{files[2]}\n[key]\n")
    said = [joined(uses_of_file(file.stat(), machine.system)).how for file in files]
    assert said == [
        "the SCSI target disk gives it away",
        "the USB gadget g1 gives it away",
        "the SCST device disk1 gives it away",
    ]


@pytest.mark.parametrize("module", ["nvmet", "target_core_mod"])
def test_a_server_whose_configuration_is_hidden(machine: Machine, module: str) -> None:
    (machine.system.sys / "module" / module).mkdir(parents=True)
    assert f"what {module} does is not to be seen" in machine.uses(DISK)
    assert "mount -t configfs" in machine.remedy(DISK)
