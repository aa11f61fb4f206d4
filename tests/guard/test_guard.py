"""The guard: which real devices, files and links may be written to."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opened import READ, WRITE, can_write, refusal
from stacks import image, loop, mounted, partitioned, run

from laiobench.errors import LaiobenchError, UsageError
from laiobench.jobs.options import Job
from laiobench.measurement.targets import Permission, Question, Targets
from laiobench.measurement.targets import open as guarded
from laiobench.system import signatures

BUFFERED = Job(rw="write", direct=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return image(tmp_path / "image")


@pytest.fixture
def device(file: Path) -> Iterator[str]:
    with loop(file) as made:
        yield made


# ---- files --------------------------------------------------------------------------


def test_a_file_needs_its_name(file: Path, tmp_path: Path) -> None:
    assert f"add --allow-write={file}" in refusal(file, Permission([tmp_path, "/dev/null"]))
    assert can_write(file)


def test_any_name_that_leads_there_will_do(file: Path, tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to("image")
    os.link(file, tmp_path / "hard")
    for name in ("by-id", "hard"):
        assert can_write(tmp_path / name, Permission([file]))
        assert can_write(file, Permission([tmp_path / name]))


def test_a_relative_name_counts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert can_write("image", Permission([str(file)]))
    assert can_write(file, Permission(["./image"]))


def test_readonly_forbids_what_is_allowed(file: Path) -> None:
    said = refusal(file, Permission([file], readonly=True, ask=lambda _: True))
    assert "is forbidden by --readonly" in said
    with Targets(Permission(readonly=True)) as targets:
        targets.open(str(file), READ)
        with pytest.raises(UsageError, match="--readonly"):
            targets.open(str(file), WRITE, is_ours=True)


def test_what_we_made_needs_no_word_unless_it_is_somebody_else_s_now(
    file: Path, tmp_path: Path
) -> None:
    with Targets() as targets:
        targets.open(str(file), WRITE, is_ours=True)
    os.link(file, tmp_path / "precious")
    with Targets() as targets, pytest.raises(UsageError, match="was not allowed"):
        targets.open(str(file), WRITE, is_ours=True)


@pytest.mark.parametrize("path", ["/proc/self/oom_score_adj", "/sys/kernel/uevent_seqnum"])
def test_the_kernel_s_files_are_no_storage(path: str) -> None:
    assert "it is no storage, but the kernel's" in refusal(path)


def test_character_devices() -> None:
    assert "character device" in refusal("/dev/urandom")
    with Targets(["/dev/null"]) as targets:
        targets.open("/dev/null", BUFFERED)


def test_a_file_that_another_program_has_locked(file: Path) -> None:
    """As QEMU locks disk images, by open file description."""
    with file.open("rb") as holder:
        lock = guarded._LOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 100, 1, 0)
        fcntl.fcntl(holder, 37, lock)  # F_OFD_SETLK
        assert "another program has locked it" in refusal(file)
    assert can_write(file)


@pytest.mark.root
@pytest.mark.loop
def test_a_file_that_a_loop_device_is_made_of(file: Path, tmp_path: Path) -> None:
    run("mkfs.ext4", "-q", file)
    with loop(file) as device:
        said = refusal(file)
        assert f"the loop device {device} is made of it" in said
        assert f"losetup --detach {device}" in said
        with mounted(device, tmp_path / "mnt") as place:
            assert f"{device}, which is mounted at {place}, is made of it" in refusal(file)
    assert can_write(file)


@pytest.mark.root
def test_a_swap_file(file: Path) -> None:
    file.chmod(0o600)
    run("mkswap", "-q", file)
    run("swapon", file)
    try:
        said = refusal(file)
    finally:
        run("swapoff", file)
    assert f"it is used as swap\n  swapoff {file}; nothing overrides this" in said


# ---- block devices -------------------------------------------------------------------


@pytest.mark.root
@pytest.mark.loop
class TestDevices:
    def test_an_empty_device_is_written_to_and_claimed(self, device: str) -> None:
        with Targets([device]) as targets:
            targets.open(device, WRITE)
            with pytest.raises(OSError, match="busy"):
                os.open(device, os.O_RDWR | os.O_EXCL)

    def test_links_to_it_are_resolved(self, device: str, tmp_path: Path) -> None:
        (tmp_path / "by-id").symlink_to(device)
        assert can_write(tmp_path / "by-id", Permission([device]))
        assert f"(which is {device})" in refusal(tmp_path / "by-id", Permission())

    def test_mounted(self, device: str, tmp_path: Path) -> None:
        run("mkfs.ext4", "-q", device)
        with mounted(device, tmp_path / "a place") as place:
            said = refusal(device, Permission([device], force_signature=True))
            assert f"it is mounted at {place}\n  umount {place}; nothing overrides this" in said
            with Targets() as targets:
                targets.open(device, READ)

    def test_mounted_where_only_others_see_it(self, device: str, tmp_path: Path) -> None:
        run("mkfs.ext4", "-q", device)
        place = tmp_path / "inside"
        place.mkdir()
        script = f"mount {device} {place} && echo ready && read -r _"
        with subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as other:  # fmt: skip
            assert other.stdout and other.stdout.readline() == "ready\n"
            assert f"it is mounted at {place}" in refusal(device)
            other.communicate("\n")

    def test_swap(self, device: str) -> None:
        run("mkswap", "-q", device)
        run("swapon", device)
        try:
            said = refusal(device, Permission([device], force_signature=True))
        finally:
            run("swapoff", device)
        assert f"it is used as swap\n  swapoff {device}" in said

    def test_a_loop_device_is_made_of_it(self, device: str) -> None:
        with loop(device) as upper:
            assert f"the loop device {upper} is made of it" in refusal(device)
        assert can_write(device)

    def test_another_program_has_claimed_it(self, device: str) -> None:
        holder = os.open(device, os.O_RDWR | os.O_EXCL)
        try:
            assert "another program has claimed it (EBUSY)" in refusal(device)
        finally:
            os.close(holder)

    def test_set_read_only(self, device: str) -> None:
        run("blockdev", "--setro", device)
        try:
            assert f"blockdev --setrw {device}" in refusal(device)
        finally:
            run("blockdev", "--setrw", device)

    def test_a_signature_is_overridden_by_its_own_option_alone(self, device: str) -> None:
        run("mkfs.ext4", "-q", "-L", "photos", device)
        said = refusal(device)
        assert "there is a signature of ext4 labelled photos on it" in said
        assert f"--force-signature, or remove it first: wipefs --all {device}" in said
        forced = Permission([device], force_signature=True)
        assert can_write(device, forced)
        assert "was not allowed" in refusal(device, Permission(force_signature=True))
        run("wipefs", "--all", device)
        assert can_write(device)

    def test_without_libblkid_nothing_is_taken_for_empty(
        self, device: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(signatures, "LIBRARY", "libnone.so.1")
        assert "what is on it is not known" in refusal(device)
        assert can_write(device, Permission([device], force_signature=True))


@pytest.mark.root
@pytest.mark.loop
class TestPartitions:
    @pytest.fixture
    def disk(self, file: Path) -> Iterator[str]:
        with partitioned(file) as made:
            yield made

    def test_a_table_whose_partitions_are_unused_counts(self, disk: str) -> None:
        assert "there is a dos partition table on it" in refusal(disk)
        assert can_write(disk, Permission([disk], force_signature=True))
        assert can_write(f"{disk}p1")

    def test_a_partition_in_use_forbids_the_disk_and_not_its_neighbour(
        self, disk: str, tmp_path: Path
    ) -> None:
        first = f"{disk}p1"
        run("mkfs.ext4", "-q", first)
        with mounted(first, tmp_path / "mnt") as place:
            said = refusal(disk, Permission([disk], force_signature=True))
            assert f"its partition {Path(first).name} is mounted at {place}" in said
            assert can_write(f"{disk}p2")

    def test_a_disk_in_use_forbids_its_partitions(self, disk: str) -> None:
        with loop(disk) as upper:
            said = refusal(f"{disk}p1")
        assert f"the loop device {upper} is made of its disk {Path(disk).name}" in said


# ---- the question ---------------------------------------------------------------------


class Person:
    """Answers always the same, and remembers what they were asked."""

    def __init__(self, *, agrees: bool) -> None:
        self.agrees = agrees
        self.questions: list[Question] = []

    def __call__(self, question: Question) -> bool:
        self.questions.append(question)
        return self.agrees


def test_a_person_grants_a_file_that_was_not_named(file: Path) -> None:
    person = Person(agrees=True)
    with Targets(Permission(ask=person)) as targets:
        targets.open(str(file), WRITE)
        targets.open(str(file), BUFFERED)
    assert [question.name for question in person.questions] == ["image"]
    assert ("size", "16 MiB") in person.questions[0].facts
    assert can_write(file, Permission([file], ask=Person(agrees=False)))
    assert "was left as it is" in refusal(file, Permission(ask=Person(agrees=False)))


@pytest.mark.root
@pytest.mark.loop
def test_a_person_is_asked_of_each_device_with_what_it_is(device: str, file: Path) -> None:
    person = Person(agrees=False)
    assert "was left as it is" in refusal(device, Permission([device], ask=person))
    facts = dict(person.questions[0].facts)
    assert person.questions[0].name == Path(device).name
    assert facts["made of"] == str(file)
    assert facts["size"] == "16 MiB"
    assert facts["contents"] == "nothing that is known"
    assert facts["serial"] == "unknown"
    run("mkfs.ext4", "-q", "-L", "photos", device)
    refusal(device, Permission([device], force_signature=True, ask=person))
    assert dict(person.questions[1].facts)["contents"] == "a signature of ext4 labelled photos"


# ---- between looking and opening ---------------------------------------------------------


def test_a_name_that_changes_before_it_is_opened_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every later moment, the name leads to something else."""
    scratch, precious, link = tmp_path / "scratch", tmp_path / "precious", tmp_path / "link"
    for path in (scratch, precious):
        image(path, 8192)
    real_open = os.open
    opened: list[int] = []

    def open_and_swap(path: str, flags: int, *rest: int) -> int:
        fd = real_open(path, flags, *rest)
        link.unlink()
        link.symlink_to(precious)
        if not str(path).startswith("/dev/"):  # loop devices, which are asked what they are
            opened.append(os.fstat(fd).st_ino)
        return fd

    link.symlink_to(scratch)
    monkeypatch.setattr(os, "open", open_and_swap)
    with Targets([scratch]) as targets:
        target = targets.open(str(link), WRITE)
        assert os.fstat(target.fd).st_ino == scratch.stat().st_ino
    assert set(opened) == {scratch.stat().st_ino}
    # Named through the link: it does not lead to what is open any more, so it is no permission.
    link.unlink()
    link.symlink_to(scratch)
    assert "was not allowed" in refusal(link)


