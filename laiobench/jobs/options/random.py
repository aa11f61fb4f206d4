"""How random offsets are chosen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from laiobench import units
from laiobench.jobs.options.compound_types import (
    MOST_SHARES,
    Form,
    PerDirection,
    comma_parts,
    shared_rest,
)
from laiobench.jobs.options.group import OptionGroup, option
from laiobench.jobs.options.types import Count, Flag

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

DEFAULT_SEED = 0x8989
DistributionKind = Literal["random", "zipf", "pareto", "normal", "zoned", "zoned_abs"]

# The limits of each kind's number; whether the limit itself is allowed differs.
_LIMITS: dict[str, tuple[float, float]] = {
    "zipf": (0, 100),
    "pareto": (0, 1),
    "normal": (0.01, 100),
}


@dataclass(frozen=True)
class Zone:
    """The next part of the region, and the share of I/Os that go there, in percent."""

    share_percent: float
    extent: float
    """Percent of the region; for zoned_abs, bytes."""


_NO_ZONES: PerDirection[tuple[Zone, ...]] = PerDirection.same(())


@dataclass(frozen=True)
class Distribution:
    """Where random I/Os go: `zipf:1.2`, `pareto:0.2:0.5`, `normal:20`, or zones."""

    kind: DistributionKind = "random"
    parameter: float = 0
    """zipf: theta; pareto: power; normal: deviation in percent of the region."""
    center: float | None = None
    """Where most I/Os go, from 0 to 1 of the region; None: random, or the middle (normal)."""
    zones: PerDirection[tuple[Zone, ...]] = _NO_ZONES

    def __str__(self) -> str:
        if self.kind == "random":
            return self.kind
        if self.kind.startswith("zoned"):
            texts = PerDirection(*map(_zones_text, self.zones.values()))
            return f"{self.kind}:{texts}"
        center = "" if self.center is None else f":{self.center:.12g}"
        return f"{self.kind}:{self.parameter:.12g}{center}"


def _zones_text(zones: tuple[Zone, ...]) -> str:
    return ":".join(f"{zone.share_percent:.12g}/{zone.extent:.12g}" for zone in zones)


def _distribution(text: str) -> Distribution:
    kind, _, rest = text.partition(":")
    match kind:
        case "random" if not rest:
            return Distribution()
        case "zipf" | "pareto" | "normal":
            return _ranked(kind, rest)
        case "zoned":
            return Distribution(kind, zones=_zones(rest, _percents))
        case "zoned_abs":
            return Distribution(kind, zones=_zones(rest, _bytes))
        case _:
            raise ValueError(
                "it must be random, zipf:THETA, pareto:POWER, normal:DEVIATION, "
                "zoned:SHARE/SIZE:… or zoned_abs:SHARE/SIZE:…"
            )


def _ranked(kind: Literal["zipf", "pareto", "normal"], text: str) -> Distribution:
    number, _, center = text.replace("/", ":").partition(":")
    above, most = _LIMITS[kind]
    parameter = _number(number, f"{kind} needs a number, such as {kind}:{_EXAMPLES[kind]}")
    inside = above <= parameter <= most if kind == "normal" else above < parameter <= most
    if not inside or (kind == "pareto" and parameter == 1):
        least = "at least" if kind == "normal" else "above"
        end = "below" if kind == "pareto" else "at most"
        raise ValueError(f"the number of {kind} must be {least} {above:g} and {end} {most:g}")
    if not center:
        return Distribution(kind, parameter)
    place = _number(center, f"{center!r} is not a centre; write a number from 0 to 1")
    if not 0 <= place <= 1:
        raise ValueError(f"the centre must be from 0 to 1, not {center}")
    return Distribution(kind, parameter, place)


_EXAMPLES = {"zipf": "1.2", "pareto": "0.2", "normal": "20"}


def _number(text: str, problem: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(problem) from None
    if number != number:  # NaN, which float() accepts
        raise ValueError(problem)
    return number


def _zones(
    text: str, extents_of: Callable[[list[str]], list[float]]
) -> PerDirection[tuple[Zone, ...]]:
    parts = comma_parts(text)
    if not parts[0]:
        raise ValueError("it needs zones, such as zoned:60/10:40/90")
    return PerDirection(*(_zones_of(part or parts[0], extents_of) for part in parts))


def _zones_of(text: str, extents_of: Callable[[list[str]], list[float]]) -> tuple[Zone, ...]:
    """`60/10:30/20:10/70`: zones without a share divide what the others leave."""
    entries = [entry.partition("/") for entry in text.split(":")]
    if len(entries) > MOST_SHARES:
        raise ValueError(f"{len(entries)} zones are too many; there can be {MOST_SHARES}")
    shares = shared_rest([share.strip() for share, _, _ in entries])
    _check_whole(shares, "shares of I/Os")
    extents = extents_of([extent.strip() for _, _, extent in entries])
    if not all(extents):
        raise ValueError("a zone must have a size above 0")
    return tuple(map(Zone, shares, extents))


def _percents(texts: list[str]) -> list[float]:
    extents = shared_rest(texts)
    _check_whole(extents, "sizes of zones")
    return extents


def _check_whole(percents: list[float], what: str) -> None:
    if abs(sum(percents) - 100) > 1e-6:
        raise ValueError(f"the {what} add up to {sum(percents):g} %, not 100")


def _bytes(texts: list[str]) -> list[float]:
    return [float(units.parse_size(text)) for text in texts]


class RandomOptions(OptionGroup):
    """How random offsets are chosen."""

    TITLE: ClassVar[str] = "Randomness"

    norandommap: Flag = option(
        False, "random offsets may repeat, instead of each block once per pass", is_own_cost=True
    )
    random_generator: Literal["tausworthe", "tausworthe64", "lfsr"] = option(
        "tausworthe",
        "lfsr: the random map's order is a shift register's; the others name our own generator",
    )
    random_distribution: Annotated[Distribution, Form(_distribution, Distribution)] = option(
        Distribution(),
        "random, zipf:THETA, pareto:POWER, normal:PERCENT (each with :CENTRE from 0 to 1), "
        "zoned:60/10:40/90 or zoned_abs:60/1g:40/9g; all but random without a random map",
    )
    randseed: Count | None = option(
        None,
        f"seed of offsets, directions and data; none: {DEFAULT_SEED}, the same for every run",
        ge=0,
        lt=1 << 64,
    )
    randrepeat: Flag = option(
        True,
        "0: without randseed, a new seed in every run; the result has it",
        changes_io=False,
    )

    @property
    def seed(self) -> int:
        """The seed of the job's random numbers."""
        return DEFAULT_SEED if self.randseed is None else self.randseed

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.random_generator == "lfsr" and job.norandommap:
            yield "random_generator=lfsr is an order of the random map: leave out norandommap"
