"""What all tests have in common: the program as a subprocess, and skips that must not be.

With LAIOBENCH_NO_SKIPS set (CI), a test that would be skipped fails instead.

With --sanitized the program runs on a core that was built under sanitizers, and a test
of which that has anything to say fails.  What is marked `sanitized` runs then alone.

Tests may share the machine with others (pytest -n 2), unless they are marked `alone`.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import sanitized_program
from native_programs import start_session
from program import Program

ROOT = Path(__file__).parent.parent

TOOLS = {"strace": "strace", "fio": "fio", "valgrind": "valgrind"}
FACILITIES = {"fuse": "/dev/fuse", "loop": "/dev/loop-control", "cgroup": "/sys/fs/cgroup/blkio"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sanitized", action="store_true", help="run the program under ASan and UBSan"
    )


def pytest_configure() -> None:
    # A shell script ignores both for background jobs, and programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    start_session()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--sanitized"):
        items[:] = [item for item in items if not item.get_closest_marker("sanitized")]
    for item in items:
        if item.get_closest_marker("root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))
        for marker, tool in TOOLS.items():
            if item.get_closest_marker(marker) and not shutil.which(tool):
                item.add_marker(pytest.mark.skip(reason=f"needs {tool}"))
        for marker, path in FACILITIES.items():
            if item.get_closest_marker(marker) and not Path(path).exists():
                item.add_marker(pytest.mark.skip(reason=f"needs {path}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and os.environ.get("LAIOBENCH_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which LAIOBENCH_NO_SKIPS forbids"
    return report


@pytest.fixture
def program(
    tmp_path: Path, worker_id: str, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> Program:
    """The program, in an empty folder and without settings from the environment."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LAIOBENCH_") and name != "NO_COLOR"
    }
    environment["LAIOBENCH_SCRATCH"] = str(ROOT / ".pytest_cache" / f"scratch-{worker_id}")
    if pytestconfig.getoption("--sanitized"):
        environment |= request.getfixturevalue("sanitizers")
    return Program(tmp_path, environment)


@pytest.fixture
def sanitizers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment for a run under sanitizers; the test fails if they report anything."""
    reports = tmp_path_factory.mktemp("reports")
    yield sanitized_program.environment(reports)
    assert [report.read_text() for report in reports.iterdir()] == []


@pytest.fixture(scope="session")
def data_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 MiB of random bytes on a real file system, on disk."""
    path = tmp_path_factory.mktemp("data") / "data.bin"
    with path.open("wb") as file:
        file.write(os.urandom(16 << 20))
        file.flush()
        os.fsync(file.fileno())
    return path


@pytest.fixture
def zram() -> Iterator[str]:
    """A RAM block device of 64 MiB, made for the test."""
    number = Path("/sys/class/zram-control/hot_add").read_text().strip()
    Path(f"/sys/block/zram{number}/disksize").write_text("64M")
    yield f"/dev/zram{number}"
    Path("/sys/class/zram-control/hot_remove").write_text(number)
