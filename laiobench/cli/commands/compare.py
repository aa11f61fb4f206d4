"""`laiobench compare`: compares stored results with others."""

import gc
from pathlib import Path

import click

from laiobench.cli.console import answer, say
from laiobench.cli.shared_options import WHERE_NAMED_RESULTS_ARE, json_option, results_option
from laiobench.errors import UsageError
from laiobench.report.text import comparison_table
from laiobench.results.metrics import COMPARED, METRICS
from laiobench.results.selection import select
from laiobench.words import suggest


@click.command("compare", short_help="Compare stored results with others.")
@click.argument("base")
@click.argument("new")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="Compare only this metric; may be repeated.  One of: " + ", ".join(METRICS) + ".",
)
@json_option()
@results_option(WHERE_NAMED_RESULTS_ARE)
def command(base: str, new: str, metrics: tuple[str, ...], as_json: bool, results: Path) -> None:
    """Compare the results of NEW with those of BASE.

    Each is a file, a folder of results, the beginning of an id, `last`, or `last~1`, the
    one before it.  If it is a live comparison, the baseline's runs are used, or with
    ID:VARIANT those of that variant.

    Runs of one boot, no more than half an hour apart, are a session, and a session counts
    once: a baseline of fewer than 5 sessions decides nothing.  To decide now, measure both
    in turns: `laiobench ab`.
    """
    gc.disable()  # collecting would find nothing: thousands of documents are read and kept
    for name in metrics:
        if name not in METRICS:
            raise UsageError(f"there is no metric {name}{suggest(name, METRICS)}")
    sides = [select(reference, results) for reference in (base, new)]
    # Imported here: these need numpy, which is slow to import.
    from laiobench.comparison.stored import compare

    comparison = compare(
        sides[0].runs, sides[1].runs, metrics=metrics or COMPARED, references=(base, new)
    )
    for side in sides:
        if side.left_out:
            say(
                f"warning: {len(side.left_out)} of {len(side.left_out) + len(side.runs)} results "
                f"in {side.reference} are left out: {side.left_out[0]}"
            )
    text = comparison.to_json() if as_json else comparison_table.render(comparison)
    answer(text, is_document=as_json, has_verdicts=True)
