"""Files that are no results or job files are errors, and nobody waits for FIFOs and the like."""

import json
import os
from pathlib import Path

import pytest

from program import Program


@pytest.fixture
def folder(program: Program) -> Path:
    """Results, and what else somebody may put there."""
    program("run", "--engine=null", "--number_ios=10", "--name=good")
    results = program.folder / "results"
    os.mkfifo(results / "10-pipe.json")
    (results / "20-zeros.json").symlink_to("/dev/zero")
    with (results / "30-huge.json").open("wb") as file:
        file.truncate(300 << 20)
    (results / "40-folder.json").mkdir()
    return results


def test_results_are_regular_files_of_a_size_that_makes_sense(
    program: Program, folder: Path
) -> None:
    listed = program("list", "--json", timeout_s=20)
    assert [row["jobs"] for row in json.loads(listed.stdout)] == [["good"]]
    for name in ("10-pipe", "20-zeros", "40-folder"):
        assert f"{name}.json cannot be read: it is no regular file" in listed.stderr
    assert "30-huge.json is larger than 256 MiB" in listed.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("show", "10-pipe"), ("show", "20-zeros"), ("show", "30-huge"),
        ("history", "--metric=iops", "results"), ("compare", "results", "results"),
        ("export", "--format=csv", "results"),
    ],
)  # fmt: skip
def test_no_command_waits_for_them(program: Program, folder: Path, words: tuple[str, ...]) -> None:
    outcome = program(*words, timeout_s=20)
    assert outcome.code == 2
    assert "no regular file" in outcome.stderr or "is larger than" in outcome.stderr


def test_neither_do_calibrations_and_states_of_verifications(program: Program) -> None:
    state = program.folder / "state" / "laiobench"
    state.mkdir(parents=True)
    os.mkfifo(state / "calibration.json")
    with_state = {**program.environment, "XDG_STATE_HOME": str(state.parent)}
    program = Program(program.folder, with_state)
    assert program("run", "--engine=null", "--number_ios=10", timeout_s=20).code == 0
    os.mkfifo(program.folder / "job-0-verify.state")
    outcome = program(
        "run", "--filename=data", "--size=1m", "--rw=write", "--verify=crc32c",
        "--verify_state_load", timeout_s=20,
    )  # fmt: skip
    assert outcome.code == 1
    assert "job-0-verify.state cannot be read: it is no regular file" in outcome.stderr


@pytest.mark.parametrize("option", ["iodepth", "runtime", "size", "rate", "nice"])
@pytest.mark.parametrize("digits", [400, 20_000])
def test_a_number_without_end_in_a_profile(program: Program, option: str, digits: int) -> None:
    program.folder.joinpath("job.toml").write_text(f"[job.a]\n{option} = {'9' * digits}\n")
    outcome = program("explain", "job.toml")
    assert outcome.code == 2
    assert "job.toml" in outcome.stderr
    assert "fault in laiobench" not in outcome.stderr
    assert "sys." not in outcome.stderr  # advice for who writes Python
    assert len(outcome.stderr) < 1000


def test_a_profile_without_a_bottom(program: Program) -> None:
    program.folder.joinpath("job.toml").write_text(f"a = {'[' * 50_000}{']' * 50_000}\n")
    outcome = program("explain", "job.toml")
    assert outcome.code == 2
    assert "job.toml cannot be read: it is nested too deeply" in outcome.stderr


def test_a_number_without_end_in_a_policy(program: Program) -> None:
    program.folder.joinpath("gate.toml").write_text(f"schema = {'9' * 20_000}\n")
    outcome = program("gate", "results", "results", "--policy=gate.toml")
    assert outcome.code == 2
    assert "gate.toml cannot be read: a number in it is too long" in outcome.stderr


def test_what_varies_is_bounded_before_anything_is_made_of_it(program: Program) -> None:
    values = ",".join(map(str, range(1, 101)))
    varies = [f"--vary={name}={values}" for name in ("iodepth", "numjobs", "runtime", "rate_iops")]
    outcome = program("ab", "--engine=null", *varies, timeout_s=20)
    assert outcome.code == 2
    assert "100,000,000 variants are too many" in outcome.stderr


def test_thousands_of_jobs_are_explained_in_a_table_that_can_be_read(program: Program) -> None:
    jobs = "".join(f"[job{number}]\niodepth={number % 7 + 1}\n" for number in range(4096))
    program.folder.joinpath("many.fio").write_text(
        f"[global]\nioengine=null\nnumber_ios=10\n{jobs}"
    )
    outcome = program("explain", "many.fio", timeout_s=60)
    assert "job job4095" in outcome.stdout
    assert len(program("explain", "many.fio", "--json").document["jobs"]) == 4096
