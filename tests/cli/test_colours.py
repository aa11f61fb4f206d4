"""Verdicts are coloured on a terminal, and inconclusive has a colour of its own."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from documents_of_runs import document, job
from laiobench.cli.colours import coloured
from program import Program

POLICY = """
schema = 1
[gate]
[[gate.metric]]
job = "job"
name = "lat_p50_ns"
max_regression = 0.10
"""
RED, GREEN, YELLOW = "\x1b[31m", "\x1b[32m", "\x1b[33m"
_PAINTED = re.compile(r"(\x1b\[\d+m)(.*?)\x1b\[0m")


def on_terminal(program: Program, *arguments: str, **environment: str) -> str:
    """The output on stdout, which is a terminal."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        program.command(*arguments), cwd=program.folder, stdout=theirs, stderr=subprocess.DEVNULL,
        env={**program.environment, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    process.wait(timeout=60)
    return shown.decode()


def store(folder: Path, p50_ns: float, month: int, *, noise: float = 0.002) -> None:
    folder.mkdir()
    for day in range(1, 8):
        value = p50_ns * (1 + noise * (day % 3))
        made = document(job(p50_ns=value), started_at=f"2026-{month:02d}-{day:02d}T00:00:00Z")
        (folder / f"{day}.json").write_text(json.dumps(made))


def painted(shown: str) -> dict[str, str]:
    """The colour of each word that has one."""
    found: dict[str, str] = {}
    for colour, word in _PAINTED.findall(shown):
        assert found.setdefault(word, colour) == colour
    return found


@pytest.fixture
def gated(program: Program) -> Program:
    (program.folder / "gate.toml").write_text(POLICY)
    store(program.folder / "base", 100_000, 1)
    store(program.folder / "slow", 150_000, 2)
    store(program.folder / "unclear", 100_000, 3, noise=0.2)
    return program


def test_each_verdict_of_a_gate_has_its_colour(gated: Program) -> None:
    assert painted(on_terminal(gated, "gate", "base", "slow")) == {"regress": RED}
    assert painted(on_terminal(gated, "gate", "base", "base")) == {"pass": GREEN}
    assert painted(on_terminal(gated, "gate", "base", "unclear")) == {"inconclusive": YELLOW}


def test_a_table_s_marks_have_the_same(gated: Program) -> None:
    found = painted(on_terminal(gated, "compare", "base", "slow"))
    assert found == {"worse": RED, "~": YELLOW}
    assert painted(on_terminal(gated, "compare", "slow", "base"))["better"] == GREEN


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_none_gets_none(gated: Program, environment: dict[str, str]) -> None:
    shown = on_terminal(gated, "gate", "base", "slow", **environment)
    assert "regress" in shown and "\x1b" not in shown


def test_what_is_no_terminal_gets_none(gated: Program) -> None:
    assert "\x1b" not in gated("gate", "base", "slow").stdout


def test_nothing_but_verdicts_is_painted() -> None:
    assert coloured("it got worse\na  better b\nworse\n") == "it got worse\na  better b\nworse\n"
    assert coloured("p50  (worse)\n") == f"p50  {YELLOW}(worse)\x1b[0m\n"
