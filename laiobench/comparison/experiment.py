"""Live comparisons: variants measured in turns, until there are enough pairs.

Makes trials in the order of `interleave`, compares what there is after each, and
ends with all pairs, at the width that was asked for, when the time is over, or
with the first trial that fails.  Never ends because of what it sees.

The last part is the Python API: `laiobench.ab`.
"""

import itertools
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from laiobench import native
from laiobench.comparison import analysis, rank_tests
from laiobench.comparison.rank_tests import WidthRule
from laiobench.comparison.trial_order import Slot, slots
from laiobench.comparison.variants import LiveVariant
from laiobench.errors import Interrupted, LaiobenchError, UsageError
from laiobench.jobs.options import LONGEST_S, Job
from laiobench.measurement.control import Control
from laiobench.measurement.measure import run
from laiobench.measurement.plan.placement import check_measured
from laiobench.measurement.targets import Permission
from laiobench.results.comparison import (
    ComparedMetric,
    ComparedTrial,
    Comparison,
    Design,
    Status,
    Variant,
    Verdict,
)
from laiobench.results.digest import RunDigest, digest
from laiobench.results.metrics import COMPARED, METRICS
from laiobench.results.run_result import RunResult, Tool
from laiobench.results.warning import Warning
from laiobench.version import __version__
from laiobench.words import printable

DEFAULT_PAIRS = 10
MOST_PAIRS = 1_000

Measure = Callable[[LiveVariant, int], RunResult]
"""Makes a trial of a variant; the number is the trial's, from 0."""


@dataclass(frozen=True)
class Step:
    """A trial has been made."""

    number: int
    """From 1."""
    trials: int
    """How many there will be at most."""
    variant: LiveVariant
    run: RunDigest
    compared: Sequence[ComparedMetric]
    """The watched metrics, after all complete pairs."""


