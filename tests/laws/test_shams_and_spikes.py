"""The proof that comparisons carry: the size of what is planted, and how often it errs.

What is planted is measured on the real pipeline, against the null engine, whose truth is
known.  How often the sham errs is counted over differences that are made up: of metrics
that go together as those of a run do, with tails as heavy as a busy machine's.
"""

import math

import numpy as np
import pytest

import laiobench
from laiobench.comparison import sign_flips
from laiobench.comparison.proof_arms import SHAM_LEVEL
from laiobench.jobs.options import Job
from laiobench.units import NS_PER_S
from repeats import FACTOR, fewest_by_chance, most_by_chance

pytestmark = pytest.mark.slow

SPIKE = 0.05
FOUND = (1.049, 1.051)


# ---- what is planted is what is found ------------------------------------------------


MODES = pytest.mark.parametrize("completion", ["poll", "eventfd", "bh", "adaptive", "getevents"])
QUEUE = pytest.mark.parametrize("servers", [0, 1], ids=["idle", "busy"])


def shortest_ns(job: Job, spike: float) -> int:
    """Of some runs: the null engine is never faster than its truth, and at times hardly slower."""
    reads = [laiobench.run(job, spike=spike).jobs[0].read for _ in range(3 * FACTOR)]
    return min(read.lat_ns.min for read in reads if read is not None)


@pytest.mark.alone
@pytest.mark.timeout(600)
@QUEUE
@MODES
def test_five_percent_planted_are_five_percent_found(completion: str, servers: int) -> None:
    """In latency, by the shortest I/O: percentiles are told in bins, which are 0.2 % wide.

    At 100 ms an I/O what a sleep is late by, some tens of microseconds, is little.
    """
    job = Job(
        engine="null", completion=completion, iodepth=4, null_latency_us=100_000,
        null_servers=servers, number_ios=8,
    )  # fmt: skip
    assert FOUND[0] <= shortest_ns(job, SPIKE) / shortest_ns(job, 0.0) <= FOUND[1]


@QUEUE
@MODES
@pytest.mark.parametrize("spike", [0.0, SPIKE])
def test_what_is_planted_is_lost_in_throughput(completion: str, servers: int, spike: float) -> None:
    """By what was carried out in the same time, which nothing else has a part in."""
    result = laiobench.run(
        Job(engine="null", completion=completion, iodepth=4, null_latency_us=100,
            null_servers=servers, number_ios=2_100),
        spike=spike,
    ).jobs[0]  # fmt: skip
    assert result.read is not None
    carried_out = result.accounts.completed / (result.runtime_ns / NS_PER_S)
    assert carried_out / result.read.iops == pytest.approx(1 + spike, abs=0.001)


# ---- how often the sham errs --------------------------------------------------------

REPEATS = 2_000 * FACTOR
METRICS = 7


def differences(generator: np.random.Generator, pairs: int) -> np.ndarray:
    """Of a sham: what all metrics share, with Student's tails, and what each has besides."""
    shared = generator.standard_t(3, (pairs, 1))
    own = generator.standard_t(3, (pairs, METRICS)) * np.linspace(0.1, 3, METRICS)
    return 0.01 * (shared + own)


def false_alarms(pairs: int, odd: float = 0.0) -> int:
    generator = np.random.default_rng(pairs)
    return sum(
        float(sign_flips.largest_t_p(differences(generator, pairs) + odd).min()) <= SHAM_LEVEL
        for _ in range(REPEATS)
    )


@pytest.mark.parametrize("pairs", [8, 10, 16])
def test_a_sham_withholds_without_a_cause_in_one_of_a_hundred(pairs: int) -> None:
    assert false_alarms(pairs) <= most_by_chance(SHAM_LEVEL, REPEATS)


def test_it_does_use_its_percent() -> None:
    assert false_alarms(10) >= fewest_by_chance(SHAM_LEVEL / 2, REPEATS)


def test_a_sham_that_is_odd_is_seen() -> None:
    assert false_alarms(16, odd=0.05) >= fewest_by_chance(0.9, REPEATS)


def test_judging_each_metric_apart_breaks_this_law() -> None:
    generator = np.random.default_rng(10)
    apart = 0
    for _ in range(REPEATS):
        columns = differences(generator, 10).T
        apart += any(
            float(sign_flips.largest_t_p(column[:, None]).min()) <= SHAM_LEVEL for column in columns
        )
    assert apart > most_by_chance(SHAM_LEVEL, REPEATS)


def test_of_too_few_pairs_nothing_can_be_seen() -> None:
    fewest = sign_flips.fewest_pairs(SHAM_LEVEL)
    certain = np.full((fewest, 2), math.e)
    assert sign_flips.largest_t_p(certain).max() <= SHAM_LEVEL
    assert sign_flips.largest_t_p(certain[1:]).min() > SHAM_LEVEL
