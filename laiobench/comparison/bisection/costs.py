"""Estimates how long preparing a revision and a trial of it will take, from earlier ones.

Preparing a revision again may be faster, since what was built is still there.  Pure.
"""

import statistics
from collections.abc import Sequence

from laiobench.results.bisection import Preparation

_UNKNOWN_S = 1.0


def trial_s(taken_s: Sequence[float]) -> float:
    """The expected time of a trial, from the times of earlier trials; both in s."""
    return statistics.fmean(taken_s) if taken_s else _UNKNOWN_S


def preparation_s(revision: str, preparations: Sequence[Preparation]) -> float:
    """The expected time in s to prepare a revision, from earlier preparations."""
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
