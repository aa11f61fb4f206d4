"""The fixtures of the tests under faults."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.faulty_file import FaultyFile, mounted
from faults.subject import BLOCKING, MODES, Subject
from faults.system_calls import build_shim
from program import Program


@pytest.fixture(
    params=[
        *(f"--completion={name}" for name in MODES),
        *(f"--engine=io_uring --completion={name}" for name in MODES),
        BLOCKING,
    ]
)
def mode(request: pytest.FixtureRequest) -> str:
    """Each completion mode in turn, as options, of both engines that have all, and psync."""
    return str(request.param)


@pytest.fixture(params=[*(f"--completion={name}" for name in MODES), BLOCKING])
def told_mode(request: pytest.FixtureRequest) -> str:
    """The same without io_uring, which asks a file for the rest of a short I/O by itself."""
    return str(request.param)


@pytest.fixture(params=[f"--completion={name}" for name in MODES])
def aio_mode(request: pytest.FixtureRequest) -> str:
    """Each completion mode of native AIO in turn."""
    return str(request.param)


@pytest.fixture
def subject(program: Program) -> Iterator[Subject]:
    """The program.  Fixtures of faults depend on it, so that faults end before it does."""
    subject = Subject(program)
    yield subject
    subject.kill_what_runs()


@pytest.fixture
def faulty_file(subject: Subject, tmp_path: Path) -> Iterator[FaultyFile]:
    """A file of 4 MiB that may be given faults; it has none yet."""
    with mounted(tmp_path / "faulty") as file:
        yield file


@pytest.fixture
def blocking_file(subject: Subject, tmp_path: Path) -> Iterator[FaultyFile]:
    """The same without asynchronous I/O: io_submit waits for each request."""
    with mounted(tmp_path / "blocking", is_async=False) as file:
        yield file


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim, a library to preload."""
    return build_shim(tmp_path_factory.mktemp("shim"))
