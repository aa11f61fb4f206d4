"""Which of many revisions made it worse: a search by trials that are noisy.

The first revision is good.  The value changes by one step at one of the others, or not at all:
hypotheses whose shares start equal, and of which "not at all" has half.  Each trial, of
whichever revision, changes the shares; the next one is of the revision that tells most for
the time that it takes.  First come the two ends, until they are known to differ; then, of
each three turns one is the good end's, at a place that is drawn, so that what drifts or
jumps meanwhile is not taken for a change.

Revisions between two that were measured are alike so far: they are one hypothesis, which is
split where one of them is measured.  Pure: makes no trial, and has no clock.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from laiobench.comparison.level_and_step import LevelAndStep, Step
from laiobench.comparison.numerics import np

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

FEWEST_END_PAIRS = 3
"""Of trials of both ends, before it is said that they differ."""
ENOUGH_END_PAIRS = 10
"""The same before it is said that they do not."""
MOST_END_PAIRS = 20
"""If they are not known to differ after so many, that is said."""

_FEWEST_TURNS = 2
_TURNS = 3  # of which one is the good end's
_MOST_TRIALS_A_TURN = 5
_INSIDE = (0.25, 0.5, 0.75)
_NO_SHARE = 1e-9
_GRID = np.linspace(-3.5, 3.5, 21)
_DENSITY = np.exp(-0.5 * _GRID**2) / np.exp(-0.5 * _GRID**2).sum()

Price = Callable[[int], float]
"""What a trial of a revision takes, with preparing it, in any unit."""


class Answer(StrEnum):
    """What a search has come to."""

    FOUND = "found"
    RANGE = "range"
    """One of several, between which none can be measured."""
    NO_CHANGE = "no_change"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Finding:
    """What is known."""

    answer: Answer
    last_without: int
    """The revision before those of which it is one."""
    first_with: int
    """The last one of those: it has the change."""
    probability: float
    """Of it being among those; of no change, if that is the answer."""


@dataclass(frozen=True)
class Rules:
    """When a search ends, and what counts."""

    confidence: float = 0.95
    threshold: float = 0.0
    """Of the step, as a logarithm: a smaller one is no change."""
    is_any_direction: bool = False
    """A step down counts as well."""
    family: int = 1
    """Of so many searches in the same trials the first one that finds ends that differ is taken."""
    is_prepared: bool = False
    """Revisions are prepared one by one: there is a level each time."""


class Bisection:
    """A search among revisions 0, the good end, to `revisions` − 1, the bad one.

    Args:
        revisions: how many there are, both ends included.
        rules: what counts.
        seed: of what is drawn.
    """

    def __init__(self, revisions: int, rules: Rules, seed: int) -> None:
        if revisions < 2:
            raise ValueError("there must be a good and a bad revision")
        self.bad = revisions - 1
        self.rules = rules
        self._seed = seed
        self._measured = [0, self.bad]
        self._skipped: set[int] = set()
        self._model = LevelAndStep([0.5, 0.5], is_prepared=rules.is_prepared)
        self._first_value: float | None = None
        self._turns = self._in_turn = 0
        self._installed: int | None = None
        self._trials = dict.fromkeys(self._measured, 0)
        self._turns_of = dict.fromkeys(self._measured, 0)

    # ---- trials ----------------------------------------------------------------

    def observe(self, revision: int, worse: float, *, is_prepared_anew: bool) -> None:
        """A trial was made.

        Args:
            revision: of which one.
            worse: its value's logarithm, with the sign by which more is worse.
            is_prepared_anew: it was prepared for this trial.
        """
        self._place(revision)
        if self._first_value is None:
            self._first_value = worse
        self._model.observe(
            worse - self._first_value, self._has_step(revision), is_prepared_anew=is_prepared_anew
        )
        stays = self.rules.is_prepared and revision == self._installed and not is_prepared_anew
        self._turns += not stays
        self._in_turn = self._in_turn + 1 if stays else 1
        self._installed = revision
        self._trials[revision] = self._trials.get(revision, 0) + 1
        self._turns_of[revision] = self._turns_of.get(revision, 0) + (not stays)

    def skip(self, revision: int) -> None:
        """It can't be measured.

        Raises:
            ValueError: it is one of the ends.
        """
        if revision in (0, self.bad):
            raise ValueError("without an end there is nothing to search between")
        self._skipped.add(revision)

    def _place(self, revision: int) -> None:
        """A measured one parts the hypotheses before it from those at and after it."""
        if revision in self._measured:
            return
        place = sum(other < revision for other in self._measured)
        start, end = self._measured[place - 1 : place + 1]
        self._measured.insert(place, revision)
        self._model.split(place - 1, (revision - start) / (end - start))

    def _has_step(self, revision: int) -> "Floats":
        return np.array([*(revision >= end for _, end in self._spans()), False], dtype=float)

    # ---- what is known ---------------------------------------------------------

    def _spans(self) -> Iterator[tuple[int, int]]:
        """For each hypothesis but the last, which is "not at all": after which, up to which."""
        return zip(self._measured, self._measured[1:], strict=False)

    def _shares(self) -> "Floats":
        return self._model.shares

    @property
    def no_change(self) -> float:
        """How sure it is that the ends do not differ, or by too little."""
        counts = self._model.share_above(self.rules.threshold, self._is_change)
        if self.rules.is_any_direction:
            counts += 1 - self._model.share_above(-self.rules.threshold, self._is_change)
        return 1 - _sum(self._shares()[:-1]) * min(1.0, counts)

    @property
    def _is_change(self) -> "Floats":
        return np.array([*(True for _ in self._spans()), False])

    @property
    def step(self) -> Step:
        """The change, if there is one."""
        return self._model.step(self._is_change)

    @property
    def spread(self) -> float:
        """Of trials of one revision, as logarithms."""
        return self._model.spread

    @property
    def bits_left(self) -> float:
        """How much is not known of where the change is."""
        shares = self._shares()[:-1] / self._shares()[:-1].sum()
        widths = np.diff(self._measured)
        return float((shares * np.log2(widths / np.maximum(shares, _NO_SHARE))).sum())

    def probability_of(self, revision: int) -> float:
        """How sure it is that this one made the change."""
        for share, (start, end) in zip(self._shares(), self._spans(), strict=False):
            if start < revision <= end:
                return _sum(share) / (end - start)
        return 0.0

    def probability_by(self, revision: int) -> float:
        """How sure it is that this one has the change."""
        return _sum(self._shares() * self._has_step(revision)) if revision else 0.0

    @property
    def trials(self) -> dict[int, int]:
        """How many there are of each revision that was measured, in their order."""
        return {revision: self._trials[revision] for revision in self._measured}

    @property
    def ends_differ(self) -> bool:
        """Whether there is something to search for."""
        is_enough = self._end_pairs >= FEWEST_END_PAIRS
        return is_enough and self.no_change <= (1 - self.rules.confidence) / self.rules.family

    @property
    def _end_pairs(self) -> int:
        return min(self._turns_of[0], self._turns_of[self.bad])

    def finding(self) -> Finding:
        """What all trials so far come to; FOUND, RANGE and NO_CHANGE end the search."""
        if not self.ends_differ:
            is_over = self._end_pairs >= MOST_END_PAIRS or (
                self._end_pairs >= ENOUGH_END_PAIRS and self.no_change >= self.rules.confidence
            )
            answer = Answer.NO_CHANGE if is_over else Answer.UNDECIDED
            return Finding(answer, 0, self.bad, self.no_change)
        found = self._most_likely()
        if found.answer != Answer.UNDECIDED and not self._unconfirmed(found):
            return found
        return self._narrowest(self._shares()[:-1], list(self._spans()))

    def _most_likely(self) -> Finding:
        """Where it is, if that is as sure as was asked for and can't be narrowed further."""
        shares, spans = self._shares()[:-1], list(self._spans())
        most = int(np.argmax(shares))
        start, end = spans[most]
        answer = Answer.UNDECIDED
        if shares[most] >= self.rules.confidence and not self._can_be_split(start, end):
            answer = Answer.FOUND if end - start == 1 else Answer.RANGE
        return Finding(answer, start, end, _sum(shares[most]))

    def _unconfirmed(self, found: Finding) -> list[int]:
        """Those on both sides that had one turn only: a single one may be what no model expects."""
        sides = (found.last_without, found.first_with)
        return [each for each in sides if self._turns_of[each] < _FEWEST_TURNS]

    def _narrowest(self, shares: "Floats", spans: Sequence[tuple[int, int]]) -> Finding:
        """The fewest revisions in a row of which it is one, as surely as was asked for."""
        found = [
            Finding(Answer.UNDECIDED, spans[first][0], spans[last][1],
                    _sum(shares[first : last + 1]))
            for first in range(len(spans))
            for last in range(first, len(spans))
        ]  # fmt: skip
        sure = [each for each in found if each.probability >= self.rules.confidence]
        return min(
            sure or [Finding(Answer.UNDECIDED, 0, self.bad, _sum(shares))],
            key=lambda each: (each.first_with - each.last_without, -each.probability),
        )

    def _can_be_split(self, start: int, end: int) -> bool:
        return any(between not in self._skipped for between in range(start + 1, end))

    # ---- which is next ---------------------------------------------------------

    def next(self, price: Price) -> int:
        """The revision to be measured next."""
        if not self.ends_differ:
            return self._next_end(price)
        is_turn_over = self._is_turn_over(price)
        if self._installed == 0 and not is_turn_over:
            return 0
        is_good_installed = self.rules.is_prepared and self._installed == 0
        if is_turn_over and not is_good_installed and self._is_good_ends_turn():
            return 0
        found = self._most_likely()
        if found.answer != Answer.UNDECIDED and (unconfirmed := self._unconfirmed(found)):
            others = [each for each in unconfirmed if self._is_new_turn(each)]
            return others[0] if others else 0
        candidates = self._candidates()
        if is_turn_over and self.rules.is_prepared and len(candidates) > 1:
            candidates = [each for each in candidates if each != self._installed]
        bits = self._bits_told(candidates)
        rates = [bits[revision] / price(revision) for revision in candidates]
        return candidates[int(np.argmax(rates))]

    def _next_end(self, price: Price) -> int:
        """The one that has fewer trials; of a pair, one that is drawn."""
        if self._installed in (0, self.bad) and not self._is_turn_over(price):
            return self._installed
        good, bad = self._turns_of[0], self._turns_of[self.bad]
        if self.rules.is_prepared and self._installed in (0, self.bad):
            return self.bad - self._installed
        if good != bad:
            return 0 if good < bad else self.bad
        return self._draw("ends", good).choice((0, self.bad))

    def _is_new_turn(self, revision: int) -> bool:
        """Whether a trial of it now would be another turn than the last one."""
        return not self.rules.is_prepared or revision != self._installed

    def _is_turn_over(self, price: Price) -> bool:
        """Preparing is paid for once: the dearer it is, the more trials are made then."""
        if not self.rules.is_prepared or self._installed is None:
            return True
        other = next(revision for revision in (0, self.bad) if revision != self._installed)
        wanted = round(math.sqrt(price(other) / max(price(self._installed), 1e-9)))
        return self._in_turn >= min(max(1, wanted), _MOST_TRIALS_A_TURN)

    def _is_good_ends_turn(self) -> bool:
        """Once in each group of turns, at a place that nobody can foresee."""
        group, place = divmod(self._turns, _TURNS)
        return place == self._draw("group", group).randrange(_TURNS)

    def _draw(self, what: str, number: int) -> random.Random:
        return random.Random(f"{self._seed} {what} {number}")

    def _candidates(self) -> list[int]:
        """Those that were measured, and between each two of them a few."""
        found = {*self._measured[1:]}
        shares = self._shares()[:-1]
        shares = shares / shares.sum()
        before = 0.0
        for share, (start, end) in zip(shares, self._spans(), strict=False):
            middle = (0.5 - before) / share if before < 0.5 < before + share else 0.5
            for part in (*_INSIDE, middle):
                found |= self._nearest(start, end, start + part * (end - start))
            before += float(share)
        return sorted(found)

    def _nearest(self, start: int, end: int, wanted: float) -> set[int]:
        """The one between that can be measured and is nearest, if any can."""
        steps = sorted(range(start + 1, end), key=lambda revision: abs(revision - wanted))
        return set(next(([each] for each in steps if each not in self._skipped), []))

    def _bits_told(self, candidates: Sequence[int]) -> dict[int, float]:
        """How much a trial of each is expected to tell of where the change is."""
        found = {}
        for is_anew in dict.fromkeys(self._is_prepared_anew(each) for each in candidates):
            alike = [each for each in candidates if self._is_prepared_anew(each) == is_anew]
            expected = [self._model.expected(has, is_prepared_anew=is_anew) for has in (1.0, 0.0)]
            # Each hypothesis in two: the revision has the step, or not.
            mean, deviation = (
                np.stack(pair, axis=1).ravel() for pair in zip(*expected, strict=True)
            )
            for revision in alike:
                found[revision] = _information(self._parts(revision), mean, deviation)
        return found

    def _is_prepared_anew(self, revision: int) -> bool:
        return self.rules.is_prepared and revision != self._installed

    def _parts(self, revision: int) -> "Floats":
        """The share of each hypothesis in two: the change at or before the revision, or after."""
        parts = []
        for share, (start, end) in zip(self._shares()[:-1], self._spans(), strict=True):
            by = min(max((revision - start) / (end - start), 0.0), 1.0)
            parts += [float(share) * by, float(share) * (1 - by)]
        return np.array([*parts, 0.0, float(self._shares()[-1])])


def _sum(shares: "Floats") -> float:
    """A probability: rounding may add up to a little more than all of it."""
    return min(1.0, float(np.sum(shares)))


def _information(shares: "Floats", mean: "Floats", deviation: "Floats") -> float:
    """Bits that a value tells of which normal distribution it is of."""
    is_there = shares > _NO_SHARE
    shares, mean, deviation = shares[is_there], mean[is_there], deviation[is_there]
    points = mean[:, None] + deviation[:, None] * _GRID
    away = (points[:, :, None] - mean) / deviation
    mixed = np.log((shares / deviation * np.exp(-0.5 * away**2)).sum(axis=2))
    own = -0.5 * _GRID**2 - np.log(deviation)[:, None]
    return float((shares[:, None] * _DENSITY * (own - mixed)).sum() / math.log(2))
