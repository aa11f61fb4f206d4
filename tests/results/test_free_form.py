"""Documents of earlier versions are read under today's names."""

from typing import Any

from pydantic import TypeAdapter

from laiobench.results.free_form import Counters

BEFORE = {
    "submit": {"calls": 3, "iocbs": 7, "head_failures": 2, "batch_sizes": {"4": 3}},
    "other": {"io_getevents": 5, "short_io": 1},
}


def counters(of: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return TypeAdapter(Counters).validate_python(of)


def test_counters_of_an_earlier_version_are_read_by_their_names_of_today() -> None:
    assert counters(BEFORE) == {
        "submit": {"calls": 3, "requests": 7, "rejected": 2, "batch_sizes": {"4": 3}},
        "other": {"waits": 5, "short_io": 1},
    }


def test_counters_of_today_stay_as_they_are() -> None:
    assert counters(counters(BEFORE)) == counters(BEFORE)
    assert counters({"pool": {"iocbs": 1}}) == {"pool": {"iocbs": 1}}  # of another group
