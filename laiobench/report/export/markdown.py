"""Markdown: tables for an issue, a page, or a pull request.

Below a table are the warnings and notes of the document, and what measured it where.
"""

import re
from collections.abc import Sequence

from tabulate import tabulate

from laiobench.report.kinds import points
from laiobench.report.text import (
    bisection_table,
    distribution_table,
    gate_table,
    proof_sentences,
    remarks,
)
from laiobench.report.text.comparison_table import mark, sentences
from laiobench.report.text.numbers import (
    format_estimate,
    format_interval,
    format_value,
    format_visible,
    title,
)
from laiobench.results.bisection import BisectionResult
from laiobench.results.comparison import ComparedMetric, Comparison
from laiobench.results.document import Document
from laiobench.words import one_line

_COMPARED = ("metric", "variant", "baseline", "variant's", "ratio", "interval", "n", "verdict")


def gate(document: Comparison) -> str:
    """The gate's verdict, its table and sentences."""
    parts = [f"**{escape(gate_table.conclusion(document))}**"]
    parts.append(_list(remarks.failures(document)))
    if document.metrics:
        parts.append(table(gate_table.HEADERS, gate_table.rows(document.metrics)))
        parts.append(_list([gate_table.sentence(metric) for metric in document.metrics]))
        parts.append(_list(proof_sentences.sentences(document)))
    return _joined(document, parts)


def values(document: Document) -> str:
    """A table of a document's numbers."""
    rows = [
        (point.place, point.kind.title, format_value(point.value, point.kind))
        for point in points(document)
    ]
    parts = [table(("job", "metric", "value"), rows)] if rows else []
    return _joined(document, [*_status(document), *parts])


def comparison(document: Comparison) -> str:
    """A table of a comparison's metrics, and the sentences about them."""
    rows = [_row(metric) for metric in document.metrics]
    said = _list(
        [
            *sentences(document).splitlines(),
            *distribution_table.sentences(document.distributions),
            *proof_sentences.sentences(document),
        ]
    )
    return _joined(document, [*_status(document), table(_COMPARED, rows), said])


def bisection(document: BisectionResult) -> str:
    """The answer of a bisection, a table of its revisions, and which were skipped."""
    parts = [f"**{escape(bisection_table.sentence(document))}**"]
    parts.append(table(bisection_table.HEADERS, bisection_table.rows(document)))
    parts.append(_list(bisection_table.notes(document)))
    return _joined(document, [*_status(document), *parts])


def _status(document: Document) -> list[str]:
    """The status and its reasons, if the document did not end well."""
    if document.status == "ok":
        return []
    return [f"**{document.status}**", _list(remarks.failures(document))]


def _joined(document: Document, parts: Sequence[str]) -> str:
    """The parts, and after them remarks and the document's origin, as one text."""
    from_where = [f"{name}: {line}" for name, line in remarks.origin(document).items()]
    said = [line.replace("\n  ", "; ") for line in remarks.remarks(document)]
    parts = [*parts, _list(said), "Measured with:", _list(from_where)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(metric: ComparedMetric) -> tuple[str, ...]:
    sides = (metric.baseline_values, metric.variant_values)
    seen = format_visible(metric)
    return (
        title(metric),
        metric.variant,
        *(format_value(side.median, metric.kind) if side else "–" for side in sides),
        format_estimate(metric) or "–",
        format_interval(metric) or "–",
        f"{metric.n}" + (f" (sees {seen})" if seen else ""),
        mark(metric),
    )


# ---- Markdown itself -------------------------------------------------------------


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in the form that GitHub and GitLab show; cells are escaped."""
    return tabulate(
        [[escape(cell) for cell in row] for row in rows],
        headers=[escape(header) for header in headers],
        tablefmt="github",
        disable_numparse=True,
    )


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"* {escape(line)}" for line in lines)


def escape(text: str) -> str:
    """Text that no Markdown reader takes for markup, or for the end of a line or a cell.

    Names of jobs and files are whatever users chose.
    """
    words = one_line(" ".join(text.split()))
    return re.sub(r"([\\`*_\[\]<>|~&#])", r"\\\1", words)
