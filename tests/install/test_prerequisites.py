"""Where something that building needs is missing, a sentence says so, however one builds."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from installation import ROOT, clone

HEADERS = Path(sysconfig.get_path("include"))
NO_HEADERS = "laiobench can't be built: Python's headers are missing"
BUILD = "from setuptools import build_meta; build_meta.build_wheel('dist')"


def tell(*command: str, cwd: Path = ROOT, environment: Mapping[str, str] | None = None) -> str:
    """What a command that fails prints."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode != 0, done.stdout
    return done.stdout


def without(folder: Path, *command: str) -> list[str]:
    """A command where `folder` is empty."""
    hide = f'mount -t tmpfs none "{folder}" && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", hide, "sh", *command]


def test_here_nothing_is_missing() -> None:
    done = subprocess.run([sys.executable, "prerequisites.py"], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_a_missing_compiler_is_told() -> None:
    told = tell(sys.executable, "prerequisites.py", environment={"CC": "no-such-gcc -O2"})
    assert told.count("\n") == 1 and "the C compiler no-such-gcc is missing: install gcc" in told


@pytest.mark.root
def test_missing_headers_are_told_by_make_before_anything_is_made(tmp_path: Path) -> None:
    make = without(HEADERS, "make", "--silent", f"VENV={tmp_path}/venv", f"PYTHON={sys.executable}")
    told = tell(*make, "run")
    assert told.startswith(NO_HEADERS) and "install python3-dev" in told
    assert "distutils" not in told and "gcc" not in told
    assert not tmp_path.joinpath("venv").exists()


@pytest.mark.root
def test_missing_headers_are_told_by_a_build_before_it_compiles(tmp_path: Path) -> None:
    clone(tmp_path / "tree")
    told = tell(*without(HEADERS, sys.executable, "-c", BUILD), cwd=tmp_path / "tree")
    assert NO_HEADERS in told
    assert "fatal error" not in told and "x86_64-linux-gnu" not in told


@pytest.mark.root
def test_a_missing_venv_is_told() -> None:
    import ensurepip

    told = tell(*without(Path(ensurepip.__file__).parent, sys.executable, "prerequisites.py"))
    assert "Python's venv is missing: install python3-venv" in told
