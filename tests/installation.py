"""Builds laiobench as users install it: an sdist of this tree, a wheel, environments with it.

Costs one build of the core a session, whichever of its processes comes first.  An
environment has the wheel and what the wheel's own metadata asks for, nothing else: no
network is needed, since that is linked from the environment that runs the tests.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent

# Not in a clone: what building and testing make, and git's own files.
NOT_CLONED = (
    ".git", ".venv", "build", "dist", "*.egg-info", "*.so", "_core.c", "__pycache__", ".*_cache",
    ".hypothesis", "*.pyc",
)  # fmt: skip

_MAKE_SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


@dataclass(frozen=True)
class Built:
    """The sdist and the wheel of the tree."""

    tree: frozenset[str]
    """The files of a clone."""
    sdist: Path
    wheel: Path

    def files_of_wheel(self) -> set[str]:
        with zipfile.ZipFile(self.wheel) as wheel:
            return set(wheel.namelist())


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and the folder that commands are run in, outside of any tree."""

    home: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.home / "bin" / "python"

    @property
    def site(self) -> Path:
        return next((self.home / "lib").glob("python3*/site-packages"))

    def run(self, *command: str | Path, code: int = 0) -> str:
        """Run a command of the environment; its stdout, or with another `code` its stderr."""
        variables = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LAIOBENCH_", "PYTHON", "COLUMNS"))
        }
        program, *arguments = command
        done = subprocess.run(
            [self.home / "bin" / program, *arguments],
            cwd=self.folder,
            env={**variables, "LAIOBENCH_SCRATCH": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == code, (command, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr if code else done.stdout


def build(folder: Path) -> Built:
    """An sdist of the tree and a wheel of it in `folder`, unless another process made them."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            _build(folder)
            (folder / "done").touch()
    return Built(
        frozenset((folder / "files").read_text().splitlines()),
        next(folder.glob("laiobench-*.tar.gz")),
        next(folder.glob("*.whl")),
    )


def clone(tree: Path) -> None:
    """Copy this tree as a clone would have it."""
    shutil.copytree(ROOT, tree, symlinks=True, ignore=shutil.ignore_patterns(*NOT_CLONED))


def _build(folder: Path) -> None:
    tree = folder / "tree"
    clone(tree)
    files = [str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()]
    (folder / "files").write_text("\n".join(files))
    _call(sys.executable, "-c", _MAKE_SDIST, str(folder), cwd=tree)
    [sdist] = folder.glob("laiobench-*.tar.gz")
    wheel = ["wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(folder)]
    _call(sys.executable, "-m", "pip", *wheel, str(sdist), cwd=folder)


def make_environment(home: Path, wheel: Path, extras: Sequence[str] = ()) -> Environment:
    """An environment with the wheel, and what it requires for itself and these extras."""
    venv.create(home, symlinks=True)
    folder = home / "folder"
    folder.mkdir()
    environment = Environment(home, folder)
    install = ["install", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    _call(sys.executable, "-m", "pip", "--python", str(environment.python), *install, cwd=folder)
    [metadata] = environment.site.glob("laiobench-*.dist-info")
    for needed in {
        part.name: part for part in _required(Distribution.at(metadata), extras)
    }.values():
        _link(needed, environment.site)
    return environment


def _required(
    of: Distribution, extras: Sequence[str], seen: frozenset[str] = frozenset()
) -> Iterator[Distribution]:
    """The distributions that `of` requires, directly or indirectly."""
    for line in of.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        if requirement.name == of.name:
            yield from _required(of, sorted(requirement.extras), seen)
        elif requirement.name not in seen:
            found = distribution(requirement.name)
            yield found
            yield from _required(found, sorted(requirement.extras), seen | {requirement.name})


def _link(part: Distribution, site: Path) -> None:
    """Link a distribution's files and folders into an environment."""
    for name in {file.parts[0] for file in part.files or ()} - {"..", "__pycache__"}:
        if not (site / name).exists():
            (site / name).symlink_to(Path(str(part.locate_file(name))).resolve())


def _call(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
