"""The data that is written, read back from the file and from a device that compresses."""

import hashlib
import zlib
from collections import Counter
from pathlib import Path

import pytest

from program import Program

BLOCK = 4096
SIZE = 1 << 20


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.bin"
    path.write_bytes(b"\xee" * SIZE)
    return path


def written(program: Program, target: Path, *options: str) -> bytes:
    """What is in the file after each of its blocks was written once."""
    done = program(
        "run", "--no-save", "--rw=randwrite", "--iodepth=8", f"--filename={target}",
        f"--allow-write={target}", *options,
    )  # fmt: skip
    assert done.code == 0, done.stderr
    return target.read_bytes()


def blocks(data: bytes, size: int = BLOCK) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_by_default_no_sector_is_like_another_and_nothing_compresses(
    program: Program, target: Path
) -> None:
    data = written(program, target)
    assert max(Counter(blocks(data, 512)).values()) == 1
    assert all(len(zlib.compress(block, 9)) > BLOCK for block in blocks(data))


def test_refilled_buffers_have_nothing_in_common(program: Program, target: Path) -> None:
    data = written(program, target, "--refill_buffers")
    pieces = [block[at : at + 16] for block in blocks(data) for at in range(0, BLOCK, 16)]
    assert len(set(pieces)) == len(pieces)


def test_zeros(program: Program, target: Path) -> None:
    assert written(program, target, "--zero_buffers") == bytes(SIZE)


def test_a_pattern_begins_anew_in_each_block(program: Program, target: Path) -> None:
    data = written(program, target, '--buffer_pattern="abc"0x00ff')
    assert set(blocks(data)) == {(b"abc\x00\xff" * BLOCK)[:BLOCK]}


def test_a_pattern_with_the_block_s_offset(program: Program, target: Path) -> None:
    data = written(program, target, '--buffer_pattern="@"%o')
    for number, block in enumerate(blocks(data)):
        assert block == (b"@" + (number * BLOCK).to_bytes(8, "little")) * 455 + block[-1:]


@pytest.mark.parametrize("percent", [0, 25, 50, 80, 100])
def test_so_much_of_it_compresses(program: Program, target: Path, percent: int) -> None:
    data = written(program, target, f"--buffer_compress_percentage={percent}", "--refill_buffers")
    ratio = sum(len(zlib.compress(block, 9)) for block in blocks(data)) / len(data)
    assert ratio == pytest.approx(1 - percent / 100, abs=0.04)


@pytest.mark.parametrize("percent", [30, 70])
def test_so_many_blocks_are_one_and_the_same(program: Program, target: Path, percent: int) -> None:
    data = written(program, target, f"--dedupe_percentage={percent}", "--bs=512")
    counts = Counter(hashlib.sha256(block).digest() for block in blocks(data, 512))
    ((_, most), (_, second)) = counts.most_common(2)
    assert second == 1
    assert most / (SIZE / 512) == pytest.approx(percent / 100, abs=0.06)


def test_the_same_seed_writes_the_same_and_another_does_not(program: Program, target: Path) -> None:
    options = ("--refill_buffers", "--iodepth=1")
    first = written(program, target, *options)
    assert written(program, target, *options) == first
    assert written(program, target, *options, "--randseed=7") != first


@pytest.mark.root
def test_a_device_that_compresses_finds_the_share(program: Program, zram: str) -> None:
    done = program(
        "run", "--no-save", "--rw=write", "--size=32m", f"--filename={zram}",
        f"--allow-write={zram}", "--buffer_compress_percentage=60",
    )  # fmt: skip
    assert done.code == 0, done.stderr
    stat = Path(f"/sys/block/{Path(zram).name}/mm_stat").read_text().split()
    original, compressed = int(stat[0]), int(stat[1])
    assert original >= 32 << 20
    assert compressed / original == pytest.approx(0.4, abs=0.06)


def test_contradictions_are_told(program: Program, target: Path) -> None:
    done = program("run", f"--filename={target}", "--zero_buffers", "--buffer_pattern=0xff")
    assert done.code == 2
    assert "zero_buffers and buffer_pattern contradict each other" in done.stderr
