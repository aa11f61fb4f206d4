"""What comparisons must hold, on the real pipeline against a target that is known.

The null engine answers in the time that it is told to; each trial tells it another one,
drawn around the truth, so that the noise between trials is known too.  Everything else
is real: threads, rings of the null engine, histograms, documents, pairs, verdicts.

A law says "at most 5 %": so many of 400 repeats that this could not be chance (one in
a thousand) break it.
"""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from scipy.stats import binom

import laiobench
from laiobench.comparison import Comparison, Verdict
from laiobench.job import Job
from laiobench.live import LiveVariant, Measure
from laiobench.result import RunResult

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

REPEATS = 400
LATENCY_US = 20.0
# 200 I/Os, since a median needs 100 beyond it: 1 ms.  When another process takes the CPU, no
# more than the 4 in flight are late, and the median does not know.
JOB = Job(engine="null", rw="randread", number_ios=200, iodepth=4, completion="poll")
AT_A_TIME = 12
"""Repeats: most of a run this short is the clock's calibration, which sleeps."""

OLD, NEW = "1", "2"
CALLED = (Verdict.REGRESS, Verdict.IMPROVE)


def trials(seed: int, *, noise: float, effect: float = 0.0, drift: float = 0.0) -> Measure:
    """Runs on a target that is slower by `effect` as the new one, and by `drift` each trial."""
    generator = random.Random(seed)

    def measure(variant: LiveVariant, position: int) -> RunResult:
        factor = (1 + effect) if variant.name == NEW else 1.0
        factor *= (1 + drift) ** position * generator.lognormvariate(0, noise)
        (job,) = variant.jobs
        return laiobench.run(job.model_copy(update={"null_latency_us": LATENCY_US * factor}))

    return measure


def compare(seed: int, pairs: int, **truth: float) -> Comparison:
    return laiobench.ab(
        [JOB], {"randseed": [OLD, NEW]}, pairs=pairs, seed=seed, measure=trials(seed, **truth)
    )


def count(holds: Callable[[Comparison], bool], pairs: int, **truth: float) -> int:
    """In how many of the repeats it does."""

    def repeat(seed: int) -> bool:
        return holds(compare(seed, pairs, **truth))

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return sum(pool.map(repeat, range(REPEATS)))


def is_called_different(comparison: Comparison) -> bool:
    """Any metric of the family."""
    assert comparison.family >= 4
    return any(metric.verdict in CALLED for metric in comparison.metrics)


def most_by_chance(rate: float) -> int:
    """How many of the repeats a rate as small as this reaches in 999 of 1,000 cases."""
    return int(binom.ppf(0.999, REPEATS, rate))


def test_nothing_is_called_different_from_itself_more_often_than_in_5_of_100() -> None:
    assert count(is_called_different, pairs=6, noise=0.03) <= most_by_chance(0.05)


def test_a_drift_does_not_raise_the_false_alarms() -> None:
    assert count(is_called_different, pairs=6, noise=0.01, drift=0.005) <= most_by_chance(0.05)


def test_ten_percent_in_three_percent_of_noise_are_found_with_ten_pairs() -> None:
    def is_found(comparison: Comparison) -> bool:
        return comparison.find("lat_p50_ns")[0].verdict == Verdict.REGRESS

    assert REPEATS - count(is_found, pairs=10, noise=0.03, effect=0.10) <= REPEATS * 0.05
