"""Names of files that are not UTF-8: results measured on such files are kept and shown."""

import json
import os
from pathlib import Path

import pytest

from program import Program

NAME = os.fsdecode(b"da\xffta")


@pytest.fixture
def target(program: Program) -> str:
    program.folder.joinpath(NAME).write_bytes(os.urandom(1 << 20))
    return NAME


def run(program: Program, target: str, *more: str) -> dict[str, object]:
    outcome = program("run", f"--filename={target}", "--number_ios=20", "--json", *more)
    assert outcome.code == 0, outcome.stderr
    return outcome.document


def test_a_run_on_one_is_saved_and_shown(program: Program, target: str) -> None:
    document = run(program, target)
    (saved,) = program.folder.joinpath("results").iterdir()
    assert json.loads(saved.read_text()) == document
    assert next(iter(document["machine"]["targets"])).endswith("/da\ufffdta")  # type: ignore[index]
    assert "da\ufffdta" in program("show").stdout
    assert program("list").code == 0


@pytest.mark.parametrize("option", ["--output", "--results"])
def test_so_is_one_that_is_saved_in_one(program: Program, option: str) -> None:
    place = os.fsdecode(b"he\xffre")
    outcome = program("run", "--engine=null", "--number_ios=20", f"{option}={place}")
    assert outcome.code == 0
    assert program.folder.joinpath(place).exists()


def test_what_is_wrong_with_one_is_told_and_kept(program: Program, target: str) -> None:
    """A warning and a note of a run with it in them."""
    os.link(program.folder / target, program.folder / "other")
    document = run(program, target, "--end_fsync=0", "--rw=randwrite", f"--allow-write={target}")
    assert document["status"] == "ok"


def test_variants_and_explanations(program: Program, target: str) -> None:
    outcome = program(
        "ab", f"--filename={target}", "--number_ios=20", "--vary=completion=poll,eventfd",
        "--pairs=1", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert len(list(Path(program.folder, "results").iterdir())) == 1
    explained = program("explain", f"--filename={target}", "--json").document
    assert "da\ufffdta" in explained["reads"][0]["target"]
    assert "da" in program("explain", f"--filename={target}").stdout


def test_two_of_them_are_held_against_each_other(program: Program, target: str) -> None:
    run(program, target, "--output=one.json")
    run(program, target, "--output=two.json")
    assert program("compare", "one.json", "two.json", "--json").code in (0, 4)
