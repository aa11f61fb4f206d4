"""The search among revisions: the next revision, its findings, and when it ends."""

import math

import pytest

from laiobench.comparison.bisection.search import (
    ENOUGH_END_PAIRS,
    FEWEST_END_PAIRS,
    Answer,
    Bisection,
    Finding,
    Rules,
)

STEP = math.log(1.2)
# Trials differ a little, always in the same way.
WOBBLE = (0.0, 0.004, -0.003, 0.002, -0.005, 0.001, 0.003)


class Machine:
    """Revisions of which one is slower from then on."""

    def __init__(self, culprit: int, *, step: float = STEP, broken: tuple[int, ...] = ()) -> None:
        self.culprit, self.step, self.broken = culprit, step, broken
        self.order: list[int] = []
        self.prepared: list[int] = []

    def run(self, bisection: Bisection, *, prepare_s: float = 0.0, most: int = 200) -> Finding:
        installed = None
        while bisection.finding().answer == Answer.UNDECIDED and len(self.order) < most:
            now = installed
            revision = bisection.next(lambda each, now=now: 1 + prepare_s * (each != now))
            if revision in self.broken:
                bisection.skip(revision)
                continue
            is_anew = prepare_s > 0 and revision != installed
            self.prepared += [revision] * is_anew
            value = WOBBLE[len(self.order) % len(WOBBLE)] + self.step * (revision >= self.culprit)
            self.order.append(revision)
            installed = revision
            bisection.observe(revision, value, is_prepared_anew=is_anew)
        return bisection.finding()


@pytest.mark.parametrize("culprit", [1, 2, 17, 39, 40])
def test_the_culprit_is_found_wherever_it_is(culprit: int) -> None:
    found = Machine(culprit).run(Bisection(41, Rules(), seed=1))
    assert (found.answer, found.last_without, found.first_with) == (
        Answer.FOUND, culprit - 1, culprit,
    )  # fmt: skip
    assert found.probability >= 0.95


def test_two_revisions_are_the_culprit_and_the_one_before_it() -> None:
    found = Machine(1).run(Bisection(2, Rules(), seed=1))
    assert (found.answer, found.first_with) == (Answer.FOUND, 1)


def test_the_ends_are_measured_first_in_turns() -> None:
    machine = Machine(17)
    machine.run(Bisection(41, Rules(), seed=1))
    first = machine.order[: 2 * FEWEST_END_PAIRS]
    assert {tuple(sorted(first[at : at + 2])) for at in range(0, len(first), 2)} == {(0, 40)}


def test_the_good_end_is_measured_all_along() -> None:
    machine = Machine(17, step=0.008)
    machine.run(Bisection(41, Rules(), seed=1))
    assert len(machine.order) > 15
    for at in range(0, len(machine.order) - 6):
        assert 0 in machine.order[at : at + 6]


def test_the_order_is_the_seed_s() -> None:
    orders = []
    for seed in (1, 1, 2):
        machine = Machine(17)
        machine.run(Bisection(41, Rules(), seed=seed))
        orders.append(machine.order)
    assert orders[0] == orders[1] != orders[2]


def test_ends_that_are_alike_end_it() -> None:
    machine = Machine(17, step=0.0)
    found = machine.run(Bisection(41, Rules(), seed=1))
    assert found.answer == Answer.NO_CHANGE
    assert set(machine.order) == {0, 40}
    assert len(machine.order) >= 2 * ENOUGH_END_PAIRS


def test_what_got_better_is_no_change_unless_any_is_asked_for() -> None:
    assert Machine(17, step=-STEP).run(Bisection(41, Rules(), seed=1)).answer == Answer.NO_CHANGE
    rules = Rules(is_any_direction=True)
    found = Machine(17, step=-STEP).run(Bisection(41, rules, seed=1))
    assert (found.answer, found.first_with) == (Answer.FOUND, 17)


def test_a_change_below_the_threshold_is_none() -> None:
    rules = Rules(threshold=math.log(1.3))
    assert Machine(17).run(Bisection(41, rules, seed=1)).answer == Answer.NO_CHANGE


def test_what_can_t_be_measured_is_in_the_range_that_remains() -> None:
    found = Machine(17, broken=(15, 16, 17)).run(Bisection(41, Rules(), seed=1))
    assert (found.answer, found.last_without, found.first_with) == (Answer.RANGE, 14, 18)


def test_the_ends_can_t_be_skipped() -> None:
    for end in (0, 40):
        with pytest.raises(ValueError, match="end"):
            Bisection(41, Rules(), seed=1).skip(end)


def test_a_dear_preparation_is_used_for_several_trials() -> None:
    cheap, dear = Machine(17), Machine(17)
    cheap.run(Bisection(41, Rules(is_prepared=True), seed=1), prepare_s=0.1)
    dear.run(Bisection(41, Rules(is_prepared=True), seed=1), prepare_s=20.0)
    assert len(dear.order) / len(dear.prepared) > 2
    assert len(cheap.order) / len(cheap.prepared) < 2


def test_nobody_is_named_after_a_single_preparation() -> None:
    for culprit in (5, 17, 33):
        machine = Machine(culprit)
        machine.run(Bisection(41, Rules(is_prepared=True), seed=1), prepare_s=20.0)
        assert machine.prepared.count(culprit) >= 2
        assert machine.prepared.count(culprit - 1) >= 2


def test_what_is_known_adds_up() -> None:
    bisection = Bisection(41, Rules(), seed=1)
    Machine(17).run(bisection, most=9)
    each = [bisection.probability_of(revision) for revision in range(1, 41)]
    # The rest is that there is no change at all.
    assert 0.9 < sum(each) <= 1 + 1e-9
    assert bisection.probability_of(0) == 0
    assert bisection.probability_by(40) == pytest.approx(sum(each))
    assert 0 < bisection.bits_left < math.log2(40)
    assert bisection.step.mean == pytest.approx(STEP, abs=0.02)


def test_an_outlier_or_two_change_nothing() -> None:
    bisection = Bisection(41, Rules(), seed=1)
    machine = Machine(17)
    original = bisection.observe
    count = 0

    def observe(revision: int, worse: float, *, is_prepared_anew: bool) -> None:
        nonlocal count
        count += 1
        original(revision, worse + 0.5 * (count in (5, 11)), is_prepared_anew=is_prepared_anew)

    bisection.observe = observe  # type: ignore[method-assign]
    found = machine.run(bisection)
    assert (found.answer, found.first_with) == (Answer.FOUND, 17)


@pytest.mark.parametrize("seed", range(20))
def test_a_probability_is_never_above_1(seed: int) -> None:
    """Shares that add up to 1 may be a little more when they are added."""
    bisection = Bisection(41, Rules(), seed=seed)
    found = Machine(1 + 2 * seed).run(bisection)
    told = [
        found.probability,
        bisection.no_change,
        *map(bisection.probability_of, range(41)),
        *map(bisection.probability_by, range(41)),
    ]
    assert min(told) >= 0
    assert max(told) <= 1
