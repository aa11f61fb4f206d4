"""Shift functions: at which percentiles of latency a variant is slower, and how sure that is.

A shift function (Doksum 1974; Rousselet and others, European Journal of Neuroscience 46,
2017) is computed over trials: at each percentile it is the mean of the pairs' log ratios,
with bounds that hold at all percentiles of all jobs and variants together.  The unit is the
trial: all percentiles of a pair get the same sign flip (`sign_flips`), so the bounds hold
although neighbouring percentiles are nearly the same number.

Pure: it reads the histograms that the trials of a document hold.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laiobench.comparison import sign_flips
from laiobench.comparison.blocks import complete_blocks
from laiobench.comparison.numerics import np
from laiobench.results.comparison import Comparison
from laiobench.results.copies import told_apart
from laiobench.results.distribution import Distribution, ShiftedPercentile
from laiobench.results.histogram import Counts, added
from laiobench.results.metrics import samples_needed
from laiobench.results.run_result import RunResult

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

_BY_ONE = tuple(float(at) for at in range(1, 100))
_TAIL = tuple(
    round(100 - step * (10 - digit), 6) for step in (0.1, 0.01, 0.001) for digit in range(1, 10)
)
PERCENTILES = tuple(sorted({*_BY_ONE, *_TAIL}))
"""p1, p2 … p99, p99.1 … p99.9, p99.91 … p99.999."""

Part = tuple[str, str]
"""(job, direction)."""


@dataclass(frozen=True)
class _Curve:
    part: Part
    variant: str
    pairs: Sequence[tuple[Counts, Counts]]


def with_distributions(comparison: Comparison) -> Comparison:
    """The comparison with the shift functions of each job, direction and variant."""
    return comparison.model_copy(update={"distributions": shift_functions(comparison)})


def shift_functions(comparison: Comparison) -> list[Distribution]:
    """A shift function for each job, direction and variant; empty without complete pairs."""
    curves = list(_curves(comparison))
    alpha = comparison.alpha / max(1, len(curves))
    return [_shift_function(comparison, curve, alpha) for curve in curves]


# ---- pairs -----------------------------------------------------------------------


def _curves(comparison: Comparison) -> Iterator[_Curve]:
    names = [variant.name for variant in comparison.variants]
    made = (
        (trial.block, trial.variant, _latencies(trial.run))
        for trial in comparison.trials
        if trial.run.status == "ok"
    )
    blocks = complete_blocks(made, names)
    for variant in names[1:]:
        pairs = [
            pair for block in blocks for pair in zip(block[names[0]], block[variant], strict=True)
        ]
        for part in dict.fromkeys(part for old, _ in pairs for part in old):
            both = [(old[part], new[part]) for old, new in pairs if part in old and part in new]
            if len(both) == len(pairs):
                yield _Curve(part, variant, both)


def _latencies(run: RunResult) -> dict[Part, Counts]:
    """The latencies of each job and direction; copies of a job are added up."""
    found: dict[Part, list[Counts]] = {}
    for job in told_apart(run.jobs):
        for name, direction in job.directions().items():
            latency = direction.lat_ns
            if name != "sync" and latency.count:
                counts = Counts(latency.histogram, latency.max, latency.overflow)
                found.setdefault((job.name, name), []).append(counts)
    return {part: added(counts) for part, counts in found.items()}


# ---- the function ----------------------------------------------------------------


def _shift_function(comparison: Comparison, curve: _Curve, alpha: float) -> Distribution:
    job, direction = curve.part
    pairs = len(curve.pairs)
    wanted = _measurable(curve.pairs)
    ratios = _log_ratios(curve.pairs, wanted)
    reason = None
    if not wanted:
        reason = f"a trial needs {samples_needed(50):,} I/Os even for the median"
    elif pairs < (needed := sign_flips.fewest_pairs(alpha)):
        reason = f"n = {pairs}: bounds at {1 - alpha:.4g} need at least {needed} pairs"
    percentiles = []
    if wanted:
        bands = (array.tolist() for array in sign_flips.bands(ratios, alpha))
        percentiles = [
            ShiftedPercentile(
                percentile=at,
                ratio=math.exp(mean),
                low=math.exp(low) if math.isfinite(low) else None,
                high=math.exp(high) if math.isfinite(high) else None,
            )
            for at, mean, low, high in zip(wanted, *bands, strict=True)
        ]
    return Distribution(
        job=job,
        direction=direction,
        baseline=comparison.variants[0].name,
        variant=curve.variant,
        n=pairs,
        level=1 - comparison.alpha,
        percentiles=percentiles,
        reason=reason,
    )


def _measurable(pairs: Sequence[tuple[Counts, Counts]]) -> list[float]:
    """The percentiles that have enough I/Os beyond them in each trial, on either side."""
    fewest = min(_count(counts) for pair in pairs for counts in pair)
    return [at for at in PERCENTILES if samples_needed(max(at, 100 - at)) <= fewest]


def _count(counts: Counts) -> int:
    return sum(count for _, count in counts.pairs) + counts.overflow


def _log_ratios(pairs: Sequence[tuple[Counts, Counts]], wanted: Sequence[float]) -> "Floats":
    """Log ratios, a row for each pair; latencies of 0 count as 1 ns, the resolution."""
    sides = [
        [[max(1, counts.percentiles(wanted)[at]) for at in wanted] for counts in side]
        for side in zip(*pairs, strict=True)
    ]
    old, new = (np.asarray(side, dtype=np.float64) for side in sides)
    return np.asarray(np.log(new / old), dtype=np.float64)
