"""Help: one screen of what people need, all of it, or one option; and at once."""

import dataclasses
import subprocess
import sys

import pytest

from laiobench.cli.main import COMMANDS
from laiobench.jobs.options import options
from program import Program

JOB_COMMANDS = ("run", "explain", "ab", "bisect", "calibrate")


def at_width(program: Program, columns: int) -> Program:
    environment = {**program.environment, "COLUMNS": str(columns)}
    return dataclasses.replace(program, environment=environment)


@pytest.mark.parametrize("command", JOB_COMMANDS)
def test_h_is_one_screen_with_examples_first(program: Program, command: str) -> None:
    lines = at_width(program, 80)(command, "-h").stdout.splitlines()
    assert len(lines) <= 34
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert text.index(f"  laiobench {command} ") < text.index("--filename=…")
    for needed in ("--rw=…", "--bs=…", "--iodepth=…", "--runtime=…"):
        assert needed in text
    assert f"{command} --help iodepth" in text
    assert "--zoneskip" not in text


@pytest.mark.parametrize("command", JOB_COMMANDS)
def test_help_tells_all_options(program: Program, command: str) -> None:
    text = program(command, "--help").stdout
    assert [option.name for option in options() if f"--{option.name}" not in text] == []
    assert text.index(f"  laiobench {command} ") < text.index("--allow-write")


@pytest.mark.parametrize("name", ["iodepth", "--iodepth", "--iodepth=32"])
def test_help_tells_of_one_option_alone(program: Program, name: str) -> None:
    outcome = program("run", "--help", name)
    assert outcome.code == 0
    assert "I/Os kept in flight" in outcome.stdout
    assert "default 1" in outcome.stdout
    assert "LAIOBENCH_IODEPTH" in outcome.stdout
    assert "--rw" not in outcome.stdout
    assert len(outcome.stdout.splitlines()) < 10


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("allow-write", "The data of this target may be lost."),
        ("completion", "one of: poll, eventfd"),
        ("blocksize", "--bs=…"),
        ("rwmixwrite", "rwmixread"),
        ("force_async", "accepted, and changes nothing"),
        ("prioclass", "laiobench"),
    ],
)
def test_help_knows_own_options_values_and_names_of_fio(
    program: Program, name: str, told: str
) -> None:
    outcome = program("run", "--help", name)
    assert outcome.code == 0, outcome.stderr
    assert told in " ".join(outcome.stdout.split())


def test_help_of_an_option_that_is_none_names_the_near_one(program: Program) -> None:
    outcome = program("run", "--help", "iodpeth")
    assert outcome.code == 2
    assert "there is no option iodpeth; did you mean iodepth?" in outcome.stderr


@pytest.mark.parametrize("words", [(), ("run",), ("ab",), ("list",), ("run", "iodepth"), ("help",)])
def test_the_command_help_tells_the_same(program: Program, words: tuple[str, ...]) -> None:
    outcome = program("help", *words)
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout == program(*words[:1], "--help", *words[1:]).stdout


def test_help_of_a_command_that_there_is_not(program: Program) -> None:
    outcome = program("help", "rnu")
    assert outcome.code == 2
    assert "there is no command rnu; did you mean run?" in outcome.stderr


@pytest.mark.parametrize(("columns", "widest"), [(60, 60), (95, 95), (300, 100)])
def test_help_is_as_wide_as_the_terminal_up_to_100(
    program: Program, columns: int, widest: int
) -> None:
    lines = at_width(program, columns)("compare", "--help").stdout.splitlines()
    assert widest - 15 < max(map(len, lines)) <= widest


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "help"])
def test_help_imports_neither_numpy_nor_the_core(command: str) -> None:
    code = (
        "import sys, laiobench.cli.main as main\n"
        "from laiobench.cli.interruption import Interruption\n"
        f"try: main.cli.main([{command!r}, '--help'], standalone_mode=False, obj=Interruption())\n"
        "finally: print([m for m in ('numpy', 'scipy') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_defaults_are_not_in_parentheses(program: Program, command: str) -> None:
    assert "[default: (" not in program(command, "--help").stdout
