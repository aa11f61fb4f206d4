"""Steps of a series that noise would not show, whatever that noise is.

They are added as long as one more, or two more together, gain more than noise does that
resembles itself (`persistent_noise`); but not where the series goes to and fro between two levels
(`two_levels`).  Each must then hold by itself: without it the series fits worse by as much,
and the medians on both sides are apart.  What does not hold is taken back, the weakest first.

Knows numbers alone.
"""

import itertools
import math
import statistics
from collections.abc import Sequence

from laiobench.comparison.persistent_noise import Search, p_of_one, p_of_two
from laiobench.comparison.two_levels import FEWEST_SWITCHES, to_and_fro


class StepSearch:
    """A series that is looked through at once.

    Args:
        values: in the order of time, at least two.
        least: a step is none below it.
        alpha: of each test.
        stretch: the fewest values between steps, and at the ends.
    """

    def __init__(self, values: Sequence[float], least: float, alpha: float, stretch: int) -> None:
        self._values = values
        self._least, self._alpha = least, alpha
        self._stretch = stretch
        self._search = Search(values, stretch)

    def steps(self) -> dict[int, float]:
        """The place of the first value after each, with the chance of it in noise, at most."""
        steps: list[int] = []
        while more := self._more(steps):
            steps = self._moved(sorted([*steps, *more]))
        return self._holding(steps)

    def _more(self, steps: Sequence[int]) -> Sequence[int]:
        """One more step, or two, that noise would not show; none where there is no such."""
        one = self._search.best_one(steps)
        found = one if p_of_one(one.gain) <= self._alpha else self._search.best_two(steps)
        if found is not one and p_of_two(found.gain) > self._alpha:
            return ()
        return () if self.goes_to_and_fro(steps, found.places) else found.places

    def goes_to_and_fro(self, steps: Sequence[int], more: Sequence[int]) -> bool:
        """Whether two levels, neither of them for good, explain the rest better than more steps."""
        bounds = [0, *steps, len(self._values)]
        rest = [
            value - statistics.fmean(self._values[begin:end])
            for begin, end in itertools.pairwise(bounds)
            for value in self._values[begin:end]
        ]
        price = 2 * math.log(len(rest))
        way = to_and_fro(rest, price)
        with_more = self._search.misfit(sorted([*steps, *more])) + price * len(more)
        return way.switches >= FEWEST_SWITCHES and way.misfit + price * way.switches < with_more

    def _moved(self, steps: list[int]) -> list[int]:
        """Each to where it gains most, now that the others are known."""
        for number, at in enumerate(steps):
            others = [*steps[:number], *steps[number + 1 :]]
            bounds = [0, *steps, len(self._values)]
            between = range(bounds[number] + self._stretch, bounds[number + 2] - self._stretch + 1)
            best = self._search.best_one(others, between)
            steps[number] = best.places[0] if best.places else at
        return steps

    def _holding(self, steps: Sequence[int]) -> dict[int, float]:
        """Those that noise would not show, with how often it would."""
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
        """Of each alone, or together with a neighbour."""
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
    """Where the one before a step begins, and where that after it ends."""
    number = bounds.index(at, 1)
    return bounds[number - 1], bounds[number + 1]


def _by_order(bounds: Sequence[int], at: int) -> float:
    """How often so few values would be parted so by their order alone: 3 and 3 once in ten."""
    begin, end = _stretches(bounds, at)
    return min(1.0, 2 / math.comb(end - begin, at - begin))
