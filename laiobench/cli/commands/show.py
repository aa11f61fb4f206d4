"""`laiobench show`: shows one stored document."""

from pathlib import Path

import click

from laiobench.cli.console import answer
from laiobench.cli.shared_options import WHERE_RESULTS_ARE, json_option, results_option
from laiobench.report.kinds import shown
from laiobench.results import reference, store


@click.command("show", short_help="Show a stored result.")
@click.argument("result", default=reference.LAST)
@json_option()
@results_option(WHERE_RESULTS_ARE)
def command(result: str, as_json: bool, results: Path) -> None:
    """Show RESULT: a file, the beginning of an id, `last`, which is the default, or `last~1`."""
    found = store.load_document(reference.find(result, results))
    answer(found.to_json() if as_json else shown(found), is_document=as_json, has_verdicts=True)
