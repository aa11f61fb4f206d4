"""`gate --init`: a policy, jobs and workflows from a calibration, and what it never overwrites."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from program import Program
from stored_sessions import spread, store

CONTENDED = {"id": "cpu_contended", "seen": "it waited", "why": "others ran", "do": "end them"}


def calibration(folder: Path, *, spread: float = 0.01, **more: Any) -> tuple[str, ...]:
    """A calibration in `folder`, and how a policy is made from it."""
    floor = {
        "job": "job", "direction": "read", "metric": "lat_p50_ns", "better": "lower",
        "median": 1e5, "spread": spread, "smallest_visible": 0.02, "pairs_to_see": {},
    }  # fmt: skip
    (folder / "calibration.json").write_text(
        json.dumps(
            {
                "schema": 1, "kind": "calibration", "tool": {"version": "0", "build": "0"},
                "started_at": "2026-01-01T00:00:00Z", "machine": {}, "own_costs": [],
                "jobs": [{"name": "job", "rw": "randread", "iodepth": 4}],
                "lengths": [
                    {"runtime_s": 1.0, "pairs": 10, "floors": [floor], "not_measurable": {}}
                ],
            }
            | more
        )
    )  # fmt: skip
    return ("gate", "--init", "--calibration", "calibration.json")


def test_init_refuses_thresholds_that_hide_too_much_unless_they_are_allowed(
    program: Program,
) -> None:
    arguments = calibration(program.folder, spread=0.4, warnings=[CONTENDED])
    refused = program(*arguments)
    assert refused.code == 2
    assert "thresholds would be above 20%: job lat_p50_ns " in refused.stderr
    assert "others used the CPUs while it was calibrated" in refused.stderr
    assert not (program.folder / "gate.toml").exists()
    told = re.search(r"--max-threshold=\S+", refused.stderr)
    assert told and program(*arguments, told[0]).code == 0


def test_init_writes_a_policy_that_the_gate_reads_and_overwrites_nothing(
    program: Program,
) -> None:
    arguments = calibration(program.folder)
    assert program(*arguments).code == 0
    written = (program.folder / "gate.toml").read_text()
    again = program(*arguments)
    assert again.code == 2 and "gate.toml is there already" in again.stderr
    assert (program.folder / "gate.toml").read_text() == written
    store(program.folder / "base", spread(100_000))
    store(program.folder / "new", spread(100_000), 2)
    assert program("gate", "base", "new").code == 0


def test_a_calibration_that_is_named_and_not_there_is_told(program: Program) -> None:
    outcome = program("gate", "--init", "--calibration", "nowhere.json")
    assert outcome.code == 2
    assert "laiobench calibrate" in outcome.stderr


JOBS_OF_CI = """
[job.storage]
engine = "null"
null_latency_us = 100
rw = "randread"
iodepth = 4
runtime = 0.1
time_based = true
"""
ANY_NOISE = "--max-threshold=100000%"  # what others do on this machine is no part of these tests


@pytest.fixture
def at_home(program: Program) -> Program:
    """With a state folder of its own: nothing is calibrated."""
    state = str(program.folder / "state")
    return Program(program.folder, {**program.environment, "XDG_STATE_HOME": state})


def test_init_calibrates_once_for_the_jobs_of_ci_and_again_when_they_change(
    at_home: Program,
) -> None:
    folder = at_home.folder
    (folder / "ci").mkdir()
    (folder / "ci/storage.toml").write_text(JOBS_OF_CI)

    def init() -> tuple[bool, str]:
        """Whether it calibrated, and when the calibration that it took was made."""
        (folder / "gate.toml").unlink(missing_ok=True)
        outcome = at_home("gate", "--init", ANY_NOISE)
        assert outcome.code == 0, outcome.stderr
        assert "a live gate (`laiobench ab`) will take about" in outcome.stderr
        pairs = re.search(r"from (\d+) to (\d+) pairs", outcome.stderr)
        trials = re.search(r"(\d+) to (\d+) trials of", outcome.stderr)
        assert pairs and trials  # base, candidate, sham and spike
        assert [int(count) for count in trials.groups()] == [4 * int(n) for n in pairs.groups()]
        policy = (folder / "gate.toml").read_text()
        assert 'job = "storage"' in policy and "for trials of 0.1 s" in policy
        return "not calibrated yet: ci/storage.toml: 20 trials" in outcome.stderr, policy[:120]

    first, again = init(), init()
    assert (first[0], again[0]) == (True, False) and first[1] == again[1]
    changed = JOBS_OF_CI.replace("iodepth = 4", "iodepth = 2")
    (folder / "ci/storage.toml").write_text(changed)
    assert init()[0]
    assert (folder / "ci/storage.toml").read_text() == changed


def test_init_writes_the_jobs_that_were_calibrated_for_as_long_as_the_policy_is_for(
    program: Program,
) -> None:
    assert program(*calibration(program.folder)).code == 0
    outcome = program("explain", "ci/storage.toml", "--engine=null", "--json")
    (made,) = outcome.document["jobs"]
    text = (program.folder / "ci/storage.toml").read_text()
    assert made["name"] == "job"
    assert "iodepth = 4\nruntime = 1.0\ntime_based = true\n" in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("iodepth = 4", "iodepth = 2"), "iodepth of job job was 4, and is 2"),
        (("iodepth = 4\n", ""), "iodepth of job job was 4, and is the default"),
        (("runtime = 1.0", "runtime = 3.0"), "their runtime is none of those that were calibrated"),
        (("[job.", "[job.more]\n[job."), "1 jobs were calibrated, and 2 are there"),
    ],
)
def test_a_calibration_of_other_jobs_is_refused(
    program: Program, change: tuple[str, str], told: str
) -> None:
    arguments = calibration(program.folder)
    assert program(*arguments).code == 0
    jobs = program.folder / "ci/storage.toml"
    (program.folder / "gate.toml").unlink()
    assert program(*arguments).code == 0  # they are those that it was made of
    (program.folder / "gate.toml").unlink()
    recorded = 'write_bw_log = "build2"\ngroup_reporting = true\n'
    jobs.write_text(jobs.read_text().replace("runtime =", recorded + "runtime ="))
    assert program(*arguments).code == 0  # what is recorded makes no others of them
    (program.folder / "gate.toml").unlink()
    assert change[0] in jobs.read_text()
    jobs.write_text(jobs.read_text().replace(*change))
    refused = program(*arguments)
    assert refused.code == 2
    assert "calibration.json is no calibration of the jobs of ci/storage.toml: " in refused.stderr
    assert told in refused.stderr
    assert not (program.folder / "gate.toml").exists()


@pytest.mark.parametrize("jobs", [[{"rw": "randread", "iodepht": 4}], [{"name": "x", "rw": [1]}]])
def test_a_damaged_calibration_writes_nothing(program: Program, jobs: list[object]) -> None:
    outcome = program(*calibration(program.folder, jobs=jobs))
    assert outcome.code == 2 and outcome.stderr.startswith("laiobench: error: ")
    assert not list(program.folder.rglob("*.toml"))


@pytest.mark.parametrize(
    ("ci", "workflow"),
    [("github", ".github/workflows/storage.yml"), ("gitlab", ".gitlab-ci.yml")],
)
def test_init_writes_a_workflow_and_never_over_one(
    program: Program, ci: str, workflow: str
) -> None:
    arguments = (*calibration(program.folder), "--ci", ci)
    written = program.folder / workflow
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text("mine")
    refused = program(*arguments)
    assert refused.code == 2 and f"{workflow} is there already" in refused.stderr
    assert written.read_text() == "mine" and not (program.folder / "gate.toml").exists()
    written.unlink()
    (program.folder / "ci").mkdir(exist_ok=True)
    use = program.folder / "ci/use"
    use.write_text("my own")
    assert program(*arguments).code == 0
    assert "laiobench ab ci/storage.toml" in written.read_text()
    assert use.read_text() == "my own"


def test_init_asks_no_permission_to_write_to_a_target(at_home: Program) -> None:
    target = at_home.folder / "target"
    target.write_bytes(bytes(1 << 20))
    (at_home.folder / "ci").mkdir()
    (at_home.folder / "ci/storage.toml").write_text(
        f'[job.w]\nrw = "randwrite"\nfilename = "{target}"\nruntime = 0.1\ntime_based = true\n'
    )
    outcome = at_home("gate", "--init")
    assert outcome.code == 2
    assert f"laiobench calibrate ci/storage.toml --allow-write={target}" in outcome.stderr
    assert not any(target.read_bytes())
