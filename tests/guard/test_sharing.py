"""The guard finds devices and files that share blocks with something in use."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from opened import can_write, refusal
from stacks import image, loop, mounted, partitioned, run

from laiobench.measurement.targets import Permission
from laiobench.system.kernel import System
from laiobench.system.usage import joined, uses_of_device, uses_of_file

pytestmark = [pytest.mark.root, pytest.mark.loop]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return image(tmp_path / "image")


def forced(device: str) -> str:
    return refusal(device, Permission([device], force_signature=True))


@contextmanager
def elsewhere(script: str) -> Iterator[None]:
    """While `script` has run, in a mount namespace of its own."""
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-ec", f"{script}; echo ready; read -r _"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        try:
            assert other.stdout
            assert other.stdout.readline() == "ready\n"
            yield
        finally:
            other.communicate("\n")


# ---- files that loop devices are made of, whatever their names have become ---------------


@contextmanager
def mounted_image(file: Path, place: Path) -> Iterator[str]:
    run("mkfs.ext4", "-q", file)
    with loop(file) as device, mounted(device, place):
        yield device


def test_a_hard_link_after_the_name_was_deleted(file: Path, tmp_path: Path) -> None:
    with mounted_image(file, tmp_path / "mnt") as device:
        (tmp_path / "other").hardlink_to(file)
        file.unlink()
        assert f"{device}, which is mounted at {tmp_path}/mnt, is made of it" in refusal(
            tmp_path / "other"
        )


def test_another_file_now_has_the_name(file: Path, tmp_path: Path) -> None:
    with mounted_image(file, tmp_path / "mnt") as device:
        file.rename(tmp_path / "moved")
        image(file)
        assert can_write(file)
        assert f"the loop device {device}" in refusal(tmp_path / "moved")


def test_a_bind_mount_that_is_gone(file: Path, tmp_path: Path) -> None:
    bound = tmp_path / "bound"
    bound.touch()
    run("mkfs.ext4", "-q", file)
    run("mount", "--bind", file, bound)
    with ExitStack() as stack:
        try:
            device = stack.enter_context(loop(bound))
            stack.enter_context(mounted(device, tmp_path / "mnt"))
        finally:
            run("umount", "--lazy", bound)
        assert f"the loop device {device}" in refusal(file)


def test_a_loop_device_of_another_namespace(file: Path, tmp_path: Path) -> None:
    """Its file has a name there that is none here, or another file's."""
    inside, name = tmp_path / "inside", tmp_path / "device"
    inside.mkdir()
    image(inside / "image")
    run("mkfs.ext4", "-q", file)
    script = (
        f"mount --bind {tmp_path} {inside}; losetup --find --show {inside}/image > {name};"
        f"mkdir {tmp_path}/mnt; mount $(cat {name}) {tmp_path}/mnt"
    )
    with elsewhere(script):
        device = name.read_text().strip()
        try:
            assert f"the loop device {device}" in refusal(file)
        finally:
            run("losetup", "--detach", device)  # as soon as nothing uses it


def test_the_layers_of_an_overlay(file: Path, tmp_path: Path) -> None:
    """A container's file has another device's number in its layer."""
    for folder in ("work", "lower", "upper", "merged"):
        (tmp_path / folder).mkdir()
    upper = image(tmp_path / "upper/disk")
    layers = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    run("mount", "-t", "overlay", "overlay", "-o", layers, tmp_path / "merged")
    try:
        with loop(tmp_path / "merged/disk") as device:
            assert f"the loop device {device}" in refusal(upper)
            assert can_write(file)
        assert can_write(upper)
    finally:
        run("umount", tmp_path / "merged")


class TestWithoutTheNode:
    """As in a container with another /dev, or as a user who may not open the node."""

    @pytest.fixture
    def system(self, tmp_path: Path) -> System:
        (tmp_path / "dev").mkdir()
        return System(dev=tmp_path / "dev")

    def uses(self, file: Path, system: System) -> str:
        return joined(uses_of_file(file.stat(), system)).how

    def test_a_name_that_is_right_is_believed(
        self, file: Path, tmp_path: Path, system: System
    ) -> None:
        other = image(tmp_path / "other")
        with loop(file) as device:
            assert self.uses(file, system) == f"the loop device {device} is made of it"
            assert self.uses(other, system) == ""

    def test_one_that_is_gone_may_be_any_file_of_that_size(
        self, file: Path, tmp_path: Path, system: System
    ) -> None:
        same, smaller = image(tmp_path / "same"), image(tmp_path / "smaller", 1 << 20)
        with loop(file) as device:
            (tmp_path / "moved").hardlink_to(file)
            file.unlink()
            said = f"the loop device {device} may be made of it"
            assert said in self.uses(tmp_path / "moved", system)
            assert said in self.uses(same, system)
            assert self.uses(smaller, system) == ""

    def test_another_file_has_its_name(self, file: Path, tmp_path: Path, system: System) -> None:
        with loop(file) as device:
            (tmp_path / "moved").hardlink_to(file)
            file.unlink()
            image(file, 1 << 20)
            said = f"the loop device {device} may be made of it"
            assert said in self.uses(tmp_path / "moved", system)
            assert self.uses(file, system) == ""


