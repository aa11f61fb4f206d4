"""Runs the real program as a subprocess, as its users run it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The result of a run of the program."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """stdout as one JSON document."""
        document: dict[str, Any] = json.loads(self.stdout)
        return document


@dataclass(frozen=True)
class Program:
    """The real program, in a folder of its own."""

    folder: Path
    environment: Mapping[str, str]

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "laiobench", *map(str, arguments)]

    def __call__(
        self,
        *arguments: str | Path,
        prefix: tuple[str, ...] = (),
        timeout_s: float = 60,
        stdin: str = "",
    ) -> Outcome:
        done = subprocess.run(
            [*prefix, *self.command(*arguments)],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start the program, and don't wait for its end."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
