"""Requests, targets and contexts that fail: the errno, the file, and a sentence why."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aio.fixtures import BLOCK, ENGINES, MODES
from laiobench.aio import AioContext, Target
from laiobench.errors import RunError
from laiobench.jobs.options.engines import ENGINES as ENGINES_THAT_THERE_ARE


@pytest.fixture
def full_tmpfs(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


# ---- requests that fail ---------------------------------------------------------------


def test_writing_what_was_opened_for_reading_is_ebadf(any_ctx: AioContext, file: Path) -> None:
    with Target.open(file) as target, pytest.raises(OSError) as caught:
        any_ctx.run(target.pwrite(0, b"x" * BLOCK))
    assert (caught.value.errno, caught.value.filename) == (errno.EBADF, str(file))


@pytest.mark.root
@pytest.mark.parametrize("mode", MODES)
def test_a_full_file_system_is_enospc(full_tmpfs: Path, mode: Any) -> None:
    async def fill(target: Target) -> None:
        for block in range(1000):
            await target.pwrite(block * BLOCK, b"x" * BLOCK)

    path = full_tmpfs / "file"
    with (
        AioContext(mode) as ctx,
        Target.open(path, writable=True, direct=False, create=0) as target,
    ):
        with pytest.raises(OSError) as caught:
            ctx.run(fill(target))
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
        assert ctx.run(target.pread(0, 4)) == [b"xxxx"]  # and life goes on


@pytest.mark.root
def test_the_end_of_a_device_is_enospc(ctx: AioContext, zram: str) -> None:
    with Target.open(zram, writable=True) as target, pytest.raises(OSError) as caught:
        ctx.run(target.pwrite(target.size_bytes, b"x" * BLOCK))
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, zram)


def test_a_medium_error_is_eio() -> None:
    """Nothing is mapped at address 0, which /proc/self/mem calls an I/O error."""
    with (
        AioContext(engine="threads") as ctx,
        Target.open("/proc/self/mem", direct=False) as target,
        pytest.raises(OSError) as caught,
    ):
        ctx.run(target.pread(0, BLOCK))
    assert (caught.value.errno, caught.value.filename) == (errno.EIO, "/proc/self/mem")


def test_what_the_kernel_has_no_native_aio_for_is_einval(ctx: AioContext) -> None:
    with (
        Target.open("/proc/self/mem", direct=False) as target,
        pytest.raises(OSError) as caught,
    ):
        ctx.run(target.pread(0, BLOCK))
    assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, "/proc/self/mem")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_size_limit_is_efbig(tmp_path: Path, engine: Any) -> None:
    path = tmp_path / "file"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (
        AioContext(engine=engine) as ctx,
        Target.open(path, writable=True, create=BLOCK) as target,
    ):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
        try:
            with pytest.raises(OSError) as caught:
                ctx.run(target.pwrite(1 << 20, b"x" * BLOCK))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))


def test_one_failure_among_many_is_that_ones(any_ctx: AioContext, file: Path) -> None:
    async def main(target: Target) -> list[str]:
        async def attempt(number: int) -> str:
            try:
                if number == 5:
                    await target.pwrite(0, b"x" * BLOCK)
                await target.pread(number * BLOCK, BLOCK)
            except OSError as error:
                return errno.errorcode[error.errno or 0]
            return "read"

        return await any_ctx.gather(*map(attempt, range(10)))

    with Target.open(file) as target:
        assert any_ctx.run(main(target)) == [["read"] * 5 + ["EBADF"] + ["read"] * 4]


@pytest.mark.parametrize(
    ("offset", "count"), [(-1, 1), (0, -1), (1 << 63, 1), ((1 << 63) - 1, 4096), (0, 1 << 31)]
)
def test_impossible_places_are_refused(
    ctx: AioContext, file: Path, offset: int, count: int
) -> None:
    with Target.open(file) as target, pytest.raises(ValueError, match=r"offset|bytes"):
        ctx.run(target.pread(offset, count))


@pytest.mark.parametrize(("offset", "count"), [(0.5, 1), ("0", 1), (0, 1.0), (0, None)])
def test_places_are_whole_numbers(ctx: AioContext, file: Path, offset: Any, count: Any) -> None:
    with (
        Target.open(file) as target,
        pytest.raises(TypeError, match=r"(offset|count) must be a whole number"),
    ):
        ctx.run(target.pread(offset, count))


class Whole:
    """An integer of another kind, such as numpy's."""

    def __index__(self) -> int:
        return 4


def test_whole_numbers_may_be_of_any_kind(file: Path) -> None:
    whole: Any = Whole()
    with AioContext(iodepth=whole) as ctx, Target.open(file) as target:
        assert ctx.run(target.pread(whole, whole), ctx.sleep_ns(whole)) == [bytes(4), None]


@pytest.mark.parametrize("kind", [bytes, lambda data: memoryview(data)])
def test_a_buffer_to_read_into_must_be_writable(ctx: AioContext, file: Path, kind: Any) -> None:
    with Target.open(file) as target, pytest.raises(TypeError, match="takes a writable buffer"):
        ctx.run(target.pread_into(0, kind(bytes(BLOCK))))
    assert ctx.counters()["submit"]["requests"] == 0


