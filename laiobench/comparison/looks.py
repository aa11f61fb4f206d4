"""When a comparison is looked at, and which part of α each look may use.

One planned analysis uses Wilcoxon's exact signed-rank test, for which there is nothing
better.  Looking again after it would be a second chance for the same 5 %: of α, a planned
analysis therefore uses 90 %, and 10 % are kept for whatever comes after, or before its
time: always-valid evidence, which may be looked at after each pair.  Who knows that he
will look until it is decided says so first, and has all of α for that.

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
"""Of α, kept for looking again."""


@dataclass(frozen=True)
class Looks:
    """What may be used of α now.  The parts are disjoint, so that together they keep it."""

    planned: int | None = None
    """The last planned analysis had so many pairs; None: it is now, and has all."""
    share: float = 1.0
    """Of α, for it; 0: none was planned until now."""
    anytime: float = 0.0
    """Of α, for always-valid evidence; 0: it is not looked at."""

    @property
    def is_anytime(self) -> bool:
        """Whether the interval is valid however often one looks, and pays for it."""
        return self.anytime > 0

    def p(self, differences: Sequence[float]) -> float:
        """At most α exactly when the interval of 1 − α excludes 0."""
        found = [1.0]
        if self.share:
            found.append(signed_rank_p(differences[: self.planned]) / self.share)
        if self.anytime:
            found.append(anytime_p(differences) / self.anytime)
        return min(found)

    def interval(self, differences: Sequence[float], alpha: float) -> Interval:
        """What both parts leave, around the estimate of all pairs.

        Where they leave nothing the pairs drift, and the newest part is told.
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
        """The shift, in deviations as found in these pairs, that shows in 80 % of the cases."""
        freedom, found = pairs - 1, [math.inf]
        if self.share and self.planned in (None, pairs):
            found.append(visible_in_spreads(pairs, alpha * self.share, freedom=freedom))
        if self.anytime:
            found.append(visible_anytime(pairs, alpha * self.anytime, freedom=freedom))
        return min(found)

    def fewest(self, alpha: float) -> int:
        """The fewest pairs that can show anything."""
        found = []
        if self.share:
            found.append(max(MIN_PAIRS, pairs_for_interval(alpha * self.share)))
        if self.anytime:
            found.append(fewest_pairs(alpha * self.anytime))
        return min(found)


ONCE = Looks()
"""All of α, now: for numbers that nobody looks at again."""

PLANNED = Looks(share=1 - RESERVE)
"""The one planned analysis of a comparison that may be gone on with."""

UNTIL_DECIDED = Looks(share=0.0, anytime=1.0)


def live_looks(design: Design | None, pairs: int, *, is_end: bool) -> Looks:
    """What may be used after so many pairs of a live comparison.

    Args:
        design: how many analyses were planned; None: one.
        pairs: that there are.
        is_end: whether this is the end: by the number of pairs, the width of the interval,
            or the clock.  False: it was stopped, or is looked at meanwhile.
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
    """Which analyses were planned of a comparison that is gone on with.

    One that ended was looked at then, whenever that was, and the plan is over.
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


def is_narrow(compared: ComparedMetric, rule: WidthRule) -> bool:
    """Whether a ratio is known as well as `rule` wants."""
    if compared.ratio is None or compared.low is None or compared.high is None:
        return False
    return rule.is_met(
        Interval(math.log(compared.ratio), math.log(compared.low), math.log(compared.high)),
        compared.n,
    )
