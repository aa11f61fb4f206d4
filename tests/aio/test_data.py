"""What is written is what is read, through every mode and engine."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aio.fixtures import BLOCK, BLOCKS, ENGINES, MODES, pattern
from laiobench.aio import AioContext, Target


def test_a_write_is_read_back(any_ctx: AioContext, file: Path) -> None:
    async def main(target: Target) -> bytes:
        assert await target.pwrite(3 * BLOCK, b"x" * BLOCK) == BLOCK
        await target.fdatasync()
        await target.fsync()
        return await target.pread(2 * BLOCK, 3 * BLOCK)

    with Target.open(file, writable=True) as target:
        assert any_ctx.run(main(target)) == [pattern(2) + b"x" * BLOCK + pattern(4)]
    assert file.read_bytes()[3 * BLOCK : 4 * BLOCK] == b"x" * BLOCK


def test_any_alignment_will_do(any_ctx: AioContext, file: Path) -> None:
    async def main(target: Target) -> bytes:
        await target.pwrite(BLOCK - 3, b"hello")
        return await target.pread(BLOCK - 5, 9)

    with Target.open(file, writable=True) as target:
        assert any_ctx.run(main(target)) == [b"\0\0hello\1\1"]
    assert any_ctx.counters()["reaped"]["pool"] in (0, 2)  # 0: with the threads engine


@pytest.mark.parametrize("direct", [True, False])
def test_a_read_ends_where_the_file_does(ctx: AioContext, tmp_path: Path, direct: bool) -> None:
    path = tmp_path / "odd"
    path.write_bytes(b"abc" * 1000)
    with Target.open(path, direct=direct) as target:
        assert ctx.run(
            target.pread(0, 5000), target.pread(2998, 10), target.pread(3000, 10),
            target.pread(10**9, 4096), target.pread(0, 0),
        ) == [b"abc" * 1000, b"bc", b"", b"", b""]  # fmt: skip


def test_reading_into_a_buffer_fills_what_there_is(ctx: AioContext, file: Path) -> None:
    buffer = bytearray(b"." * 2 * BLOCK)
    with Target.open(file) as target:
        assert ctx.run(target.pread_into((BLOCKS - 1) * BLOCK, buffer)) == [BLOCK]
    assert buffer == pattern(BLOCKS - 1) + b"." * BLOCK


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_can_be_written(ctx: AioContext, file: Path, kind: type) -> None:
    with Target.open(file, writable=True) as target:
        assert ctx.run(target.pwrite(0, kind(b"abc"))) == [3]
    assert file.read_bytes()[:4] == b"abc\0"


def test_many_more_may_be_issued_than_are_in_flight(file: Path) -> None:
    async def main(ctx: AioContext, target: Target) -> list[bytes]:
        return await ctx.gather(*(target.pread(n % BLOCKS * BLOCK, BLOCK) for n in range(1000)))

    for mode in MODES:
        with AioContext(mode, iodepth=8) as ctx, Target.open(file) as target:
            [blocks] = ctx.run(main(ctx, target))
            assert blocks == [pattern(n % BLOCKS) for n in range(1000)]
            assert ctx.counters()["other"]["in_flight_max"] <= 8


def test_requests_issued_together_leave_together(ctx: AioContext, file: Path) -> None:
    with Target.open(file) as target:
        ctx.run(*(target.pread(n * BLOCK, BLOCK) for n in range(32)))
    assert ctx.counters()["submit"]["calls"] == 1


def test_writes_of_parts_of_one_block_do_not_undo_each_other(
    any_ctx: AioContext, file: Path
) -> None:
    with Target.open(file, writable=True) as target:
        any_ctx.run(*(target.pwrite(n * 16, bytes([n]) * 16) for n in range(32)))
    assert file.read_bytes()[:512] == b"".join(bytes([n]) * 16 for n in range(32))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_misaligned_write_undoes_no_aligned_one(file: Path, engine: Any) -> None:
    """Its own bytes may win or lose; those around it were only read, and are not its to write."""

    async def meet(ctx: AioContext, target: Target) -> bytes:
        await target.pwrite(0, b"o" * BLOCK)
        await ctx.gather(target.pwrite(100, b"m" * 100), target.pwrite(0, b"A" * BLOCK))
        return await target.pread(0, BLOCK)

    with AioContext(engine=engine) as ctx, Target.open(file, writable=True) as target:
        for _ in range(300):
            [block] = ctx.run(meet(ctx, target))
            assert block[:100] + block[200:] == b"A" * (BLOCK - 100)


@pytest.mark.root
def test_a_block_device_is_read_and_written(ctx: AioContext, zram: str) -> None:
    async def main(target: Target) -> tuple[bytes, bytes]:
        await target.pwrite(0, b"zram" * 1024)
        await target.pwrite(10, b"odd")
        await target.fdatasync()
        return await target.pread(8, 8), await target.pread(target.size_bytes - 4, 100)

    with Target.open(zram, writable=True) as target:
        assert ctx.run(main(target)) == [(b"zroddram", b"\0" * 4)]


SIZE = 64 * 1024
OFFSETS = st.one_of(
    st.integers(0, SIZE // 512 - 1).map(lambda n: n * 512), st.integers(0, SIZE - 1)
)
LENGTHS = st.one_of(st.sampled_from([512, 4096, 8192]), st.integers(1, 10_000))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), OFFSETS, LENGTHS, st.just(0)),
        st.tuples(st.just("write"), OFFSETS, LENGTHS, st.integers(0, 255)),
        st.tuples(st.just("sync"), st.just(0), st.just(0), st.just(0)),
    ),
    max_size=20,
)


@pytest.mark.parametrize("engine", ENGINES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, mode=st.sampled_from(MODES), direct=st.booleans())
def test_any_sequence_does_what_a_bytearray_does(
    tmp_path: Path, engine: str, steps: list[tuple[str, int, int, int]], mode: str, direct: bool
) -> None:
    path = tmp_path / "model.bin"
    model = bytearray(os.urandom(SIZE))
    path.write_bytes(model)

    async def main(target: Target) -> None:
        for step, offset, length, fill in steps:
            end = min(offset + length, SIZE)
            if step == "read":
                assert await target.pread(offset, length) == model[offset:end]
            elif step == "write":
                model[offset:end] = bytes([fill]) * (end - offset)
                await target.pwrite(offset, model[offset:end])
            else:
                await target.fsync()

    with (
        AioContext(mode, engine=engine) as ctx,  # type: ignore[arg-type]
        Target.open(path, writable=True, direct=direct) as target,
    ):
        ctx.run(main(target))
        assert ctx.usage().in_use == 0
    assert path.read_bytes() == model
