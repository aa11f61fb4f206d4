"""Live comparisons: measures variants in turns, until there are enough pairs.

Runs trials in the order of `trial_order` and compares after each.  It ends when all pairs
are made, when the interval is as narrow as asked for, when the time is over, or with the
first trial that fails.  It ends because of the result only where that was asked for at the
beginning (`until_decided`, a policy's look); intervals are then wider (`looks`).
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from laiobench import native
from laiobench.comparison import analysis, proof_arms
from laiobench.comparison.attempt import Failure, attempt
from laiobench.comparison.blocks import complete_blocks
from laiobench.comparison.looks import Looks, is_narrow, live_looks, next_look
from laiobench.comparison.patience import Measure
from laiobench.comparison.rank_tests import WidthRule
from laiobench.comparison.steps import End, Observer, Step
from laiobench.comparison.trial_order import Slot, slots
from laiobench.comparison.trial_warnings import of_noise, of_trials, too_wide
from laiobench.comparison.variants import LiveVariant, described, of_pair, restored
from laiobench.errors import UsageError
from laiobench.measurement.control import Control
from laiobench.measurement.plan.placement import check_measured
from laiobench.results.comparison import (
    ComparedMetric,
    ComparedTrial,
    Comparison,
    Design,
    Status,
    Verdict,
)
from laiobench.results.comparison_proof import ARMS_OF, Proof
from laiobench.results.digest import RunDigest, digest
from laiobench.results.metrics import COMPARED, METRICS
from laiobench.results.run_result import RunResult, Tool
from laiobench.results.warning import Warning
from laiobench.version import __version__
from laiobench.words import printable


@dataclass
class Experiment:
    """A live comparison while it runs."""

    variants: Sequence[LiveVariant]
    design: Design
    argv: Sequence[str]
    started_at: str
    trials: list[ComparedTrial] = field(default_factory=list)
    """The trials of variants and arms, in the order of running."""
    failures: list[str] = field(default_factory=list)
    """Why a trial failed, which ends the comparison."""
    _digests: list[tuple[Slot, RunDigest]] = field(default_factory=list)
    _next_look: int = 1
    """After so many pairs it is looked whether it may end."""
    _next_told: int = 1
    _told: list[ComparedMetric] = field(default_factory=list)

    @cached_property
    def _sides(self) -> list[LiveVariant]:
        """Everything that is measured: the variants, and then the arms of the proof."""
        return [*self.variants, *proof_arms.arms(self.design, self.variants[0])]

    @cached_property
    def _names(self) -> list[str]:
        """Unique names of the sides.

        A variant may have the name of an arm, so hidden names of arms begin with a line end,
        which no variant's name has.
        """
        count = len(self.variants)
        names = [side.name for side in self._sides]
        return [*names[:count], *map(proof_arms.hidden_name, names[count:])]

    @property
    def _order(self) -> list[Slot]:
        design = self.design
        return list(slots(len(self._sides), design.pairs, design.seed, design.order))

    def take_up(self, earlier: Sequence[ComparedTrial]) -> None:
        """Take over the trials made before an interruption: the first ones of the order.

        Raises:
            UsageError: they do not fit to the order, or there are more than it has.
        """
        order = self._order
        if len(earlier) > len(order):
            raise UsageError(
                f"there are {len(earlier)} trials already, and {self.design.pairs} pairs are "
                f"{len(order)}",
                "raise --pairs",
            )
        for slot, trial in zip(order, earlier, strict=False):
            if trial.variant != self._sides[slot.variant].name:
                raise UsageError(
                    "the trials that there are do not fit to this comparison's seed and variants",
                    "begin anew, without --resume",
                )
            self._add(slot, trial.run)

    def run(
        self, measure: Measure, *, control: Control, observer: Observer | None = None
    ) -> Comparison:
        """Run the trials that are missing.

        Args:
            measure: runs a trial.
            control: lets a signal handler stop it.
            observer: is called after each trial.

        Raises:
            UsageError: the first trial found that what was asked for can't be done.
        """
        end = self._make_trials(measure, control, observer or Observer())
        return self.document(end.status)

    def _make_trials(self, measure: Measure, control: Control, observer: Observer) -> End:
        began_s = block_began_s = time.monotonic()
        order, longest_s = self._order, 0.0
        for position in range(len(self.trials), len(order)):
            done = order[:position]
            if self._is_next_look(done) and (end := self._seen_enough()):
                return end
            if self._has_just_made(observer.look_after, done) and observer.is_enough(self):
                return End.ENOUGH_SEEN
            if not done or done[-1].ends_block:
                now_s = time.monotonic()
                longest_s = max(longest_s, now_s - block_began_s)
                block_began_s = now_s
                if self._is_over(now_s - began_s + longest_s):
                    return End.OUT_OF_TIME
            if end := self._make(measure, order[position], control):
                return end
            observer.after_trial(self)
        return End.ALL_MADE

    def _make(self, measure: Measure, slot: Slot, control: Control) -> End | None:
        """Run a trial and keep it; returns why the comparison ends here, or None."""
        position = len(self.trials)

        def make() -> RunResult:
            side = of_pair(self._sides[slot.variant], self.design, slot.block)
            return measure(side, position)

        result = attempt(make, control, is_first=not self.trials)
        if result is None:
            return End.INTERRUPTED
        if isinstance(result, Failure):
            return self._fail(slot, result.why, result.run)
        self._add(slot, result)
        return None

    def document(self, status: Status) -> Comparison:
        """The document of the trials so far."""
        is_end = status == "ok"
        compared = self._compare(None, is_end=is_end, with_power=is_end)
        proof = self._prove(is_end=is_end)
        return Comparison(
            status=status,
            failures=list(self.failures),
            tool=Tool(version=__version__, build=native.source_hash()),
            argv=[printable(word) for word in self.argv],
            started_at=self.started_at,
            method="paired",
            family=sum(metric.p is not None for metric in compared),
            anytime=bool(compared) and self._looks(is_end=is_end).is_anytime,
            design=self.design,
            variants=[described(variant) for variant in self.variants],
            trials=self._trials_of(range(len(self.variants))),
            proof=proof,
            proof_trials=self._trials_of(range(len(self.variants), len(self._sides))),
            metrics=proof_arms.withhold(compared, proof),
            warnings=list(self._warnings(status)),
        )

    def step(self) -> Step:
        """The latest trial."""
        slot, run = self._digests[-1]
        return Step(
            number=len(self.trials),
            trials=len(self._order),
            variant=self._sides[slot.variant],
            run=run,
            compared=self._watched(),
        )

    def _watched(self) -> list[ComparedMetric]:
        """The watched metrics, as they were when there last were enough new pairs for a look."""
        pairs = len(self._digests) // len(self._sides)
        if pairs >= self._next_told:
            self._told, self._next_told = (
                self._compare(self.design.watched, is_end=False),
                next_look(pairs),
            )
        return self._told

    # ---- trials ----------------------------------------------------------------

    def _trials_of(self, sides: range) -> list[ComparedTrial]:
        made = zip(self._order, self.trials, strict=False)
        return [trial for slot, trial in made if slot.variant in sides]

    def _add(self, slot: Slot, result: RunResult) -> None:
        name = self._sides[slot.variant].name
        self.trials.append(
            ComparedTrial(variant=name, block=slot.block, position=len(self.trials), run=result)
        )
        self._digests.append((slot, digest(result)))

    def _fail(self, slot: Slot, why: str, result: RunResult | None = None) -> End:
        """End the comparison because a trial failed; a failed run is kept in the document."""
        name, position = self._sides[slot.variant].name, len(self.trials)
        if result is not None:
            self.trials.append(
                ComparedTrial(variant=name, block=slot.block, position=position, run=result)
            )
        self.failures.append(f"trial {position + 1} ({name}, block {slot.block + 1}) failed: {why}")
        return End.FAILED

    # ---- when it ends ----------------------------------------------------------

    def _is_over(self, expected_s: float) -> bool:
        return self.design.max_time_s is not None and expected_s > self.design.max_time_s

    def _is_next_look(self, done: Sequence[Slot]) -> bool:
        """Whether a block has ended, and there are enough new pairs since the last look."""
        if not done or not done[-1].ends_block or len(done) < self._next_look * len(self._sides):
            return False
        self._next_look = next_look(len(done) // len(self._sides))
        return True

    def _seen_enough(self) -> End | None:
        """Why it ends because of what is seen: what can't be measured is never known enough."""
        if self.design.until_width is not None and not self._too_wide():
            return End.NARROW_ENOUGH
        if not self.design.until_decided:
            return None
        # As the table that the document will have.
        table = self._compare(None, is_end=True)
        watched = {metric.verdict for metric in table if metric.metric in self.design.watched}
        is_open = not watched or watched & {Verdict.INCONCLUSIVE, Verdict.NOT_MEASURABLE}
        return None if is_open else End.ENOUGH_SEEN

    def _has_just_made(self, pairs: int, done: Sequence[Slot]) -> bool:
        """Whether the latest block brought the number of pairs to `pairs`."""
        if not done or not done[-1].ends_block:
            return False
        before = [slot for slot in done if slot.block != done[-1].block]
        return len(before) < pairs * len(self._sides) <= len(done)

    def _too_wide(self) -> list[str]:
        """The watched metrics that are not known to the width asked for."""
        rule = WidthRule(self.design.until_width or 0.0)
        compared = self._compare(self.design.watched, is_end=True)
        known = [metric for metric in compared if metric.ratio is not None]
        absent = [name for name in self.design.watched if name not in {m.metric for m in known}]
        wide = [f"{m.job}: {m.kind.title}" for m in known if not is_narrow(m, rule)]
        return [*(METRICS[name].title for name in absent), *dict.fromkeys(wide)]

    # ---- the document ----------------------------------------------------------

    def _blocks(self) -> list[dict[str, list[RunDigest]]]:
        names = self._names
        made = [(slot.block, names[slot.variant], run) for slot, run in self._digests]
        return complete_blocks(made, names)

    def _looks(self, *, is_end: bool) -> Looks:
        pairs = sum(len(block[self._names[0]]) for block in self._blocks())
        return live_looks(self.design, pairs, is_end=is_end)

    def _compare(
        self, metrics: Sequence[str] | None, *, is_end: bool, with_power: bool = False
    ) -> list[ComparedMetric]:
        if not (blocks := self._blocks()):
            return []
        names = self._names[: len(self.variants)]
        chosen = metrics if metrics is not None else COMPARED
        return analysis.compare_blocks(
            blocks,
            names,
            metrics=chosen,
            looks=self._looks(is_end=is_end),
            equivalent_within=self.design.equivalent_within,
            with_power=with_power,
        )

    def _prove(self, *, is_end: bool) -> Proof | None:
        count = len(self.variants)
        named = zip(ARMS_OF[self.design.proof], self._names[count:], strict=True)
        names, spike, looks = self._names[:count], self.design.spike, self._looks(is_end=is_end)
        return proof_arms.judge(self._blocks(), names, dict(named), spike, COMPARED, looks=looks)

    def _warnings(self, status: Status) -> Iterator[Warning]:
        width = self.design.until_width
        if status == "ok" and width is not None and (wide := self._too_wide()):
            yield too_wide(width, wide)
        yield from of_trials([trial.run for trial in self._trials_of(range(len(self.variants)))])
        made = [(self._names[slot.variant], run) for slot, run in self._digests]
        yield from of_noise(made, self.design.watched)


def begin(
    variants: Sequence[LiveVariant], design: Design, argv: Sequence[str] | None = None
) -> Experiment:
    """Begin a comparison; runs nothing yet.

    Args:
        variants: the baseline first.
        design: how many pairs, and when it ends.
        argv: the command line for the document; default: the process's own.

    Raises:
        UsageError: there are fewer than two variants, or one of them measures nothing.
    """
    if len(variants) < 2:
        raise UsageError("a comparison needs two variants")
    for variant in variants:
        check_measured(variant.jobs)
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return Experiment(variants, design, list(sys.argv if argv is None else argv), now)


def resume(document: Comparison, design: Design) -> Experiment:
    """Continue a stored comparison with another design.

    Raises:
        UsageError: it can't be continued.
    """
    if document.design is None:
        raise UsageError("this comparison is of stored results: there is nothing to go on with")
    variants = [restored(variant) for variant in document.variants]
    experiment = Experiment(variants, design, document.argv, document.started_at)
    made = sorted([*document.trials, *document.proof_trials], key=lambda trial: trial.position)
    experiment.take_up([trial for trial in made if trial.run.status == "ok"])
    return experiment
