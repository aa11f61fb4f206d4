"""When the program is to run under sanitizers, they are really there."""

import pytest

from program import Program

pytestmark = pytest.mark.sanitized


def test_the_program_runs_on_the_core_that_was_built_for_it(program: Program) -> None:
    outcome = program("run", "--engine=null", "--size=4k", "--json", "--no-save")
    assert outcome.code == 0, outcome.stderr
    assert outcome.document["tool"]["build"] == "test"
