"""The table of a comparison, and its sentences."""

import pytest

from documents_of_runs import run_of
from laiobench.comparison.analysis import compare_blocks
from laiobench.report.text.comparison_table import mark, render, sentences
from laiobench.report.text.numbers import format_change, format_ratio
from laiobench.results.comparison import Comparison, Variant, Verdict
from laiobench.results.run_result import Tool

JOBS = [{"name": "job", "iodepth": 1}]


def comparison(pairs: int, slow_down: float, cpu: float = 1.0) -> Comparison:
    """A comparison of new with old; no two pairs are the same."""
    blocks = [
        {
            "old": [run_of(100_000)],
            "new": [
                run_of(100_000 * slow_down * (1 + n / 1000), cpu_ns=5_000 * cpu + n * (-1) ** n)
            ],
        }
        for n in range(pairs)
    ]
    metrics = compare_blocks(blocks, ["old", "new"])
    return Comparison(
        status="ok",
        tool=Tool(version="0", build="0"),
        argv=[],
        started_at="2026-01-01T00:00:00Z",
        method="paired",
        family=sum(metric.p is not None for metric in metrics),
        variants=[Variant(name=name, set={}, jobs=JOBS) for name in ("old", "new")],
        metrics=metrics,
    )


def test_the_faster_one_is_the_subject_whichever_is_the_baseline() -> None:
    slower, faster = comparison(10, 2.0, cpu=3.0), comparison(10, 0.5, cpu=3.0)
    assert sentences(slower).startswith("old is 2.01 × [2.00, 2.01] faster than new at iodepth 1")
    assert ", for 0.33 × the CPU per I/O. new is worse in mean (2.01 ×), " in sentences(slower)
    assert sentences(faster).startswith("new is ")
    assert ", for 3.00 × the CPU per I/O. new is better in mean (" in sentences(faster)


def test_the_headline_says_what_the_table_says_where_iops_say_nothing() -> None:
    compared = comparison(10, 1.0, cpu=1.5)
    iops_alike = [
        metric.model_copy(update={"verdict": Verdict.INCONCLUSIVE, "low": 0.99, "high": 1.01})
        if metric.metric == "iops"
        else metric
        for metric in compared.metrics
    ]
    said = sentences(compared.model_copy(update={"metrics": iops_alike}))
    assert said.startswith("new is worse in ") and "CPU per I/O (1.50 ×) than old" in said
    assert "in IOPS no difference was shown: the ratio is in " in said


def test_what_is_shown_alone_is_marked_as_that() -> None:
    (metric,) = [m for m in comparison(10, 2.0).metrics if m.metric == "lat_p50_ns"]
    doubtful = metric.model_copy(update={"verdict": Verdict.INCONCLUSIVE, "alone": True})
    assert mark(doubtful) == "(worse)"
    assert mark(doubtful.model_copy(update={"ratio": 0.9})) == "(better)"
    assert mark(doubtful.model_copy(update={"alone": False})) == "~"


@pytest.mark.parametrize(("share", "text"), [(1.39, "−58% / +139%"), (0.021, "2.1%"), (None, "")])
def test_a_change_that_could_be_seen_is_told_for_either_side(
    share: float | None, text: str
) -> None:
    assert format_change(share) == text


def test_no_difference_says_what_would_have_been_seen() -> None:
    text = sentences(comparison(10, 0.9955))
    assert text.startswith("Between new and old no difference was shown at iodepth 1")
    assert "10 would have shown a change of 0.5% in four of five cases." in text


def test_what_may_be_chance_in_a_table_may_be() -> None:
    compared = comparison(10, 2.0)
    doubtful = [
        metric.model_copy(update={"verdict": Verdict.INCONCLUSIVE}) for metric in compared.metrics
    ]
    assert sentences(compared.model_copy(update={"metrics": doubtful})).startswith("old may be ")


def test_too_few_pairs_make_no_sentence_but_a_reason() -> None:
    compared = comparison(5, 2.0)
    assert sentences(compared) == ""
    assert "n = 5: an interval of 0.95 needs at least 6 pairs" in render(compared)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(1.0, "1.000"), (1.384, "1.38"), (0.725, "0.72"), (9.2, "9.20"), (68.93, "68.9"),
     (1234.5, "1,234"), (0.0312, "0.031"), (float("inf"), "∞")],
)  # fmt: skip
def test_ratios_have_as_many_digits_as_tell_something(ratio: float, text: str) -> None:
    assert format_ratio(ratio) == text
