"""In which order the trials of a live comparison run.

Two variants run in ABBA blocks, so that a steady drift is on both sides alike; which
of them is A is drawn for each block, so that nothing with a period of four trials
takes sides.  More variants run in randomised complete blocks.  All of it follows
from the seed: the same seed gives the same order, and more pairs go on where
fewer ended.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Slot:
    """One trial's place: which variant, by number, and in which block."""

    variant: int
    block: int
    ends_block: bool
    """Whether every variant has now been measured as often."""


def slots(variants: int, pairs: int, seed: int) -> Iterator[Slot]:
    """All trials, in the order in which they are to be made.

    Args:
        variants: how many there are, at least 2.
        pairs: how often each variant is measured.
        seed: of what is drawn.
    """
    for block, order in enumerate(itertools.islice(_blocks(variants, seed), pairs)):
        left = pairs - block * _pairs_a_block(variants)
        if left <= 0:
            return
        taken = order[: left * variants]
        for place, variant in enumerate(taken):
            yield Slot(variant, block, ends_block=place == len(taken) - 1)


def _pairs_a_block(variants: int) -> int:
    return 2 if variants == 2 else 1


def _blocks(variants: int, seed: int) -> Iterator[list[int]]:
    generator = random.Random(seed)
    while True:
        order = list(range(variants))
        generator.shuffle(order)
        yield order + order[::-1] if variants == 2 else order
