"""The core's own tests, in C: built plain and under sanitizers, one test here for each there."""

import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from laiobench.native.build import HERE as CORE
from laiobench.native.build import core_files

TESTS = Path(__file__).parent

# What a test program brings along to be linked with it, when it includes their headers.
STAND_INS = ("fake_kernel", "failing_calls")
SANITIZERS = {
    "plain": [],
    "address": ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "thread": ["-fsanitize=thread"],
}
COMPILER = os.environ.get("CC", "gcc")


FLAGS = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", '-DCORE_SOURCE_HASH="test"']


@functools.cache
def build_folder() -> Path:
    """Where this session builds; gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="laiobench-native-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def build_core(sanitizer: str) -> list[Path]:
    """The core's object files."""
    folder = build_folder() / sanitizer
    folder.mkdir()
    sources = core_files(".c")
    compile_with = [COMPILER, *FLAGS, *SANITIZERS[sanitizer], f"-I{CORE}", "-c"]
    subprocess.run([*compile_with, *map(str, sources)], cwd=folder, check=True)
    return [folder / f"{source.stem}.o" for source in sources]


def stand_ins(source: Path) -> set[Path]:
    """The stand-ins whose headers a source includes, also by way of a fixture."""
    found: set[Path] = set()
    for header in re.findall(r'#include "(\w+)\.h"', source.read_text()):
        if header in STAND_INS:
            found.add(TESTS / f"{header}.c")
        elif (TESTS / f"{header}.h").exists():
            found |= stand_ins(TESTS / f"{header}.h")
    return found


@functools.cache
def build(name: str, sanitizer: str) -> Path:
    """A test program with the whole core."""
    target = build_folder() / f"{name}-{sanitizer}"
    sources = [TESTS / f"{name}.c", *stand_ins(TESTS / f"{name}.c")]
    flags = [*FLAGS, *SANITIZERS[sanitizer], f"-I{CORE}", f"-I{TESTS}"]
    objects = [*sources, *build_core(sanitizer)]
    subprocess.run(
        [COMPILER, *flags, *map(str, objects), "-o", str(target), "-pthread", "-ldl"], check=True
    )
    return target


def test_names(name: str) -> list[str]:
    """What a program lists, read from its source: collecting must not compile."""
    text = (TESTS / f"{name}.c").read_text()
    return [line.strip()[5:-2] for line in text.splitlines() if line.startswith("    TEST(")]


test_names.__test__ = False  # type: ignore[attr-defined]

PROGRAMS = sorted(path.stem for path in TESTS.glob("test_*.c"))


@pytest.mark.parametrize("sanitizer", SANITIZERS)
@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name in PROGRAMS for case in test_names(name)]
)
def test_mechanism(name: str, case: str, sanitizer: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [build(name, sanitizer), case],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_test_of_a_program_is_listed(name: str) -> None:
    done = subprocess.run([build(name, "plain")], capture_output=True, text=True, check=True)
    assert done.stdout.split() == test_names(name)
