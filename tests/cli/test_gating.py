"""The gate as CI calls it: exit codes, documents, damaged and empty baselines."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from documents_of_runs import document, job
from program import Outcome, Program
from stored_sessions import POLICY, spread, store


@pytest.fixture
def gate(program: Program) -> Any:
    """`gate base new` with POLICY in place."""
    (program.folder / "gate.toml").write_text(POLICY)
    store(program.folder / "base", spread(100_000))

    def call(*arguments: str | Path) -> Outcome:
        return program("gate", "base", "new", *arguments)

    call.folder = program.folder  # type: ignore[attr-defined]
    return call


@pytest.mark.parametrize(
    ("p50_ns", "code", "verdict"),
    [(100_500, 0, "pass"), (60_000, 0, "improve"), (150_000, 3, "regress")],
)
def test_what_was_measured_is_judged(gate: Any, p50_ns: float, code: int, verdict: str) -> None:
    store(gate.folder / "new", spread(p50_ns), 2)
    outcome = gate("--json")
    assert outcome.code == code, outcome.stderr
    document_ = outcome.document
    assert document_["kind"] == "comparison"
    assert (document_["verdict"], document_["exit_code"]) == (verdict, code)
    assert [metric["verdict"] for metric in document_["metrics"]] == [verdict]


def test_people_get_a_table_and_a_sentence_a_metric(gate: Any) -> None:
    store(gate.folder / "new", spread(150_000), 2)
    outcome = gate()
    row = next(line for line in outcome.stdout.splitlines() if line.startswith("job read p50"))
    assert row.split()[3:8] == ["100", "µs", "150", "µs", "+50%"]
    assert "job read p50 is 50% worse" in outcome.stdout
    assert "all of it beyond the 10% allowed." in outcome.stdout
    assert "regress (exit 3)" in outcome.stdout


def test_one_session_is_enough_to_fail(gate: Any) -> None:
    store(gate.folder / "new", spread(150_000, 1), 2)
    assert gate().code == 3


def test_few_sessions_exit_4_where_the_policy_fails_them(gate: Any) -> None:
    (gate.folder / "base" / "01.json").unlink()
    (gate.folder / "base" / "02.json").unlink()
    store(gate.folder / "new", spread(150_000, 1), 2)
    outcome = gate()
    assert outcome.code == 4
    assert "the baseline has 4 sessions of measuring, not 5" in outcome.stdout


def test_another_machine_exits_5_and_the_difference_comes_first(gate: Any) -> None:
    machine = {"host": "here", "boot_id": "1", "cpu": {"model": "Other CPU"}}
    store(gate.folder / "new", spread(200_000), 2, machine=machine)
    outcome = gate("--json")
    assert (outcome.code, outcome.document["verdict"]) == (5, "mismatch")
    assert gate().stdout.lstrip().startswith("differs")


def test_a_failed_run_exits_1_and_is_named(gate: Any) -> None:
    new = store(gate.folder / "new", spread(100_000), 2)
    bad = json.loads((new / "03.json").read_text())
    (new / "03.json").write_text(
        json.dumps(bad | {"status": "failed", "failures": ["job: read I/Os failed: 1 × EIO"]})
    )
    outcome = gate("--json")
    assert (outcome.code, outcome.document["verdict"]) == (1, "failed")
    assert "new/03.json is of a run that failed: job: read I/Os failed: 1 × EIO" in outcome.stderr


def test_an_interrupted_run_is_left_out_and_told(gate: Any) -> None:
    new = store(gate.folder / "new", spread(100_000, 7), 2)
    partial = json.loads((new / "07.json").read_text()) | {"status": "interrupted"}
    (new / "07.json").write_text(json.dumps(partial))
    outcome = gate()
    assert outcome.code == 0
    assert "left out: new/07.json is of a run that was interrupted" in outcome.stderr


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("", "is not a result of laiobench"),
        ('{"schema": 1, "kind": "run"}', "is not a result of laiobench"),
        ("[1, 2", "is not a result of laiobench"),
        ('{"schema": 99, "kind": "run"}', "from a later laiobench"),
    ],
)
def test_a_damaged_baseline_exits_2(gate: Any, damage: str, told: str) -> None:
    store(gate.folder / "new", spread(100_000), 2)
    (gate.folder / "base" / "03.json").write_text(damage)
    outcome = gate()
    assert outcome.code == 2
    assert "03.json" in outcome.stderr and told in outcome.stderr


def test_an_empty_selection_exits_2_on_either_side(gate: Any, program: Program) -> None:
    (gate.folder / "new").mkdir()
    assert gate().code == 2
    assert program("gate", "new", "base").code == 2
    assert program("gate", "nowhere", "base").code == 2


def test_a_policy_that_names_no_metric_there_is_exits_2(gate: Any) -> None:
    store(gate.folder / "new", spread(100_000), 2)
    policy = gate.folder / "gate.toml"
    policy.write_text(POLICY.replace('"job"', '"jobb"'))
    outcome = gate()
    assert outcome.code == 2
    assert "about job jobb, which there is not; did you mean job?" in outcome.stderr
    policy.write_text(POLICY.replace("lat_p50_ns", "lat_p51_ns"))
    assert gate().code == 2
    policy.unlink()
    assert gate().code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["gate"],
        ["gate", "base"],
        ["gate", "base", "new", "--accept"],
        ["gate", "base", "new", "--export", "junit"],
        ["gate", "base", "new", "--export", "juint=x.xml"],
        ["gate", "base", "new", "--export", "fio-json=x.json"],
        ["gate", "base", "new", "--json", "--export", "csv=-"],
        ["gate", "base", "new", "--export", "csv=."],
        ["gate", "--init", "base"],
        ["gate", "--init", "--ci", "github", "--policy", "other.toml"],
        ["gate", "base", "new", "--ci", "github"],
        ["gate", "base", "new", "--max-threshold", "30%"],
        ["gate", "base/01.json", "new", "--update-baseline"],
        ["gate", "base", "new", "--pin"],
        ["gate", "base/01.json", "--pin"],
        ["gate", "base", "--pin", "--update-baseline"],
        ["gate", "--init", "--pin"],
    ],
)
def test_what_makes_no_sense_exits_2(gate: Any, program: Program, arguments: list[str]) -> None:
    store(gate.folder / "new", spread(100_000), 2)
    outcome = program(*arguments)
    assert outcome.code == 2, outcome.stdout
    assert outcome.stderr.startswith("laiobench: error: ")


# ---- the baseline ----------------------------------------------------------------


def sessions(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "kept-out")


def test_a_baseline_grows_by_sessions_from_nothing(program: Program) -> None:
    (program.folder / "gate.toml").write_text(POLICY)
    for number, value in enumerate((100_000, 150_000, 100_000), start=1):
        store(program.folder / f"day{number}", [value, value], number, one_session=True)
        outcome = program("gate", "history", f"day{number}", "--update-baseline")
        assert outcome.code == 4  # nothing is conclusive yet
        grown = sessions(program.folder / "history")
        assert [len(list(session.iterdir())) for session in grown] == [2] * number
    assert "the baseline has 2 sessions of measuring, not 5" in outcome.stdout


def test_what_regressed_is_only_added_when_it_is_accepted(gate: Any) -> None:
    store(gate.folder / "new", spread(150_000), 2)
    refused = gate("--update-baseline")
    assert refused.code == 3 and "it regressed" in refused.stderr
    assert sessions(gate.folder / "base") == []
    accepted = gate("--update-baseline", "--accept")
    assert accepted.code == 3
    assert len(sessions(gate.folder / "base")) == 1


def test_nothing_that_failed_or_is_of_another_machine_is_ever_added(gate: Any) -> None:
    store(gate.folder / "new", spread(100_000), 2, status="failed", failures=["EIO"])
    assert gate("--update-baseline", "--accept").code == 1
    store(gate.folder / "new", spread(100_000), 2, machine={"cpu": {"model": "Other"}})
    assert gate("--update-baseline", "--accept").code == 5
    assert sessions(gate.folder / "base") == []


def test_a_session_is_not_added_twice(gate: Any) -> None:
    store(gate.folder / "new", spread(100_000), 2)
    assert gate("--update-baseline").code == 0
    again = gate("--update-baseline")
    assert again.code == 2 and "in the baseline base already" in again.stderr
    assert len(sessions(gate.folder / "base")) == 1


def nights(
    program: Program, values: Sequence[float], before: Sequence[float] = ()
) -> list[tuple[Outcome, int]]:
    """Each night judged, and added if it may be; with how many were added by then."""
    told = []
    if before:
        store(program.folder / "nightly", before)
    for number, value in enumerate(values, start=1):
        started_at = f"2026-02-{number:02d}T00:00:00Z"
        night = document(job(p50_ns=value), started_at=started_at)
        (program.folder / "night.json").write_text(json.dumps(night))
        outcome = program("gate", "nightly", "night.json", "--update-baseline")
        told.append((outcome, len(sessions(program.folder / "nightly"))))
    return told


WARNS = POLICY.replace('on_inconclusive = "fail"', 'on_inconclusive = "warn"')


def test_nights_that_are_slower_fail_from_the_first_on_and_never_are_the_baseline(
    program: Program,
) -> None:
    (program.folder / "gate.toml").write_text(WARNS)
    before = [5e6 * factor for factor in (1.0, 1.02, 0.98, 1.01, 0.99, 1.03, 0.97, 1.0)]
    told = nights(program, [15e6, 15.2e6, 14.8e6], before)
    assert [(outcome.code, count) for outcome, count in told] == [(3, 0)] * 3
    assert "it regressed" in told[0][0].stderr


def test_what_is_inconclusive_is_added_only_when_it_is_accepted(program: Program) -> None:
    (program.folder / "gate.toml").write_text(WARNS)
    ((outcome, count),) = nights(program, [1.12e5], [1e5, 1.03e5, 0.97e5, 1.02e5, 0.98e5])
    assert (outcome.code, count) == (0, 0)
    assert "it is inconclusive, and may be a regression; --accept" in outcome.stderr
    accepted = program("gate", "nightly", "night.json", "--update-baseline", "--accept")
    assert accepted.code == 0 and len(sessions(program.folder / "nightly")) == 1


def test_what_was_kept_out_counts_when_a_later_night_passes_and_that_is_said(
    program: Program,
) -> None:
    (program.folder / "gate.toml").write_text(WARNS)
    before = [1e5, 1.03e5, 0.97e5, 1.02e5, 0.98e5, 1e5]
    told = nights(program, [1.05e5, 1e5, 1.01e5, 1.5e5], before)
    assert [(outcome.code, count) for outcome, count in told] == [(0, 0), (0, 1), (0, 2), (3, 2)]
    assert "it is kept beside the baseline, and counts as noise" in told[0][0].stderr
    assert "kept out" not in told[1][0].stdout  # nothing had passed yet when it was judged
    assert "Of the 8 sessions of its baseline 1 had been kept out" in told[2][0].stdout
    kept = list((program.folder / "nightly" / "kept-out").iterdir())
    assert len(kept) == 1  # what regressed is none of them
    listed = program("compare", "nightly", "night.json", "--json")
    assert json.loads(listed.stdout)["variants"][0]["set"]["runs"] == 8


def test_a_night_that_is_judged_twice_is_kept_once_and_not_held_against_itself(
    program: Program,
) -> None:
    (program.folder / "gate.toml").write_text(WARNS)
    before = [1e5, 1.03e5, 0.97e5, 1.02e5, 0.98e5, 1e5]
    ((first, _),) = nights(program, [1.05e5], before)
    again = program("gate", "nightly", "night.json", "--update-baseline")
    assert (first.code, again.code) == (0, 0) and first.stdout == again.stdout
    assert len(list((program.folder / "nightly" / "kept-out").iterdir())) == 1
    program("gate", "nightly", "night.json", "--update-baseline", "--accept")
    other = document(job(p50_ns=1e5), started_at="2026-03-01T00:00:00Z")
    (program.folder / "night.json").write_text(json.dumps(other))
    judged = json.loads(program("gate", "nightly", "night.json", "--json").stdout)
    (metric,) = judged["metrics"]
    assert (metric["baseline_sessions"], metric["baseline_kept_out"]) == (7, 0)


def test_a_drift_of_one_percent_a_night_is_caught_and_can_be_pinned(program: Program) -> None:
    (program.folder / "gate.toml").write_text(WARNS + "[baseline]\nsessions = 5\n")
    slower = [1e5 * 1.01**night for night in range(25)]
    told = nights(program, slower[18:], slower[:18])
    assert [outcome.code for outcome, _ in told] == [0, 0, 0, 0, 3, 3, 3]
    assert "many small changes have added up" in told[4][0].stdout
    assert "Since 2026-01-01 (8 sessions): +" in told[4][0].stdout
    pinned = program("gate", "nightly", "--pin")
    assert pinned.code == 0 and "the reference of nightly" in pinned.stderr
    same = document(job(p50_ns=slower[20]), started_at="2026-04-01T00:00:00Z")
    (program.folder / "night.json").write_text(json.dumps(same))
    assert program("gate", "nightly", "night.json", "--update-baseline").code == 0


@pytest.mark.parametrize(
    "text",
    ["", "since = 1", "schema = 1\nsince = 2026-01-01", "\0", "schema = " + "1" * 5000],
    ids=["empty", "no schema", "no time", "no text", "too long a number"],
)
def test_a_damaged_pin_exits_2(gate: Any, text: str) -> None:
    store(gate.folder / "new", spread(100_000), 2)
    (gate.folder / "base" / "pinned.toml").write_text(text)
    outcome = gate()
    assert outcome.code == 2 and "pinned.toml" in outcome.stderr
    assert "set_int_max_str_digits" not in outcome.stderr


def test_without_a_policy_it_says_what_writes_one(program: Program) -> None:
    outcome = program("gate", "base", "new")
    assert outcome.code == 2
    assert "there is no policy gate.toml" in outcome.stderr
    assert "`laiobench gate --init` writes one" in outcome.stderr
