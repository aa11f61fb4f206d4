"""Bisection with noisy trials: a search for the revision at which a metric changed.

The first revision is good.  The value changes by one step at one of the others, or not at
all.  Each of these is a hypothesis with a share, its probability: "not at all" starts with
one half, and all others share the other half equally.  Each trial, of whatever revision,
updates the shares.  The next trial is of the revision that is expected to tell most for the
time that it takes.  The two ends are measured first, until they are known to differ.  From
then on, one of each three turns is the good end's, at a random place among the three, so
that a drift or a jump of the machine is not taken for the change.

Revisions between two measured ones can't be told apart yet.  They are one hypothesis, which
is split when one of them is measured.  Pure: runs no trial, and has no clock.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from laiobench.comparison.bisection.level_and_step import LevelAndStep, Step
from laiobench.comparison.numerics import np

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

FEWEST_END_PAIRS = 3
"""Pairs of trials of the ends before they can be said to differ."""
ENOUGH_END_PAIRS = 10
"""Pairs of trials of the ends before they can be said not to differ."""
MOST_END_PAIRS = 20
"""After so many pairs, ends that are not known to differ are said not to."""

_FEWEST_TURNS = 2
_TURNS = 3  # of which one is the good end's
_MOST_TRIALS_A_TURN = 5
_INSIDE = (0.25, 0.5, 0.75)
_NO_SHARE = 1e-9
_GRID = np.linspace(-3.5, 3.5, 21)
_DENSITY = np.exp(-0.5 * _GRID**2) / np.exp(-0.5 * _GRID**2).sum()

Price = Callable[[int], float]
"""The time that a trial of a revision takes, with preparing it, in any unit."""


class Answer(StrEnum):
    """The answer of a search."""

    FOUND = "found"
    RANGE = "range"
    """One of several made the change; those between can't be measured."""
    NO_CHANGE = "no_change"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Finding:
    """What a search knows so far."""

    answer: Answer
    last_without: int
    """The newest revision that surely lacks the change."""
    first_with: int
    """The oldest revision that surely has the change."""
    probability: float
    """That the change is between the two; if the answer is NO_CHANGE, that there is none."""


@dataclass(frozen=True)
class Rules:
    """When a search ends, and which changes count."""

    confidence: float = 0.95
    threshold: float = 0.0
    """The smallest step that counts as a change, as a logarithm."""
    is_any_direction: bool = False
    """Whether a step for the better counts as well."""
    family: int = 1
    """How many searches run in the same trials.

    The first that finds that the ends differ is taken, so each must be surer of that.
    """
    is_prepared: bool = False
    """Whether revisions are prepared one by one; each preparation may shift the level."""


