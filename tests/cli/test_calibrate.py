"""`laiobench calibrate`: this machine's noise, and the tool's share of a run."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from documents_of_runs import document, job
from laiobench.comparison.calibrate import calibrate
from laiobench.comparison.variants import LiveVariant
from laiobench.errors import UsageError
from laiobench.jobs.options import Job
from laiobench.measurement.measure import run
from laiobench.report.text.calibration_table import shares
from laiobench.results.calibration import Calibration
from laiobench.results.run_result import RunResult
from laiobench.results.warning import Warning
from program import Program

NULL = ("--engine=null", "--null_latency_us=10", "--rw=randread")
# In each there must be time for 200 I/Os, also where others take the CPU for a while.
SHORT = ("--length=0.05", "--length=0.1", "--pairs=6")


@pytest.fixture
def at_home(program: Program) -> Program:
    """The program, with a state folder of its own."""
    state = str(program.folder / "state")
    return Program(program.folder, {**program.environment, "XDG_STATE_HOME": state})


@pytest.mark.alone
def test_a_calibration_tells_noise_and_pairs_for_each_length(at_home: Program) -> None:
    outcome = at_home("calibrate", *NULL, *SHORT, "--json", "--output=here.json")
    assert outcome.code == 0
    assert at_home.folder.joinpath("here.json").read_text() == outcome.stdout
    assert not at_home.folder.joinpath("state").exists()
    calibration = Calibration.model_validate_json(outcome.stdout)
    assert [length.runtime_s for length in calibration.lengths] == [0.05, 0.1]
    for length in calibration.lengths:
        by_name = {floor.metric: floor for floor in length.floors}
        p50 = by_name["lat_p50_ns"]
        assert p50.median == pytest.approx(10_000, rel=0.3)
        assert p50.pairs_to_see["0.02"] >= p50.pairs_to_see["0.05"] >= p50.pairs_to_see["0.1"] >= 6
        assert "about" in length.not_measurable["job: p99.9"]
    (own,) = calibration.own_costs
    assert (own.completion, own.iodepth) == ("poll", 1)
    assert 5 < own.ns_per_io < 50_000


def test_it_is_kept_for_this_machine_and_reports_use_it(at_home: Program) -> None:
    run = ("run", *NULL, "--number_ios=1000", "--no-save")
    assert "laiobench itself" not in at_home(*run).stderr
    outcome = at_home("calibrate", *NULL, "--length=0.02", "--pairs=6")
    kept = at_home.folder / "state" / "laiobench" / "calibration.json"
    assert f"saved in {kept}" in outcome.stderr
    assert "pairs for 2%" in outcome.stdout
    assert "laiobench itself costs" in outcome.stdout
    assert "laiobench itself took" in at_home(*run).stderr
    kept.write_text("{}")
    assert at_home(*run).code == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [({"pairs": 5}, "at least 6 pairs"), ({"lengths_s": (0.0,)}, "longer than 0 s")],
)
def test_what_makes_no_sense_is_refused(more: dict[str, Any], said: str) -> None:
    def never(_variant: object, _position: int) -> RunResult:
        raise AssertionError

    with pytest.raises(UsageError, match=said):
        calibrate([Job(engine="null")], measure=never, **more)


@pytest.mark.parametrize("is_contended", [True, False])
def test_what_others_did_meanwhile_is_told(is_contended: bool) -> None:
    """Calibrate with trials that warn of other programs on the CPU, or do not."""
    noise = [
        Warning(id="cpu_contended", seen="job waited", why="others ran", do="end them"),
        Warning(id="buffered", seen="", why="", do=""),
    ]

    def measure(variant: LiveVariant, _position: int) -> RunResult:
        made = run(variant.jobs)
        return made.model_copy(update={"warnings": noise if is_contended else noise[1:]})

    quick = Job(engine="null", rw="randread")
    made = calibrate([quick], measure=measure, lengths_s=(0.01,), pairs=6)
    assert made.is_contended == is_contended
    told = [warning.seen for warning in made.warnings]
    assert told == ["in 12 of 12 trials: job waited"] * is_contended
    assert made.lengths[0].trial_s and made.lengths[0].trial_s >= 0.01


def test_a_cpu_that_is_shared_is_warned_of(at_home: Program) -> None:
    cpu = min(os.sched_getaffinity(0))
    hog = subprocess.Popen(["taskset", "-c", str(cpu), "sh", "-c", "while :; do :; done"])
    try:
        outcome = at_home("calibrate", *NULL, f"--cpus_allowed={cpu}", "--length=0.2", "--pairs=6")
    finally:
        hog.kill()
        hog.wait()
    assert outcome.code == 0
    assert "warning: in " in outcome.stderr and "of the time for a CPU" in outcome.stderr


def test_a_trial_that_fails_leaves_no_calibration(at_home: Program, data_file: Path) -> None:
    outcome = at_home("calibrate", f"--filename={data_file}", "--size=1t", *SHORT)
    assert outcome.code == 1
    assert not list(at_home.folder.joinpath("state").rglob("*.json"))


def result(**of_job: object) -> RunResult:
    made = job(ios=1000, p50_ns=1000)
    made["cpu"] = {"user_ns": 600_000, "system_ns": 400_000, "per_io_ns": 1000}
    made["counters"] |= of_job
    return RunResult.model_validate(document(made))


def test_where_the_time_went_is_told_with_each_run() -> None:
    (bound,) = shares(result(), None)
    assert bound == "job: 100% of the time at work, 0% waiting for I/O: CPU-bound"
    (waiting,) = shares(result(poll={"ns": 700_000}), None)
    assert waiting == "job: 30% of the time at work, 70% waiting for I/O"
