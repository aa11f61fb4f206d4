"""`laiobench compare` compares stored results with others."""

import json
from pathlib import Path
from typing import Any

from documents_of_runs import document, job
from program import Program


def write(folder: Path, slow_down: float = 1.0, days: int = 6, **machine: Any) -> Path:
    """A session a day, a little different each."""
    folder.mkdir(exist_ok=True)
    for day in range(days):
        made = document(
            job(p50_ns=100_000 * slow_down * (1 + day / 1000)),
            started_at=f"2026-01-{day + 1:02d}T10:00:00Z",
        )
        made["machine"] |= machine
        folder.joinpath(f"{day}.json").write_text(json.dumps(made))
    return folder


def verdicts(program: Program, base: Path | str, new: Path | str) -> dict[str, str]:
    document = program("compare", base, new, "--json").document
    return {metric["metric"]: metric["verdict"] for metric in document["metrics"]}


def test_folders_of_results_are_compared_by_session(program: Program, tmp_path: Path) -> None:
    base, new = write(tmp_path / "base"), write(tmp_path / "new", 1.2)
    found = verdicts(program, base, new)
    assert (found["iops"], found["lat_p99_ns"]) == ("regress", "regress")
    assert found["cpu_ns_per_io"] == "inconclusive"
    shown = program("compare", base, new)
    assert "base is 1.20" in shown.stdout


def test_differences_come_first(program: Program, tmp_path: Path) -> None:
    base, new = write(tmp_path / "base"), write(tmp_path / "new", host="other")
    shown = program("compare", base, new).stdout
    assert shown.startswith("differs")
    assert "other" in shown.partition("IOPS")[0]


def test_another_machine_s_baseline_has_no_verdict(program: Program, tmp_path: Path) -> None:
    base = write(tmp_path / "base", cpu={"model": "Other CPU"})
    found = verdicts(program, base, write(tmp_path / "new", 2.0))
    assert found["iops"] == "mismatch"
    assert not {"regress", "improve"} & set(found.values())


def test_a_baseline_of_few_sessions_is_inconclusive(program: Program, tmp_path: Path) -> None:
    found = verdicts(program, write(tmp_path / "base", days=4), write(tmp_path / "new", 2.0))
    assert set(found.values()) == {"inconclusive"}


def test_damaged_and_empty_baselines_are_usage_errors(program: Program, tmp_path: Path) -> None:
    good, empty = write(tmp_path / "good"), tmp_path / "empty"
    empty.mkdir()
    assert program("compare", empty, good).code == 2
    damaged = write(tmp_path / "damaged")
    whole = damaged.joinpath("3.json").read_text()
    damaged.joinpath("3.json").write_text(whole[: len(whole) // 2])
    outcome = program("compare", damaged, good)
    assert outcome.code == 2
    assert "3.json is not a result of laiobench" in outcome.stderr
    assert program("compare", "nothing", good).code == 2


def test_jobs_of_other_names_are_not_compared(program: Program, tmp_path: Path) -> None:
    base, new = write(tmp_path / "base", days=1), tmp_path / "other.json"
    new.write_text(json.dumps(document(job("another"))))
    outcome = program("compare", base, new)
    assert outcome.code == 2
    assert "no job in common: job against another" in outcome.stderr


def test_runs_that_failed_are_left_out_and_told(program: Program, tmp_path: Path) -> None:
    base = write(tmp_path / "base", days=7)
    failed = json.loads(base.joinpath("0.json").read_text()) | {"status": "failed"}
    base.joinpath("0.json").write_text(json.dumps(failed))
    outcome = program("compare", base, write(tmp_path / "new"))
    assert outcome.code == 0
    assert "1 of 7 results" in outcome.stderr and "0.json is of a run that failed" in outcome.stderr
    assert program("compare", base / "0.json", base).code == 2


def test_a_live_comparison_s_variants_can_be_named(program: Program) -> None:
    program(
        "ab", "--engine=null", "--number_ios=100", "--vary=completion=poll,eventfd", "--pairs=2"
    )
    document = program("compare", "last", "last:eventfd", "--json").document
    assert [variant["set"]["runs"] for variant in document["variants"]] == [2, 2]
    names = [difference["name"] for difference in document["differences"]]
    assert names == ["job job: completion"]
    wrong = program("compare", "last", "last:bh")
    assert wrong.code == 2
    assert "its variants are: poll, eventfd" in wrong.stderr
