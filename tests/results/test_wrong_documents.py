"""Documents of every kind with random changes: reading commands answer or say a sentence.

What is changed is drawn with a fixed seed: a place is left out, or has something of another
type or size.  The commands are called in this process, and a few as programs.
"""

import contextlib
import copy
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import laiobench
from documents_of_runs import document, job
from laiobench.cli import live_comparison
from laiobench.cli.interruption import Interruption
from laiobench.cli.main import cli
from laiobench.comparison.bisection.trials import RevisionTrials
from laiobench.comparison.experiment import resume
from laiobench.errors import UsageError
from laiobench.report.export import FORMATS
from laiobench.results import store
from laiobench.results.bisection import BisectionResult, Revision
from laiobench.results.comparison import Comparison
from laiobench.results.kinds import KINDS
from laiobench.results.run_result import RunResult
from program import Program

CHANGES = 40
"""Of each kind of document; thousands found what is mended."""

JUNK: list[Any] = [
    None, True, -1, 0, 1.5, 1e308, -1e308, 5e-324, 10**18, 10**25, 10**400, math.inf, math.nan,
    "", "x", "\x1b[31m", "9" * 400, [], [[]], {}, [1], {"a": 1}, {"0.02": []},
]  # fmt: skip
POLICY = """[pairs]
min = 6
max = 10
[metric.lat_p50_ns]
max_regression = "5%"
"""


def a_run() -> dict[str, Any]:
    return document(job("job"), job("other", direction="write", copy=1), job("other"))


def a_comparison() -> dict[str, Any]:
    """The document of a live comparison: 6 pairs, one side is slower."""

    def measure(variant: Any, position: int) -> RunResult:
        p50_ns = 1e5 * (1 + variant.jobs[0].iodepth / 100) + position
        return RunResult.model_validate(document(job(p50_ns=p50_ns)))

    made = laiobench.ab(
        laiobench.Job(rw="randread", engine="null", number_ios=10),
        {"iodepth": [1, 32]},
        pairs=6,
        seed=1,
        measure=measure,
    )
    found: dict[str, Any] = json.loads(made.to_json())
    return found


def a_gate() -> dict[str, Any]:
    found = a_comparison()
    for metric in found["metrics"]:
        metric["max_regression"] = 0.05
    found["differences"] = [{"name": "kernel", "baseline": "6", "new": "7", "hard": True}]
    return {**found, "verdict": "regress", "exit_code": 3, "policy": {"pairs": {"min": 6}}}


def a_calibration() -> dict[str, Any]:
    floor = {
        "job": "job", "direction": "read", "metric": "lat_p50_ns", "better": "lower",
        "median": 1e5, "spread": 0.02, "smallest_visible": 0.03,
        "pairs_to_see": {"0.02": 90, "0.05": 17, "0.1": 8},
    }  # fmt: skip
    whole = {**floor, "metric": "cpu_ns_per_io", "direction": None}
    return {
        "schema": 1, "kind": "calibration", "started_at": "2026-01-01T00:00:00Z",
        "tool": {"name": "laiobench", "version": "0", "build": "0"}, "argv": ["laiobench"],
        "machine": {"host": "here", "cpu": {"model": "fast"}},
        "jobs": [{"name": "job", "bs": 4096}],
        "lengths": [
            {"runtime_s": 0.5, "pairs": 10, "floors": [floor, whole],
             "not_measurable": {"job: p99.9": "too short"}, "trial_s": 0.6},
        ],
        "own_costs": [{"job": "job", "completion": "poll", "iodepth": 1, "ns_per_io": 90.0}],
        "warnings": [{"id": "a", "seen": "b", "why": "c", "do": "d"}],
    }  # fmt: skip


