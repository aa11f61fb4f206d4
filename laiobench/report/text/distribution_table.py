"""Where in the distribution a variant is slower: a sentence, and a table of some percentiles."""

from collections.abc import Sequence
from itertools import groupby

from tabulate import tabulate

from laiobench.report.text.numbers import format_ratio, format_share
from laiobench.results.distribution import Distribution, ShiftedPercentile

_SHOWN = (1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99, 99.999)


def render(distributions: Sequence[Distribution]) -> str:
    """Each with its sentence above its table."""
    return "\n\n".join(_one(each, distributions) for each in distributions)


def sentences(distributions: Sequence[Distribution]) -> list[str]:
    """`eventfd against poll: slower from p97 on, by up to 1.8 × at p99.9; no difference below.`"""
    return [f"{_head(each, distributions)}: {found(each)}." for each in distributions]


def _one(each: Distribution, all_of_them: Sequence[Distribution]) -> str:
    sentence = f"{_head(each, all_of_them)}: {found(each)}."
    rows = [
        (f"p{shifted.percentile:g}", format_ratio(shifted.ratio), _bounds(shifted), _mark(shifted))
        for shifted in each.percentiles
        if shifted.percentile in _SHOWN
    ]
    if not rows:
        return sentence
    level = f"{each.level:.0%} at all percentiles together"
    table = tabulate(
        rows, headers=("latency", "ratio", level, ""), tablefmt="simple", disable_numparse=True,
        colalign=("left", "right", "left", "left"),
    )  # fmt: skip
    return f"{sentence}\n\n{table}"


def _head(each: Distribution, all_of_them: Sequence[Distribution]) -> str:
    parts = {(other.job, other.direction) for other in all_of_them}
    where = f"{each.job} {each.direction}: " if len(parts) > 1 else ""
    return f"{where}{each.variant} against {each.baseline}"


def _bounds(shifted: ShiftedPercentile) -> str:
    if shifted.low is None or shifted.high is None:
        return ""
    ends = (format_ratio(end, shifted.ratio) for end in (shifted.low, shifted.high))
    return f"[{', '.join(ends)}]"


def _mark(shifted: ShiftedPercentile) -> str:
    return {1: "slower", -1: "faster", 0: "~"}[_side(shifted)]


def _side(shifted: ShiftedPercentile) -> int:
    """1: slower; −1: faster; 0: neither was shown."""
    return int(shifted.is_slower) - int(shifted.is_faster)


# ---- in words --------------------------------------------------------------------


def found(distribution: Distribution) -> str:
    """Where it is slower or faster, and by how much; and where no difference was shown."""
    if distribution.reason:
        return distribution.reason
    stretches = [
        (side, list(group)) for side, group in groupby(distribution.percentiles, key=_side)
    ]
    differing = [number for number, (side, _) in enumerate(stretches) if side]
    if not differing:
        return _nowhere(distribution.percentiles)
    parts = [
        _stretch(*stretches[number], is_first=number == 0, is_last=number == len(stretches) - 1)
        for number in differing
    ]
    if len(differing) < len(stretches):
        parts.append(f"no difference {_elsewhere(differing, len(stretches))}")
    return "; ".join(parts)


def _stretch(side: int, of: Sequence[ShiftedPercentile], *, is_first: bool, is_last: bool) -> str:
    first, last = (f"p{end.percentile:g}" for end in (of[0], of[-1]))
    if is_first and is_last:
        where = f"everywhere from {first} to {last}"
    elif is_last and len(of) > 1:
        where = f"from {first} on"
    elif is_first and len(of) > 1:
        where = f"up to {last}"
    else:
        where = f"at {first}" if first == last else f"from {first} to {last}"
    most = max(of, key=lambda shifted: shifted.ratio * side)
    how = "slower" if side > 0 else "faster"
    times = format_ratio(most.ratio if side > 0 else 1 / most.ratio)
    at = f" at p{most.percentile:g}" if len(of) > 1 else ""
    return f"{how} {where}, by {'up to ' if len(of) > 1 else ''}{times} ×{at}"


def _elsewhere(differing: Sequence[int], stretches: int) -> str:
    if list(differing) == [stretches - 1]:
        return "below"
    return "above" if list(differing) == [0] else "elsewhere"


def _nowhere(percentiles: Sequence[ShiftedPercentile]) -> str:
    first, last = percentiles[0], percentiles[-1]
    ends = [max(each.high or 1.0, 1 / (each.low or 1.0)) for each in percentiles]
    widest = percentiles[ends.index(max(ends))]
    return (
        f"no difference from p{first.percentile:g} to p{last.percentile:g}; at most "
        f"{format_share(max(ends) - 1)}, at p{widest.percentile:g}"
    )
