"""`laiobench list`: the stored results."""

import json
from pathlib import Path

import click

from laiobench.cli.console import answer, say
from laiobench.cli.shared_options import WHERE_RESULTS_ARE, json_option, results_option
from laiobench.errors import LaiobenchError, UsageError
from laiobench.report.text import comparison_table, run_table
from laiobench.results import store
from laiobench.results.comparison import Comparison


@click.command("list", short_help="List the stored results.")
@json_option("a JSON array")
@results_option(WHERE_RESULTS_ARE)
def command(as_json: bool, results: Path) -> None:
    """List the stored results, oldest first.  What can't be read is told on stderr."""
    if results.exists() and not results.is_dir():
        raise UsageError(f"{results} is no folder", "name the folder where results are")
    readable = []
    for entry in store.stored(results):
        if isinstance(entry, LaiobenchError):
            say(f"warning: {entry}")
        else:
            readable.append(entry)
    rows = [
        comparison_table.summary(entry.id, entry.result)
        if isinstance(entry.result, Comparison)
        else run_table.summary(entry.id, entry.result)
        for entry in readable
    ]
    if as_json:
        answer(json.dumps(rows), is_document=True)
    elif rows:
        answer(run_table.render_summaries(rows))
    else:
        say(f"there are no results in {results}")
