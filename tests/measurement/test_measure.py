"""The Python API refuses wrong arguments before anything runs, and documents a spike."""

import math

import pytest

import laiobench
from laiobench.errors import UsageError

JOB = laiobench.Job(engine="null", number_ios=1)


@pytest.mark.parametrize("timeout_s", [float("nan"), float("inf"), -1.0, 1e300])
def test_a_hang_timeout_is_a_time(timeout_s: float) -> None:
    with pytest.raises(UsageError, match="hang timeout must be from 0 to"):
        laiobench.run(JOB, hang_timeout_s=timeout_s)


def test_no_jobs_are_no_run() -> None:
    with pytest.raises(UsageError, match="there is no job to run"):
        laiobench.run([])


def test_a_spike_is_planted_and_the_document_says_so() -> None:
    job = laiobench.Job(engine="null", number_ios=2100, null_latency_us=20)
    run = laiobench.run(job, spike=0.05)
    read = run.jobs[0].read
    assert read is not None
    assert run.spike == 0.05
    assert (read.ios, run.jobs[0].accounts.completed) == (2000, 2100)
    assert read.lat_ns.min >= 20_998
    assert laiobench.run(job).spike is None


@pytest.mark.parametrize("spike", [-0.1, 11, math.nan])
def test_a_spike_that_is_none_is_refused(spike: float) -> None:
    with pytest.raises(UsageError, match="a spike must be a share"):
        laiobench.run(JOB, spike=spike)