@pytest.mark.root
@pytest.mark.loop
def test_a_device_s_name_that_comes_to_mean_another_device(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    with loop(image(tmp_path / "other"), "--read-only") as other:
        link.symlink_to(device)
        real_open = os.open

        def open_and_swap(path: str, flags: int, *rest: int) -> int:
            fd = real_open(path, flags, *rest)
            link.unlink()
            link.symlink_to(other)
            return fd

        monkeypatch.setattr(os, "open", open_and_swap)
        with Targets([device]) as targets:
            target = targets.open(str(link), WRITE)
            assert os.fstat(target.fd).st_rdev == Path(device).stat().st_rdev


TURN_ABOUT = """
import os, sys
*places, link = sys.argv[1:]
while True:
    for place in places:
        os.symlink(place, link + ".next")
        os.replace(link + ".next", link)
"""


def test_a_link_that_keeps_changing_never_leads_astray(file: Path, tmp_path: Path) -> None:
    """Another process turns the name about all the time; what is open is what was named."""
    precious, link = image(tmp_path / "precious", 8192), tmp_path / "link"
    link.symlink_to(file)
    opened = refused = 0
    with subprocess.Popen([sys.executable, "-c", TURN_ABOUT, file, precious, link]) as turner:
        try:
            while (opened < 50 or refused < 50) and turner.poll() is None:
                with Targets([file]) as targets:
                    try:
                        target = targets.open(str(link), WRITE)
                    except LaiobenchError as refusal:
                        assert "was not allowed" in str(refusal)
                        refused += 1
                    else:
                        assert os.fstat(target.fd).st_ino == file.stat().st_ino
                        opened += 1
        finally:
            turner.kill()
    assert opened >= 50


@pytest.mark.root
@pytest.mark.loop
def test_what_we_made_is_refused_while_it_is_used_otherwise(tmp_path: Path) -> None:
    new = tmp_path / "new"
    with Targets() as targets:
        targets.make(str(new), 1 << 20)
        targets.open(str(new), WRITE)
    with loop(new):
        assert "is made of it" in refusal(new, Permission())
    assert can_write(new, Permission())
