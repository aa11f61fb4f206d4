"""`laiobench show`: one stored result."""

from pathlib import Path

import click

from laiobench.cli.console import answer
from laiobench.cli.shared_options import WHERE_RESULTS_ARE, json_option, results_option
from laiobench.report.text import (
    calibration_table,
    comparison_table,
    gate_table,
    remarks,
    run_table,
)
from laiobench.results import calibration, reference, store
from laiobench.results.comparison import Comparison
from laiobench.results.run_result import RunResult


@click.command("show", short_help="Show a stored result.")
@click.argument("result", default=reference.LAST)
@json_option()
@results_option(WHERE_RESULTS_ARE)
def command(result: str, as_json: bool, results: Path) -> None:
    """Show RESULT: a file, the beginning of an id, `last`, which is the default, or `last~1`."""
    found = store.load_document(reference.find(result, results))
    answer(found.to_json() if as_json else _render(found), is_document=as_json)


def _render(document: store.Document) -> str:
    """All that was told when it was made."""
    if not isinstance(document, RunResult):
        return remarks.shown(document, _table(document))
    shares = calibration_table.shares(document, calibration.find(document.cpu_model))
    return remarks.shown(document, run_table.render(document), shares)


def _table(document: Comparison) -> str:
    if document.verdict is not None:
        return gate_table.render(document)
    return comparison_table.render(document)
