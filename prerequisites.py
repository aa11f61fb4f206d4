"""Checks that a machine has what building needs, and says in sentences what is missing.

The Makefile runs it first, and setup.py before it compiles: the output of a compiler or of
distutils does not tell which package to install.  Python 3.7 must be able to run it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

OLDEST = (3, 11)


def missing(*, for_make: bool = False) -> list[str]:
    """A sentence for each thing that is missing.

    `for_make`: also check what making a virtual environment needs.
    """
    if sys.version_info < OLDEST:
        return [
            f"it needs Python 3.11 or later, and {sys.executable} is {sys.version.split()[0]}: "
            "name another, as in `make PYTHON=python3.12 run`"
        ]
    found = []
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if not headers.exists():
        found.append(
            f"Python's headers are missing, {headers}: install python3-dev (Debian, Ubuntu) "
            "or python3-devel (others)"
        )
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "gcc")[0]
    if not shutil.which(compiler):
        found.append(f"the C compiler {compiler} is missing: install gcc, or name another in CC")
    if for_make and not _has_venv():
        found.append("Python's venv is missing: install python3-venv (Debian, Ubuntu)")
    return found


def _has_venv() -> bool:
    """Whether environments can be made.  Debian's Python has venv, but ensurepip is a package."""
    try:
        import venv
        from ensurepip import version
    except ImportError:
        return False
    return bool(venv and version)


if __name__ == "__main__":
    sentences = missing(for_make=True)
    for sentence in sentences:
        sys.stderr.write(f"laiobench can't be built: {sentence}\n")
    sys.exit(1 if sentences else 0)
