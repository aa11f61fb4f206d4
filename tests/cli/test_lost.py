"""A candidate with too few I/Os for a percentile that the baseline has never passes."""

import pytest

from program import Outcome, Program

POLICY = """
schema = 1
[gate]
pairs = {min = 6, max = 6}
[[gate.metric]]
job = "job"
name = "lat_p99_ns"
max_regression = 0.5
"""
# A trial needs 10,000 I/Os for p99.  The one serves 32 at a time in 20 µs, the other in 100 ms,
# which are 96 in the time of a trial, however busy the machine is.
SLOWER = ("--iodepth=32", "--runtime=0.3", "--time_based", "--vary=null_latency_us=20,100000")
FEWER = ("--null_latency_us=20", "--iodepth=32", "--vary=number_ios=20000,2000")


class Ab:
    """`laiobench ab` of the null engine."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __call__(self, *options: str) -> Outcome:
        return self._program("ab", "--engine=null", "--proof=none", *options)


@pytest.fixture
def ab(program: Program) -> Ab:
    (program.folder / "gate.toml").write_text(POLICY)
    return Ab(program)


def test_what_surely_lost_more_than_is_allowed_regresses(ab: Ab) -> None:
    outcome = ab(*SLOWER, "--policy=gate.toml", "--json")
    assert outcome.code == 3, outcome.stderr
    (metric,) = outcome.document["metrics"]
    assert (metric["lost"], metric["verdict"], metric["ratio"]) == (True, "regress", None)
    assert metric["at_least"] > 1.5
    assert "% worse at least, and 100000: it needs 10,000 I/Os a trial" in metric["reason"]


def test_what_may_not_be_worse_at_all_is_inconclusive_and_fails(ab: Ab) -> None:
    """Though the policy lets pass what is inconclusive."""
    outcome = ab(*FEWER, "--policy=gate.toml", "--json")
    assert outcome.code == 4, outcome.stderr
    (metric,) = outcome.document["metrics"]
    assert (metric["lost"], metric["verdict"]) == (True, "not_measurable")
    assert outcome.document["verdict"] == "inconclusive"


def test_the_other_way_round_nothing_is_lost(ab: Ab) -> None:
    outcome = ab(*FEWER[:-1], "--vary=number_ios=2000,20000", "--policy=gate.toml", "--json")
    assert outcome.code == 0, outcome.stderr
    (metric,) = outcome.document["metrics"]
    assert (metric["lost"], metric["verdict"]) == (False, "not_measurable")


def test_a_table_says_how_much_worse_it_is_at_least(ab: Ab) -> None:
    outcome = ab(*SLOWER, "--pairs=6")
    assert outcome.code == 0, outcome.stderr
    (said,) = [line for line in outcome.stdout.splitlines() if line.startswith("job: p99: ")]
    assert "100000: it needs 10,000 I/Os a trial" in said
    assert "; it is at least " in said and said.endswith("× that of 20")
