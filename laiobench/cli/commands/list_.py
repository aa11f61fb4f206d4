"""`laiobench list`: lists the stored results."""

import json
from pathlib import Path

import click

from laiobench.cli.console import answer, say
from laiobench.cli.shared_options import WHERE_RESULTS_ARE, json_option, results_option
from laiobench.errors import LaiobenchError, UsageError
from laiobench.report.text import list_table
from laiobench.results import store
from laiobench.results.kinds import listing_of


@click.command("list", short_help="List the stored results.")
@json_option("a JSON array")
@results_option(WHERE_RESULTS_ARE)
def command(as_json: bool, results: Path) -> None:
    """List the stored results, oldest first; warn of those that can't be read."""
    if results.exists() and not results.is_dir():
        raise UsageError(f"{results} is no folder", "name the folder where results are")
    listed = []
    for entry in store.stored(results):
        if isinstance(entry, LaiobenchError):
            say(f"warning: {entry}")
        else:
            listed.append((entry.id, listing_of(entry.result)))
    if as_json:
        rows = [listing.row(identifier) for identifier, listing in listed]
        answer(json.dumps(rows), is_document=True)
    elif listed:
        answer(list_table.render(listed))
    else:
        say(f"there are no results in {results}")
