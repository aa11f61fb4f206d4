"""Offsets: equal to fio's where its rules fix them exactly, else equally distributed."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from laiobench.jobs.options import Job
from program import Program
from workloads import ios_of

pytestmark = pytest.mark.fio

Io = tuple[str, int, int]
MIB = 1 << 20


def ios_of_fio(folder: Path, target_bytes: int, *options: str) -> list[Io]:
    """What fio does, by its own log."""
    target = folder / "target"
    target.write_bytes(bytes(target_bytes))
    subprocess.run(
        ["fio", "--name=j", f"--filename={target}", "--ioengine=psync", "--thread",
         "--write_iolog=log", *options],
        cwd=folder, capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    found = re.findall(r" (read|write) (\d+) (\d+)$", (folder / "log").read_text(), re.MULTILINE)
    return [(direction, int(offset), int(size)) for direction, offset, size in found]


def ours(target_bytes: int, *options: str, count: int = 0) -> list[Io]:
    settings = dict(option.removeprefix("--").split("=", 1) for option in options)
    job = Job.model_validate(settings)
    return [(io.direction, io.offset, io.bytes) for io in ios_of(job, target_bytes, count)]


@pytest.mark.parametrize(
    "options",
    [
        "--rw=read --bs=4k",
        "--rw=read --bs=24k",
        "--rw=write --bs=4k --size=20k --loops=2",
        "--rw=read --bs=4k --io_size=100k",
        "--rw=read --bs=4k --io_size=50%",
        "--rw=read --bs=4k --number_ios=40",
        "--rw=read --bs=4k --number_ios=3",
        "--rw=read --bs=4k --number_ios=3 --loops=3",
        "--rw=read --bs=4k --number_ios=40 --loops=3",
        "--rw=read --bs=4k --size=16k --io_size=40k",
        "--rw=read --bs=4k --size=16k --io_size=40k --loops=2",
        "--rw=read --bs=4k --size=16k --io_size=48k --loops=2",
        "--rw=read --bs=4k --size=16k --io_size=8k --loops=3",
        "--rw=read --bs=4k --size=16k --io_size=40k --number_ios=3 --loops=2",
        "--rw=read --bs=4k --filesize=40k",
        "--rw=read --bs=4k --filesize=40k --offset=8k",
        "--rw=read --bs=4k --filesize=40k --size=8k",
        "--rw=read --bs=4k --filesize=40k --size=8k --loops=2",
        "--rw=write --bs=4k --filesize=40k --size=60k",
        "--rw=read --bs=4k --offset=33%",
        "--rw=read --bs=4k --offset=10k --size=100%",
        "--rw=read --bs=4k --size=33%",
        "--rw=read:8k --bs=4k",
        "--rw=read:8k --bs=4k --offset=20k --size=40k",
        "--rw=read:6k --bs=4k --io_size=80k",
        "--rw=write:-8k --bs=4k",
        "--rw=read --bs=4k --zonemode=strided --zonesize=8k --zoneskip=8k",
        "--rw=read --bs=4k --zonemode=strided --zonesize=16k --zonerange=8k --zoneskip=8k",
        "--rw=read --bs=4k --zonemode=strided --zonesize=8k --zonerange=16k --zoneskip=12k",
        "--rw=read --bs=4k --zonemode=strided --zonesize=8k --zonerange=16k --zoneskip=12k "
        "--offset=4k --size=24k --io_size=80k",
        "--rw=write --bs=4k --zonemode=strided --zonesize=8k --zoneskip=4k --size=32k",
    ],
)
def test_what_is_sequential_is_the_same(tmp_path: Path, options: str) -> None:
    words = options.split()
    assert ours(65536, *words) == ios_of_fio(tmp_path, 65536, *words)


def test_directions_of_a_sequential_mix_go_on_from_their_own_last(tmp_path: Path) -> None:
    words = ["--rw=rw", "--bs=4k"]
    for ios in (ours(65536, *words), ios_of_fio(tmp_path, 65536, *words)):
        assert len(ios) == 16
        for direction in ("read", "write"):
            offsets = [offset for kind, offset, _ in ios if kind == direction]
            assert offsets == list(range(0, 4096 * len(offsets), 4096))


@pytest.mark.parametrize("sequencer", ["sequential", "identical"])
def test_runs_from_random_offsets_are_as_long(tmp_path: Path, sequencer: str) -> None:
    words = ["--rw=randread:4", "--bs=4k", f"--rw_sequencer={sequencer}", "--number_ios=12"]
    step = 4096 if sequencer == "sequential" else 0
    for ios in (ours(16 * MIB, *words), ios_of_fio(tmp_path, 16 * MIB, *words)):
        assert len(ios) == 12
        for first in range(0, 12, 4):
            start = ios[first][1]
            assert [io[1] for io in ios[first : first + 4]] == [start + i * step for i in range(4)]


def test_copies_are_so_far_apart(tmp_path: Path) -> None:
    words = ["--rw=read", "--bs=4k", "--size=8k", "--offset=4k"]
    apart = ["--offset_increment=64k", "--numjobs=3"]
    found = ios_of_fio(tmp_path, MIB, *words, *apart)
    expected = [
        io for copy in range(3) for io in ours(MIB, *words[:3], f"--offset={4096 + copy * 65536}")
    ]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    "options",
    [
        "--rw=read --bssplit=4k/60:8k/30:16k/10 --io_size=64m",
        "--rw=randread --norandommap=1 --bssplit=4k/60:8k/30:16k/10 --io_size=64m",
        "--rw=randrw --norandommap=1 --rwmixread=70 --bs=4k,8k --io_size=32m",
        "--rw=rw --rwmixread=25 --bs=4k --io_size=32m",
    ],
)
def test_shares_of_sizes_and_directions_are_alike(tmp_path: Path, options: str) -> None:
    words = options.split()
    mine = Counter((kind, size) for kind, _, size in ours(16 * MIB, *words))
    fios = Counter((kind, size) for kind, _, size in ios_of_fio(tmp_path, 16 * MIB, *words))
    assert mine.total() > 4000
    for key in set(mine) | set(fios):
        # Both are by chance, and have thousands of I/Os.
        assert mine[key] / mine.total() == pytest.approx(fios[key] / fios.total(), abs=0.03), key


def test_a_random_pass_has_each_block_once_also_where_sizes_differ(tmp_path: Path) -> None:
    words = ["--rw=randread", "--bssplit=4k/50:16k/50"]
    for ios in (ours(MIB, *words), ios_of_fio(tmp_path, MIB, *words)):
        visits = Counter(
            block for _, at, size in ios for block in range(at // 4096, (at + size) // 4096)
        )
        assert sorted(visits) == list(range(256))
        assert set(visits.values()) == {1}


@pytest.mark.parametrize(
    "options",
    [
        "--rw=randread --bs=4k --blockalign=16k --size=4m",
        "--rw=randread --bs=4k --blockalign=16k --norandommap=1 --size=4m",
        "--rw=randread --bs=8k --blockalign=4k --size=4m",
        "--rw=randread --bs=4k --filesize=4m",
        "--rw=randread --bs=4k --filesize=4m --size=2m",
        "--rw=randread --bs=4k --filesize=4m --size=2m --loops=2",
    ],
)
def test_as_many_are_at_random_and_as_far_apart(tmp_path: Path, options: str) -> None:
    words = options.split()
    mine, fios = ours(16 * MIB, *words), ios_of_fio(tmp_path, 16 * MIB, *words)
    assert len(mine) == len(fios)
    (places, reach), (theirs, end) = (
        (len({at for _, at, _ in ios}), max(at + size for _, at, size in ios))
        for ios in (mine, fios)
    )
    assert places == pytest.approx(theirs, rel=0.2)  # without a map, how often is by chance
    assert reach == pytest.approx(end, rel=0.05)


@pytest.mark.parametrize(
    "split",
    ["4k/50:16k/50", "4k/50:64k/50", "512/10:1k/5:2k/5:4k/60:8k/2:16k/4:32k/4:64k/10"],
)
def test_of_a_random_pass_as_many_are_cut(tmp_path: Path, split: str) -> None:
    words = ["--rw=randread", f"--bssplit={split}"]
    mine, fios = ours(32 * MIB, *words), ios_of_fio(tmp_path, 32 * MIB, *words)
    assert len(mine) == pytest.approx(len(fios), rel=0.15)  # a few thousand, by chance


@pytest.mark.parametrize(
    "options",
    [
        "--rw=write:8k --bs=4k",
        "--rw=write --bs=4k --zonemode=strided --zonesize=8k --zoneskip=8k",
        "--rw=randwrite --bs=4k,8k --offset=16k --size=32k --iodepth=4",
        "--rw=randwrite --random_generator=lfsr --size=75%",
    ],
)
def test_what_is_written_is_what_was_planned(
    program: Program, tmp_path: Path, options: str
) -> None:
    target = tmp_path / "written"
    target.write_bytes(bytes(65536))
    outcome = program(
        "run", f"--filename={target}", "--no-save", f"--allow-write={target}", "--direct=0",
        *options.split(),
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    data = target.read_bytes()
    written = {at for at in range(0, 65536, 4096) if any(data[at : at + 4096])}
    planned = {
        block
        for _, at, size in ours(65536, *options.split())
        for block in range(at, at + size, 4096)
    }
    assert written == planned
