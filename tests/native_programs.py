"""C programs of tests/core, linked with the whole core: plain, under a sanitizer, optimized.

Each is built once in a session, also when several processes share its tests: whoever comes
first builds, and the others wait for it.
"""

import atexit
import fcntl
import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from laiobench.native.build import CORE, OPTIMIZE_AS_ONE, core_files

FOLDER = Path(__file__).parent / "core"
SANITIZERS = {
    "plain": [],
    # PIC: these are the extension's too, see sanitized_program.py
    "address": ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fPIC"],
    "thread": ["-fsanitize=thread"],
}

# As users build it; the other builds are for finding faults.
_VARIANTS = {**SANITIZERS, "optimized": ["-O2", *OPTIMIZE_AS_ONE]}

# Files that are linked with a program if it includes their headers.
_STAND_INS = ("fake_kernel", "fake_uring", "failing_calls")
COMPILER = os.environ.get("CC", "gcc")
_FLAGS = [
    "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror",
    '-DCORE_SOURCE_HASH="test"',
]  # fmt: skip


# The variable that tells the session's processes where it builds.
_FOLDER_VARIABLE = "NATIVE_PROGRAMS_OF_TESTS"


def start_session() -> None:
    """Make the folder for builds, before other processes start; it is removed at the end."""
    if _FOLDER_VARIABLE not in os.environ:
        os.environ[_FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="laiobench-native-")
        atexit.register(shutil.rmtree, os.environ[_FOLDER_VARIABLE], ignore_errors=True)


def build_folder() -> Path:
    """The folder in which this session builds."""
    return Path(os.environ[_FOLDER_VARIABLE])


@contextmanager
def being_built(name: str) -> Iterator[bool]:
    """Yields whether the caller has to build; if not, another process has built it."""
    done = build_folder() / f"{name}.done"
    with (build_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_ours = not done.exists()
        yield is_ours
        done.touch()


def source_of(name: str) -> Path:
    """The source of a program, in whichever folder it is."""
    (found,) = FOLDER.rglob(f"{name}.c")
    return found


@functools.cache
def build_core(variant: str) -> list[Path]:
    """Build the core's object files."""
    folder = build_folder() / variant
    sources = core_files(".c")
    compile_with = [COMPILER, *_FLAGS, *_VARIANTS[variant], f"-I{CORE}", "-c"]
    with being_built(variant) as is_ours:
        if is_ours:
            folder.mkdir(exist_ok=True)
            subprocess.run([*compile_with, *map(str, sources)], cwd=folder, check=True)
    return [folder / f"{source.stem}.o" for source in sources]


def _stand_ins(source: Path) -> set[Path]:
    """The stand-ins that a source includes by their headers, also through a fixture."""
    found: set[Path] = set()
    for header in re.findall(r'#include "(\w+)\.h"', source.read_text()):
        if header in _STAND_INS:
            found.add(FOLDER / f"{header}.c")
        if (FOLDER / f"{header}.h").exists():
            found |= _stand_ins(FOLDER / f"{header}.h")
    return found


@functools.cache
def build(name: str, variant: str) -> Path:
    """Build a program; returns its path."""
    target = build_folder() / f"{name}-{variant}"
    source = source_of(name)
    flags = [*_FLAGS, *_VARIANTS[variant], f"-I{CORE}", f"-I{FOLDER}"]
    objects = [source, *sorted(_stand_ins(source)), *build_core(variant)]
    with being_built(target.name) as is_ours:
        if is_ours:
            link = ["-o", str(target), "-pthread", "-ldl", "-lm"]
            subprocess.run([COMPILER, *flags, *map(str, objects), *link], check=True)
    return target
