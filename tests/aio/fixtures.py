"""Fixtures of the coroutine tests: contexts of all modes and engines, and a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from laiobench.aio import AioContext

MODES = ["poll", "eventfd", "bh", "adaptive", "getevents"]
ENGINES = ["libaio", "io_uring", "threads"]
BLOCK = 4096
BLOCKS = 64


def pattern(block: int) -> bytes:
    """The content of block number `block` of the file."""
    return bytes([block]) * BLOCK


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of 64 blocks of 4 KiB; each byte of a block is the block's number."""
    path = tmp_path / "file.bin"
    path.write_bytes(b"".join(map(pattern, range(BLOCKS))))
    return path


@pytest.fixture
def ctx() -> Iterator[AioContext]:
    with AioContext() as context:
        yield context


@pytest.fixture(params=[(engine, mode) for engine in ENGINES for mode in MODES], ids="-".join)
def any_ctx(request: pytest.FixtureRequest) -> Iterator[AioContext]:
    """A context of each mode with each engine."""
    engine, mode = request.param
    with AioContext(mode, engine=engine) as context:
        yield context


def aio_nr() -> int:
    """AIO events in use on this machine."""
    return int(Path("/proc/sys/fs/aio-nr").read_text())


def open_files() -> int:
    """Descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def loop_rounds(context: AioContext) -> int:
    count: int = context.counters()["loop"]["iterations"]
    return count


def submit_calls(context: AioContext) -> int:
    count: int = context.counters()["submit"]["calls"]
    return count
