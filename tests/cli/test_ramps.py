"""A ramp before a finite amount: the job then measures all of the amount, and ends."""

import pytest

from program import Program

MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")

PACES = [
    *(("--thinktime=50", mode) for mode in MODES),
    ("--rate_iops=20000", "poll"),
    ("--throttle_iops=20000", "eventfd"),
    ("--iothread_move_every=16", "bh"),
]


@pytest.mark.parametrize(("pace", "mode"), PACES)
def test_a_paced_job_of_finite_amount_ends_after_its_ramp(
    program: Program, pace: str, mode: str
) -> None:
    outcome = program(
        "run", "--engine=null", "--null_latency_us=50", "--size=1m", "--ramp_time=0.02",
        f"--completion={mode}", pace, "--json", "--no-save",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["read"]["ios"] == 256


WRITES = {
    "syncs": ("--rw=write", "--fdatasync=1"),
    "verification": ("--rw=write", "--verify=crc32c"),
    "sizes": ("--rw=write", "--bssplit=4k/50:8k/50"),
    "pairs": ("--rw=trimwrite", "--engine=null"),
}


@pytest.mark.parametrize("what", WRITES)
def test_so_does_one_that_writes_with_more_than_that_to_do(program: Program, what: str) -> None:
    target = () if "--engine=null" in WRITES[what] else ("--filename=data",)
    outcome = program(
        "run", *target, "--size=1m", "--ramp_time=0.02", *WRITES[what], "--json", "--no-save"
    )
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    largest = 8 << 10  # the last one may go beyond, by less than itself
    assert 1 << 20 <= job["write"]["bytes"] < (1 << 20) + largest
