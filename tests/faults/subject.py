"""Runs the program under a fault, and checks what must hold after every run.

No hang, the right exit code, no I/O lost from the accounts, every proof rule kept, the
result saved as it was printed, earlier results unharmed, and all AIO events given back.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from program import Program

OK, RUN_FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")

BLOCKING = "--engine=psync"


def depth_of(mode: str, iodepth: int) -> int:
    """How many I/Os a run with this iodepth has in flight."""
    return 1 if mode == BLOCKING else iodepth


# Long enough for a busy machine and for strace.
PATIENCE_S = 60
# The kernel frees a context only a little after its process has ended.
AIO_PATIENCE_S = 2

_EARLIER = "20260101T000000.000Z-earlier-0000.json"
_AIO_IN_USE = Path("/proc/sys/fs/aio-nr")


def words(arguments: Sequence[str | Path]) -> list[str | Path]:
    """With a mode's options, which are one string, as so many."""
    return [
        word
        for argument in arguments
        for word in (argument.split() if str(argument).startswith("--engine=") else [argument])
    ]


def aio_events_in_use() -> int:
    return int(_AIO_IN_USE.read_text())


def folders_of_aio_users() -> set[Path]:
    """The working folders of processes that have a completion ring."""
    folders = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            if "/[aio]" in maps.read_text():
                folders.add(maps.with_name("cwd").readlink())
        except OSError:  # it has ended, or belongs to another user
            continue
    return folders


@dataclass(frozen=True)
class Report:
    """The result of a run: its document, and its stderr."""

    document: dict[str, Any]
    stderr: str

    @property
    def job(self) -> dict[str, Any]:
        """The only job."""
        (job,) = self.document["jobs"]
        result: dict[str, Any] = job
        return result

    @property
    def failures(self) -> list[str]:
        """The failures in the document."""
        return re.findall(r"^failed: (.*)", self.stderr, re.MULTILINE)

    @property
    def warnings(self) -> dict[str, str]:
        """The warnings in the document: `seen`, by id."""
        return {warning["id"]: warning["seen"] for warning in self.document["warnings"]}


@dataclass(frozen=True)
class Ending:
    """The exit code of a process, and what it wrote."""

    code: int
    stdout: str
    stderr: str


