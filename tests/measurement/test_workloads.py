"""Workloads: the rules of every order of I/Os, and distributions against scipy's."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats

from laiobench.errors import RunError
from laiobench.jobs.options import Job
from laiobench.native.build import CORE
from workloads import ios_of, plan_of

KIB = 1024
MIB = 1024 * KIB
# With fixed seeds a test either always fails or never does: this is no rate of false alarms.
LEVEL = 1e-4


def blocks_of(job: Job, target_bytes: int, count: int) -> np.ndarray:
    """Where the first I/Os are, in units of 4 KiB."""
    return np.array([io.offset for io in ios_of(job, target_bytes, count)]) // 4096


# ---- laws ----------------------------------------------------------------------------

SIZES = st.sampled_from(
    [
        {"bs": "4k"},
        {"bs": "512"},
        {"bs": "4k,12k"},
        {"bsrange": "1k-7k"},
        {"bsrange": "512-16k,4k-8k"},
        {"bssplit": "512/20:4k/30:24k/50"},
        {"bssplit": "4k/50:6k/50"},
        {"bs": "4k", "blockalign": "512"},
        {"bssplit": "512/50:8k/50", "blockalign": "4k"},
    ]
)
ORDERS = st.sampled_from(
    [
        {"rw": "read"},
        {"rw": "rw", "rwmixread": 30},
        {"rw": "read:4k"},
        {"rw": "write:-8k"},
        {"rw": "randread"},
        {"rw": "randrw"},
        {"rw": "randread:5"},
        {"rw": "randwrite:3", "rw_sequencer": "identical"},
        {"rw": "randread", "percentage_random": 40},
        {"rw": "randrw", "norandommap": True},
        {"rw": "randrw", "random_generator": "lfsr"},
        {"rw": "randread", "random_distribution": "zipf:1.1"},
        {"rw": "randread", "random_distribution": "pareto:0.1:1"},
        {"rw": "randread", "random_distribution": "normal:30:0"},
        {"rw": "randread", "random_distribution": "normal:0.01:1"},
        {"rw": "randrw", "random_distribution": "zoned:70/50:30/50,50/40:50/60"},
    ]
)
ZONES = st.sampled_from(
    [{}, {}, {"zonemode": "strided", "zonesize": "32k", "zonerange": "64k", "zoneskip": "8k"}]
)


@example(  # its last zone has 4 KiB left, and writes are of 12 KiB
    {"bs": "4k,12k"},
    {"rw": "rw", "rwmixread": 30},
    {"zonemode": "strided", "zonesize": "32k", "zonerange": "64k", "zoneskip": "8k"},
    140 * KIB - 64 * KIB,
    0,
)
@settings(deadline=None, max_examples=150)
@given(SIZES, ORDERS, ZONES, st.integers(64 * KIB, 3 * MIB), st.integers(0, 1 << 40))
def test_every_io_is_in_its_region_aligned_and_of_a_size_that_there_is(
    sizes: dict[str, object],
    order: dict[str, object],
    zones: dict[str, object],
    target_bytes: int,
    seed: int,
) -> None:
    if "random_distribution" in order:
        zones = {}
    job = Job.model_validate({**sizes, **order, **zones, "offset": "64k"})
    target_bytes = target_bytes // 512 * 512 + 64 * KIB
    _, region = plan_of(job, target_bytes, seed)
    for io in ios_of(job, target_bytes, 400, seed):
        low, high = region.start, region.start + region.length
        assert low <= io.offset < io.offset + io.bytes <= high
        assert 0 < io.bytes <= job.largest_bytes
        assert io.bytes % job.unit_bytes(*job.directions) == 0
        assert (io.offset - low) % 512 == 0


@settings(deadline=None, max_examples=60)
@given(SIZES, st.booleans(), st.integers(1, 500), st.integers(0, 1 << 40))
def test_a_pass_of_the_random_map_reads_each_unit_once(
    sizes: dict[str, object], uses_lfsr: bool, units: int, seed: int
) -> None:
    generator = "lfsr" if uses_lfsr else "tausworthe64"
    job = Job.model_validate({**sizes, "rw": "randrw", "random_generator": generator})
    assume(job.uses_map)
    target_bytes = units * 512 + job.largest_bytes
    visits: Counter[int] = Counter()
    if job.maps_units:
        unit = job.unit_bytes(*job.directions)
        for io in ios_of(job, target_bytes, seed=seed):
            visits.update(range(io.offset // unit, (io.offset + io.bytes) // unit))
        assert sorted(visits) == list(range(target_bytes // unit))
    elif job.has_one_size:
        _, region = plan_of(job, target_bytes)
        visits.update(io.offset // region.step_bytes for io in ios_of(job, target_bytes, seed=seed))
        assert sorted(visits) == list(range(region.blocks))
    assert set(visits.values()) <= {1}


def covers_all(sizes: dict[str, object]) -> bool:
    """Whether no rest can be left that is smaller than any size."""
    return Job.model_validate({**sizes, "rw": "write"}).unit_bytes("write") == min(
        size.low for size in Job.model_validate(sizes).sizes("write")
    )


@settings(deadline=None, max_examples=40)
@given(SIZES.filter(covers_all), st.integers(1, 3), st.data())
def test_sequential_io_covers_the_region_once_a_loop(
    sizes: dict[str, object], loops: int, data: st.DataObject
) -> None:
    job = Job.model_validate({**sizes, "rw": "write", "loops": loops})
    unit = job.unit_bytes("write")
    units = data.draw(st.integers(job.largest_bytes // unit, 2000))
    units -= units % (job.largest_bytes // unit if job.has_one_size else 1)
    visits: Counter[int] = Counter()
    for io in ios_of(job, units * unit):
        visits.update(range(io.offset // unit, (io.offset + io.bytes) // unit))
    assert len(visits) == units
    assert set(visits.values()) == {loops}


def test_the_same_seed_does_the_same_and_another_does_not() -> None:
    job = Job(rw="randrw", bssplit="4k/50:8k/50", random_distribution="zipf:0.9")
    assert ios_of(job, MIB, 100, seed=5) == ios_of(job, MIB, 100, seed=5)
    assert ios_of(job, MIB, 100, seed=5) != ios_of(job, MIB, 100, seed=6)


def test_a_hundred_million_blocks_cost_no_set_up() -> None:
    for options in ({"random_generator": "lfsr"}, {"random_distribution": "zipf:1"}, {}):
        job = Job.model_validate({"rw": "randread", **options})
        ios = ios_of(job, 100_000_000 * 4096, 1000)
        assert max(io.offset for io in ios) < 100_000_000 * 4096


# ---- the register --------------------------------------------------------------------


def multiplied(one: int, other: int, polynomial: int, bits: int) -> int:
    """A product of polynomials over two elements, modulo another."""
    product = 0
    while other:
        product ^= one if other & 1 else 0
        other >>= 1
        one <<= 1
        one ^= polynomial if one >> bits else 0
    return product


def power_of_x(exponent: int, polynomial: int, bits: int) -> int:
    result, square = 1, 2
    while exponent:
        if exponent & 1:
            result = multiplied(result, square, polynomial, bits)
        square = multiplied(square, square, polynomial, bits)
        exponent >>= 1
    return result


def prime_factors(number: int) -> set[int]:
    found, divisor = set(), 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.add(divisor)
            number //= divisor
        divisor += 1
    return found | ({number} if number > 1 else set())


def test_the_registers_have_their_full_period() -> None:
    text = re.search(
        r"feedbacks\[\] = \{(.*?)\}", (CORE / "workload" / "lfsr.c").read_text(), re.DOTALL
    )
    assert text is not None
    feedbacks = [int(word, 16) for word in re.findall(r"0x[0-9a-f]+", text[1])]
    assert len(feedbacks) == 61  # 2 to 62 bits
    for bits, feedback in enumerate(feedbacks, start=2):
        period, polynomial = 2**bits - 1, 1 << bits | feedback
        assert power_of_x(period, polynomial, bits) == 1, bits
        if bits <= 40:  # beyond, finding the factors of the period takes too long
            for factor in prime_factors(period):
                assert power_of_x(period // factor, polynomial, bits) != 1, bits


# ---- shares --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"bssplit": "4k/10:64k/50:32k/40"}, {4096: 0.1, 65536: 0.5, 32768: 0.4}),
        ({"bssplit": "4k/:8k/60:16k/"}, {4096: 0.2, 8192: 0.6, 16384: 0.2}),
        ({"bsrange": "4k-16k"}, {4096: 0.25, 8192: 0.25, 12288: 0.25, 16384: 0.25}),
    ],
)
def test_sizes_have_their_shares(options: dict[str, object], expected: dict[int, float]) -> None:
    job = Job.model_validate({"rw": "randread", "norandommap": True, **options})
    found = Counter(io.bytes for io in ios_of(job, 64 * MIB, 40_000))
    assert sorted(found) == sorted(expected)
    observed = [found[size] for size in sorted(expected)]
    wanted = [40_000 * expected[size] for size in sorted(expected)]
    assert stats.chisquare(observed, wanted).pvalue > LEVEL


def test_directions_have_sizes_of_their_own_and_their_share() -> None:
    job = Job(rw="randrw", rwmixread=70, bs="4k,8k", norandommap=True)
    found = Counter((io.direction, io.bytes) for io in ios_of(job, 16 * MIB, 40_000))
    assert set(found) == {("read", 4096), ("write", 8192)}
    assert stats.binomtest(found["read", 4096], 40_000, 0.7).pvalue > LEVEL


def test_so_many_percent_are_random_and_the_others_follow() -> None:
    job = Job(rw="randread", percentage_random=30, norandommap=True)
    ios = ios_of(job, 256 * MIB, 40_000)
    follows = sum(two.offset == one.offset + one.bytes for one, two in pairwise(ios))
    assert stats.binomtest(follows, 39_999, 0.7).pvalue > LEVEL


# ---- distributions -------------------------------------------------------------------


@pytest.mark.parametrize("theta", [0.5, 1.0, 1.2, 2.5])
@pytest.mark.parametrize("blocks", [2, 1000])
def test_zipf_is_zipf_s_law_and_its_ranks_keep_their_places(theta: float, blocks: int) -> None:
    job = Job.model_validate({"rw": "randread", "random_distribution": f"zipf:{theta}:0.25"})
    visits = np.bincount(blocks_of(job, blocks * 4096, 60_000), minlength=blocks)
    law = np.arange(1, blocks + 1) ** -theta
    expected = 60_000 * law / law.sum()
    if theta > 0.9:
        assert visits.argmax() == blocks // 4  # the most frequent is at the centre
    assert visits[blocks // 4] == pytest.approx(expected[0], abs=6 * expected[0] ** 0.5)
    # Ranks are scattered: the sorted counts against the law's, where each is frequent enough.
    ordered = np.sort(visits)[::-1]
    often = expected >= (500 if theta < 1 else 2000)
    observed = [*ordered[often], ordered[~often].sum()]
    wanted = [*expected[often], expected[~often].sum()]
    kept = [(have, want) for have, want in zip(observed, wanted, strict=True) if want > 0]
    assert stats.chisquare(*zip(*kept, strict=True)).pvalue > LEVEL


def test_zipf_s_ranks_are_a_permutation_of_the_region() -> None:
    job = Job(rw="randread", random_distribution="zipf:0.1")
    assert len(set(blocks_of(job, 100 * 4096, 20_000))) == 100


@pytest.mark.parametrize("power", [0.1, 0.2, 0.5, 0.9])
def test_pareto_gives_a_share_of_the_blocks_all_but_that_share_of_ios(power: float) -> None:
    blocks = 1000
    job = Job.model_validate({"rw": "randread", "random_distribution": f"pareto:{power}"})
    visits = np.bincount(blocks_of(job, blocks * 4096, 60_000), minlength=blocks)
    exponent = np.log(1 - power) / np.log(power)
    cumulated = (np.arange(blocks + 1) / blocks) ** exponent
    expected = np.sort(60_000 * np.diff(cumulated))[::-1]
    share = round(blocks * (power if power <= 0.5 else 1 - power))
    hottest = max(power, 1 - power)
    assert np.sort(visits)[::-1][:share].sum() / 60_000 >= hottest - 0.01
    assert expected[:share].sum() / 60_000 == pytest.approx(hottest, abs=0.005)
    assert stats.binomtest(int(visits.max()), 60_000, min(1.0, expected[0] / 60_000)).pvalue > (
        LEVEL if power < 0.5 else 0  # of many that are alike, the largest is larger
    )


@pytest.mark.parametrize(("deviation", "center"), [(5, 0.5), (20, 0.5), (10, 0.0), (30, 0.9)])
def test_normal_is_a_truncated_normal(deviation: float, center: float) -> None:
    blocks = 1 << 20
    text = f"normal:{deviation}:{center}"
    job = Job.model_validate({"rw": "randread", "random_distribution": text})
    places = (blocks_of(job, blocks * 4096, 20_000) + 0.5) / blocks
    scale = deviation / 100
    law = stats.truncnorm(-center / scale, (1 - center) / scale, loc=center, scale=scale)
    assert stats.kstest(places, law.cdf).pvalue > LEVEL


def test_random_is_uniform() -> None:
    job = Job(rw="randread", norandommap=True)
    places = (blocks_of(job, (1 << 20) * 4096, 20_000) + 0.5) / (1 << 20)
    assert stats.kstest(places, "uniform").pvalue > LEVEL


def test_zones_have_their_shares_and_each_direction_its_own() -> None:
    job = Job(rw="randrw", random_distribution="zoned:60/10:30/20:10/70,50/50:50/50")
    ios = ios_of(job, 1000 * 4096, 60_000)
    for direction, ends, shares in (
        ("read", [0, 100, 300, 1000], [0.6, 0.3, 0.1]),
        ("write", [0, 500, 1000], [0.5, 0.5]),
    ):
        at = [io.offset // 4096 for io in ios if io.direction == direction]
        observed, _ = np.histogram(at, bins=ends)
        assert stats.chisquare(observed, np.array(shares) * len(at)).pvalue > LEVEL


def test_zones_of_bytes_end_where_they_say() -> None:
    job = Job(rw="randread", random_distribution="zoned_abs:80/40k:20/60k")
    at = blocks_of(job, MIB, 20_000)
    observed, _ = np.histogram(at, bins=[0, 10, 25, 256])
    assert observed[2] == 0
    assert stats.binomtest(int(observed[0]), 20_000, 0.8).pvalue > LEVEL


def test_a_zone_without_a_place_is_told_of() -> None:
    job = Job(rw="randread", random_distribution="zoned:50/1:50/99")
    with pytest.raises(RunError, match="no place for an I/O in 64 KiB"):
        ios_of(job, 64 * KIB, 1)


# ---- shares of a target --------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "start", "size"),
    [
        ({"offset": "20%", "size": "20k"}, 212992, 20480),  # as fio rounds it
        ({"offset": "50%", "size": "100%"}, 524288, 524288),
        ({"offset": "50%", "size": "30%", "bs": "64k"}, 524288, 262144),
        ({"offset": "30%", "offset_align": "8k", "bs": "64k", "size": "128k"}, 319488, 131072),
        ({"size": "33%"}, 0, 344064),
    ],
)
def test_shares_of_a_target(options: dict[str, object], start: int, size: int) -> None:
    _, region = plan_of(Job.model_validate(options), MIB)
    assert (region.start, region.size) == (start, size)
