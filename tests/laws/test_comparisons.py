"""Error rates of comparisons, on the real pipeline against a target with known values.

The null engine answers in the time that it is told to; each trial tells it another one,
drawn around the truth, so that the noise between trials is known too.  Everything else
is real: threads, rings of the null engine, histograms, documents, pairs, verdicts.

The same trials are judged by the table that explores, and by gates of one metric and of
three.  A law says "at most 5 %": so many of 400 repeats that this could not be chance (one
in a thousand) break it.  That each can be broken is tested beside it, by the same trials
judged as one must not: at a level of 25 %, or in the order in which they were made.
"""

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest
from scipy.stats import binom

import laiobench
from laiobench.comparison import analysis
from laiobench.comparison.gate import gate
from laiobench.comparison.gate.policy import Gated, Policy
from laiobench.comparison.patience import Measure
from laiobench.comparison.variants import LiveVariant
from laiobench.jobs.options import Job
from laiobench.results.comparison import Comparison, Verdict
from laiobench.results.digest import digest
from laiobench.results.run_result import RunResult

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(600)]

REPEATS = 400
LATENCY_US = 20.0
# 200 I/Os, since a median needs 100 beyond it: 1 ms.  When another process takes the CPU, no
# more than the 4 in flight are late, and the median does not know.
JOB = Job(engine="null", rw="randread", number_ios=200, iodepth=4, completion="poll")

OLD, NEW = "1", "2"
CALLED = (Verdict.REGRESS, Verdict.IMPROVE)
ALLOWED = 0.01  # by the gates: what ten pairs tell from 10 %, also at a third of 5 %
NOTHING = 1e-9  # allowed: then a gate calls whatever is shown at all
ONE = ("lat_p50_ns",)
THREE = ("lat_p50_ns", "lat_mean_ns", "iops")
LOOSE = 0.25


# ---- trials ----------------------------------------------------------------------


def trials(seed: int, *, noise: float, effect: float = 0.0, drift: float = 0.0) -> Measure:
    """Runs on a target that is slower by `effect` as the new one, and by `drift` each trial."""
    generator = random.Random(seed)

    def measure(variant: LiveVariant, position: int) -> RunResult:
        factor = (1 + effect) if variant.name == NEW else 1.0
        factor *= (1 + drift) ** position * generator.lognormvariate(0, noise)
        (job,) = variant.jobs
        return laiobench.run(job.model_copy(update={"null_latency_us": LATENCY_US * factor}))

    return measure


Judges = Callable[[Comparison], Iterator[str]]
"""The names of those who call a comparison what the law is about."""


def repeat(judges: Judges, pairs: int, truth: dict[str, float], seed: int) -> list[str]:
    measure = trials(seed, **truth)
    return list(
        judges(
            laiobench.ab([JOB], {"randseed": [OLD, NEW]}, pairs=pairs, seed=seed, measure=measure)
        )
    )


def count(judges: Judges, pairs: int, **truth: float) -> Counter[str]:
    """In how many of the repeats each of them did."""
    one = partial(repeat, judges, pairs, truth)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        return Counter(name for names in pool.map(one, range(REPEATS), chunksize=20)
                       for name in names)  # fmt: skip


def most_by_chance(rate: float) -> int:
    """How many of the repeats a rate as small as this reaches in 999 of 1,000 cases."""
    return int(binom.ppf(0.999, REPEATS, rate))


# ---- judges ----------------------------------------------------------------------


def by_gate(
    comparison: Comparison, metrics: tuple[str, ...], allowed: float, alpha: float = 0.05
) -> Comparison:
    (job,) = {metric.job for metric in comparison.metrics}
    gated = tuple(Gated(job=job, name=name, max_regression=allowed) for name in metrics)
    return gate.judge_live(comparison, Policy(family_alpha=alpha, metric=gated))


def call_it_different(comparison: Comparison) -> Iterator[str]:
    """Whether any metric of the family is."""
    assert comparison.family >= 4
    if any(metric.verdict in CALLED for metric in comparison.metrics):
        yield "table"
    if any(metric.p_adjusted is not None and metric.p_adjusted <= LOOSE
           for metric in comparison.metrics):  # fmt: skip
        yield "loose table"
    for name, metrics, alpha in (
        ("gate of one", ONE, 0.05),
        ("gate of three", THREE, 0.05),
        ("loose gate of one", ONE, LOOSE),
        ("loose gate of three", THREE, LOOSE * 3),
    ):
        if by_gate(comparison, metrics, NOTHING, alpha).verdict in CALLED:
            yield name


def call_it_different_or_are_led_astray(comparison: Comparison) -> Iterator[str]:
    """The same, and one who compares the first half of the trials with the second."""
    yield from call_it_different(comparison)
    runs = [digest(trial.run) for trial in sorted(comparison.trials, key=lambda t: t.position)]
    half = len(runs) // 2
    halves = {OLD: runs[:half], NEW: runs[half:]}
    if any(metric.verdict in CALLED for metric in analysis.compare_blocks([halves], [OLD, NEW])):
        yield "order of time"


def call_it_worse(comparison: Comparison) -> Iterator[str]:
    if comparison.find("lat_p50_ns")[0].verdict == Verdict.REGRESS:
        yield "table"
    for name, metrics in (("gate of one", ONE), ("gate of three", THREE)):
        if by_gate(comparison, metrics, ALLOWED).verdict == Verdict.REGRESS:
            yield name


# ---- laws ------------------------------------------------------------------------

THOSE_WHO_JUDGE = ("table", "gate of one", "gate of three")


def test_nothing_is_called_different_from_itself_more_often_than_in_5_of_100() -> None:
    calls = count(call_it_different, pairs=6, noise=0.03)
    most = most_by_chance(0.05)
    assert max(calls[name] for name in THOSE_WHO_JUDGE) <= most, calls
    assert min(calls[f"loose {name}"] for name in THOSE_WHO_JUDGE) > most, calls


def test_a_drift_does_not_raise_the_false_alarms() -> None:
    calls = count(call_it_different_or_are_led_astray, pairs=6, noise=0.01, drift=0.005)
    most = most_by_chance(0.05)
    assert max(calls[name] for name in THOSE_WHO_JUDGE) <= most, calls
    assert calls["order of time"] > most, calls


def test_ten_percent_in_three_percent_of_noise_are_found_with_ten_pairs() -> None:
    calls = count(call_it_worse, pairs=10, noise=0.03, effect=0.10)
    assert min(calls[name] for name in THOSE_WHO_JUDGE) >= REPEATS * 0.95, calls
