"""The counts of system calls in the document, compared with those of strace."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from program import Program

pytestmark = pytest.mark.strace

TRACED = "io_submit,io_getevents,read,epoll_wait,epoll_pwait2,ppoll,eventfd2"


@dataclass(frozen=True)
class Trace:
    """strace's log of the one IOThread: the thread that submits."""

    lines: list[str]

    def count(self, call: str, first_argument: str = "") -> int:
        return sum(line.startswith(f"{call}({first_argument}") for line in self.lines)

    @property
    def result_fd(self) -> str:
        """The eventfd that completions set; empty if none."""
        found = re.search(r"aio_resfd=(\d+)", "\n".join(self.lines))
        return found[1] if found else ""


def trace_of(log: Path) -> Trace:
    by_thread: dict[str, list[str]] = {}
    for line in log.read_text().splitlines():
        thread, _, rest = line.partition(" ")
        if not rest.lstrip().startswith("<..."):  # the second half of a split line
            by_thread.setdefault(thread, []).append(rest.lstrip())
    (lines,) = (
        lines
        for lines in by_thread.values()
        if any(line.startswith("io_submit(") for line in lines)
    )
    return Trace(lines)


@pytest.mark.parametrize("iodepth", [1, 8])
@pytest.mark.parametrize("mode", ["poll", "eventfd", "bh", "adaptive", "getevents"])
def test_system_calls_are_those_counted(
    program: Program, data_file: Path, mode: str, iodepth: int
) -> None:
    log = program.folder / "strace.log"
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randread", f"--completion={mode}",
        f"--iodepth={iodepth}", "--number_ios=400", "--json", "--no-save",
        prefix=("strace", "-f", "-qq", "-e", f"trace={TRACED}", "-o", str(log)),
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    counters = outcome.document["jobs"][0]["counters"]
    trace = trace_of(log)

    assert trace.count("io_submit") == counters["submit"]["calls"]
    assert trace.count("io_getevents") == counters["other"]["waits"]
    assert bool(trace.result_fd) == (mode in ("eventfd", "bh", "adaptive"))
    if trace.result_fd:  # and perhaps some at the end, for what was reaped unread
        reads, counted = trace.count("read", f"{trace.result_fd},"), counters["eventfd"]["reads"]
        assert counted <= reads <= counted + 5
    sleeps = trace.count("epoll_wait") + trace.count("epoll_pwait2") + trace.count("ppoll")
    loop = outcome.document["jobs"][0]["workers"][0]["counters"]["loop"]
    counted = loop["epoll_wait"] + loop["ppoll"]
    assert counted <= sleeps <= counted + 4  # until the thread is told to end
