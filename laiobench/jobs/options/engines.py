"""The engines there are, and what each can do.

Who needs to know asks for an ability, never for a name: an engine that is added here, with its
file in the core, is served everywhere. The core declares the same of each, and a test compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

EngineName = Literal["libaio", "threads", "null"]


@dataclass(frozen=True)
class Engine:
    """What an engine can do; in the core's words, see `contract/engine_types.h`."""

    uses_aio_events: bool = False
    takes_nowait: bool = False
    bounds_waits: bool = False
    is_simulated: bool = False
    submit_call: str | None = None
    """The system call by which I/Os are submitted, and in which they may wait."""


ENGINES: Mapping[str, Engine] = {
    "libaio": Engine(
        uses_aio_events=True, takes_nowait=True, bounds_waits=True, submit_call="io_submit"
    ),
    "threads": Engine(),
    "null": Engine(is_simulated=True),
}


def names_of_those_that(ability: str) -> str:
    """Of the engines with an ability, as an error names them."""
    return " or ".join(name for name, engine in ENGINES.items() if getattr(engine, ability))
