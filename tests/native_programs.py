"""C programs of tests/native, linked with the whole core: plain, under a sanitizer, optimized."""

import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from laiobench.native.build import HERE as CORE
from laiobench.native.build import OPTIMIZE_AS_ONE, core_files

FOLDER = Path(__file__).parent / "native"
SANITIZERS = {
    "plain": [],
    "address": ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "thread": ["-fsanitize=thread"],
}

# As users have it; the others are for finding faults.
_VARIANTS = {**SANITIZERS, "optimized": ["-O2", *OPTIMIZE_AS_ONE]}

# What a program brings along to be linked with it, when it includes their headers.
_STAND_INS = ("fake_kernel", "failing_calls")
_COMPILER = os.environ.get("CC", "gcc")
_FLAGS = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", '-DCORE_SOURCE_HASH="test"']


@functools.cache
def _build_folder() -> Path:
    """Where this session builds; gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="laiobench-native-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def _build_core(variant: str) -> list[Path]:
    """The core's object files."""
    folder = _build_folder() / variant
    folder.mkdir()
    sources = core_files(".c")
    compile_with = [_COMPILER, *_FLAGS, *_VARIANTS[variant], f"-I{CORE}", "-c"]
    subprocess.run([*compile_with, *map(str, sources)], cwd=folder, check=True)
    return [folder / f"{source.stem}.o" for source in sources]


def _stand_ins(source: Path) -> set[Path]:
    """The stand-ins whose headers a source includes, also by way of a fixture."""
    found: set[Path] = set()
    for header in re.findall(r'#include "(\w+)\.h"', source.read_text()):
        if header in _STAND_INS:
            found.add(FOLDER / f"{header}.c")
        elif (FOLDER / f"{header}.h").exists():
            found |= _stand_ins(FOLDER / f"{header}.h")
    return found


@functools.cache
def build(name: str, variant: str) -> Path:
    """The program, ready to run."""
    target = _build_folder() / f"{name}-{variant}"
    source = FOLDER / f"{name}.c"
    flags = [*_FLAGS, *_VARIANTS[variant], f"-I{CORE}", f"-I{FOLDER}"]
    objects = [source, *sorted(_stand_ins(source)), *_build_core(variant)]
    subprocess.run(
        [_COMPILER, *flags, *map(str, objects), "-o", str(target), "-pthread", "-ldl", "-lm"],
        check=True,
    )
    return target
