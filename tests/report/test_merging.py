"""Jobs merged into one: every latency is that of all their I/Os."""

import statistics
from collections import Counter
from typing import Any

import pytest

from documents_of_runs import document, job
from laiobench.report.text.merging import merged
from laiobench.results.run_result import JobResult, RunResult

FAST, SLOW = [100] * 30 + [200] * 10, [400] * 5 + [900]
KINDS = ("slat_ns", "clat_ns", "lat_ns", "response_ns")


def latency_of(values: list[int]) -> dict[str, Any]:
    return {
        "count": len(values),
        "min": min(values),
        "max": max(values),
        "mean": statistics.fmean(values),
        "stddev": statistics.pstdev(values),
        "percentiles": {"50": statistics.median_low(values)},
        "histogram": sorted(Counter(values).items()),
    }


def jobs_of(*lists: list[int], kinds: tuple[str, ...] = KINDS) -> list[JobResult]:
    made = []
    for copy, values in enumerate(lists):
        one = job(ios=len(values), copy=copy)
        one["read"] |= {kind: latency_of(values) for kind in kinds}
        made.append(one)
    return RunResult.model_validate(document(*made)).jobs


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_latency_is_that_of_all_ios(kind: str) -> None:
    found = getattr(merged(jobs_of(FAST, SLOW))["read"], kind)
    every = FAST + SLOW
    assert (found.count, found.min, found.max) == (46, 100, 900)
    assert found.mean == pytest.approx(statistics.fmean(every))
    assert found.stddev == pytest.approx(statistics.pstdev(every))
    assert found.percentiles == {"50": 100}
    assert dict(found.histogram) == Counter(every)


def test_a_response_that_only_some_have_is_of_those() -> None:
    jobs = [*jobs_of(FAST), *jobs_of(SLOW, kinds=KINDS[:3])]
    response = merged(jobs)["read"].response_ns
    assert response is not None and response.count == len(FAST)
    assert merged(jobs_of(FAST, SLOW, kinds=KINDS[:3]))["read"].response_ns is None


def test_percentiles_that_any_of_them_asked_for_are_told() -> None:
    one, other = jobs_of(FAST, SLOW)
    data = other.model_dump(by_alias=True)
    data["read"]["clat_ns"]["percentiles"] = {"25": 400, "50": 400}
    found = merged([one, JobResult.model_validate(data)])["read"].clat_ns
    assert list(found.percentiles) == ["25", "50"]
