"""The completion modes there are, and what each promises: the proof of a run holds it to that.

A mode that is added here, with its file in the core and its counter, is proven like the others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

CompletionMode = Literal["poll", "eventfd", "bh", "adaptive", "getevents"]


@dataclass(frozen=True)
class Mode:
    """What a run in this mode must have done, and not done."""

    reaped_by: tuple[str, ...]
    """Counters of `reaped` that all completions are in; but those of no mode's."""
    sleeps_in_flight: bool = True
    """Else it reads no eventfd and wakes nobody, either."""
    looks_before_sleeping: bool = True
    takes_each_event: bool = False
    """Of the eventfd, that is: as many as completions."""
    reaps_in_bottom_halves: bool = False
    waits_for_several: bool = False
    """It can be told for how many completions a call waits, and how many it takes."""


MODES: Mapping[str, Mode] = {
    "poll": Mode(("poll",), sleeps_in_flight=False),
    "eventfd": Mode(("eventfd",), looks_before_sleeping=False, takes_each_event=True),
    "bh": Mode(("bh",), reaps_in_bottom_halves=True),
    "adaptive": Mode(("poll", "eventfd"), takes_each_event=True),
    "getevents": Mode(("getevents",), waits_for_several=True),
}


def modes_that(fits: Callable[[Mode], bool]) -> str:
    """Of the modes with a trait, as an error names them."""
    return " or ".join(name for name, mode in MODES.items() if fits(mode))