def a_bisection() -> dict[str, Any]:
    """A bisection of three revisions: the second made the change, the third can't be built."""
    trials = [
        {"variant": name, "block": at, "position": at, "run": document(job(p50_ns=p50_ns))}
        for at, (name, p50_ns) in enumerate((("a", 1e5), ("d", 2e5), ("b", 2e5), ("a", 1e5)))
    ]
    known = {"trials": 1, "change": 1.0, "probability": 0.3, "has_change": 0.9}
    return {
        "schema": 1, "kind": "bisection", "status": "ok", "answer": "range", "exit_code": 0,
        "tool": {"name": "laiobench", "version": "0", "build": "0"}, "argv": ["laiobench"],
        "started_at": "2026-01-01T00:00:00Z",
        "design": {"seed": 1, "confidence": 0.95, "metrics": ["lat_p50_ns"], "prepare": "x {rev}"},
        "metric": {"job": "job", "direction": "read", "metric": "lat_p50_ns", "better": "lower"},
        "last_without": "a", "first_with": "b", "probability": 0.97,
        "change": {"ratio": 2.0, "low": 1.9, "high": 2.1},
        "revisions": [
            {"name": "a", "trials": 2, "probability": 0, "has_change": 0},
            {"name": "b", "title": "a title", **known},
            {"name": "c", "skipped": "no compiler", "probability": 0.1, "has_change": 0.9},
            {"name": "d", **known},
        ],
        "preparations": [{"revision": "a", "took_s": 1.0}],
        "trials": trials,
    }  # fmt: skip


MAKE = {
    "run": a_run,
    "comparison": a_comparison,
    "gate": a_gate,
    "calibration": a_calibration,
    "bisection": a_bisection,
}


def test_every_kind_is_changed_here() -> None:
    assert MAKE.keys() >= KINDS.keys()


# ---- changing --------------------------------------------------------------------


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a document; of lists the first."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:1]):
            yield from places(inner, (*path, index))


def changed(whole: dict[str, Any], drawn: random.Random) -> tuple[str, dict[str, Any]]:
    place = drawn.choice(list(places(whole)))
    made = copy.deepcopy(whole)
    inner: Any = made
    for key in place[:-1]:
        inner = inner[key]
    if drawn.random() < 0.25:
        del inner[place[-1]]
        return f"{place} is gone", made
    junk = drawn.choice(JUNK)
    inner[place[-1]] = junk
    return f"{place}: {junk!r:.60}", made


# ---- reading ---------------------------------------------------------------------


def commands(path: Path, number: int) -> Iterator[list[str]]:
    """All that read documents; of the formats one after the other."""
    yield ["show", str(path)]
    yield ["list", f"--results={path.parent}"]
    yield ["list", "--json", f"--results={path.parent}"]
    yield ["history", str(path.parent), f"--metric={('iops', 'lat_p99_ns')[number % 2]}"]
    yield ["compare", "base.json", str(path)]
    yield ["compare", str(path), str(path)]
    yield ["gate", "base.json", str(path), "--policy=policy.toml"]
    yield ["export", str(path), f"--format={list(FORMATS)[number % len(FORMATS)]}"]
    yield ["explain", str(path)]


def call(words: list[str]) -> None:
    """Raises what it was not to end in."""
    done = CliRunner().invoke(cli, words, obj=Interruption())
    if isinstance(done.exception, SystemExit | UsageError) or done.exception is None:
        return
    raise done.exception


def go_on_with(path: Path) -> None:
    """As `ab --resume`, up to the first trial."""
    earlier = store.load_as(path, Comparison)
    had = earlier.design
    design = live_comparison.further(
        earlier, None, None, None, had and had.prepare, had and had.cleanup
    )
    resume(earlier, design).document("interrupted")


def search_on_with(path: Path) -> None:
    """As `bisect --resume`, up to the first trial."""
    earlier = store.load_as(path, BisectionResult)
    new = [Revision(name=each.name) for each in earlier.revisions]
    trials = RevisionTrials(new, earlier.design, [], is_prepared=True)
    trials.take_up(earlier)
    trials.document("interrupted")