@dataclass
class Experiment:
    """A comparison as it is being made."""

    variants: Sequence[LiveVariant]
    design: Design
    argv: Sequence[str]
    started_at: str
    trials: list[ComparedTrial] = field(default_factory=list)
    _digests: list[tuple[Slot, RunDigest]] = field(default_factory=list)

    @property
    def _order(self) -> list[Slot]:
        return list(slots(len(self.variants), self.design.pairs, self.design.seed))

    def take_up(self, earlier: Sequence[ComparedTrial]) -> None:
        """Trials that were made before an interruption: the first ones of the same order.

        Raises:
            UsageError: they are not.
        """
        order = self._order
        if len(earlier) > len(order):
            raise UsageError(
                f"there are {len(earlier)} trials already, and {self.design.pairs} pairs are "
                f"{len(order)}",
                "raise --pairs",
            )
        for slot, trial in zip(order, earlier, strict=False):
            if trial.variant != self.variants[slot.variant].name:
                raise UsageError(
                    "the trials that there are do not fit to this comparison's seed and variants",
                    "begin anew, without --resume",
                )
            self._add(slot, trial.run)

    def run(
        self,
        measure: Measure,
        *,
        control: Control,
        after_trial: Callable[[Step], None] | None = None,
        save: Callable[[Comparison], None] | None = None,
        is_enough: Callable[[Comparison], bool] | None = None,
        look_after: int = 0,
    ) -> Comparison:
        """Make the trials that are missing.

        Args:
            measure: makes one.
            control: asks to stop, from a signal handler.
            after_trial: is told of each trial.
            save: is given the document after each trial; it is `interrupted` until the end.
            is_enough: whether it may end already; is asked once, of the document after the
                block that makes it `look_after` pairs.  To ask after each would be to wait
                for what one wants to see.
            look_after: see there.

        Raises:
            UsageError: what was asked for makes no sense, as the first trial found.
        """
        began_s = time.monotonic()
        order, longest_s = self._order, 0.0
        block_began_s = began_s
        for position in range(len(self.trials), len(order)):
            if self._is_narrow_enough(order[position - 1] if position else None):
                break
            if (
                is_enough
                and self._has_just_made(look_after, order[:position])
                and is_enough(self.document("ok"))
            ):
                break
            if position == 0 or order[position - 1].ends_block:
                now_s = time.monotonic()
                longest_s = max(longest_s, now_s - block_began_s)
                block_began_s = now_s
                if self._is_over(now_s - began_s + longest_s):
                    break
            made = self._make(measure, order[position], position, control)
            if isinstance(made, Comparison):
                return made
            self._add(order[position], made)
            if save:
                save(self.document("interrupted"))
            if after_trial:
                after_trial(self._step(order[position], len(order)))
        return self.document("ok")

    def _make(
        self, measure: Measure, slot: Slot, position: int, control: Control
    ) -> RunResult | Comparison:
        """A trial; or the document, if there is none and it ends here."""
        if control.stop:
            return self.document("interrupted")
        try:
            result = measure(self.variants[slot.variant], position)
        except Interrupted:
            return self.document("interrupted")
        except LaiobenchError as error:
            if control.stop:
                return self.document("interrupted")
            if isinstance(error, UsageError) and not self.trials:
                raise
            return self._failed(slot, position, str(error))
        if result.status == "interrupted":
            return self.document("interrupted")
        if result.status == "failed":
            return self._failed(slot, position, "; ".join(result.failures), result)
        return result

    def document(self, status: Status, failures: Sequence[str] = ()) -> Comparison:
        """What there is so far."""
        compared = self._compare(None)
        return Comparison(
            status=status,
            failures=list(failures),
            tool=Tool(version=__version__, build=native.source_hash()),
            argv=[printable(word) for word in self.argv],
            started_at=self.started_at,
            method="paired",
            family=sum(metric.p is not None for metric in compared),
            design=self.design,
            variants=[described(variant) for variant in self.variants],
            trials=list(self.trials),
            metrics=compared,
            warnings=[*self._own_warnings(status), *self._warnings_of_trials()],
        )

    # ---- trials ----------------------------------------------------------------

    def _add(self, slot: Slot, result: RunResult) -> None:
        name = self.variants[slot.variant].name
        self.trials.append(
            ComparedTrial(variant=name, block=slot.block, position=len(self.trials), run=result)
        )
        self._digests.append((slot, digest(result)))

    def _step(self, slot: Slot, trials: int) -> Step:
        return Step(
            number=len(self.trials),
            trials=trials,
            variant=self.variants[slot.variant],
            run=self._digests[-1][1],
            compared=self._compare(self.design.watched),
        )

    def _failed(
        self, slot: Slot, position: int, why: str, result: RunResult | None = None
    ) -> Comparison:
        """A comparison is as good as all of its trials; the bad one is kept, to be looked at."""
        name = self.variants[slot.variant].name
        if result is not None:
            self.trials.append(
                ComparedTrial(variant=name, block=slot.block, position=position, run=result)
            )
        return self.document(
            "failed", [f"trial {position + 1} ({name}, block {slot.block + 1}) failed: {why}"]
        )

    # ---- when it ends ----------------------------------------------------------

    def _is_over(self, expected_s: float) -> bool:
        return self.design.max_time_s is not None and expected_s > self.design.max_time_s

    def _is_narrow_enough(self, last: Slot | None) -> bool:
        """Looked at after each block only; what can't be measured is never known well enough."""
        if self.design.until_width is None or last is None or not last.ends_block:
            return False
        return not self._too_wide()

    def _has_just_made(self, pairs: int, done: Sequence[Slot]) -> bool:
        """Whether the block that ended last is the one that made it so many pairs."""
        if not done or not done[-1].ends_block:
            return False
        before = [slot for slot in done if slot.block != done[-1].block]
        return len(before) < pairs * len(self.variants) <= len(done)

    def _too_wide(self) -> list[str]:
        """What is watched, and is not known as well as was asked for."""
        rule = WidthRule(self.design.until_width or 0.0)
        compared = self._compare(self.design.watched)
        known = [metric for metric in compared if metric.verdict != Verdict.NOT_MEASURABLE]
        absent = [name for name in self.design.watched if name not in {m.metric for m in known}]
        wide = [f"{m.job}: {m.kind.title}" for m in known if not analysis.is_narrow(m, rule)]
        return [*(METRICS[name].title for name in absent), *dict.fromkeys(wide)]

    # ---- what it says ----------------------------------------------------------

    def _blocks(self) -> list[dict[str, list[RunDigest]]]:
        """As many trials of each variant as there are of all."""
        names = [variant.name for variant in self.variants]
        blocks: dict[int, dict[str, list[RunDigest]]] = {}
        for slot, trial in self._digests:
            block = blocks.setdefault(slot.block, {name: [] for name in names})
            block[names[slot.variant]].append(trial)
        return [
            {name: runs[: min(map(len, block.values()))] for name, runs in block.items()}
            for block in blocks.values()
        ]

    def _compare(self, metrics: Sequence[str] | None) -> list[ComparedMetric]:
        blocks = [block for block in self._blocks() if all(block.values())]
        if not blocks:
            return []
        names = [variant.name for variant in self.variants]
        chosen = metrics if metrics is not None else COMPARED
        return analysis.compare_blocks(blocks, names, metrics=chosen)

    def _own_warnings(self, status: Status) -> list[Warning]:
        if status != "ok" or self.design.until_width is None:
            return []
        wide = self._too_wide()
        if not wide:
            return []
        return [
            Warning(
                id="too_wide",
                seen=f"not known to within {self.design.until_width:.2g} after all trials: "
                + ", ".join(wide),
                why="the trials or the time were over before the interval was as narrow as asked, "
                "or there is none",
                do="raise --pairs, --max-time or --runtime",
            )
        ]

    def _warnings_of_trials(self) -> list[Warning]:
        """Each once, with how many trials had it."""
        seen: dict[str, list[Warning]] = {}
        for trial in self.trials:
            for identifier, warning in {w.id: w for w in trial.run.warnings}.items():
                seen.setdefault(identifier, []).append(warning)
        return [
            warnings[0].model_copy(
                update={
                    "seen": f"in {len(warnings)} of {len(self.trials)} trials: {warnings[0].seen}"
                }
            )
            for warnings in seen.values()
        ]