@dataclass
class Running:
    """The program, started."""

    process: subprocess.Popen[str]
    _subject: "Subject"
    _stderr: Path
    _aio_events_before: int

    @property
    def said(self) -> str:
        """What it has written to stderr so far."""
        return self._stderr.read_text()

    def is_over(self) -> bool:
        return self.process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself, also if it runs under strace."""
        pid = self.process.pid
        while Path(f"/proc/{pid}/comm").read_text() == "strace\n":
            pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        os.kill(pid, number)

    def wait_until_begun(self) -> None:
        """Wait until the program is imported: before that, Python itself handles Ctrl-C."""
        maps = Path(f"/proc/{self.process.pid}/maps")
        deadline = time.monotonic() + PATIENCE_S
        while "pydantic_core" not in maps.read_text():
            assert time.monotonic() < deadline, "the program did not begin"
            time.sleep(0.001)

    def wait_until_measuring(self) -> None:
        """Wait until the IOThread has begun its work."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        deadline = time.monotonic() + PATIENCE_S
        while not any("iothread" in (task / "comm").read_text() for task in tasks.iterdir()):
            assert time.monotonic() < deadline, "the run did not start"
            time.sleep(0.01)
        time.sleep(0.2)

    def wait_until_said(self, text: str) -> None:
        """Wait until it has printed a text."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.said:
            assert time.monotonic() < deadline, self.said
            assert not self.is_over(), self.said
            time.sleep(0.02)

    def end(self) -> Ending:
        """Wait for its end; a hang or a traceback fails the test."""
        stdout, _ = self.process.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in self.said, self.said
        return Ending(self.process.returncode, stdout, self.said)

    def finish(self, code: int) -> Report:
        """Wait for its end, and check all that must hold."""
        ending = self.end()
        assert ending.code == code, ending.stderr
        document = json.loads(ending.stdout)
        check_accounts(document)
        self._subject.check_saved(document)
        self.check_aio_is_given_back()
        assert bool(document["failures"]) == (document["status"] == "failed"), ending.stderr
        report = Report(document, ending.stderr)
        assert report.failures == document["failures"]
        return report

    def check_aio_is_given_back(self) -> None:
        """Check that the AIO events are free again, unless other programs have taken some.

        Processes that work in the program's folder do not count as other programs.
        """
        ours = self._subject.program.folder
        deadline = time.monotonic() + AIO_PATIENCE_S
        while (in_use := aio_events_in_use()) > self._aio_events_before:
            if time.monotonic() > deadline:
                users = folders_of_aio_users()
                assert users, f"{in_use} AIO events are in use, and by nobody"
                assert ours not in users, f"{in_use} AIO events are in use, and by us"
                return
            time.sleep(0.01)


@dataclass
class Subject:
    """The program, in a folder with an earlier result."""

    program: Program
    running: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.results = self.program.folder / "results"
        self.results.mkdir()
        self._earlier = self.results / _EARLIER
        self._earlier.write_text('{"an earlier": "result"}')
        self._known = {self._earlier}

    def start(self, *arguments: str | Path, prefix: Sequence[str | Path] = ()) -> Running:
        """Start `laiobench run --json` with these options."""
        aio_events_before = aio_events_in_use()
        stderr = self.program.folder / f"stderr-{len(self.running)}"
        with stderr.open("w") as file:
            process = subprocess.Popen(
                [*map(str, prefix), *self.program.command("run", "--json", *words(arguments))],
                cwd=self.program.folder,
                env=self.program.environment,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        running = Running(process, self, stderr, aio_events_before)
        self.running.append(running)
        return running

    def run(
        self, *arguments: str | Path, code: int = OK, prefix: Sequence[str | Path] = ()
    ) -> Report:
        """Run to the end, and check all that must hold."""
        return self.start(*arguments, prefix=prefix).finish(code)

    def refusal(
        self, *arguments: str | Path, code: int = RUN_FAILED, prefix: Sequence[str | Path] = ()
    ) -> str:
        """Run the program, which must refuse to run; returns its one error."""
        running = self.start(*arguments, prefix=prefix)
        ending = running.end()
        assert ending.code == code, ending.stderr
        first, *more = ending.stderr.splitlines()
        assert first.startswith("laiobench: error: ")
        assert all(line.startswith("  ") for line in more), ending.stderr
        assert ending.stdout == ""
        self.check_unharmed()
        assert set(self.results.iterdir()) == self._known
        running.check_aio_is_given_back()
        return ending.stderr

    def check_unharmed(self) -> None:
        """Check that the earlier result is unchanged."""
        assert self._earlier.read_text() == '{"an earlier": "result"}'

    @property
    def earlier_name(self) -> str:
        return self._earlier.name

    def wait_for_result(self) -> dict[str, Any]:
        """Wait for the new result to be saved; returns it."""
        deadline = time.monotonic() + PATIENCE_S
        while not (new := set(self.results.glob("2*.json")) - self._known):
            assert time.monotonic() < deadline, "no result was saved"
            time.sleep(0.02)
        (saved,) = new
        document: dict[str, Any] = json.loads(saved.read_text())
        return document

    def check_saved(self, document: dict[str, Any]) -> None:
        """Check that one new result was saved whole, and nothing else."""
        self.check_unharmed()
        (saved,) = set(self.results.iterdir()) - self._known
        assert json.loads(saved.read_text()) == document
        self._known.add(saved)

    def kill_what_runs(self) -> None:
        """Kill what still runs, once no faulty request holds it in the kernel."""
        for running in self.running:
            if not running.is_over():
                running.signal(signal.SIGKILL)
            running.process.wait(timeout=PATIENCE_S)


def check_accounts(document: dict[str, Any]) -> None:
    """What was submitted has ended, one way or the other, and the mode did what it should."""
    assert document["jobs"]
    for job in document["jobs"]:
        accounts = job["accounts"]
        ended = accounts["completed"] + accounts["failed"] + accounts["cancelled"]
        assert accounts["submitted"] == ended
        assert job["proof"]
        assert all(rule["holds"] for rule in job["proof"]), job["proof"]
