"""The analysis of a comparison: from the values of trials to compared metrics."""

import json
import random

import pytest

from documents_of_runs import document, job, run_of
from laiobench.comparison import analysis
from laiobench.comparison.values import Unmeasurable, values
from laiobench.results.comparison import ComparedMetric, Verdict
from laiobench.results.digest import RunDigest, digest
from laiobench.results.metrics import COMPARED, Key


def blocks_of(pairs: int, slow_down: float, **more: int) -> list[dict[str, list[RunDigest]]]:
    """Noise of 1 %, the same whenever."""
    generator = random.Random(pairs)
    return [
        {
            "old": [run_of(100_000 * generator.gauss(1, 0.01), **more)],
            "new": [run_of(100_000 * slow_down * generator.gauss(1, 0.01), **more)],
        }
        for _ in range(pairs)
    ]


def by_name(compared: list[ComparedMetric]) -> dict[str, ComparedMetric]:
    return {metric.metric: metric for metric in compared}


def test_a_run_has_a_value_for_each_metric() -> None:
    found = values(run_of(100_000))
    assert found[Key("job", "read", "iops")] == pytest.approx(10_000)
    assert found[Key("job", "read", "bw_bytes")] == pytest.approx(40_960_000)
    assert found[Key("job", "read", "lat_mean_ns")] == pytest.approx(110_000)
    assert found[Key("job", "read", "lat_p50_ns")] == 100_000
    assert found[Key("job", "read", "lat_p99_ns")] == 400_000
    assert found[Key("job", "read", "lat_p99.9_ns")] == 900_000
    assert found[Key("job", None, "cpu_ns_per_io")] == 5_000
    assert found[Key("job", None, "switches_per_io")] == 0.005


@pytest.mark.parametrize(
    ("ios", "p99_is_there", "p999_is_there"),
    [(9_999, False, False), (10_000, True, False), (99_999, True, False), (100_000, True, True)],
)
def test_a_percentile_needs_100_samples_beyond_it(
    ios: int, p99_is_there: bool, p999_is_there: bool
) -> None:
    found = values(run_of(100_000, ios=ios))
    for name, is_there in (("lat_p99_ns", p99_is_there), ("lat_p99.9_ns", p999_is_there)):
        value = found[Key("job", "read", name)]
        assert isinstance(value, float) == is_there


def test_a_percentile_that_is_refused_says_how_long_would_do() -> None:
    value = values(run_of(100_000, ios=5_000))[Key("job", "read", "lat_p99_ns")]
    assert isinstance(value, Unmeasurable)
    assert "needs 10,000 I/Os a trial" in value.reason
    assert "there were 5,000: about 1 s a trial would do" in value.reason


def test_copies_of_a_job_are_added_up() -> None:
    slow, fast = [(300, 10_000)], [(100, 190_000)]
    run = digest(
        document(
            job(ios=10_000, p50_ns=300, histogram=slow),
            job(ios=190_000, p50_ns=100, copy=1, histogram=fast, iothread="iothread1"),
        )
    )
    found = values(run)
    assert found[Key("job", "read", "iops")] == pytest.approx(1e9 / 300 + 1e9 / 100)
    assert found[Key("job", "read", "lat_p50_ns")] == 100
    assert found[Key("job", "read", "lat_p99_ns")] == 300
    assert found[Key("job", "read", "lat_mean_ns")] == pytest.approx(1.1 * (0.05 * 300 + 95))


def test_switches_are_shared_by_the_jobs_of_an_iothread() -> None:
    jobs = [job(name, ios=100, switches=50, shared_ios=200) for name in ("a", "b")]
    assert values(digest(document(*jobs)))[Key("a", None, "switches_per_io")] == 0.25


def test_documents_that_do_not_tell_the_ios_of_an_iothread_tell_them_by_its_cpu_time() -> None:
    earlier = job(ios=100, switches=50)
    earlier["cpu"] = {"user_ns": 300, "system_ns": 100, "per_io_ns": 2.0}
    assert values(digest(document(earlier)))[Key("job", None, "switches_per_io")] == 0.25


def test_syncs_are_no_ios_that_costs_are_shared_by() -> None:
    synced = job("a", ios=100, switches=50, direction="write")
    synced |= {"sync": job("a", ios=100, direction="sync")["sync"]}
    assert values(digest(document(synced)))[Key("a", None, "switches_per_io")] == 0.5


def test_a_difference_is_shown_for_what_differs_and_nothing_else() -> None:
    compared = by_name(analysis.compare_blocks(blocks_of(10, 1.1), ["old", "new"]))
    iops, p50 = compared["iops"], compared["lat_p50_ns"]
    assert (iops.verdict, p50.verdict) == (Verdict.REGRESS, Verdict.REGRESS)
    assert p50.low is not None and p50.high is not None and iops.ratio is not None
    assert p50.low < 1.1 < p50.high
    assert iops.ratio == pytest.approx(1 / 1.1, rel=0.02)
    called = sum(m.verdict in (Verdict.REGRESS, Verdict.IMPROVE) for m in compared.values())
    tested = sum(m.p is not None for m in compared.values())
    assert (p50.n, p50.level) == (10, pytest.approx(1 - 0.05 * called / tested))
    assert p50.smallest_visible is not None and 0.005 < p50.smallest_visible < 0.03
    assert compared["cpu_ns_per_io"].verdict == Verdict.INCONCLUSIVE
    assert compared["cpu_ns_per_io"].ratio == 1.0


