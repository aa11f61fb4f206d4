"""How documents of each kind are shown, and what is exported of them: a row each.

The rows have the same names as those of `laiobench.results.kinds`.  A kind with `points` can be
exported in every format that is made of points; json writes any kind; a format that does
more has a function for it, named in its row in `laiobench.report.export`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laiobench.later import later, named
from laiobench.results.document import Document
from laiobench.results.this_machine import find_calibration

if TYPE_CHECKING:
    from laiobench.report.points import MetricPoint
    from laiobench.results.comparison import Comparison
    from laiobench.results.run_result import RunResult

_TEXT = "laiobench.report.text"
_POINTS = "laiobench.report.points"


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
    shares: Callable[..., Sequence[str]] = named(f"{_TEXT}.calibration_table:shares")
    return shares(result, find_calibration(result.cpu_model))


def _compared(comparison: Comparison) -> str:
    table = "comparison_table" if comparison.verdict is None else "gate_table"
    return str(named(f"{_TEXT}.{table}:render")(comparison))


def _judged(comparison: Comparison) -> str:
    return "comparison" if comparison.verdict is None else "gate"


SHOWN: Mapping[str, ShownKind] = {
    "run": ShownKind(
        later(f"{_TEXT}.run_table:render"), {"run": "results of runs"},
        points=later(f"{_POINTS}:of_run"), sentences=_shares,
    ),
    "comparison": ShownKind(
        _compared,
        {"comparison": "comparisons that no policy has judged", "gate": "what a gate has judged"},
        form=_judged, points=later(f"{_POINTS}:of_comparison"),
    ),
    "calibration": ShownKind(
        later(f"{_TEXT}.calibration_table:render"), {"calibration": "calibrations"},
        points=later(f"{_POINTS}:of_calibration"),
    ),
    "bisection": ShownKind(
        later(f"{_TEXT}.bisection_table:render"), {"bisection": "bisections"}
    ),
}  # fmt: skip


def shown(document: Document) -> str:
    """A stored document as text for people, with all that was said when it was made."""
    kind = SHOWN[document.kind]
    remarks: Callable[..., str] = named(f"{_TEXT}.remarks:shown")
    return remarks(document, kind.table(document), kind.sentences(document))


def points(document: Document) -> Sequence[MetricPoint]:
    """The numbers of a document; its kind must have points."""
    read = SHOWN[document.kind].points
    return read(document) if read else ()


def kind_of_form(form: str) -> ShownKind:
    """The kind that has this form."""
    return next(kind for kind in SHOWN.values() if form in kind.forms)
