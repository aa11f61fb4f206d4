"""The core's own tests, in C: built plain and under sanitizers, one test here for each there.

And all of a program at a time under valgrind, which sees what was never initialised.
"""

import subprocess
from pathlib import Path

import pytest

from native_programs import FOLDER, SANITIZERS, build, source_of


def cases(name: str) -> list[str]:
    """What a program lists, read from its source: collecting must not compile."""
    text = source_of(name).read_text()
    return [line.strip()[5:-2] for line in text.splitlines() if line.startswith("    TEST(")]


VALGRIND = [
    "valgrind",
    "--quiet",
    "--fair-sched=try",  # its threads take turns, and some of ours wait by looking
    "--leak-check=full",
    "--errors-for-leak-kinds=definite,indirect",
    "--error-exitcode=99",
]

# A test ends itself after TEST_TIMEOUT_S (harness.h); these are for what is not even that.
ONE_TIMEOUT_S = 330
ALL_TIMEOUT_S = 900

PROGRAMS = sorted(path.stem for path in FOLDER.rglob("test_*.c"))


@pytest.mark.timeout(ONE_TIMEOUT_S + 60)
@pytest.mark.parametrize("sanitizer", SANITIZERS)
@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name in PROGRAMS for case in cases(name)]
)
def test_mechanism(name: str, case: str, sanitizer: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [build(name, sanitizer), case],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=ONE_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(ALL_TIMEOUT_S + 60)
@pytest.mark.valgrind
@pytest.mark.parametrize("name", PROGRAMS)
def test_memory_is_used_as_it_should_be(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [*VALGRIND, build(name, "plain"), "--all"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=ALL_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_test_of_a_program_is_listed(name: str) -> None:
    done = subprocess.run([build(name, "plain")], capture_output=True, text=True, check=True)
    assert done.stdout.split() == cases(name)
