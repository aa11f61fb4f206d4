"""Trials are retried where there was no room, and one is run before the first to warm up."""

import pytest

from documents_of_runs import document, job
from laiobench.comparison.patience import patient
from laiobench.comparison.variants import LiveVariant
from laiobench.errors import NotNow, RunError
from laiobench.jobs.options import Job
from laiobench.results.run_result import RunResult

VARIANT = LiveVariant("1", (Job(engine="null"),))
NO_ROOM = "the kernel's room for AIO events is used up (io_setup: EAGAIN)"


class Crowded:
    """Has no room at these calls, counted from 1."""

    def __init__(self, *without_room: int, error: Exception | None = None) -> None:
        self.without_room, self.calls = without_room, 0
        self.error = error or NotNow(NO_ROOM)
        self.waited: list[float] = []
        self.told: list[str] = []

    def __call__(self, _variant: LiveVariant, _position: int) -> RunResult:
        self.calls += 1
        if self.calls in self.without_room:
            raise self.error
        return RunResult.model_validate(document(job(p50_ns=100_000)))

    def trials(self, count: int) -> list[RunResult]:
        make = patient(self, warn=self.told.append, wait=self.waited.append)
        return [make(VARIANT, number) for number in range(count)]


def test_one_trial_is_made_before_the_first_and_thrown_away() -> None:
    machine = Crowded()
    assert len(machine.trials(3)) == 3
    assert (machine.calls, machine.waited) == (4, [])


def test_what_there_was_no_room_for_is_tried_again_and_said() -> None:
    machine = Crowded(3, 4)
    _, second, third = machine.trials(3)
    assert len(machine.waited) == 2 and all(NO_ROOM in text for text in machine.told)
    assert [warning.id for warning in second.warnings if warning.id == "tried_again"] == [
        "tried_again"
    ]
    assert NO_ROOM in second.warnings[-1].seen
    assert "tried_again" not in {warning.id for warning in third.warnings}


def test_what_stays_away_fails_in_the_end() -> None:
    machine = Crowded(*range(2, 100))
    with pytest.raises(NotNow, match="io_setup: EAGAIN"):
        machine.trials(1)
    assert len(machine.waited) == 3


def test_what_is_wrong_for_good_is_not_tried_again() -> None:
    machine = Crowded(2, error=RunError("no such device"))
    with pytest.raises(RunError, match="no such device"):
        machine.trials(1)
    assert machine.waited == []
