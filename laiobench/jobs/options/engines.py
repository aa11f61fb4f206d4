"""The engines, what each can do, and the options that it alone takes.

Other code asks for an ability, never for an engine's name, so a new engine is a row here and
a file in the core.  The core declares the same abilities and options; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from laiobench.jobs.options.group import Condition
from laiobench.jobs.options.modes import first_mode_that

EngineName = Literal["libaio", "io_uring", "threads", "psync", "null"]


@dataclass(frozen=True)
class CoreOption:
    """Where the core takes an option: a field of the engine's own struct in EngineOptions."""

    field: str
    scale: int = 1
    """What the option's value is multiplied by, and then rounded, for the field's unit."""
    is_opposite: bool = False
    """Whether the field is true where the option is not."""

    def value(self, given: float) -> float:
        """The field's value for the option's."""
        if self.is_opposite:
            return not given
        return given if self.scale == 1 else round(given * self.scale)


@dataclass(frozen=True)
class Engine:
    """What an engine can do; `contract/engine_types.h` says it for the core."""

    text: str
    """What it is, for help."""
    uses_aio_events: bool = False
    takes_nowait: bool = False
    bounds_waits: bool = False
    coalesces_events: bool = False
    """An eventfd may be set once for several completions."""
    is_simulated: bool = False
    completes_in_submit: bool = False
    """Its calls block: an I/O is done when it has been submitted, so one is in flight at a time,
    and no completion is to be noticed."""
    does_io_in_a_pool: bool = False
    """Threads of its own do the I/Os.  How long they wait for a CPU or for I/O is not known."""
    submit_call: str | None = None
    """The system call that submits I/Os, in which they may have to wait."""
    options: Mapping[str, CoreOption] = field(default_factory=dict)
    """The options that have no effect with other engines."""
    of_fio: tuple[str, ...] = ()
    """fio's names of engines that do the same."""

    @property
    def imposed(self) -> Mapping[str, object]:
        """Options that have these values with it, whatever was asked for."""
        return _OF_ONE_AT_A_TIME if self.completes_in_submit else {}


_OF_ONE_AT_A_TIME: Mapping[str, object] = {
    "completion": first_mode_that(lambda mode: mode.is_for_blocking),
    "iodepth": 1,
    "iodepth_low": None,
    "max_batch": 1,
    "iodepth_batch_complete_min": 1,
    "iodepth_batch_complete_max": None,
}

ENGINES: Mapping[str, Engine] = {
    "libaio": Engine(
        "Linux native AIO",
        uses_aio_events=True,
        takes_nowait=True,
        bounds_waits=True,
        submit_call="io_submit",
    ),
    "io_uring": Engine(
        "io_uring",
        takes_nowait=True,
        bounds_waits=True,
        coalesces_events=True,
        submit_call="io_uring_enter",
        options={
            "fixedbufs": CoreOption("fixedbufs"),
            "registerfiles": CoreOption("registerfiles"),
            "hipri": CoreOption("hipri"),
            "sqthread_poll": CoreOption("sqthread_poll"),
            "sqthread_poll_cpu": CoreOption("sqthread_poll_cpu"),
            "nonvectored": CoreOption("vectored", is_opposite=True),
            "uncached": CoreOption("uncached"),
        },
    ),
    "threads": Engine("a pool of threads", does_io_in_a_pool=True, of_fio=("posixaio",)),
    "psync": Engine(
        "blocking calls (psync)",
        takes_nowait=True,
        completes_in_submit=True,
        options={"hipri": CoreOption("hipri")},
        of_fio=("sync", "vsync", "pvsync", "pvsync2"),
    ),
    "null": Engine(
        "a simulated target (see null_*)",
        is_simulated=True,
        options={
            "null_latency_us": CoreOption("latency_ns", scale=1000),
            "null_jitter": CoreOption("jitter"),
            "null_servers": CoreOption("servers"),
        },
    ),
}


_BY_FIO_S_NAME = {name: ours for ours, engine in ENGINES.items() for name in engine.of_fio}


def parse_engine(value: object) -> object:
    """Our name for an engine that fio calls otherwise; any other value as it is."""
    return _BY_FIO_S_NAME.get(value, value) if isinstance(value, str) else value


def names_of_those_that(ability: str) -> str:
    """The names of the engines with an ability, for an error."""
    return " or ".join(name for name, engine in ENGINES.items() if getattr(engine, ability))


def simulated_engine() -> str:
    """The name of the engine without a target, on which the tool's own cost is measured."""
    return next(name for name, engine in ENGINES.items() if engine.is_simulated)


def engine_that_takes(option: str) -> Condition:
    """What an engine's own option needs, to have an effect."""
    names = (name for name, engine in ENGINES.items() if option in engine.options)
    return Condition(
        f"engine={' or '.join(names)}", lambda job: option in ENGINES[job.engine].options
    )


def engines_text() -> str:
    """All engines in a row, for help."""
    *others, last = (engine.text for engine in ENGINES.values())
    return f"{', '.join(others)}, or {last}"
