"""Change points are found where a series changes, and not in noise."""

import math
import random

import pytest

from laiobench.comparison.change_points import (
    ChangePoint,
    Point,
    change_points,
    is_switching,
)


def series(*stretches: tuple[int, float], noise: float = 0.0, seed: int = 1) -> list[Point]:
    """So many points at each level."""
    random_ = random.Random(seed)
    values = [level for count, level in stretches for _ in range(count)]
    return [
        Point(f"2026-01-{number:03d}", value * math.exp(random_.gauss(0, noise)))
        for number, value in enumerate(values)
    ]


def places(found: list[ChangePoint]) -> list[int]:
    return [change.index for change in found]


def test_a_step_is_found_where_it_is() -> None:
    (change,) = change_points(series((12, 100), (8, 112), noise=0.005))
    assert change.index == 12
    assert (change.before, change.after) == (pytest.approx(100, 0.01), pytest.approx(112, 0.01))
    assert change.ratio == pytest.approx(1.12, 0.01) and change.p < 0.01


def test_several_steps_are_found() -> None:
    assert places(change_points(series((9, 100), (9, 130), (9, 90), noise=0.005))) == [9, 18]


def test_noise_alone_is_hardly_ever_a_change() -> None:
    false = sum(bool(change_points(series((30, 100), noise=0.03, seed=s))) for s in range(40))
    assert false <= 3


@pytest.mark.parametrize("values", [[], [(1, 100.0)], [(5, 100.0)], [(30, 100.0)]])
def test_nothing_changed_in_what_is_short_or_flat(values: list[tuple[int, float]]) -> None:
    assert change_points(series(*values)) == []


def test_an_effect_below_the_smallest_is_not_told() -> None:
    small = series((15, 100), (15, 101), noise=0.0005)
    assert change_points(small) == []
    assert places(change_points(small, min_effect=0.005)) == [15]


def test_two_points_are_no_change_and_one_is_an_outlier() -> None:
    assert change_points(series((20, 100), (2, 150), noise=0.005)) == []
    assert change_points(series((12, 100), (1, 300), (12, 100), noise=0.005)) == []


def test_a_change_too_young_for_its_order_waits() -> None:
    """3 against 3 could be chance once in ten times."""
    assert change_points(series((3, 100), (3, 200))) == []
    assert change_points(series((3, 100), (4, 200))) == []
    assert places(change_points(series((3, 100), (5, 200)))) == [3]
    assert places(change_points(series((15, 100), (3, 200)))) == [15]


def test_what_was_undone_is_two_changes() -> None:
    assert places(change_points(series((15, 100), (12, 115), (15, 100), noise=0.02))) == [15, 27]


def test_a_level_that_switches_to_and_fro_is_no_change_for_good() -> None:
    to_and_fro = series(*[(9, 100), (7, 130)] * 5, noise=0.01)
    assert change_points(to_and_fro) == []
    assert is_switching(to_and_fro)
    assert not is_switching(series((30, 100), (30, 130), noise=0.01))
    assert not is_switching(series((60, 100), noise=0.03))


def test_a_step_under_modes_is_found() -> None:
    """The machine is of two minds, and got slower by a third besides."""
    modes = [(3, 100), (2, 106), (4, 100), (3, 106), (2, 100), (3, 106), (3, 100)]
    slower = [(count, 1.35 * level) for count, level in modes]
    assert 20 in places(change_points(series(*modes, *slower, noise=0.01)))


def test_what_wanders_is_no_change() -> None:
    """It goes a little further each time, in either direction."""
    random_ = random.Random(3)
    level, walk = 100.0, []
    for number in range(60):
        level *= math.exp(random_.gauss(0, 0.02))
        walk.append(Point(f"{number:03d}", level))
    assert change_points(walk) == []


def test_a_change_hides_neither_behind_an_outlier_nor_in_years() -> None:
    with_outlier = series((15, 100), (1, 900), (14, 100), (20, 112), noise=0.02)
    assert places(change_points(with_outlier)) == [30]
    years = series((300, 100), (500, 108), (9, 130), noise=0.02)
    assert places(change_points(years)) == [300, 800]
