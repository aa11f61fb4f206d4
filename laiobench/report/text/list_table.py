"""The list of stored documents, a line each, whatever their kinds."""

from collections.abc import Iterable, Sequence

from tabulate import tabulate

from laiobench.results.document import Listing
from laiobench.units import format_count

_SHOWN = 3
_LONGEST_NAME = 16


def render(listed: Iterable[tuple[str, Listing]]) -> str:
    """A line each, with its id."""
    return tabulate(
        [
            (
                identifier,
                listing.kind,
                listing.status,
                _few([_short(name) for name in listing.variants or listing.jobs]),
                _few([format_count(iops) for iops in listing.iops]),
            )
            for identifier, listing in listed
        ],
        headers=("result", "kind", "status", "jobs", "IOPS"),
        tablefmt="simple",
        disable_numparse=True,
    )


def _few(texts: Sequence[str]) -> str:
    """The first ones, and how many more there are."""
    shown = ", ".join(texts[:_SHOWN])
    return f"{shown} and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else shown


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
