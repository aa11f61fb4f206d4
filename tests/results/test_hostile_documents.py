"""Documents that somebody manipulated are shown, or refused with a sentence."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import laiobench
from laiobench.comparison.environment import differences, fingerprint, job_hash
from laiobench.comparison.sessions import sessions
from laiobench.comparison.values import values
from laiobench.errors import UsageError
from laiobench.report import kinds as report_kinds
from laiobench.report.export import formats_for, write
from laiobench.report.text import calibration_table, list_table, run_table
from laiobench.results import store
from laiobench.results.calibration import Calibration, LengthCalibration, OwnCost
from laiobench.results.kinds import listing_of
from laiobench.results.run_result import RunResult, Tool
from laiobench.results.selection import read_runs

JUNK: list[Any] = [
    None, True, -1, 0, 1.5, 10**19, 10**400, float("inf"), float("nan"), "x", "", [], {}, [1],
    {"a": 1}, {"a": {"b": []}},
]  # fmt: skip
RUN_FORMATS = formats_for("run")
CALIBRATION = Calibration(
    tool=Tool(version="1", build=""),
    started_at="2026-01-01T00:00:00Z",
    machine={},
    jobs=[],
    lengths=[LengthCalibration(runtime_s=1, pairs=1, floors=[], not_measurable={})],
    own_costs=[OwnCost(job="job", completion="poll", iodepth=2, ns_per_io=100)],
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Of a run with much in it, in few bins."""
    result = laiobench.run(
        laiobench.Job(
            engine="null", null_latency_us=5000, iodepth=2, runtime=2.5, time_based=True,
            rw="randrw", numjobs=2, latency_target=20_000, latency_window=100_000,
            steadystate="iops:50%", steadystate_duration=2,
        )
    )  # fmt: skip
    found: dict[str, Any] = json.loads(result.to_json())
    found["warnings"] = [{"id": "a", "seen": "b", "why": "c", "do": "d"}]
    for job in found["jobs"]:
        job["series"] = job["series"][:2]
    return found


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a document; of lists the first two, of jobs one."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[: 1 if path == ("jobs",) else 2]):
            yield from places(inner, (*path, index))


def put(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def without(document: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return changed


def use(path: Path) -> None:
    """All that is done with the document of a run."""
    result = store.load_document(path)
    assert isinstance(result, RunResult)
    run_table.render(result)
    report_kinds.shown(result)
    list_table.render([("id", listing_of(result))])
    for name in RUN_FORMATS:
        write(name, [result])
    list(calibration_table.shares(result, CALIBRATION))
    assert result.cpu_model is not None
    result.to_json()
    runs = read_runs(path)
    values(runs[0])
    differences(fingerprint(runs), fingerprint(runs))
    job_hash(runs[0])
    sessions(runs)


def changes(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each place without what stood there, or with one kind of junk or other."""
    everywhere = list(places(document))
    for number, place in enumerate(everywhere[::2]):
        junk = JUNK[number % len(JUNK)]
        yield f"{place}: {junk}", put(document, place, junk)
    for place in everywhere[1::2]:
        yield f"{place} is gone", without(document, place)


def test_whatever_stands_in_a_run_it_is_shown_or_refused(
    document: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document))
    use(path)
    told = 0
    for what, changed in changes(document):
        path.write_text(json.dumps(changed))
        try:
            use(path)
        except UsageError:
            told += 1
        except Exception as error:
            pytest.fail(f"{what}: {type(error).__name__}: {error}")
    assert told > 100


READ_BY_NAME = [
    ("options", "iodepth", [1]), ("options", "latency_target", "x"), ("options", "direct", None),
    ("options", "numjobs", {}), ("options", "steadystate_duration", "long"),
    ("counters", "submit", 5), ("counters", "other", {"voluntary_switches": "many"}),
    ("counters", "submit", {"batch_sizes": 7}),
]  # fmt: skip


@pytest.mark.parametrize(("part", "name", "junk"), READ_BY_NAME)
def test_what_is_read_by_name_is_of_its_type_and_the_error_says_where(
    document: dict[str, Any], tmp_path: Path, part: str, name: str, junk: Any
) -> None:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(put(document, ("jobs", 0, part, name), junk)))
    for read in (store.load_document, read_runs):
        with pytest.raises(UsageError, match=rf"jobs\.0\.{part}[:.] ?{name}"):
            read(path)


def test_what_others_have_besides_is_let_through(document: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    later = put(document, ("jobs", 0, "options", "of_a_later_version"), {"a": [None]})
    later = put(later, ("jobs", 0, "counters", "news"), {"count": 1})
    path.write_text(json.dumps(later))
    use(path)


def test_what_a_document_of_before_calls_otherwise_is_read(
    document: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "document.json"
    names = [("submit", "requests", "iocbs"), ("submit", "rejected", "head_failures"),
             ("other", "waits", "io_getevents")]  # fmt: skip
    before = copy.deepcopy(document)
    for job in before["jobs"]:
        for group, today, then in names:
            job["counters"][group][then] = job["counters"][group].pop(today)
    path.write_text(json.dumps(before))
    use(path)
    found = store.load(path)
    for group, today, then in names:
        assert found.jobs[0].counters[group][today] == document["jobs"][0]["counters"][group][today]
        assert then not in found.jobs[0].counters[group]


@pytest.mark.parametrize("count", [-1, 1 << 63, 10**400])
def test_counts_are_what_c_code_can_hold(
    document: dict[str, Any], tmp_path: Path, count: int
) -> None:
    """Else the writer of HDR's logs, which is C, writes beyond its memory."""
    path = tmp_path / "document.json"
    place = ("jobs", 0, "read", "lat_ns", "histogram", 0, 1)
    path.write_text(json.dumps(put(document, place, count)))
    with pytest.raises(UsageError, match="is not a result of laiobench"):
        store.load_document(path)


def test_a_long_number_in_a_name_is_a_name(document: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(put(document, ("argv", 0), "a, 123456789012345678901234567890")))
    use(path)
