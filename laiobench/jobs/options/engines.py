"""The engines, and what each can do.

Other code asks for an ability, never for an engine's name, so a new engine is a row here and
a file in the core.  The core declares the same abilities; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

EngineName = Literal["libaio", "threads", "null"]


@dataclass(frozen=True)
class Engine:
    """What an engine can do; `contract/engine_types.h` says it for the core."""

    uses_aio_events: bool = False
    takes_nowait: bool = False
    bounds_waits: bool = False
    is_simulated: bool = False
    submit_call: str | None = None
    """The system call that submits I/Os, in which they may have to wait."""


ENGINES: Mapping[str, Engine] = {
    "libaio": Engine(
        uses_aio_events=True, takes_nowait=True, bounds_waits=True, submit_call="io_submit"
    ),
    "threads": Engine(),
    "null": Engine(is_simulated=True),
}


def names_of_those_that(ability: str) -> str:
    """The names of the engines with an ability, for an error."""
    return " or ".join(name for name, engine in ENGINES.items() if getattr(engine, ability))
