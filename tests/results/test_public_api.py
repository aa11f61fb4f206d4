"""What `import laiobench` offers to a program or a notebook."""

import json
from pathlib import Path
from typing import Any

import pydantic
import pytest

import laiobench
from documents_of_runs import document, job
from laiobench import Comparison, RunResult
from laiobench.errors import UsageError

NASTY = "<script>alert(1)</script>"


def run(name: str = "job", **more: Any) -> RunResult:
    return RunResult.model_validate(document(job(name, **more)))


def compared(name: str = "job") -> Comparison:
    """Six days against six that are slower by a fifth."""
    days = [
        document(
            job(name, p50_ns=1e5 * slow * (1 + day / 1000)),
            started_at=f"2026-0{month}-0{day}T00:00:00Z",
        )
        for month, slow in ((1, 1.0), (2, 1.2))
        for day in range(1, 7)
    ]
    runs = [RunResult.model_validate(made) for made in days]
    return laiobench.compare(runs[:6], runs[6:])


def test_dir_tells_the_public_names() -> None:
    assert set(laiobench.__all__) <= set(dir(laiobench))
    assert {"Job", "run", "ab", "compare", "load", "__version__"} <= set(dir(laiobench))
    assert not [name for name in dir(laiobench) if name[0] == "_" and name[:2] != "__"]
    for name in dir(laiobench):
        getattr(laiobench, name)


# ---- options -------------------------------------------------------------------------


def test_an_unknown_option_is_told_with_the_nearest_there_is() -> None:
    with pytest.raises(pydantic.ValidationError) as told:
        laiobench.Job(iodeph=3, engine="null")  # type: ignore[call-arg]
    assert "there is no option iodeph; did you mean iodepth?" in str(told.value)


def test_all_that_is_wrong_with_a_job_is_told_at_once() -> None:
    options: dict[str, Any] = {"iodeph": 3, "xyzzy": 1, "iodepth": 0, "completion": "pol"}
    with pytest.raises(pydantic.ValidationError) as told:
        laiobench.Job(**options)
    problems = {error["loc"][0]: error["msg"] for error in told.value.errors()}
    assert problems.keys() == options.keys()
    assert problems["xyzzy"] == "there is no option xyzzy"


def test_options_that_do_not_fit_together_are_told_as_ever() -> None:
    with pytest.raises(pydantic.ValidationError, match="runtime"):
        laiobench.Job(time_based=True)


# ---- results that are stored ------------------------------------------------------------


def test_a_result_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(run().to_json())
    assert laiobench.load(path) == laiobench.load(str(path)) == run()


def test_a_comparison_is_loaded_as_one(tmp_path: Path) -> None:
    path = tmp_path / "comparison.json"
    path.write_text(compared().to_json())
    assert isinstance(laiobench.load(path), Comparison)


@pytest.mark.parametrize("content", [None, "", "{}", "no JSON", '{"schema": 99, "kind": "run"}'])
def test_what_is_no_result_is_told_by_its_path(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "some.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=r"some\.json"):
        laiobench.load(path)


def test_what_was_loaded_is_compared_as_it_is(tmp_path: Path) -> None:
    """Of a live comparison its baseline is meant, as on the command line."""
    trials = [
        {"variant": name, "block": block, "run": document(job(p50_ns=1e5 * slow))}
        for block in range(6)
        for name, slow in (("one", 1.0), ("two", 2.0))
    ]
    variants = [{"name": "one", "set": {}}, {"name": "two", "set": {}}]
    live = json.loads(compared().to_json()) | {"trials": trials, "variants": variants}
    path = tmp_path / "live.json"
    path.write_text(json.dumps(live))
    loaded = laiobench.load(path)
    [iops] = laiobench.compare([loaded], [run()]).find("iops")
    assert iops.ratio == pytest.approx(1)


# ---- how they show themselves ---------------------------------------------------------------


def test_what_a_prompt_shows_of_results_is_a_line() -> None:
    for shown in (repr(run("mine")), str(run("mine")), repr([run("mine")])):
        assert "\n" not in shown and len(shown) < 300
        assert "mine" in shown and "10,000 IOPS" in shown and "ok" in shown
    shown = repr(compared())
    assert "\n" not in shown and len(shown) < 300
    assert "base" in shown and "new" in shown and "ok" in shown


def test_parts_of_results_show_themselves_without_what_is_bulky() -> None:
    bins = [(value, 1) for value in range(10_000)]
    result = run("mine", histogram=bins, ios=10_000)
    assert len(repr(result.jobs)) < 4_000
    assert "histogram" not in repr(result.jobs[0].read)


def test_a_notebook_shows_tables_whose_words_are_escaped() -> None:
    for shown in (run(NASTY)._repr_html_(), compared(NASTY)._repr_html_()):
        assert shown.count("<table>") == 1 and "IOPS" in shown
        assert "<script>" not in shown and "&lt;script&gt;" in shown


def test_a_comparison_of_nothing_shows_itself_too() -> None:
    nothing = compared().model_copy(update={"metrics": []})
    assert "<table>" in nothing._repr_html_() and repr(nothing)


# ---- frames --------------------------------------------------------------------------------


def test_a_run_is_a_frame_of_a_row_for_each_direction_of_a_job() -> None:
    frame = run("mine", p50_ns=1e5).to_frame()
    assert list(frame["job"]) == ["mine"] and list(frame["direction"]) == ["read"]
    assert frame["iops"][0] == pytest.approx(1e4)
    assert frame["lat_p50_ns"][0] == 1e5 and frame["lat_p99_ns"][0] == 4e5
    assert frame["cpu_ns_per_io"][0] == 5_000


def test_a_comparison_is_a_frame_of_a_row_for_each_metric() -> None:
    comparison = compared()
    frame = comparison.to_frame()
    assert len(frame) == len(comparison.metrics)
    [iops] = frame[frame["metric"] == "iops"].to_dict("records")
    [metric] = comparison.find("iops")
    assert (iops["ratio"], iops["low"], iops["high"]) == (metric.ratio, metric.low, metric.high)
    assert iops["verdict"] == "regress"
    assert iops["baseline_median"] == pytest.approx(1e4, rel=0.01)
