"""How often the tests of error rates repeat, and which counts chance allows."""

import os

from scipy.stats import binom

FACTOR = int(os.environ.get("LAIOBENCH_LAWS", "1"))
"""How many times as often tests repeat; `make laws` sets 10."""


def most_by_chance(rate: float, repeats: int) -> int:
    """The largest count that a rate as small as this reaches in 999 of 1,000 cases."""
    return int(binom.ppf(0.999, repeats, rate))


def fewest_by_chance(rate: float, repeats: int) -> int:
    """The smallest count that a rate as large as this reaches in 999 of 1,000 cases."""
    return int(binom.ppf(0.001, repeats, rate))
