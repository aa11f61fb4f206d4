"""What is said of each kind of mistake, word for word.

A file in errors/ has a command line, the files that it names, and after `--- stderr`
what is answered.  After a change that is meant, UPDATE_GOLDEN=1 writes the answers
anew; read what git shows of them.
"""

import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from laiobench.cli.interruption import Interruption
from laiobench.cli.main import main
from laiobench.errors import ExitCode

CASES = sorted((Path(__file__).parent / "errors").glob("*.txt"))
PART = re.compile(r"^--- (.*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """A command, its files by name, and the answer."""

    command: str
    files: dict[str, str]
    stderr: str

    @classmethod
    def read(cls, path: Path) -> "Case":
        command, *parts = PART.split(path.read_text())
        files = dict(zip(parts[::2], parts[1::2], strict=True))
        return cls(command.strip(), files, files.pop("stderr", ""))

    def text(self, stderr: str) -> str:
        """The case as a file, with this answer."""
        parts = "".join(f"--- {name}\n{text}" for name, text in self.files.items())
        return f"{self.command}\n{parts}--- stderr\n{stderr}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_said(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    case = Case.read(path)
    for name, text in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    for stream in ("stdout", "stderr"):  # main opens its own
        monkeypatch.setattr(sys, stream, getattr(sys, stream))
    words = shlex.split(case.command.removeprefix("$ "))
    variables = [word for word in words if re.match(r"[A-Z_]+=", word)]
    for variable in variables:
        monkeypatch.setenv(*variable.split("=", 1))
    monkeypatch.setattr("sys.argv", words[len(variables) :])
    with pytest.raises(SystemExit) as ended:
        main(Interruption())
    said = capfd.readouterr()
    assert ended.value.code == ExitCode.USAGE
    assert said.out == ""
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(case.text(said.err))
    assert said.err == case.stderr or os.environ.get("UPDATE_GOLDEN")


def test_no_two_cases_are_the_same() -> None:
    texts = [path.read_text() for path in CASES]
    assert len(set(texts)) == len(texts) > 40