def test_buffers_must_be_in_one_piece(ctx: AioContext, file: Path) -> None:
    view = memoryview(bytearray(BLOCK))[::2]
    with Target.open(file, writable=True) as target:
        for method in (target.pread_into, target.pwrite):
            with pytest.raises(ValueError, match="in one piece"):
                ctx.run(method(0, view))
    assert ctx.counters()["submit"]["requests"] == 0


def test_a_buffer_that_is_read_into_keeps_its_size(file: Path) -> None:
    buffer = bytearray(BLOCK)

    async def main(ctx: AioContext, target: Target) -> int:
        task = ctx.spawn(target.pread_into(0, buffer))
        await ctx.sleep_ns(0)
        with pytest.raises(BufferError):
            buffer.clear()
        return await task

    with (
        AioContext(engine="null", null_latency_ns=20_000_000) as ctx,
        Target.open(file) as target,
    ):
        assert ctx.run(main(ctx, target)) == [BLOCK]
    buffer.clear()


# ---- opening --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/no/such/file", FileNotFoundError),
        ("/tmp", IsADirectoryError),
        ("/proc/self/status", OSError),  # has no direct I/O
    ],
)
def test_what_cannot_be_opened_is_named(path: str, error: type[OSError]) -> None:
    with pytest.raises(error) as caught:
        Target.open(path)
    assert caught.value.filename == path
    assert caught.value.errno


def test_a_file_system_without_direct_io_is_explained() -> None:
    with pytest.raises(OSError, match="direct=False") as caught:
        Target.open("/proc/self/status")
    assert caught.value.errno == errno.EINVAL


def test_a_pipe_is_no_target(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for writable in (True, False):
        with pytest.raises(OSError) as caught:
            Target.open(tmp_path / "pipe", direct=False, writable=writable)
        assert caught.value.errno == errno.ESPIPE


@pytest.mark.root
def test_a_device_that_is_in_use_is_ebusy(zram: str) -> None:
    with Target.open(zram, writable=True), pytest.raises(OSError) as caught:
        Target.open(zram, writable=True)
    assert (caught.value.errno, caught.value.filename) == (errno.EBUSY, zram)


def test_a_file_is_created_with_its_size_and_kept_later(ctx: AioContext, tmp_path: Path) -> None:
    path = tmp_path / "new"
    with Target.open(path, writable=True, create=3 * BLOCK) as target:
        assert target.size_bytes == 3 * BLOCK
        ctx.run(target.pwrite(0, b"kept"))
    assert path.stat().st_blocks * 512 >= 3 * BLOCK
    with Target.open(path, writable=True, create=100 * BLOCK) as target:
        assert target.size_bytes == 3 * BLOCK
        assert ctx.run(target.pread(0, 4)) == [b"kept"]


@pytest.mark.root
def test_a_file_that_does_not_fit_is_not_left_behind(full_tmpfs: Path) -> None:
    with pytest.raises(OSError) as caught:
        Target.open(full_tmpfs / "file", writable=True, create=1 << 20)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(full_tmpfs / "file"))
    assert list(full_tmpfs.iterdir()) == []


@pytest.mark.parametrize("options", [{"create": 10}, {"create": -1, "writable": True}])
def test_creating_takes_a_size_and_leave_to_write(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="writable=True"):
        Target.open(tmp_path / "new", **options)
    assert list(tmp_path.iterdir()) == []


def test_the_size_to_create_is_a_whole_number(tmp_path: Path) -> None:
    size: Any = 4096.0
    with pytest.raises(TypeError, match="create must be a whole number"):
        Target.open(tmp_path / "new", writable=True, create=size)
    assert list(tmp_path.iterdir()) == []


# ---- contexts that cannot be ------------------------------------------------------


def test_names_that_there_are_not_are_refused_with_those_that_there_are() -> None:
    wrong: Any = "magic"
    with pytest.raises(ValueError, match="poll, eventfd, bh, adaptive, getevents"):
        AioContext(wrong)
    with pytest.raises(ValueError, match=", ".join(ENGINES_THAT_THERE_ARE)):
        AioContext(engine=wrong)


@pytest.mark.parametrize("iodepth", [0, -1, 1 << 25])
def test_impossible_depths_are_refused(iodepth: int) -> None:
    with pytest.raises(ValueError, match="iodepth"):
        AioContext(iodepth=iodepth)


@pytest.mark.parametrize("name", ["iodepth", "poll_max_ns", "null_latency_ns"])
def test_a_context_takes_whole_numbers_in_their_range(name: str) -> None:
    wrong: dict[str, Any]
    for wrong in ({name: 1.5}, {name: "1"}, {name: None}):
        with pytest.raises(TypeError, match=f"{name} must be a whole number, not"):
            AioContext(**wrong)
    for wrong in ({name: -1}, {name: 1 << 64}):
        with pytest.raises(ValueError, match=f"{name} must be [01] to .*, not"):
            AioContext(**wrong)


def test_no_room_for_aio_events_is_explained() -> None:
    limit = int(Path("/proc/sys/fs/aio-max-nr").read_text())
    with pytest.raises(RunError, match=r"fs\.aio-max-nr"):
        AioContext(iodepth=limit + 1)


def test_no_room_for_descriptors_is_explained(file: Path) -> None:
    script = """
import resource, sys
from laiobench.aio import AioContext
resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))
try:
    AioContext()
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "RunError" in done.stdout, done.stderr
    assert "EMFILE" in done.stdout


def test_import_laiobench_stays_light() -> None:
    script = "import sys, laiobench; print(any('aio' in name.split('.') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