def use(path: Path, number: int) -> None:
    for words in commands(path, number):
        try:
            call(words)
        except Exception as error:
            error.add_note(" ".join(words))
            raise
    with contextlib.suppress(UsageError):
        go_on_with(path)
    with contextlib.suppress(UsageError):
        search_on_with(path)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a document comes to be, beside a baseline and a policy."""
    monkeypatch.chdir(tmp_path)
    Path("base.json").write_text(json.dumps(a_run()))
    Path("policy.toml").write_text(POLICY)
    Path("results").mkdir()
    return tmp_path / "results" / "document.json"


@pytest.mark.parametrize("name", MAKE)
def test_whatever_is_in_a_document_a_command_answers_or_says_a_sentence(
    name: str, path: Path
) -> None:
    whole = MAKE[name]()
    path.write_text(json.dumps(whole))
    for number in range(len(FORMATS)):
        use(path, number)
    drawn = random.Random(f"laiobench {name}")
    for number in range(CHANGES):
        what, made = changed(whole, drawn)
        path.write_text(json.dumps(made))
        try:
            use(path, number)
        except Exception as error:
            notes = " ".join(getattr(error, "__notes__", []))
            pytest.fail(f"{what}, {notes}: {type(error).__name__}: {error}")


MENDED = {
    "metrics.0.metric: Value error, there is no such metric": (
        "comparison", lambda it: it["metrics"][0].update(metric="speed"),
    ),
    "variants: List should have at least 1 item": (
        "comparison", lambda it: it.update(variants=[]),
    ),
    "variants.0.jobs.0: iodepth": (
        "comparison", lambda it: it["variants"][0]["jobs"][0].update(iodepth=[1]),
    ),
    "design.pairs": ("comparison", lambda it: it["design"].update(pairs=-1)),
    "trials.0.run.schema": ("gate", lambda it: it["trials"][0]["run"].update(schema=-1)),
    "lengths.0.floors.0.metric: Value error, there is no such metric": (
        "calibration", lambda it: it["lengths"][0]["floors"][0].update(metric="speed"),
    ),
    "started_at: Value error, Invalid isoformat": (
        "calibration", lambda it: it.update(started_at="today"),
    ),
    "jobs.0: iodepth": ("calibration", lambda it: it["jobs"][0].update(iodepth="deep")),
    "jobs.0.cpu.per_io_ns: Value error, it is nothing that can be measured": (
        "run", lambda it: it["jobs"][0]["cpu"].update(per_io_ns=1e308),
    ),
}  # fmt: skip


@pytest.mark.parametrize("told", MENDED)
def test_the_sentence_says_where(told: str, path: Path) -> None:
    name, change = MENDED[told]
    made = MAKE[name]()
    change(made)
    path.write_text(json.dumps(made))
    with pytest.raises(UsageError) as refused:
        store.load_document(path)
    assert f"document.json is not a result of laiobench: {told}" in str(refused.value)


def test_a_calibration_that_asked_for_other_changes_is_shown(path: Path) -> None:
    made = a_calibration()
    del made["lengths"][0]["floors"][0]["pairs_to_see"]["0.02"]
    path.write_text(json.dumps(made))
    assert "–" in CliRunner().invoke(cli, ["show", str(path)], obj=Interruption()).stdout


def test_as_programs_they_end_with_2_and_a_sentence(program: Program) -> None:
    made = a_comparison()
    made["metrics"][0]["metric"] = "speed"
    (program.folder / "wrong.json").write_text(json.dumps(made))
    (program.folder / "policy.toml").write_text(POLICY)
    for words in (
        ("show", "wrong.json"),
        ("export", "wrong.json", "--format=csv"),
        ("ab", "--resume=wrong.json"),
        ("explain", "wrong.json"),
    ):
        outcome = program(*words)
        assert outcome.code == 2, words
        assert "laiobench: error: " in outcome.stderr and "a fault in" not in outcome.stderr
