"""How long a trial of a revision will take, with preparing it, by how long it has taken.

A revision that was prepared before may be faster the next time: what was built is there.  Pure.
"""

import statistics
from collections.abc import Sequence

from laiobench.results.bisection import Preparation

_UNKNOWN_S = 1.0


def trial_s(taken_s: Sequence[float]) -> float:
    """Of a trial, after these."""
    return statistics.fmean(taken_s) if taken_s else _UNKNOWN_S


def preparation_s(revision: str, preparations: Sequence[Preparation]) -> float:
    """Of preparing a revision, after these preparations."""
    first: dict[str, float] = {}
    again = []
    for each in preparations:
        if each.failure is None and each.revision in first:
            again.append(each.took_s)
        elif each.failure is None:
            first[each.revision] = each.took_s
    if revision in first and again:
        return statistics.fmean(again)
    return statistics.fmean(first.values()) if first else _UNKNOWN_S
