"""The order in which the trials of a live comparison run.

Randomised complete blocks: in each block every variant is measured once, in a new random
order.  For two variants that is a fair coin for each pair.  It makes the signed-rank test
exact under any noise that does not depend on which variant is measured: whatever the
machine does to a pair, the coin decides the sign of its difference.

Earlier versions used ABBA blocks, with one coin for two pairs.  These cancel a steady drift
better, but make the two pairs one: noise with a period of three to six trials was called a
difference in 12 to 17 % of comparisons.  A comparison that was begun so is continued so.

The seed alone determines the order, and an order of more pairs begins with that of fewer.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from laiobench.results.comparison import TrialOrder


@dataclass(frozen=True)
class Slot:
    """A trial's place in the order: the number of its variant, and of its block."""

    variant: int
    block: int
    ends_block: bool
    """Whether all variants have been measured equally often after it."""


def slots(variants: int, pairs: int, seed: int, order: TrialOrder = "pairs") -> Iterator[Slot]:
    """The places of all trials, in the order of running.

    Args:
        variants: how many there are, at least 2.
        pairs: how often each variant is measured.
        seed: of the random order.
        order: `pairs`; or `abba`, to continue a comparison that was begun so.
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
