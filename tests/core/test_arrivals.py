"""When I/Os are due: the gaps of a schedule have the distribution that was asked for.

The schedule of a seed is always the same, so these tests cannot fail by chance; how
soon after it is due an I/O is issued, a busy machine decides, but never before.
"""

import subprocess

import numpy as np
import pytest
from scipy import stats

from native_programs import build

IOS_PER_S = 2000
IOS = 2000
MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")


def arrivals(mode: str, process: str, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """When each I/O was due, and when it was issued; seconds."""
    program = build("arrivals", "plain")
    done = subprocess.run(
        [program, mode, str(IOS_PER_S), str(IOS), process, str(seed)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    due, issued = np.loadtxt(done.stdout.splitlines()).T / 1e9
    return due, issued


@pytest.mark.parametrize("mode", MODES)
def test_linear_gaps_are_constant_and_nothing_is_issued_early(mode: str) -> None:
    due, issued = arrivals(mode, "linear")
    assert np.diff(due) == pytest.approx(1 / IOS_PER_S, abs=3e-9)
    assert (issued >= due).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_poisson_gaps_are_exponential(seed: int) -> None:
    due, issued = arrivals("eventfd", "poisson", seed)
    gaps = np.diff(due)
    assert stats.kstest(gaps, stats.expon(scale=1 / IOS_PER_S).cdf).pvalue > 0.01
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 0.1
    assert (issued >= due).all()


def test_linear_gaps_are_not_taken_for_exponential_ones() -> None:
    due, _ = arrivals("eventfd", "linear")
    exponential = stats.expon(scale=1 / IOS_PER_S).cdf
    assert stats.kstest(np.diff(due), exponential).pvalue < 1e-6
