"""The completion modes, and what each promises; the proof of a run checks it.

To add a mode: a row here, a file in the core, and a counter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from laiobench.jobs.options.group import Condition

CompletionMode = Literal["poll", "eventfd", "bh", "adaptive", "getevents", "submit"]


@dataclass(frozen=True)
class Mode:
    """What a run in this mode must have done, and must not have done."""

    text: str
    """How it notices completions, for help; empty where the name says it."""
    reaped_by: tuple[str, ...]
    """Counters of `reaped` that must sum to all completions."""
    sleeps_in_flight: bool = True
    """If not, it never sleeps with I/Os in flight, reads no eventfd and writes no notifier."""
    looks_before_sleeping: bool = True
    takes_each_event: bool = False
    """Whether the eventfd's events are as many as the completions."""
    reaps_in_bottom_halves: bool = False
    waits_for_several: bool = False
    """It can be told for how many completions a call waits, and how many it takes."""
    is_for_blocking: bool = False
    """It is for engines whose calls block, which have no other mode."""
    adapts_polling: bool = False
    """It looks for a time before it sleeps, and adjusts that time: the poll_* options."""


MODES: Mapping[str, Mode] = {
    "poll": Mode("", ("poll",), sleeps_in_flight=False),
    "eventfd": Mode("", ("eventfd",), looks_before_sleeping=False, takes_each_event=True),
    "bh": Mode("eventfd, then a bottom half", ("bh",), reaps_in_bottom_halves=True),
    "adaptive": Mode(
        "poll a while, then eventfd",
        ("poll", "eventfd"),
        takes_each_event=True,
        adapts_polling=True,
    ),
    "getevents": Mode("", ("getevents",), waits_for_several=True),
    "submit": Mode(
        "",
        ("submit",),
        sleeps_in_flight=False,
        is_for_blocking=True,
    ),
}


def modes_that(fits: Callable[[Mode], bool]) -> str:
    """Of the modes with a trait, as an error names them."""
    return " or ".join(name for name, mode in MODES.items() if fits(mode))


def first_mode_that(fits: Callable[[Mode], bool]) -> str:
    """The name of the first mode with a trait."""
    return next(name for name, mode in MODES.items() if fits(mode))


def mode_that(fits: Callable[[Mode], bool]) -> Condition:
    """What an option needs that has an effect only in modes with a trait."""
    return Condition(f"completion={modes_that(fits)}", lambda job: fits(MODES[job.completion]))


def modes_text() -> str:
    """All modes in a row, for help."""
    *others, last = (f"{name} ({mode.text})" if mode.text else name for name, mode in MODES.items())
    return f"{', '.join(others)} or {last}"
