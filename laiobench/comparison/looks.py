"""Looks: when a comparison is analysed, and which part of α each analysis may use.

A planned analysis uses Wilcoxon's exact signed-rank test, which has the most power.  A
further look would be a second chance for a false alarm, so a planned analysis uses only 90 %
of α.  The other 10 % are kept for looks before and after it, which use anytime-valid
evidence and may come after each pair.  Where the user says at the beginning that the
comparison ends when it is decided, anytime-valid evidence has all of α.

Knows numbers, and a design's plan.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from laiobench.comparison.anytime import anytime_interval, anytime_p, fewest_pairs
from laiobench.comparison.power import visible_anytime, visible_in_spreads
from laiobench.comparison.rank_tests import (
    MIN_PAIRS,
    Interval,
    WidthRule,
    hodges_lehmann,
    pairs_for_interval,
    signed_rank_p,
)
from laiobench.results.comparison import ComparedMetric, Comparison, Design

RESERVE = 0.1
"""The part of α that is kept for unplanned looks."""


@dataclass(frozen=True)
class Looks:
    """The parts of α that may be used now.  They are disjoint, so together they stay within α."""

    planned: int | None = None
    """How many pairs the latest planned analysis had; None: it is now, and has all pairs."""
    share: float = 1.0
    """The part of α for the planned analysis; 0: none was due until now."""
    anytime: float = 0.0
    """The part of α for anytime-valid evidence; 0: it is not used."""

    @property
    def is_anytime(self) -> bool:
        """Whether the interval is valid however often one looks, and is wider for it."""
        return self.anytime > 0

    def p(self, differences: Sequence[float]) -> float:
        """The p-value: at most α exactly if `interval` at this α excludes 0."""
        found = [1.0]
        if self.share:
            found.append(signed_rank_p(differences[: self.planned]) / self.share)
        if self.anytime:
            found.append(anytime_p(differences) / self.anytime)
        return min(found)

    def interval(self, differences: Sequence[float], alpha: float) -> Interval:
        """The intersection of both parts' intervals, with the estimate of all pairs.

        If it is empty, the pairs drift, and the anytime-valid interval is returned.
        """
        parts = []
        if self.share:
            parts.append(hodges_lehmann(differences[: self.planned], alpha * self.share))
        if self.anytime:
            parts.append(anytime_interval(differences, alpha * self.anytime))
        low, high = max(part.low for part in parts), min(part.high for part in parts)
        newest = parts[-1]
        if low > high:
            return newest
        return Interval(min(max(newest.estimate, low), high), low, high)

    def visible_in_spreads(self, pairs: int, alpha: float) -> float:
        """The shift that shows in 80 % of cases, in standard deviations as found in these pairs."""
        freedom, found = pairs - 1, [math.inf]
        if self.share and self.planned in (None, pairs):
            found.append(visible_in_spreads(pairs, alpha * self.share, freedom=freedom))
        if self.anytime:
            found.append(visible_anytime(pairs, alpha * self.anytime, freedom=freedom))
        return min(found)

    def fewest(self, alpha: float) -> int:
        """The fewest pairs that can show a shift at this α."""
        found = []
        if self.share:
            found.append(max(MIN_PAIRS, pairs_for_interval(alpha * self.share)))
        if self.anytime:
            found.append(fewest_pairs(alpha * self.anytime))
        return min(found)


ONCE = Looks()
"""A single analysis that may use all of α, since there will be no other."""

PLANNED = Looks(share=1 - RESERVE)
"""The one planned analysis of a comparison that may be continued later."""

UNTIL_DECIDED = Looks(share=0.0, anytime=1.0)


def live_looks(design: Design | None, pairs: int, *, is_end: bool) -> Looks:
    """The parts of α that a look at a live comparison may use.

    Args:
        design: says which analyses are planned; None: one, at the end.
        pairs: how many there are now.
        is_end: whether the comparison ends now, by the number of pairs, the width of the
            interval, or the clock.  False: it was stopped, or goes on.
    """
    if design is not None and design.until_decided:
        return UNTIL_DECIDED
    planned = design.looks if design is not None else []
    share = (1 - RESERVE) / max(1, len(planned))
    if pairs in planned or (is_end and pairs <= max(planned, default=pairs)):
        return Looks(share=share)
    passed = [number for number in planned if number < pairs]
    return Looks(max(passed, default=0), share if passed else 0.0, RESERVE)


def looks_until_now(comparison: Comparison) -> list[int]:
    """The planned analyses, as numbers of pairs, of a comparison that is continued.

    One that ended was analysed at its end, whenever that was, and nothing more is planned.
    """
    design = comparison.design
    if design is None or design.until_decided:
        return []
    names = [variant.name for variant in comparison.variants]
    made = [trial.variant for trial in comparison.trials if trial.run.status == "ok"]
    pairs = min((made.count(name) for name in names), default=0)
    planned = design.looks or [design.pairs]
    if comparison.status != "ok" or pairs in planned:
        return list(planned)
    return [*(number for number in planned if number < pairs), pairs]


def next_look(pairs: int) -> int:
    """After how many pairs the next look is, where one was after so many.

    A look takes time that grows with the square of the pairs: after each of them, all looks
    together would grow with the cube, and hold the trials up.
    """
    return pairs + max(1, pairs // 20)


def is_narrow(compared: ComparedMetric, rule: WidthRule) -> bool:
    """Whether the interval of a ratio is as narrow as `rule` asks."""
    if compared.ratio is None or compared.low is None or compared.high is None:
        return False
    return rule.is_met(
        Interval(math.log(compared.ratio), math.log(compared.low), math.log(compared.high)),
        compared.n,
    )
