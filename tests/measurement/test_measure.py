"""The Python API refuses what makes no sense before it runs anything."""

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
