"""Groups the trials of a live comparison into blocks: those that were run next to each other."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

Run = TypeVar("Run")
"""The run of a trial, in whatever form the caller has it."""


def complete_blocks(
    made: Iterable[tuple[int, str, Run]], names: Sequence[str]
) -> list[dict[str, list[Run]]]:
    """The trials by block and side, cut so that a block has equally many of each side.

    Args:
        made: (number of the block, side, run) of each trial, in the order of running.
        names: of all sides; a block that lacks one is left out.
    """
    blocks: dict[int, dict[str, list[Run]]] = {}
    for number, name, run in made:
        blocks.setdefault(number, {side: [] for side in names})[name].append(run)
    cut = [
        {name: runs[: min(map(len, block.values()))] for name, runs in block.items()}
        for block in blocks.values()
    ]
    return [block for block in cut if all(block.values())]