def test_changes_are_above_zero_where_they_are_worse() -> None:
    compared = by_name(analysis.compare_blocks(blocks_of(10, 1.1), ["old", "new"]))
    latency, iops = compared["lat_p50_ns"].change, compared["iops"].change
    assert latency is not None and iops is not None
    assert latency.low <= latency.estimate <= latency.high
    assert latency.estimate == pytest.approx(0.1, abs=0.02)
    assert iops.low <= iops.estimate <= iops.high
    assert iops.estimate == pytest.approx(1 - 1 / 1.1, abs=0.02)


def test_five_pairs_say_what_is_needed() -> None:
    compared = by_name(analysis.compare_blocks(blocks_of(5, 2.0), ["old", "new"]))["iops"]
    assert compared.verdict == Verdict.INCONCLUSIVE
    assert compared.low is None and compared.ratio == pytest.approx(0.5, rel=0.02)
    assert compared.reason == "n = 5: an interval of 0.95 needs at least 6 pairs"


def test_what_some_trial_lacks_is_not_measurable_and_says_whose() -> None:
    blocks = blocks_of(6, 1.0)
    blocks[2]["new"] = [run_of(100_000, ios=5_000)]
    compared = by_name(analysis.compare_blocks(blocks, ["old", "new"]))["lat_p99_ns"]
    assert compared.verdict == Verdict.NOT_MEASURABLE
    assert compared.ratio is None
    assert compared.reason is not None and compared.reason.startswith("new: it needs 10,000")


def test_all_variants_are_held_against_the_first() -> None:
    blocks = [{name: [run_of(100_000)] for name in ("a", "b", "c")} for _ in range(6)]
    compared = analysis.compare_blocks(blocks, ["a", "b", "c"], metrics=["iops"])
    assert [(metric.baseline, metric.variant) for metric in compared] == [("a", "b"), ("a", "c")]


def test_what_is_shown_alone_but_not_among_many_says_so() -> None:
    blocks = blocks_of(6, 1.1)
    alone = by_name(analysis.compare_blocks(blocks, ["old", "new"], metrics=["iops"]))["iops"]
    several = ["iops", "cpu_ns_per_io", "switches_per_io"]
    among = by_name(analysis.compare_blocks(blocks, ["old", "new"], metrics=several))["iops"]
    assert (alone.verdict, alone.reason) == (Verdict.REGRESS, None)
    assert among.verdict == Verdict.INCONCLUSIVE
    assert (alone.alone, among.alone) == (False, True)
    assert among.high is None and among.p is not None and among.p <= 0.05
    assert among.reason is not None and "of 3 in the table" in among.reason


def test_p_is_adjusted_for_the_whole_table() -> None:
    compared = [
        metric
        for metric in analysis.compare_blocks(blocks_of(8, 1.0), ["old", "new"])
        if metric.p is not None
    ]
    assert len(compared) > 4
    for metric in compared:
        assert metric.p is not None and metric.p_adjusted is not None
        assert metric.p_adjusted >= metric.p


def test_a_session_counts_once_however_many_runs_it_has() -> None:
    sessions = [[run_of(100_000 + 100 * day) for _ in range(20)] for day in range(5)]
    slower = [[run_of(150_000 + 100 * day)] for day in range(5)]
    compared = by_name(analysis.compare_sessions(sessions, slower))["lat_p50_ns"]
    assert (compared.n, compared.verdict) == (5, Verdict.REGRESS)
    assert compared.ratio == pytest.approx(1.5, rel=0.01)


def test_a_baseline_of_few_sessions_is_never_conclusive() -> None:
    compared = by_name(
        analysis.compare_sessions([[run_of(100_000)] * 50] * 4, [[run_of(200_000)]] * 50)
    )["iops"]
    assert compared.verdict == Verdict.INCONCLUSIVE
    assert compared.reason is not None and "has 4 sessions of measuring, not 5" in compared.reason
    assert compared.high is not None and compared.high < 0.6


def test_one_new_session_is_held_against_what_the_baseline_predicts() -> None:
    baseline = [[run_of(100_000 + 1000 * day)] for day in range(5)]
    for p50_ns, verdict in ((200_000, Verdict.REGRESS), (103_000, Verdict.INCONCLUSIVE)):
        new = [[run_of(p50_ns)] * 9]
        compared = by_name(analysis.compare_sessions(baseline, new))["lat_p50_ns"]
        assert (compared.n, compared.verdict) == (1, verdict)


def test_bandwidth_is_left_out_unless_it_is_asked_for() -> None:
    assert "bw_bytes" not in COMPARED
    blocks = blocks_of(6, 1.0)
    assert by_name(analysis.compare_blocks(blocks, ["old", "new"], metrics=["bw_bytes"]))


def test_a_document_s_text_is_read_as_the_document_is() -> None:
    made = document(job("a", copy=0), job("a", copy=1, iothread="iothread1"), job("b"))
    for written in (json.dumps(made), json.dumps(made, separators=(",", ":"))):
        assert digest(written.encode()) == digest(made)
    alone = document(job(histogram=[(100, 5), (200, 1)]))
    assert digest(json.dumps(alone).encode()) == digest(alone)
