"""`laiobench.bisect`: revisions that functions prepare and measure."""

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

import laiobench
from documents_of_runs import document, job
from laiobench.errors import RunError, UsageError
from laiobench.jobs.options import Job
from laiobench.measurement.control import Control
from laiobench.results.bisection import BisectionResult
from laiobench.results.run_result import RunResult

NAMES = [f"r{number}" for number in range(1, 21)]
JOB = Job(engine="null", number_ios=100)


class Machine:
    """From revision 14 on half as slow again; knows what was installed last."""

    def __init__(self, broken: Callable[[str], Exception | None] = lambda _name: None) -> None:
        self.generator, self.broken = random.Random(1), broken
        self.installed = ""
        self.prepared: list[str] = []

    def prepare(self, name: str) -> None:
        self.prepared.append(name)
        if error := self.broken(name):
            raise error
        self.installed = name

    def measure(self, name: str) -> RunResult:
        assert self.installed in ("", name)
        slower = 1.5 if int(name[1:]) >= 14 else 1.0
        p50_ns = 1e5 * slower * math.exp(self.generator.gauss(0, 0.02))
        return RunResult.model_validate(document(job(p50_ns=p50_ns)))


def bisect(machine: Machine, **more: Any) -> BisectionResult:
    return laiobench.bisect(
        JOB, NAMES, prepare=machine.prepare, measure=machine.measure, seed=1,
        metrics=["lat_p50_ns"], **more,
    )  # fmt: skip


def test_it_is_one_of_the_names_of_the_package() -> None:
    assert {"ab", "bisect", "compare"} <= set(dir(laiobench))
    assert "bisect" in laiobench.__all__


def test_the_revision_is_found_and_the_document_is_that_of_the_command() -> None:
    machine, seen = Machine(), []
    found = bisect(machine, after_trial=seen.append)
    assert (found.answer, found.last_without, found.first_with) == ("found", "r13", "r14")
    assert found.probability >= 0.95 and found.change is not None
    assert found.change.ratio == pytest.approx(1.5, rel=0.05)
    assert [each.status for each in seen] == ["interrupted"] * len(found.trials)
    assert [each.revision for each in found.preparations] == machine.prepared
    text = found.to_json()
    assert json.loads(text)["kind"] == "bisection" and BisectionResult.model_validate_json(text)


def test_what_cannot_be_prepared_is_skipped_and_said() -> None:
    errors = {"r13": OSError("no such image"), "r12": RunError("the build failed")}
    found = bisect(Machine(broken=errors.get))
    skipped = {each.name: each.skipped for each in found.revisions if each.skipped}
    assert found.answer == "range" and (found.last_without, found.first_with) == ("r11", "r14")
    assert "no such image" in str(skipped["r13"]) and "the build failed" in str(skipped["r12"])


def test_a_mistake_in_a_function_is_raised_and_not_taken_for_a_broken_revision() -> None:
    with pytest.raises(ZeroDivisionError):
        bisect(Machine(broken=lambda _name: ZeroDivisionError()))


def test_jobs_of_a_revision_are_a_function_of_its_name_and_are_run() -> None:
    def jobs(name: str) -> Job:
        return Job(engine="null", number_ios=200, null_latency_us=80 if name in "de" else 20)

    found = laiobench.bisect(jobs, [*"abcde"], metrics=["lat_p50_ns"], seed=1)
    assert (found.answer, found.first_with) == ("found", "d"), found.revisions
    assert found.preparations == []


def test_it_ends_where_it_is_told_to() -> None:
    ended = bisect(Machine(), max_trials=3)
    assert (ended.answer, len(ended.trials)) == ("undecided", 3)
    control = Control()
    control.request_stop()
    assert bisect(Machine(), control=control).status == "interrupted"


@pytest.mark.parametrize(
    ("names", "more", "told"),
    [
        (NAMES[:1], {}, "a good revision and a bad one"),
        ([*NAMES, "r1"], {}, "r1 is there twice"),
        (NAMES, {"confidence": 0.3}, "the confidence must be"),
        (NAMES, {"metrics": ["speed"]}, "there is no metric speed"),
        (NAMES, {"prepare": None}, "nothing differs between revisions"),
    ],
)
def test_what_makes_no_sense_is_told(names: list[str], more: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        laiobench.bisect(JOB, names, **({"prepare": Machine().prepare} | more))
