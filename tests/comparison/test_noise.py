"""Noise that a median and a spread do not describe: two kinds of trials, lasting states."""

import random

import pytest

from laiobench.comparison.noise import by_median, correlation, two_kinds
from repeats import most_by_chance

REPEATS = 400


def trials(generator: random.Random, count: int, noise: float = 0.02) -> list[float]:
    return [generator.lognormvariate(0, noise) for _ in range(count)]


def test_one_trial_in_five_that_is_slower_by_thirty_percent_is_another_kind() -> None:
    generator = random.Random(1)
    values = trials(generator, 40)
    slow = [value * (1.3 if number % 5 == 0 else 1) for number, value in enumerate(values)]
    kinds = two_kinds(slow)
    assert kinds is not None
    assert kinds.share == pytest.approx(0.2)
    assert kinds.ratio == pytest.approx(1.3, rel=0.03)


@pytest.mark.parametrize("count", [10, 20, 100])
def test_noise_of_one_kind_is_not_told_to_be_of_two(count: int) -> None:
    generator = random.Random(count)
    told = sum(two_kinds(trials(generator, count)) is not None for _ in range(REPEATS))
    assert told <= most_by_chance(0.01, REPEATS)


def test_one_outlier_is_no_kind_and_equal_values_are_one() -> None:
    assert two_kinds([*trials(random.Random(2), 20), 2.0]) is None
    assert two_kinds([1.0] * 20) is None
    assert correlation([1.0] * 20) is None


def test_states_that_last_are_told_and_noise_without_memory_is_not() -> None:
    generator = random.Random(3)
    state, sticky = 0.0, []
    for _ in range(80):
        state = 0.8 * state + generator.gauss(0, 1)
        sticky.append(1 + state / 100)
    found = correlation(by_median(sticky))
    assert found is not None and found > 0.5
    told = sum(correlation(trials(generator, 40)) is not None for _ in range(REPEATS))
    assert told <= most_by_chance(0.005, REPEATS)
