"""Error rates of the search among revisions, on simulated trials.

One of 64 revisions after the good one makes it 10 % slower, at 3 % of noise.  Everything of
the search is real, but for the trials: which revision is next, what is known, when it ends.
That the laws can be broken is tested beside them: by naming whichever is likeliest, too early.
"""

import math
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from laiobench.comparison.bisection.search import Answer, Bisection, Finding, Rules
from repeats import FACTOR, most_by_chance

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(600 * FACTOR)]

REVISIONS = 65
EFFECT, NOISE = math.log(1.10), 0.03
REPEATS = 80 * FACTOR
MOST_TRIALS = 400

Draw = Callable[[random.Random, int], float]
"""What a trial is off by: it has its number."""


def normal(generator: random.Random, _number: int) -> float:
    return generator.gauss(0, NOISE)


def heavy_tailed(generator: random.Random, _number: int) -> float:
    """Student's t of three degrees of freedom: so wide in the middle, and now and then far off."""
    return NOISE * generator.gauss(0, 1) / math.sqrt(generator.gammavariate(1.5, 2) / 3)


def drifting(generator: random.Random, number: int) -> float:
    """Half a percent a trial: after twenty it is as much as the change."""
    return generator.gauss(0, NOISE) + 0.005 * number


def of_two_kinds(generator: random.Random, _number: int) -> float:
    """One trial in eight is 30 % slower than the others, three times of what is looked for."""
    slower = math.log(1.3) if generator.random() < 1 / 8 else 0.0
    return generator.gauss(0, NOISE) + slower


@dataclass(frozen=True)
class Search:
    """How one ended."""

    finding: Finding
    culprit: int
    trials: int
    likeliest: int

    @property
    def is_right(self) -> bool:
        found = self.finding
        return found.answer == Answer.FOUND and found.first_with == self.culprit

    @property
    def is_wrong(self) -> bool:
        """Sure, and of a wrong one."""
        found = self.finding
        named = found.answer in (Answer.FOUND, Answer.RANGE)
        return named and not found.last_without < self.culprit <= found.first_with


def search(
    seed: int,
    draw: Draw,
    *,
    effect: float = EFFECT,
    most: int = MOST_TRIALS,
    prepare_s: float = 0.0,
    off_by: float = 0.0,
) -> Search:
    """One, among revisions that are prepared for so long, each time off by so much."""
    generator = random.Random(seed)
    culprit = generator.randint(1, REVISIONS - 1)
    bisection = Bisection(REVISIONS, Rules(is_prepared=prepare_s > 0), seed)
    installed, offset, trials = None, 0.0, 0
    while bisection.finding().answer == Answer.UNDECIDED and trials < most:
        now = installed
        revision = bisection.next(lambda each, now=now: 1.0 + prepare_s * (each != now))
        is_anew = prepare_s > 0 and revision != installed
        if is_anew:
            offset = generator.gauss(0, off_by)
        installed = revision
        trials += 1
        value = offset + draw(generator, trials) + effect * (revision >= culprit)
        bisection.observe(revision, value, is_prepared_anew=is_anew)
    likeliest = max(range(REVISIONS), key=bisection.probability_of)
    return Search(bisection.finding(), culprit, trials, likeliest)


@cache
def searches(draw: Draw, **how: float) -> list[Search]:
    return [search(seed, draw, **how) for seed in range(REPEATS)]


def plain_bisection(seed: int, pairs: int) -> tuple[bool, int]:
    """Each half is decided by so many pairs with the good end: right, and after how many trials."""
    generator = random.Random(seed)
    culprit = generator.randint(1, REVISIONS - 1)

    def slower(revision: int) -> float:
        drawn = [normal(generator, 0) - normal(generator, 0) for _ in range(pairs)]
        return statistics.mean(drawn) + EFFECT * (revision >= culprit)

    low, high, rounds = 0, REVISIONS - 1, 1
    limit = slower(high) / 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if slower(middle) > limit else (middle, high)
        rounds += 1
    return high == culprit, rounds * 2 * pairs


@pytest.mark.parametrize("draw", [normal, heavy_tailed, drifting])
def test_ten_percent_among_64_revisions_are_found_and_hardly_ever_in_a_wrong_one(
    draw: Draw,
) -> None:
    made = searches(draw)
    assert sum(each.is_right for each in made) >= 0.95 * REPEATS
    assert sum(each.is_wrong for each in made) <= 0.05 * REPEATS


def test_where_one_trial_in_eight_is_of_another_kind_nine_of_ten_are_found() -> None:
    made = searches(of_two_kinds)
    assert sum(each.is_right for each in made) >= 0.9 * REPEATS
    assert sum(each.is_wrong for each in made) <= most_by_chance(0.04, REPEATS)
    assert statistics.median(each.trials for each in made) <= 45


def test_it_takes_less_than_half_the_trials_of_a_bisection_that_compares_at_each_step() -> None:
    made = searches(normal)
    plain = [plain_bisection(seed, pairs=7) for seed in range(REPEATS)]
    assert sum(right for right, _ in plain) >= 0.95 * REPEATS
    usual = statistics.median(trials for _, trials in plain)
    taken = sorted(each.trials for each in made)
    assert statistics.median(taken) <= usual / 3
    assert taken[int(0.95 * REPEATS)] <= usual / 2


def test_whoever_names_the_likeliest_after_16_trials_is_wrong_more_often() -> None:
    made = searches(normal, most=16)
    wrong = sum(each.likeliest != each.culprit for each in made)
    assert wrong > most_by_chance(0.05, REPEATS)


@pytest.mark.parametrize("draw", [normal, heavy_tailed, drifting, of_two_kinds])
def test_ends_that_are_alike_are_said_to_be(draw: Draw) -> None:
    made = searches(draw, effect=0.0)
    said = sum(each.finding.answer == Answer.NO_CHANGE for each in made)
    assert said >= 0.95 * REPEATS


def test_revisions_that_are_dear_to_prepare_and_off_each_time_are_told_apart() -> None:
    made = searches(normal, prepare_s=20.0, off_by=NOISE / 2)
    assert sum(each.is_right for each in made) >= 0.95 * REPEATS
    assert sum(each.is_wrong for each in made) <= 0.05 * REPEATS
