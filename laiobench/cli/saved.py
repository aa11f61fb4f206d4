"""What is said when a document was saved: where, and whether it can be read again."""

from pathlib import Path

from laiobench.cli.console import say
from laiobench.results import store


def tell_saved(path: Path, *, quiet: bool) -> None:
    """One that is too large is whole, and nothing of it is lost; but that is told, always."""
    if not quiet:
        say(f"saved in {path}")
    if problem := store.too_large(path):
        say(
            f"warning: {problem}: it is saved whole, but show, compare and export refuse it\n"
            "  other programs can read it, it is JSON; for the next one measure fewer trials, jobs "
            "or copies at a time"
        )
