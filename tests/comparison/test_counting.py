"""Which sessions of a baseline count: those that passed, and kept-out ones that were noise."""

import math
from collections.abc import Sequence

import pytest

from laiobench.comparison.gate.counting import Counting, Limit, Night

BEFORE = [0.0, 0.03, -0.03, 0.02, -0.02, 0.0, 0.01, -0.01]
LIMIT = Limit(worse=math.log(1.1), alpha=0.05, newest=20)
OPEN = 0.06
"""Inconclusive after `BEFORE`."""


def counting(nights: Sequence[tuple[float | None, bool]], limit: Limit = LIMIT) -> list[int]:
    """Which of those after `BEFORE` count."""
    found = Counting(limit)
    for value in BEFORE:
        found.add(Night(value, has_joined=True))
    for value_or_none, has_joined in nights:
        found.add(Night(value_or_none, has_joined))
    assert found.numbers[: len(BEFORE)] == list(range(len(BEFORE)))
    return [number - len(BEFORE) for number in found.numbers[len(BEFORE) :]]


def test_what_was_kept_out_counts_once_a_later_one_has_passed() -> None:
    kept, passed = (OPEN, False), (0.0, True)
    assert counting([kept]) == []
    assert counting([kept, passed]) == [0, 1]
    assert counting([kept, passed, kept]) == [0, 1]
    assert counting([kept, kept, passed]) == [0, 1, 2]


def test_more_in_a_row_than_noise_brings_forth_never_count() -> None:
    assert counting([(OPEN, False)] * 12 + [(0.0, True)]) == [12]


def test_where_there_is_more_noise_more_of_them_in_a_row_are_noise() -> None:
    near = Limit(worse=math.log(1.03), alpha=0.05, newest=20)
    assert counting([(OPEN, False)] * 12 + [(0.0, True)], near) == list(range(13))


def test_a_regression_among_them_says_that_they_were_no_noise() -> None:
    assert counting([(OPEN, False), (0.5, False), (0.0, True)]) == [2]


def test_what_was_kept_out_for_another_metric_and_passes_by_this_one_counts() -> None:
    assert counting([(0.0, False)]) == [0]
    assert counting([(OPEN, False), (0.0, False)]) == [0, 1]


@pytest.mark.parametrize("value", [OPEN, 0.5])
def test_what_was_accepted_counts_whatever_it_is(value: float) -> None:
    assert counting([(value, True)]) == [0]


def test_a_session_without_a_value_does_not_pass() -> None:
    assert counting([(None, False), (0.0, True)]) == [0, 1]
    assert counting([(None, False)]) == []


def test_what_never_varies_has_no_noise() -> None:
    found = Counting(LIMIT)
    for value, has_joined in [*[(1.0, True)] * 6, (1.2, False), (1.0, True)]:
        found.add(Night(value, has_joined))
    assert found.numbers == [*range(6), 7]
