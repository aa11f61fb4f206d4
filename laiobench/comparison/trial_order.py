"""In which order the trials of a live comparison run.

Randomised complete blocks: in each, every variant is measured once, in an order that is
drawn anew.  Of two variants that is a coin a pair, and it makes the signed-rank test exact
against any noise that does not ask who is measured: whatever a moment did to a pair, the
coin said which sign it got.  (Blocks of ABBA with one coin for two pairs cancel a steady
drift better, and make two pairs one: noise of a period of three to six trials was called
a difference in 12 to 17 % of comparisons.  Comparisons that were begun so end so.)

All of it follows from the seed: the same seed gives the same order, and more pairs go on
where fewer ended.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from laiobench.results.comparison import TrialOrder


@dataclass(frozen=True)
class Slot:
    """One trial's place: which variant, by number, and in which block."""

    variant: int
    block: int
    ends_block: bool
    """Whether every variant has now been measured as often."""


def slots(variants: int, pairs: int, seed: int, order: TrialOrder = "pairs") -> Iterator[Slot]:
    """All trials, in the order in which they are to be made.

    Args:
        variants: how many there are, at least 2.
        pairs: how often each variant is measured.
        seed: of what is drawn.
        order: `abba` goes on with what was begun so.
    """
    twice = order == "abba" and variants == 2
    for block, drawn in enumerate(itertools.islice(_blocks(variants, seed, twice), pairs)):
        left = pairs - block * (2 if twice else 1)
        if left <= 0:
            return
        taken = drawn[: left * variants]
        for place, variant in enumerate(taken):
            yield Slot(variant, block, ends_block=place == len(taken) - 1)


def _blocks(variants: int, seed: int, twice: bool) -> Iterator[list[int]]:
    generator = random.Random(seed)
    while True:
        order = list(range(variants))
        generator.shuffle(order)
        yield order + order[::-1] if twice else order