class TestWithoutSysfs:
    @pytest.fixture
    def system(self, tmp_path: Path) -> System:
        (tmp_path / "sys").mkdir()
        return System(sys=tmp_path / "sys")

    def test_loop_devices_are_found_by_their_nodes(self, file: Path, system: System) -> None:
        with loop(file) as device:
            how = joined(uses_of_file(file.stat(), system)).how
        assert how == f"the loop device {device} is made of it"

    def test_of_a_block_device_nothing_is_known(self, file: Path, system: System) -> None:
        with loop(file) as device:
            use = joined(uses_of_device(Path(device).stat().st_rdev, system))
        assert "nobody can tell what uses it" in use.how
        assert "/sys" in use.remedy


# ---- devices that share blocks ----------------------------------------------------------


def test_a_loop_device_that_overlaps_a_mounted_partition(file: Path, tmp_path: Path) -> None:
    """Whatever is on it: it has no signature of its own."""
    with partitioned(file) as disk:
        run("mkfs.ext4", "-q", f"{disk}p1")
        with mounted(f"{disk}p1", tmp_path / "mnt") as place:
            middle = ("--offset", str(3 << 20), "--sizelimit", str(1 << 20))
            with loop(file, *middle) as over, loop(disk, *middle) as beside:
                said = f"{Path(disk).name}p1, which shares blocks with it, is mounted at {place}"
                assert said in forced(over)
                assert said in forced(beside)
            with loop(file, "--offset", str(14 << 20)) as after:
                assert can_write(after)


def test_a_second_loop_device_on_the_file_of_a_mounted_one(file: Path, tmp_path: Path) -> None:
    with mounted_image(file, tmp_path / "mnt") as device, loop(file) as second:
        name = Path(device).name
        assert f"{name}, which shares blocks with it, is mounted at {tmp_path}/mnt" in forced(
            second
        )


def test_loop_devices_on_parts_of_a_file_that_do_not_meet(file: Path, tmp_path: Path) -> None:
    half = str(8 << 20)
    with loop(file, "--sizelimit", half) as first, loop(file, "--offset", half) as second:
        run("mkfs.ext4", "-q", first)
        with mounted(first, tmp_path / "mnt"):
            assert can_write(second)


def test_a_loop_device_over_a_mounted_one(file: Path, tmp_path: Path) -> None:
    with mounted_image(file, tmp_path / "mnt") as lower, loop(lower) as upper:
        assert f"{Path(lower).name}, which it is built on, is mounted at" in forced(upper)
        with loop(upper) as third:
            assert f"{Path(lower).name}, which it is built on, is mounted at" in forced(third)


def test_a_loop_device_over_a_disk_with_a_mounted_partition(file: Path, tmp_path: Path) -> None:
    with partitioned(file) as disk:
        run("mkfs.ext4", "-q", f"{disk}p1")
        with mounted(f"{disk}p1", tmp_path / "mnt"):
            with loop(disk) as upper:
                first = f"{Path(disk).name}p1"
                assert f"{first}, which shares blocks with it, is mounted" in forced(upper)
            with loop(f"{disk}p2") as beside:
                assert can_write(beside)


def test_a_loop_device_that_itself_is_unused_may_be_written_to(file: Path) -> None:
    with loop(file) as lower, loop(lower) as upper:
        assert can_write(upper)
        assert f"the loop device {upper} is made of it" in forced(lower)


def test_a_claim_of_what_shares_its_blocks(file: Path) -> None:
    """Whoever it is: the kernel tells nobody who has it."""
    with loop(file) as first, loop(file) as second:
        holder = os.open(first, os.O_RDONLY | os.O_EXCL)
        try:
            assert f"{Path(first).name}, which shares blocks with it, is claimed" in forced(second)
        finally:
            os.close(holder)
        assert can_write(second)


def test_a_swap_file_below(file: Path) -> None:
    file.chmod(0o600)
    with loop(file) as device:
        run("mkswap", "-q", file)
        run("swapon", file)
        try:
            said = forced(device)
        finally:
            run("swapoff", file)
    assert "is used as swap" in said