class Bisection:
    """A search among revisions 0, the good end, to `revisions` − 1, the bad one.

    Args:
        revisions: how many there are, both ends included.
        rules: when it ends, and which changes count.
        seed: of random choices.

    Raises:
        ValueError: there are fewer than two revisions.
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
        """Take the value of a trial.

        Args:
            revision: the revision that was measured.
            worse: the logarithm of its value, with the sign by which more is worse.
            is_prepared_anew: whether the revision was prepared for this trial.
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
        """Skip a revision that can't be measured.

        Raises:
            ValueError: it is one of the ends.
        """
        if revision in (0, self.bad):
            raise ValueError("without an end there is nothing to search between")
        self._skipped.add(revision)

    def _place(self, revision: int) -> None:
        """Split the hypothesis that holds a revision which is measured for the first time."""
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
        """(after which revision, up to which) for each hypothesis; not for "not at all"."""
        return zip(self._measured, self._measured[1:], strict=False)

    def _shares(self) -> "Floats":
        return self._model.shares

    @property
    def no_change(self) -> float:
        """The probability that the ends do not differ, or by less than the threshold."""
        counts = self._model.share_above(self.rules.threshold, self._is_change)
        if self.rules.is_any_direction:
            counts += 1 - self._model.share_above(-self.rules.threshold, self._is_change)
        return 1 - _sum(self._shares()[:-1]) * min(1.0, counts)

    @property
    def _is_change(self) -> "Floats":
        return np.array([*(True for _ in self._spans()), False])

    @property
    def step(self) -> Step:
        """The size of the change, if there is one."""
        return self._model.step(self._is_change)

    @property
    def spread(self) -> float:
        """The standard deviation of the logarithms of trials of one revision."""
        return self._model.spread

    @property
    def bits_left(self) -> float:
        """The information, in bits, that is still missing about where the change is."""
        shares = self._shares()[:-1] / self._shares()[:-1].sum()
        widths = np.diff(self._measured)
        return float((shares * np.log2(widths / np.maximum(shares, _NO_SHARE))).sum())

    def probability_of(self, revision: int) -> float:
        """The probability that this revision made the change."""
        for share, (start, end) in zip(self._shares(), self._spans(), strict=False):
            if start < revision <= end:
                return _sum(share) / (end - start)
        return 0.0

    def probability_by(self, revision: int) -> float:
        """The probability that this revision has the change."""
        return _sum(self._shares() * self._has_step(revision)) if revision else 0.0

    @property
    def trials(self) -> dict[int, int]:
        """The number of trials of each measured revision, by revision, ascending."""
        return {revision: self._trials[revision] for revision in self._measured}

    @property
    def ends_differ(self) -> bool:
        """Whether the ends are known to differ, so that there is a change to search for."""
        is_enough = self._end_pairs >= FEWEST_END_PAIRS
        return is_enough and self.no_change <= (1 - self.rules.confidence) / self.rules.family

    @property
    def _end_pairs(self) -> int:
        return min(self._turns_of[0], self._turns_of[self.bad])

    def finding(self) -> Finding:
        """What the trials so far tell.  FOUND, RANGE and NO_CHANGE end the search."""
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
        """The most likely hypothesis; FOUND or RANGE if it is sure enough and can't be split."""
        shares, spans = self._shares()[:-1], list(self._spans())
        most = int(np.argmax(shares))
        start, end = spans[most]
        answer = Answer.UNDECIDED
        if shares[most] >= self.rules.confidence and not self._can_be_split(start, end):
            answer = Answer.FOUND if end - start == 1 else Answer.RANGE
        return Finding(answer, start, end, _sum(shares[most]))

    def _unconfirmed(self, found: Finding) -> list[int]:
        """The revisions next to the change that had one turn only.

        They are measured again: a single turn may be an outlier beyond the model's.
        """
        sides = (found.last_without, found.first_with)
        return [each for each in sides if self._turns_of[each] < _FEWEST_TURNS]

    def _narrowest(self, shares: "Floats", spans: Sequence[tuple[int, int]]) -> Finding:
        """The shortest range that holds the change with the confidence asked for."""
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
        """The revision to measure next.

        Args:
            price: the time that a trial of a revision takes.
        """
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
        """The end that has fewer turns; a random one if both have as many."""
        if self._installed in (0, self.bad) and not self._is_turn_over(price):
            return self._installed
        good, bad = self._turns_of[0], self._turns_of[self.bad]
        if self.rules.is_prepared and self._installed in (0, self.bad):
            return self.bad - self._installed
        if good != bad:
            return 0 if good < bad else self.bad
        return self._draw("ends", good).choice((0, self.bad))

    def _is_new_turn(self, revision: int) -> bool:
        """Whether a trial of this revision now would begin a new turn."""
        return not self.rules.is_prepared or revision != self._installed

    def _is_turn_over(self, price: Price) -> bool:
        """Whether another revision is next.

        A turn has more trials the longer preparing takes, which is paid once a turn.
        """
        if not self.rules.is_prepared or self._installed is None:
            return True
        other = next(revision for revision in (0, self.bad) if revision != self._installed)
        wanted = round(math.sqrt(price(other) / max(price(self._installed), 1e-9)))
        return self._in_turn >= min(max(1, wanted), _MOST_TRIALS_A_TURN)

    def _is_good_ends_turn(self) -> bool:
        """Whether this turn is the good end's: one of each three is, at a random place."""
        group, place = divmod(self._turns, _TURNS)
        return place == self._draw("group", group).randrange(_TURNS)

    def _draw(self, what: str, number: int) -> random.Random:
        return random.Random(f"{self._seed} {what} {number}")

    def _candidates(self) -> list[int]:
        """Revisions that may be next: the measured ones, and a few between each two of them."""
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
        """The measurable revision between two that is nearest to `wanted`; empty: there is none."""
        steps = sorted(range(start + 1, end), key=lambda revision: abs(revision - wanted))
        return set(next(([each] for each in steps if each not in self._skipped), []))

    def _bits_told(self, candidates: Sequence[int]) -> dict[int, float]:
        """The information, in bits, that a trial of each candidate is expected to give."""
        found = {}
        for is_anew in dict.fromkeys(self._is_prepared_anew(each) for each in candidates):
            alike = [each for each in candidates if self._is_prepared_anew(each) == is_anew]
            expected = [self._model.expected(has, is_prepared_anew=is_anew) for has in (1.0, 0.0)]
            # Each hypothesis has two halves: the revision has the step, or it does not.
            mean, deviation = (
                np.stack(pair, axis=1).ravel() for pair in zip(*expected, strict=True)
            )
            for revision in alike:
                found[revision] = _information(self._parts(revision), mean, deviation)
        return found

    def _is_prepared_anew(self, revision: int) -> bool:
        return self.rules.is_prepared and revision != self._installed

    def _parts(self, revision: int) -> "Floats":
        """The share of each hypothesis in two parts: change up to the revision, and after it."""
        parts = []
        for share, (start, end) in zip(self._shares()[:-1], self._spans(), strict=True):
            by = min(max((revision - start) / (end - start), 0.0), 1.0)
            parts += [float(share) * by, float(share) * (1 - by)]
        return np.array([*parts, 0.0, float(self._shares()[-1])])


def _sum(shares: "Floats") -> float:
    """The sum of shares as a probability: rounding may have made it a little more than 1."""
    return min(1.0, float(np.sum(shares)))


def _information(shares: "Floats", mean: "Floats", deviation: "Floats") -> float:
    """The information, in bits, that a value gives about which of the normals it is from.

    Args:
        shares: the probability of each normal distribution.
        mean, deviation: of each.
    """
    is_there = shares > _NO_SHARE
    shares, mean, deviation = shares[is_there], mean[is_there], deviation[is_there]
    points = mean[:, None] + deviation[:, None] * _GRID
    away = (points[:, :, None] - mean) / deviation
    mixed = np.log((shares / deviation * np.exp(-0.5 * away**2)).sum(axis=2))
    own = -0.5 * _GRID**2 - np.log(deviation)[:, None]
    return float((shares[:, None] * _DENSITY * (own - mixed)).sum() / math.log(2))
