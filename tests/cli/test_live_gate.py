"""`ab --policy`: live comparisons that a policy ends and judges."""

import pytest

from program import Program
from stored_sessions import POLICY

LIVE = POLICY.replace("[gate]", "[gate]\npairs = {min = 6, max = 8}")
JOB = ("--engine=null", "--rw=randread", "--iodepth=64", "--runtime=0.1", "--time_based")


def test_ab_is_judged_by_a_policy(program: Program) -> None:
    (program.folder / "gate.toml").write_text(LIVE)
    vary = ("--vary", "null_latency_us=1000,2000")
    outcome = program("ab", *JOB, *vary, "--policy", "gate.toml", "--json", "-q")
    assert outcome.code == 3, outcome.stderr
    made = outcome.document
    assert (made["verdict"], made["exit_code"]) == ("regress", 3)
    assert len(made["trials"]) == 14  # the fewest pairs that say anything at half of 90 % of alpha
    shown = program("show", "last")
    assert "regress (exit 3)" in shown.stdout
    as_stored = program("gate", "last:1000", "last:2000")
    assert as_stored.code == 2
    assert "variants of one live comparison, which is judged in pairs" in as_stored.stderr
    again = program("ab", "--resume=last", "--policy", "gate.toml", "--json", "-q")
    assert again.code == 3 and again.document["trials"] == made["trials"]


def test_what_is_inconclusive_goes_on_to_the_most_pairs(program: Program) -> None:
    # As small an alpha as eight pairs allow, so that chance alone decides one time in 111; and
    # medians that differ, since equal ones would be a pass.
    doubting = LIVE.replace("0.10", "0.00001").replace("[gate]", "[gate]\nfamily_alpha = 0.009")
    (program.folder / "gate.toml").write_text(doubting)
    vary = ("--vary", "build=old,new", "--prepare", "true {build}", "--null_latency_us=1000")
    jitter = "--null_jitter=0.5"
    outcome = program("ab", *JOB, *vary, jitter, "--policy", "gate.toml", "--json", "-q")
    assert outcome.code == 4, outcome.stderr
    assert outcome.document["verdict"] == "inconclusive"
    assert len(outcome.document["trials"]) == 16


@pytest.mark.parametrize(
    "arguments",
    [
        ["--vary", "iodepth=1,2,4"],
        ["--vary", "iodepth=1,2", "--pairs=6"],
        ["--vary", "iodepth=1,2", "--name=other"],
    ],
)
def test_a_live_gate_that_cannot_be_is_refused_before_it_measures(
    program: Program, arguments: list[str]
) -> None:
    (program.folder / "gate.toml").write_text(LIVE)
    outcome = program("ab", *JOB, *arguments, "--policy", "gate.toml")
    assert outcome.code == 2
    assert not (program.folder / "results").exists() or not list(
        (program.folder / "results").iterdir()
    )


@pytest.mark.parametrize(
    ("rw", "key", "told"),
    [
        ("randread", 'direction = "write"', "job job has lat_p50_ns for read, not for write"),
        ("randrw", "", "is there for read, write"),
        ("randread", 'direction = "read"\nname = "cpu_ns_per_io"', "leave direction out"),
    ],
)
def test_a_direction_that_there_is_not_is_told_before_it_measures(
    program: Program, rw: str, key: str, told: str
) -> None:
    policy = LIVE.replace('name = "lat_p50_ns"\n', "") if "name" in key else LIVE
    (program.folder / "gate.toml").write_text(policy + key)
    outcome = program("ab", *JOB, f"--rw={rw}", "--vary", "iodepth=1,2", "--policy", "gate.toml")
    assert outcome.code == 2
    assert told in outcome.stderr
    assert not list((program.folder / "results").glob("*.json"))


def test_pairs_that_can_show_nothing_are_refused(program: Program) -> None:
    (program.folder / "gate.toml").write_text(LIVE.replace("min = 6, max = 8", "min = 2, max = 5"))
    outcome = program("ab", *JOB, "--vary", "iodepth=1,2", "--policy", "gate.toml")
    assert outcome.code == 2
    assert "5 pairs can show nothing: an interval of 0.95 needs at least 6" in outcome.stderr


def test_a_failed_trial_fails_a_live_gate_and_is_named(program: Program) -> None:
    (program.folder / "gate.toml").write_text(LIVE)
    vary = ("--vary", "build=old,new", "--prepare", "test {build} = old")
    outcome = program("ab", *JOB, *vary, "--policy", "gate.toml", "--json", "-q")
    assert outcome.code == 1
    assert outcome.document["verdict"] == "failed"
    assert "(new, block 1)" in outcome.stderr
