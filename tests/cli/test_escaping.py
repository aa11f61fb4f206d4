"""Names and documents with control characters, markup or formulas are escaped wherever shown.

On a real terminal, since what goes elsewhere is stripped of some of it on the way.
"""

import csv
import io
import json
import os
import pty
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from program import Program

ACTING = "\x1b[2J\x1b]0;title\x07\x9b31m\u202egnp.\u2066\u200b"
COMMAND = "\n::error::spoofed\n  ::set-env name=A::b\n##[error]spoofed"
ACTS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]"
)


def on_terminal(
    program: Program, *words: str | Path, stdin: bytes = b"", more: Mapping[str, str] | None = None
) -> str:
    """The output of a command on a terminal, stdout and stderr; without colours of its own."""
    screen, line = pty.openpty()
    environment = {**program.environment, "TERM": "xterm", "NO_COLOR": "1", **(more or {})}
    process = subprocess.Popen(
        program.command(*words), cwd=program.folder, env=environment,
        stdin=line, stdout=line, stderr=line, start_new_session=True,
    )  # fmt: skip
    os.close(line)
    os.write(screen, stdin)
    sent = b""
    try:
        while piece := os.read(screen, 1 << 16):
            sent += piece
    except OSError:  # EIO: nobody has it open any more
        pass
    os.close(screen)
    process.wait(60)
    return sent.decode().replace("\r\n", "\n")


def without_progress(sent: str) -> str:
    return sent.replace("\r\x1b[K", "")


def check(sent: str) -> None:
    text = without_progress(sent)
    assert sent
    assert not (found := ACTS.search(text)), text[max(0, found.start() - 60) : found.end() + 20]
    assert not re.search(r"^\s*::", text, re.MULTILINE), text
    assert "##[" not in text


@pytest.fixture
def document(program: Program) -> Path:
    """A result in which all names of users and devices have characters that act."""
    made: dict[str, Any] = program("run", "--engine=null", "--number_ios=100", "--json").document
    bad = ACTING + COMMAND
    made["status"] = "failed"
    made["failures"] = [f"failed {bad}"]
    made["notes"] = [f"note {bad}"]
    made["warnings"] = [{"id": bad, "seen": bad, "why": bad, "do": bad}]
    made["argv"] = [bad]
    made["machine"]["host"] = bad
    job = made["jobs"][0]
    job |= {"name": f"=job{bad}", "target": f"/dev/{bad}"}
    job["options"] |= {"rw": bad, "completion": bad, "bs": bad}
    job["read"]["errors"] = {bad: 3}
    job["proof"][0] |= {"rule": bad, "holds": False}
    path = program.folder / "results" / "10000101T000000Z-bad.json"
    path.write_text(json.dumps(made))
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("show", "10000101"), ("show", "10000101", "--json"), ("list",), ("list", "--json"),
        ("export", "10000101", "--format=markdown"), ("export", "10000101", "--format=csv"),
        ("export", "10000101", "--format=json"), ("export", "10000101", "--format=fio-json"),
        ("export", "10000101", "--format=benchfmt"),
        ("compare", "10000101", "10000101"), ("history", "results", "--metric=iops"),
    ],
)  # fmt: skip
def test_a_document_acts_on_no_terminal(
    program: Program, document: Path, words: tuple[str, ...]
) -> None:
    check(on_terminal(program, *words))


def test_a_name_ends_no_line_of_a_table(program: Program, document: Path) -> None:
    shown = program("show", "10000101").stdout
    assert not any(line.startswith("::") for line in shown.splitlines())
    assert r"\n::error::spoofed" in shown


def test_names_in_errors_do_not_either(program: Program) -> None:
    name = f"a{ACTING}.toml"
    check(on_terminal(program, "run", name))
    check(on_terminal(program, "show", f"x{ACTING}"))
    check(on_terminal(program, f"no-such{ACTING}"))
    check(on_terminal(program, "run", f"--{ACTING}=1"))
    check(on_terminal(program, "run", f"--rw={ACTING}"))
    (program.folder / "keys.toml").write_text(
        '"\\u001b[2J\\n::error::x" = 1\n[job."a\\u202e\\u009b31m"]\n"rw\\u001b" = "read"\n'
    )
    check(on_terminal(program, "explain", "keys.toml"))
    (program.folder / "gate.toml").write_text('"\\u001b[2J\\n::error::x" = 1\nschema = 1\n')
    check(on_terminal(program, "gate", "a", "b", "--policy=gate.toml"))


def test_a_job_s_name_does_not_while_it_runs(program: Program) -> None:
    sent = on_terminal(
        program, "run", "--name=a\u202eb\x9b31m", "--engine=null", "--null_latency_us=1000",
        "--time_based", "--runtime=5", "--no-save",
    )  # fmt: skip
    assert "\r\x1b[K" in sent
    check(sent)
    assert r"a\u202eb\x9b31m" in sent


def test_the_question_shows_what_it_is_about(program: Program) -> None:
    """By its answer a person decides what is overwritten."""
    path = program.folder / "data\u202eatad"
    path.write_bytes(bytes(1 << 20))
    sent = on_terminal(
        program, "run", f"--filename={path}", "--rw=write", "--number_ios=1", stdin=b"no\n"
    )
    assert "will overwrite" in sent
    check(sent)
    assert r"data\u202eatad" in sent


def test_a_document_says_the_same_without_what_acts(program: Program) -> None:
    name = "a\u202eb\x9b31m"
    outcome = program("run", f"--name={name}", "--engine=null", "--number_ios=10", "--json")
    assert outcome.document["jobs"][0]["name"] == name or r"\u202e" in outcome.stdout
    assert not ACTS.search(outcome.stdout)


def test_a_spreadsheet_computes_nothing(program: Program, document: Path) -> None:
    text = program("export", "10000101", "--format=csv").stdout
    for row in csv.DictReader(io.StringIO(text)):
        assert row["job"].startswith("'=job")
        float(row["value"])
    assert not ACTS.search(text)


def test_markdown_and_junit_have_them_as_text(program: Program, document: Path) -> None:
    text = program("export", "10000101", "--format=markdown").stdout
    assert not ACTS.search(text)
    assert "\n::" not in text
