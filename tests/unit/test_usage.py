"""Who uses a device, from kernels' folders made up for the purpose: stacks not at hand here."""

import os
from pathlib import Path

import pytest

from laiobench.machine.usage import System, joined, uses_of_device, uses_of_file

DISK, PARTITION, OTHER = os.makedev(8, 0), os.makedev(8, 1), os.makedev(8, 2)


class Machine:
    """A /proc and a /sys with one disk, sda, and its partitions sda1 and sda2."""

    def __init__(self, root: Path) -> None:
        self.system = System(root / "proc", root / "sys")
        self._mounts: list[str] = []
        (root / "proc/self/ns").mkdir(parents=True)
        (root / "proc/self/ns/mnt").symlink_to("mnt:[1]")
        for name, number in (("sda", "8:0"), ("sda/sda1", "8:1"), ("sda/sda2", "8:2")):
            folder = self.block(name, number)
            if "/" in name:
                (folder / "partition").write_text(number[-1])

    def block(self, name: str, number: str) -> Path:
        folder = self.system.sys / "devices" / name
        (folder / "holders").mkdir(parents=True)
        (folder / "dev").write_text(number + "\n")
        for place, link in (("dev/block", number), ("block", Path(name).name)):
            (self.system.sys / place).mkdir(parents=True, exist_ok=True)
            (self.system.sys / place / link).symlink_to(folder)
        return folder

    def hold(self, held: str, holder: str, **facts: str) -> None:
        """`holder` is built on `held`; facts are files of its folder, / being __."""
        folder = self.block(holder, "252:0")
        (self.system.sys / "devices" / held / "holders" / holder).symlink_to(folder)
        for name, value in facts.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(value + "\n")

    def mount(self, number: str, place: str, source: str, process: str = "self") -> None:
        file = self.system.proc / process / "mountinfo"
        line = f"30 1 {number} / {place} rw shared:1 - ext4 {source} rw\n"
        file.write_text((file.read_text() if file.exists() else "") + line)

    def process(self, number: str, namespace: str) -> None:
        folder = self.system.proc / number / "ns"
        folder.mkdir(parents=True)
        (folder / "mnt").symlink_to(namespace)

    def uses(self, device: int) -> str:
        return joined(uses_of_device(device, self.system)).how

    def remedy(self, device: int) -> str:
        return joined(uses_of_device(device, self.system)).remedy


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_idle_device_has_no_uses(machine: Machine) -> None:
    assert uses_of_device(DISK, machine.system) == []
    assert uses_of_device(os.makedev(9, 9), machine.system) == []


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