def described(variant: LiveVariant) -> Variant:
    """A variant as documents have it."""
    return Variant(
        name=printable(variant.name),
        set={printable(key): printable(value) for key, value in variant.set.items()},
        jobs=[job.model_dump(mode="json", exclude_defaults=True) for job in variant.jobs],
    )


def make_design(
    *,
    pairs: int | None = None,
    until_width: float | None = None,
    max_time_s: float | None = None,
    seed: int | None = None,
    watched: Sequence[str] = ("iops",),
    prepare: str | None = None,
    cleanup: str | None = None,
) -> Design:
    """A design, checked.

    Raises:
        UsageError: it makes no sense.
    """
    if pairs is None:
        pairs = 100 if until_width is not None else DEFAULT_PAIRS
    if not 1 <= pairs <= MOST_PAIRS:
        raise UsageError(f"pairs must be from 1 to {MOST_PAIRS:,}, not {pairs}")
    if until_width is not None:
        if not 0 < until_width < 1:
            raise UsageError(f"a width must be between 0 and 100 %, not {until_width:.0%}")
        if pairs < rank_tests.MIN_PAIRS:
            raise UsageError(f"a width needs at least {rank_tests.MIN_PAIRS} pairs, not {pairs}")
    if max_time_s is not None and not 0 < max_time_s <= LONGEST_S:
        raise UsageError(f"the time must be above 0 and below ten years, not {max_time_s:g} s")
    if unknown := [name for name in watched if name not in METRICS]:
        raise UsageError(f"there is no metric {unknown[0]}", "these are: " + ", ".join(METRICS))
    return Design(
        seed=secrets.randbits(32) if seed is None else seed,
        pairs=pairs,
        until_width=until_width,
        max_time_s=max_time_s,
        watched=list(watched),
        prepare=prepare,
        cleanup=cleanup,
    )


