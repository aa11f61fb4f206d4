"""The shares of time that IOThreads worked, waited for a CPU, and waited for I/O."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laiobench.results.time_shares import time_shares

ns = st.integers(0, 10**12)


@given(st.integers(1, 10**12), st.integers(1, 10**12), ns, ns)
def test_shares_are_parts_of_one_whole(measured: int, cpu: int, looked: int, delay: int) -> None:
    shares = time_shares(measured, cpu_ns=cpu, looked_ns=looked, delay_ns=delay)
    assert shares is not None
    parts = (shares.working, shares.waiting_for_cpu, shares.waiting_for_io)
    assert sum(parts) == pytest.approx(1)
    assert all(-1e-9 <= part <= 1 + 1e-9 for part in parts)


def test_looking_for_completions_is_waiting_for_io_and_no_work() -> None:
    shares = time_shares(1000, cpu_ns=980, looked_ns=735, delay_ns=0)
    assert shares is not None and not shares.is_cpu_bound
    assert shares.working == pytest.approx(0.245)
    assert shares.waiting_for_io == pytest.approx(0.755)


def test_waiting_for_a_cpu_while_looking_is_no_waiting_for_io() -> None:
    """The poll's time is by the clock: most of it others had the CPU."""
    shares = time_shares(1000, cpu_ns=230, looked_ns=820, delay_ns=770)
    assert shares is not None
    assert shares.waiting_for_cpu == pytest.approx(0.77)
    assert shares.waiting_for_io == pytest.approx(0.82 * 0.23)


def test_who_never_waits_for_io_is_cpu_bound_also_where_others_have_the_cpu() -> None:
    shares = time_shares(1000, cpu_ns=300, looked_ns=10, delay_ns=690)
    assert shares is not None and shares.is_cpu_bound


def test_nothing_is_told_where_the_cpu_time_is_not_known() -> None:
    assert time_shares(1000, cpu_ns=0, looked_ns=0, delay_ns=0) is None
