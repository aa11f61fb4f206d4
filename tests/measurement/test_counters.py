"""Every declared counter is counted and in the document; options have their stated defaults."""

from typing import Any

import pytest

import laiobench
from laiobench import Job, native

PROMISED = {
    "submit": "calls requests batch_sizes partial eagain eagain_idle rejected blocked ns",
    "reaped": "poll eventfd bh getevents inline nested",
    "poll": "iterations hits misses ns grow shrink disabled",
    "eventfd": "reads values empty",
    "bh": "scheduled coalesced dispatched cancelled",
    "loop": "iterations ppoll epoll_wait blocking zero_timeout",
    "notify": "calls writes suppressed accepted",
    "other": "waits completed_in_submit pool_fallbacks short_io in_flight_max",
}
OF_THE_THREAD = "voluntary_switches involuntary_switches run_delay_ns"


@pytest.mark.parametrize("group", PROMISED)
def test_the_core_counts_it(group: str) -> None:
    assert set(PROMISED[group].split()) <= set(native.empty_counters()[group])


def test_the_document_has_all_of_them_for_each_job() -> None:
    result = laiobench.run(Job(engine="null", number_ios=10))
    (job,) = result.jobs
    promised: dict[str, Any] = {**PROMISED, "other": f"{PROMISED['other']} {OF_THE_THREAD}"}
    for group, names in promised.items():
        assert set(names.split()) <= set(job.counters[group])
    assert job.cpu.user_ns >= 0
    assert job.cpu.system_ns >= 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_batch", 32),
        ("poll_max_ns", 32768),
        ("poll_grow", 2),
        ("poll_shrink", 2),
        ("poll_rule", "weighted"),
        ("reap_on_submit", False),
        ("short_io", "resubmit"),
        ("resfd", False),
    ],
)
def test_a_mechanism_s_default_is_the_field_s(name: str, value: object) -> None:
    assert getattr(Job(), name) == value
