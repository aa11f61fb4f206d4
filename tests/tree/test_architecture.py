"""ARCHITECTURE.md's table of mechanisms: the files and the tests that it names are there."""

import re
from pathlib import Path

import pytest

from native_programs import source_of

ROOT = Path(__file__).parent.parent.parent
SECTIONS = {"–", *(str(number) for number in range(1, 11))}
CODE = re.compile(r"`([^`]+)`")


def rows() -> list[list[str]]:
    """Section, mechanism, files, tests."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    table = text.partition("| § | mechanism | file | test |\n|---|---|---|---|\n")[2]
    lines = table.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


FILES = sorted({name for row in rows() for name in CODE.findall(row[2])})
TESTS = sorted({name for row in rows() for name in CODE.findall(row[3])})


def test_each_section_has_its_mechanisms() -> None:
    assert {row[0] for row in rows()} == SECTIONS
    assert all(len(row) == 4 and all(row) for row in rows())


@pytest.mark.parametrize("name", FILES)
def test_a_named_file_is_there(name: str) -> None:
    assert [*(ROOT / "laiobench").rglob(name)]


@pytest.mark.parametrize("name", TESTS)
def test_a_named_test_is_there(name: str) -> None:
    place, _, test = name.partition("::")
    if place.endswith(".c"):
        text = source_of(place.removesuffix(".c")).read_text()
        assert f"    TEST({test})," in text
    else:
        text = (ROOT / "tests" / place).read_text()
        assert re.search(rf"^(def|class) {test}\b", text, re.MULTILINE)


FUNCTIONS = sorted(set(re.findall(r"`(\w+)\(\)`", (ROOT / "ARCHITECTURE.md").read_text())))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_named_function_is_there(name: str) -> None:
    sources = [*ROOT.glob("laiobench/**/*.py"), *ROOT.glob("laiobench/core/**/*.[ch]")]
    system_calls = {"io_submit", "io_getevents", "clock_gettime"}
    assert name in system_calls or any(
        re.search(rf"\b{name}\(", path.read_text()) for path in sources if path.name != "_core.c"
    )
