"""mountinfo and /proc/swaps with arbitrary bytes in names."""

import os
from pathlib import Path

import pytest

from laiobench.system.kernel import System
from laiobench.system.usage import Use, uses_of_file
from program import Program

# Bytes that end lines or words for Python, and not for the kernel, which escapes none of them.
ODD = [
    b"\xff",
    b"a\rb",
    b"a\x0cb",
    b"a\x1cb",
    b"a\xc2\x85b",
    b"a\xe2\x80\xa8b",
    b"a\xc2\xa0-\xc2\xa0b",
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_swap_file_of_any_name_is_found(odd: bytes, tmp_path: Path) -> None:
    name = os.fsdecode(odd)
    file = tmp_path / name
    file.touch()
    (tmp_path / "proc").mkdir()
    (tmp_path / "sys/block").mkdir(parents=True)
    (tmp_path / "proc/swaps").write_bytes(b"Filename Type\n%b file 1 0 -2\n" % os.fsencode(file))
    found = uses_of_file(file.stat(), System(tmp_path / "proc", tmp_path / "sys"))
    assert found == [Use("it is used as swap", f"swapoff {file}")]


@pytest.mark.root
@pytest.mark.parametrize("odd", ODD[:4], ids=repr)
def test_a_run_bears_mounts_of_any_name(odd: bytes, program: Program) -> None:
    place = program.folder / os.fsdecode(odd)
    place.mkdir()
    program.folder.joinpath("file").write_bytes(os.urandom(1 << 16))
    script = 'mount -t tmpfs none "$0" && exec "$@"'
    outcome = program(
        "run", "--filename=file", "--rw=randread", "--number_ios=9", "--json",
        prefix=("unshare", "--mount", "sh", "-c", script, str(place)),
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (told,) = outcome.document["machine"]["targets"].values()
    assert told["file_system"]
    assert told["mount_options"]


@pytest.mark.root
@pytest.mark.loop
@pytest.mark.parametrize("odd", ODD[1:3], ids=repr)
def test_what_is_mounted_at_one_is_told_by_its_name(odd: bytes, program: Program) -> None:
    place = program.folder / os.fsdecode(odd)
    place.mkdir()
    image = program.folder / "image"
    image.write_bytes(bytes(4 << 20))
    script = 'mkfs.ext4 -q image && mount -o loop image "$0" && exec "$@"'
    outcome = program(
        "run", "--filename=image", "--rw=randwrite", "--number_ios=9", "--allow-write=image",
        "--force-signature", prefix=("unshare", "--mount", "sh", "-c", script, str(place)),
    )  # fmt: skip
    assert outcome.code == 2
    assert f", which is mounted at {program.folder}/" in outcome.stderr
