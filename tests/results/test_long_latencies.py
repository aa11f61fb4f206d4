"""Latencies above the histogram's 60 s count as the largest wherever percentiles are shown."""

import csv
import io
from typing import Any

import pytest
from laiobench.native._core import lib
from prometheus_client.parser import text_string_to_metric_families

from documents_of_runs import document, job, latency
from laiobench.comparison.values import values
from laiobench.measurement.watch.time_series import Series, make_interval
from laiobench.report import export
from laiobench.report.text import run_table
from laiobench.report.text.merging import merged
from laiobench.results.digest import digest
from laiobench.results.histogram import OVERFLOW_BIN, bin_high, counts_of_bins
from laiobench.results.metrics import Key
from laiobench.results.run_result import RunResult

FAST_NS, SLOW_NS = 165_000, 90_000_000_000
FAST, SLOW = 190_000, 10_000


def stalled(copy: int) -> dict[str, Any]:
    """A copy of a job in which 5 % of the I/Os took 90 s."""
    made = job(ios=FAST + SLOW, copy=copy, options={"numjobs": 2, "group_reporting": True})
    lat = latency(FAST_NS, FAST + SLOW, [(FAST_NS, FAST)])
    lat |= {
        "max": SLOW_NS,
        "overflow": SLOW,
        "percentiles": {"50": FAST_NS, "99": SLOW_NS, "99.9": SLOW_NS},
    }
    made["read"] |= dict.fromkeys(("slat_ns", "clat_ns", "lat_ns"), lat)
    return made


COPIES = RunResult.model_validate(document(stalled(0), stalled(1)))


def test_the_core_s_last_bin_is_the_one_of_what_is_beyond() -> None:
    assert OVERFLOW_BIN == lib.HISTOGRAM_COUNTS - 1


def test_copies_that_are_shown_as_one_have_percentiles_of_all_their_ios() -> None:
    lat = merged(COPIES.jobs)["read"].lat_ns
    assert lat.percentiles == {"50": FAST_NS, "99": SLOW_NS, "99.9": SLOW_NS}
    assert (lat.count, lat.overflow, lat.max) == (2 * (FAST + SLOW), 2 * SLOW, SLOW_NS)


def test_the_spread_of_merged_copies_is_that_of_all_their_ios() -> None:
    one = COPIES.jobs[0].read
    assert one is not None
    assert merged(COPIES.jobs)["read"].lat_ns.stddev == pytest.approx(one.lat_ns.stddev)


def test_what_is_compared_of_copies_is_so_too() -> None:
    found = values(digest(COPIES))
    assert found[Key("job", "read", "lat_p50_ns")] == FAST_NS
    assert found[Key("job", "read", "lat_p99_ns")] == SLOW_NS


def test_copies_of_which_all_ios_took_so_long_have_percentiles() -> None:
    made = document(stalled(0), stalled(1))
    for one in made["jobs"]:
        one["read"]["lat_ns"] = one["read"]["lat_ns"] | {"histogram": [], "overflow": FAST + SLOW}
    assert values(digest(made))[Key("job", "read", "lat_p50_ns")] == SLOW_NS


def test_csv_says_it() -> None:
    rows = csv.DictReader(io.StringIO(export.write("csv", [COPIES])))
    assert {row["metric"]: float(row["value"]) for row in rows}["lat_p99_ns"] == SLOW_NS


def test_benchfmt_says_it() -> None:
    (line,) = [
        line for line in export.write("benchfmt", [COPIES]).splitlines() if "rw=read" in line
    ]
    assert f"{SLOW_NS:.10g} p99-ns/op" in line


def test_prometheus_says_it() -> None:
    families = text_string_to_metric_families(export.write("prometheus", [COPIES]))
    (sample,) = [
        sample
        for family in families
        if family.name == "laiobench_lat_seconds"
        for sample in family.samples
        if sample.labels["quantile"] == "0.99"
    ]
    assert sample.value == SLOW_NS / 1e9


def test_the_table_says_it() -> None:
    row = next(line for line in run_table.render(COPIES).splitlines() if "(2 jobs)" in line)
    assert row.count("90.0 s") == 3  # p99, p99.9 and max


def test_an_interval_with_such_ios_ends_at_the_largest_so_far() -> None:
    series = Series(2)
    for number, bins in enumerate([[(5, 1)], [(OVERFLOW_BIN, 3)], [(7, 2)]]):
        series.add(make_interval(number, 3, 0, bins, SLOW_NS))
    first, last = (counts_of_bins(point.bins, point.max_ns) for point in series)
    assert first.percentiles((50.0, 99.0)) == {50.0: SLOW_NS, 99.0: SLOW_NS}
    assert last.percentiles((99.0,)) == {99.0: bin_high(7)}
