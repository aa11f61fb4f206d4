"""Shift functions, on made-up histograms."""

import math
import random
from collections.abc import Callable, Sequence

import pytest

from documents_of_runs import document, job
from laiobench.comparison.ab import ab
from laiobench.comparison.distributions import shift_functions, with_distributions
from laiobench.comparison.variants import LiveVariant
from laiobench.jobs.options import Job
from laiobench.report.text import comparison_table
from laiobench.report.text.distribution_table import found, sentences
from laiobench.results.comparison import Comparison
from laiobench.results.run_result import RunResult

BASE = Job(engine="null", number_ios=10)
IOS = 20_000

Shape = Callable[[float], float]
"""How many times as slow it is at a share of all I/Os."""


def latencies(slower: Shape, noise: float, ios: int) -> list[tuple[int, int]]:
    """From 50 µs on, each rarer than those before."""
    shares = [(number + 0.5) / ios for number in range(ios)]
    values = (50_000 * noise * slower(at) * (1 - math.log1p(-at)) for at in shares)
    counts: dict[int, int] = {}
    for value in values:
        counts[round(value)] = counts.get(round(value), 0) + 1
    return sorted(counts.items())


def compared(slower: Shape, *, pairs: int = 8, ios: int = IOS, copies: int = 1) -> Comparison:
    generator = random.Random(1)

    def measure(variant: LiveVariant, _position: int) -> RunResult:
        shape = slower if variant.name == "2" else lambda _: 1.0
        noise = generator.lognormvariate(0, 0.002)
        jobs = [
            job(ios=ios, histogram=latencies(shape, noise, ios), copy=copy)
            for copy in range(copies)
        ]
        return RunResult.model_validate(document(*jobs))

    return ab(BASE, {"iodepth": ["1", "2"]}, pairs=pairs, seed=1, measure=measure)


def said(comparison: Comparison) -> str:
    (distribution,) = shift_functions(comparison)
    return found(distribution)


def test_a_tail_that_is_slower_is_named_with_its_beginning_and_its_most() -> None:
    text = said(compared(lambda at: 1.0 if at < 0.97 else 1.0 + 25 * (at - 0.97)))
    beginning, most = text.split(", by up to ")
    assert beginning in ("slower from p97 on", "slower from p98 on")
    assert most.startswith("1.6") and most.endswith("at p99.5; no difference below")


def test_a_middle_that_is_faster_is_told_apart_from_the_rest() -> None:
    text = said(compared(lambda at: 0.9 if 0.3 < at < 0.6 else 1.0))
    assert text.startswith("faster from p2") and " to p60, by up to 1.11" in text
    assert text.endswith("no difference elsewhere")


def test_what_is_slower_everywhere_is_slower_everywhere() -> None:
    assert said(compared(lambda _: 1.1)).startswith("slower everywhere from p1 to p99.5, by up to ")


def test_no_difference_is_told_with_how_large_one_may_be() -> None:
    text = said(compared(lambda _: 1.0))
    assert text.startswith("no difference from p1 to p99.5; at most 0.")


def test_percentiles_are_those_that_enough_ios_are_beyond() -> None:
    def ends(ios: int) -> Sequence[float]:
        (distribution,) = shift_functions(compared(lambda _: 1.0, ios=ios, pairs=6))
        places = [shifted.percentile for shifted in distribution.percentiles]
        return places[:1] + places[-1:]

    assert ends(20_000) == [1, 99.5]
    assert ends(10_000) == [1, 99]
    assert ends(1_000) == [10, 90]
    (none,) = shift_functions(compared(lambda _: 1.0, ios=100, pairs=6))
    assert none.percentiles == [] and "needs 200 I/Os even for the median" in (none.reason or "")


def test_of_few_pairs_there_are_ratios_without_bounds() -> None:
    (distribution,) = shift_functions(compared(lambda _: 2.0, pairs=3))
    assert {shifted.low for shifted in distribution.percentiles} == {None}
    assert distribution.percentiles[50].ratio == pytest.approx(2.0, rel=0.01)
    assert found(distribution) == "n = 3: bounds at 0.95 need at least 6 pairs"


def test_copies_of_a_job_are_one_distribution() -> None:
    (distribution,) = shift_functions(compared(lambda _: 1.1, ios=10_000, copies=2, pairs=6))
    assert distribution.percentiles[-1].percentile == 99.5  # of 20,000


def test_it_is_shown_and_read_again() -> None:
    comparison = with_distributions(compared(lambda at: 1.0 if at < 0.9 else 2.0))
    read = Comparison.model_validate_json(comparison.to_json())
    assert read.distributions == comparison.distributions
    text = comparison_table.render(read)
    assert "2 against 1: slower from p9" in text and "all percentiles together" in text
    assert sentences(read.distributions)[0] in text
