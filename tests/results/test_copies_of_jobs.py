"""Which results are copies of one job, and the labels of jobs with the same name."""

from typing import Any

import pytest

from documents_of_runs import document, job
from laiobench.results.copies import by_job, labels, told_apart
from laiobench.results.digest import digest


def copy(name: str, index: int = 0, group: int = 0) -> dict[str, Any]:
    return {**job(name), "copy": index, "group": group}


def called(*copies: dict[str, Any]) -> list[str]:
    return [each.name for each in told_apart(digest(document(*copies)).jobs)]


def test_copies_that_ran_together_are_one_job() -> None:
    assert called(copy("a", 0), copy("a", 1), copy("b")) == ["a", "a", "b"]


@pytest.mark.parametrize(
    "second",
    [copy("a", 0, group=1), copy("a", 1, group=1), copy("a", 0, group=0)],
    ids=["after it", "after it, by its copies alone", "beside it"],
)
def test_another_job_of_the_name_is_another_job(second: dict[str, Any]) -> None:
    assert called(copy("a", 0), second) == ["a", "a#2"]


def test_copies_of_jobs_of_one_name_stay_with_theirs() -> None:
    found = by_job(digest(document(*(copy("a", index) for index in (0, 1, 0, 1)), copy("a"))).jobs)
    assert {name: len(copies) for name, copies in found.items()} == {"a": 2, "a#2": 2, "a#3": 1}


def test_jobs_that_are_not_neighbours_are_told_apart_too() -> None:
    assert called(copy("a"), copy("b"), copy("a")) == ["a", "b", "a#2"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a#2", "a#3"]),
        (["a", "a", "a#2"], ["a", "a#3", "a#2"]),
        (["a#2", "a", "a", "a", "a#2"], ["a#2", "a", "a#3", "a#4", "a#2#2"]),
    ],
)
def test_no_two_are_called_alike_and_the_first_of_a_name_keeps_it(
    names: list[str], expected: list[str]
) -> None:
    assert labels(names) == expected
    assert len(set(labels(names))) == len(names)
