"""What devices report as stored, read from made-up folders."""

import os
from pathlib import Path

from laiobench.system.allocation import Allocation, _of_device
from laiobench.system.kernel import System
from laiobench.system.mapper import Line, mapped


def test_an_nvme_namespace_tells_how_much_of_it_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "devices/nvme0n1"
    for name, value in {"nuse": "1000", "queue/logical_block_size": "4096"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(value + "\n")
    (folder / "nvme0n1p1").mkdir()
    (folder / "nvme0n1p1/partition").write_text("1\n")
    (tmp_path / "dev/block").mkdir(parents=True)
    (tmp_path / "dev/block/259:0").symlink_to(folder)
    (tmp_path / "dev/block/259:1").symlink_to(folder / "nvme0n1p1")
    known = Allocation(stored_bytes=4_096_000, holder="nvme0n1")
    assert _of_device(os.makedev(259, 0), System(sys=tmp_path)) == known
    assert _of_device(os.makedev(259, 1), System(sys=tmp_path)) == known
    assert _of_device(os.makedev(259, 2), System(sys=tmp_path)) == Allocation()


def test_a_thin_volume_tells_how_many_sectors_have_blocks() -> None:
    assert mapped([Line(0, 4096, "thin", ("1024", "2047"))]) == 1024
    assert mapped([Line(0, 4096, "thin", ("0", "-"))]) == 0
    assert mapped([Line(0, 4096, "thin", ("Fail",))]) is None
    assert mapped([Line(0, 4096, "linear", ())]) is None
