"""CSV: a line for each value that was measured, each compared metric, or each revision.

The first line names the columns; a name says the unit.  Each line repeats what holds for its
document: status, failures, warnings; a document without numbers has one such line.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from laiobench.report.kinds import points
from laiobench.report.text import remarks
from laiobench.results.bisection import BisectionResult
from laiobench.results.comparison import ComparedMetric, Comparison, Summary
from laiobench.results.comparison_proof import ArmRatio, Proof
from laiobench.results.document import Document
from laiobench.words import one_line

_ORIGIN = ("command", "version", "host", "kernel", "targets")
_SAID = (*_ORIGIN, "failures", "notes", "warnings")
_VALUES = ("started_at", "status", "job", "direction", "metric", "unit", "better", "value", *_SAID)
_COMPARED = (
    "started_at", "status", "job", "direction", "metric", "better", "baseline", "variant", "n",
    "level", "baseline_median", "variant_median", "ratio", "low", "high", "smallest_visible",
    "difference", "difference_low", "difference_high",
    "p", "max_regression", "verdict", "reason", "sham_ratio", "sham_p", "spike", "spike_ratio",
    "spike_low", "spike_high", "spike_found", *_SAID,
)  # fmt: skip
_BISECTED = (
    "started_at", "status", "answer", "job", "direction", "metric", "better", "revision", "title",
    "trials", "change", "has_change", "probability", "skipped", *_SAID,
)  # fmt: skip

Cell = str | float | None


Row = dict[str, Cell]


def values(documents: Sequence[Document]) -> str:
    """One table, with a line for each value."""
    return _table(_VALUES, ((document, _value_rows(document)) for document in documents))


def compared(documents: Sequence[Comparison]) -> str:
    """One table, with a line for each compared metric."""
    return _table(_COMPARED, ((document, _compared_rows(document)) for document in documents))


def bisected(documents: Sequence[BisectionResult]) -> str:
    """All in one table, a line for each revision."""
    return _table(_BISECTED, ((document, _revision_rows(document)) for document in documents))


def _revision_rows(document: BisectionResult) -> Iterator[Row]:
    went_by = document.metric.model_dump(mode="json") if document.metric else {}
    for revision in document.revisions:
        known = revision.model_dump(mode="json")
        name = known.pop("name")
        yield {"answer": document.answer, **went_by, "revision": name, **known}


def _table(columns: Sequence[str], parts: Iterable[tuple[Document, Iterable[Row]]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for document, rows in parts:
        head = _head(document)
        for row in list(rows) or [{}]:
            cells = {column: _cell(value) for column, value in {**head, **row}.items()}
            writer.writerow(cells)
    return text.getvalue()


def _head(document: Document) -> Row:
    """The columns that are the same in all lines of a document."""
    origin = remarks.origin(document)
    return {
        "started_at": document.started_at,
        "status": document.status,
        **{name: origin.get(name) for name in _ORIGIN},
        "failures": "; ".join(document.failures),
        "notes": "; ".join(document.notes),
        "warnings": "; ".join(f"{each.seen}: {each.why}" for each in document.warnings),
    }


def _value_rows(document: Document) -> Iterator[Row]:
    for point in points(document):
        yield {
            "job": point.job,
            "direction": point.direction,
            "metric": point.kind.name,
            "unit": point.kind.unit,
            "better": point.kind.better,
            "value": point.value,
        }


def _compared_rows(document: Comparison) -> Iterator[Row]:
    for metric in document.metrics:
        known = metric.model_dump(mode="json")
        yield {
            **{column: known[column] for column in _COMPARED if column in known},
            **_difference(metric),
            "baseline_median": _median(metric.baseline_values),
            "variant_median": _median(metric.variant_values),
            **_proven(document.proof, metric),
        }


def _difference(metric: ComparedMetric) -> Row:
    """In the metric's unit; empty cells where there is a ratio."""
    found = metric.difference
    ends = (found.estimate, found.low, found.high) if found else (None, None, None)
    return dict(zip(("difference", "difference_low", "difference_high"), ends, strict=True))


def _proven(proof: Proof | None, metric: ComparedMetric) -> Row:
    """What hidden arms proved; empty cells without arms."""
    proven = proof.of(metric.key) if proof else None
    if proof is None or proven is None:
        return {}
    sham, spike = proven.sham or ArmRatio(ratio=None), proven.spike or ArmRatio(ratio=None)
    return {
        "sham_ratio": sham.ratio,
        "sham_p": proven.sham_p,
        "spike": proof.spike,
        "spike_ratio": spike.ratio,
        "spike_low": spike.low,
        "spike_high": spike.high,
        "spike_found": proven.spike_found,
    }


def _cell(value: Cell) -> Cell:
    """Text that spreadsheets do not run: if it begins like a formula, it is quoted."""
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "::")) else text


def _median(side: Summary | None) -> float | None:
    return None if side is None else side.median
