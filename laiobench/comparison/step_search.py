"""The search for steps in a series that correlated noise does not explain.

One step, or a pair of steps, is added as long as its gain is significant in correlated noise
(`persistent_noise`), and as long as switching between two levels does not explain the series
better (`two_levels`).  Then steps are removed, the weakest first, until each is significant by
itself and the medians on both sides differ enough.

Knows only numbers.
"""

import itertools
import math
import statistics
from collections.abc import Sequence

from laiobench.comparison.persistent_noise import Search, p_of_one, p_of_two
from laiobench.comparison.two_levels import FEWEST_SWITCHES, switching


class StepSearch:
    """Finds the steps of one series.

    Args:
        values: the series in the order of time, at least two values.
        least: the smallest step to report, as a difference of medians.
        alpha: the level of each test.
        stretch: the fewest values between steps, and at the ends.
    """

    def __init__(self, values: Sequence[float], least: float, alpha: float, stretch: int) -> None:
        self._values = values
        self._least, self._alpha = least, alpha
        self._stretch = stretch
        self._search = Search(values, stretch)

    def steps(self) -> dict[int, float]:
        """The index of the first value after each step, and an upper bound of its p value."""
        steps: list[int] = []
        while more := self._more(steps):
            steps = self._moved(sorted([*steps, *more]))
        return self._holding(steps)

    def _more(self, steps: Sequence[int]) -> Sequence[int]:
        """The next step, or pair of steps, that is significant; empty if there is none."""
        one = self._search.best_one(steps)
        found = one if p_of_one(one.gain) <= self._alpha else self._search.best_two(steps)
        if found is not one and p_of_two(found.gain) > self._alpha:
            return ()
        return () if self.is_switching(steps, found.places) else found.places

    def is_switching(self, steps: Sequence[int], more: Sequence[int]) -> bool:
        """Whether switching between two levels explains the residuals better than more steps."""
        bounds = [0, *steps, len(self._values)]
        rest = [
            value - statistics.fmean(self._values[begin:end])
            for begin, end in itertools.pairwise(bounds)
            for value in self._values[begin:end]
        ]
        price = 2 * math.log(len(rest))
        way = switching(rest, price)
        with_more = self._search.misfit(sorted([*steps, *more])) + price * len(more)
        return way.switches >= FEWEST_SWITCHES and way.misfit + price * way.switches < with_more

    def _moved(self, steps: list[int]) -> list[int]:
        """Move each step to where it gains most, given the others."""
        for number, at in enumerate(steps):
            others = [*steps[:number], *steps[number + 1 :]]
            bounds = [0, *steps, len(self._values)]
            between = range(bounds[number] + self._stretch, bounds[number + 2] - self._stretch + 1)
            best = self._search.best_one(others, between)
            steps[number] = best.places[0] if best.places else at
        return steps

    def _holding(self, steps: Sequence[int]) -> dict[int, float]:
        """The steps that are significant given the others, with their p values."""
        while steps:
            bounds = [0, *steps, len(self._values)]
            chances = {
                at: 1.0 if self._size(bounds, at) < self._least else max(p, _by_order(bounds, at))
                for at, p in self._chances(steps).items()
            }
            worst = max(steps, key=lambda at: chances[at])
            if chances[worst] <= self._alpha:
                return chances
            steps = [at for at in steps if at != worst]
        return {}

    def _size(self, bounds: Sequence[int], at: int) -> float:
        begin, end = _stretches(bounds, at)
        before, after = self._values[begin:at], self._values[at:end]
        return abs(statistics.median(after) - statistics.median(before))

    def _chances(self, steps: Sequence[int]) -> dict[int, float]:
        """The p value of each step alone, or together with a neighbour if that is smaller."""
        best = self._search.misfit(steps)

        def lost_without(*some: int) -> float:
            return self._search.misfit([at for at in steps if at not in some]) - best

        found = {at: p_of_one(lost_without(at)) for at in steps}
        for first, second in itertools.pairwise(steps):
            together = p_of_two(lost_without(first, second))
            for at in (first, second):
                found[at] = min(found[at], together)
        return found


def _stretches(bounds: Sequence[int], at: int) -> tuple[int, int]:
    """Where the stretch before a step begins, and where the stretch after it ends."""
    number = bounds.index(at, 1)
    return bounds[number - 1], bounds[number + 1]


def _by_order(bounds: Sequence[int], at: int) -> float:
    """The p value of a perfect separation of so few values in random order: 0.1 for 3 and 3."""
    begin, end = _stretches(bounds, at)
    return min(1.0, 2 / math.comb(end - begin, at - begin))