def begin(
    variants: Sequence[LiveVariant], design: Design, argv: Sequence[str] | None = None
) -> Experiment:
    """A new comparison.

    Raises:
        UsageError: there are not two variants, or one of them measures nothing.
    """
    if len(variants) < 2:
        raise UsageError("a comparison needs two variants")
    for variant in variants:
        check_measured(variant.jobs)
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return Experiment(variants, design, list(sys.argv if argv is None else argv), now)


def resume(document: Comparison, design: Design) -> Experiment:
    """One that was interrupted, to go on where it ended.

    Raises:
        UsageError: it is none that can go on.
    """
    if document.design is None:
        raise UsageError("this comparison is of stored results: there is nothing to go on with")
    variants = [
        LiveVariant(
            variant.name, tuple(Job.model_validate(job) for job in variant.jobs), variant.set
        )
        for variant in document.variants
    ]
    experiment = Experiment(variants, design, document.argv, document.started_at)
    experiment.take_up([trial for trial in document.trials if trial.run.status == "ok"])
    return experiment


# ---- the Python API --------------------------------------------------------------


def ab(
    jobs: Job | Sequence[Job],
    vary: Mapping[str, Sequence[Any]],
    *,
    pairs: int | None = None,
    until_width: float | None = None,
    max_time_s: float | None = None,
    seed: int | None = None,
    watched: Sequence[str] = ("iops",),
    allow_write: Permission | Sequence[str] = (),
    control: Control | None = None,
    measure: Measure | None = None,
    after_trial: Callable[[Step], None] | None = None,
) -> Comparison:
    """Measure variants of jobs in turns, and compare them with the first one.

    Args:
        jobs: what is run in each trial.
        vary: options and the values that they take, for all jobs; of several the
            product.  The first of all is the baseline.
        pairs: how often each variant is measured; default: 10, or at most 100
            with `until_width`.
        until_width: end when the intervals of the `watched` metrics' ratios are no
            wider than this share, such as 0.02; after 6 pairs at least.
        max_time_s: begin no block of trials that would not end within it.
        seed: of the order; default: drawn.  It is in the document.
        watched: metrics, by their names in `laiobench.results.metrics.METRICS`.
        allow_write: paths of the targets whose data may be lost.
        control: lets a signal handler end it; the document is then `interrupted`.
        measure: makes a trial; default: `laiobench.run` of the variant's jobs.
        after_trial: is told of each trial.

    Raises:
        UsageError: nothing varies, a number makes no sense, or a target can't be used so.
        pydantic.ValidationError: an option does not take one of the values.
    """
    sequence = [jobs] if isinstance(jobs, Job) else list(jobs)
    experiment = begin(
        _product(sequence, vary),
        make_design(
            pairs=pairs,
            until_width=until_width,
            max_time_s=max_time_s,
            seed=seed,
            watched=watched,
        ),
    )
    default = _default_measure(allow_write, control)
    return experiment.run(measure or default, control=control or Control(), after_trial=after_trial)


def _default_measure(allow_write: Permission | Sequence[str], control: Control | None) -> Measure:
    def measure_jobs(variant: LiveVariant, _position: int) -> RunResult:
        return run(variant.jobs, allow_write=allow_write, control=control)

    return measure_jobs


def _product(jobs: Sequence[Job], vary: Mapping[str, Sequence[Any]]) -> list[LiveVariant]:
    if "name" in vary:
        raise UsageError("the name can't vary: jobs are compared by their names")
    found = []
    for values in itertools.product(*vary.values()):
        chosen = dict(zip(vary, values, strict=True))
        varied = [Job.model_validate(job.model_dump(exclude_unset=True) | chosen) for job in jobs]
        name = " ".join(
            str(value) if len(chosen) == 1 else f"{key}={value}" for key, value in chosen.items()
        )
        found.append(
            LiveVariant(name, tuple(varied), {key: str(value) for key, value in chosen.items()})
        )
    return found
