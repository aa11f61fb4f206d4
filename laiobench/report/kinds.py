"""How documents of each kind are shown, and what is exported of them: a row each.

The rows have the same names as those of `laiobench.results.kinds`.  A kind with `points` can be
exported in every format that is made of points; json writes any kind; a format that does
more has a function for it, named in its row in `laiobench.report.export`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laiobench.report import points as points_module
from laiobench.report.points import MetricPoint
from laiobench.report.text import (
    bisection_table,
    calibration_table,
    comparison_table,
    gate_table,
    remarks,
    run_table,
)
from laiobench.results.comparison import Comparison
from laiobench.results.document import Document
from laiobench.results.run_result import RunResult
from laiobench.results.this_machine import find_calibration


def _nothing(_: Any) -> Sequence[str]:
    return ()


def _its_kind(document: Document) -> str:
    return document.kind


@dataclass(frozen=True)
class ShownKind:
    """How documents of a kind are shown and exported."""

    table: Callable[[Any], str]
    forms: Mapping[str, str]
    """The forms of this kind that formats treat differently, by name: `results of runs`."""
    form: Callable[[Any], str] = _its_kind
    """Tells the form of a document."""
    points: Callable[[Any], Sequence[MetricPoint]] | None = None
    """Its numbers, for formats that are made of points; None: it has none."""
    sentences: Callable[[Any], Sequence[str]] = _nothing
    """Lines below the table, besides notes and warnings."""


def _shares(result: RunResult) -> Sequence[str]:
    return calibration_table.shares(result, find_calibration(result.cpu_model))


def _compared(comparison: Comparison) -> str:
    if comparison.verdict is not None:
        return gate_table.render(comparison)
    return comparison_table.render(comparison)


def _judged(comparison: Comparison) -> str:
    return "comparison" if comparison.verdict is None else "gate"


SHOWN: Mapping[str, ShownKind] = {
    "run": ShownKind(
        run_table.render, {"run": "results of runs"},
        points=points_module.of_run, sentences=_shares,
    ),
    "comparison": ShownKind(
        _compared,
        {"comparison": "comparisons that no policy has judged", "gate": "what a gate has judged"},
        form=_judged, points=points_module.of_comparison,
    ),
    "calibration": ShownKind(
        calibration_table.render, {"calibration": "calibrations"},
        points=points_module.of_calibration,
    ),
    "bisection": ShownKind(bisection_table.render, {"bisection": "bisections"}),
}  # fmt: skip


def shown(document: Document) -> str:
    """A stored document as text for people, with all that was said when it was made."""
    kind = SHOWN[document.kind]
    return remarks.shown(document, kind.table(document), kind.sentences(document))


def points(document: Document) -> Sequence[MetricPoint]:
    """The numbers of a document; its kind must have points."""
    read = SHOWN[document.kind].points
    return read(document) if read else ()


def kind_of_form(form: str) -> ShownKind:
    """The kind that has this form."""
    return next(kind for kind in SHOWN.values() if form in kind.forms)
