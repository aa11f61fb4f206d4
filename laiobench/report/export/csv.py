"""CSV: a line for each value of a run, or for each compared metric.

The first line names the columns; numbers are in the units that their names say.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from laiobench.errors import UsageError
from laiobench.report.export import Document
from laiobench.report.export.points import points
from laiobench.results.comparison import Summary
from laiobench.results.run_result import RunResult
from laiobench.words import one_line

_RUN = ("started_at", "status", "job", "direction", "metric", "unit", "better", "value")
_COMPARED = (
    "started_at", "status", "job", "direction", "metric", "better", "baseline", "variant", "n",
    "level", "baseline_median", "variant_median", "ratio", "low", "high", "smallest_visible",
    "p", "max_regression", "verdict", "reason",
)  # fmt: skip

Cell = str | float | None


def render(documents: Sequence[Document]) -> str:
    """All in one table.

    Raises:
        UsageError: there are runs and comparisons, which have other columns.
    """
    are_runs = {isinstance(document, RunResult) for document in documents}
    if len(are_runs) > 1:
        raise UsageError("runs and comparisons have different columns", "export them apart")
    columns = _RUN if are_runs == {True} else _COMPARED
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for document in documents:
        for row in _rows(document):
            writer.writerow({column: _cell(value) for column, value in row.items()})
    return text.getvalue()


def _rows(document: Document) -> Iterator[dict[str, Cell]]:
    head = {"started_at": document.started_at, "status": document.status}
    if isinstance(document, RunResult):
        for point in points(document):
            yield {
                **head,
                "job": point.job,
                "direction": point.direction,
                "metric": point.kind.name,
                "unit": point.kind.unit,
                "better": point.kind.better,
                "value": point.value,
            }
        return
    for metric in document.metrics:
        known = metric.model_dump(mode="json")
        yield {
            **head,
            **{column: known[column] for column in _COMPARED if column in known},
            "baseline_median": _median(metric.baseline_values),
            "variant_median": _median(metric.variant_values),
        }


def _cell(value: Cell) -> Cell:
    """Text that a spreadsheet takes for text: what begins like a formula is quoted."""
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "::")) else text


def _median(side: Summary | None) -> float | None:
    return None if side is None else side.median
