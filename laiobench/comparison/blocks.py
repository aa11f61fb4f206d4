"""Blocks of a live comparison: the trials that were made side by side, by their sides."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

Run = TypeVar("Run")
"""A trial's, in whatever form it is wanted."""


def complete_blocks(
    made: Iterable[tuple[int, str, Run]], names: Sequence[str]
) -> list[dict[str, list[Run]]]:
    """As many trials of each side as there are of all, in the order in which they were made.

    Args:
        made: block, side and run of each trial.
        names: of all sides.
    """
    blocks: dict[int, dict[str, list[Run]]] = {}
    for number, name, run in made:
        blocks.setdefault(number, {side: [] for side in names})[name].append(run)
    cut = [
        {name: runs[: min(map(len, block.values()))] for name, runs in block.items()}
        for block in blocks.values()
    ]
    return [block for block in cut if all(block.values())]
