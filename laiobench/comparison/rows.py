"""Rows: a metric's values on both sides, and the scale on which they are held against each other.

Values are compared as logarithms, so that a shift is a ratio.  What is 0 in some trial has no
ratio; all of its row are then compared as they are, and a shift is a difference in their unit.

Pure; knows no tests.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laiobench.comparison.values import Unmeasurable, Value, lower_bound, values
from laiobench.results.digest import RunDigest
from laiobench.results.metrics import Key


@dataclass(frozen=True)
class Row:
    """The values of a metric on both sides: pairs, or independent samples."""

    key: Key
    baseline_name: str
    variant_name: str
    baseline: tuple[Value, ...]
    variant: tuple[Value, ...]

    @property
    def sides(self) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
        return self.baseline, self.variant


@dataclass(frozen=True)
class Numbers:
    """A row's values on the scale on which they are compared."""

    baseline: Sequence[float]
    variant: Sequence[float]
    is_ratio: bool
    """Whether they are logarithms; else they are as they were measured."""

    @property
    def can_differ(self) -> bool:
        """Whether there is anything to test: 0 everywhere differs in nothing."""
        return self.is_ratio or any((*self.baseline, *self.variant))


def keys_of(
    measured: Mapping[str, Sequence[Mapping[Key, Value]]], metrics: Sequence[str]
) -> list[Key]:
    """The keys that any trial has a value for, in the order of documents."""
    found = dict.fromkeys(key for trials in measured.values() for trial in trials for key in trial)
    order = {name: number for number, name in enumerate(metrics)}
    jobs = {name: number for number, name in enumerate(dict.fromkeys(key.job for key in found))}
    wanted = [key for key in found if key.metric in order]
    # The metrics of a whole job come after those of its directions, as in tables.
    return sorted(wanted, key=lambda key: (jobs[key.job], key.direction is None, order[key.metric]))


def row_of(
    key: Key,
    baseline_name: str,
    variant_name: str,
    baseline: Sequence[Mapping[Key, Value]],
    variant: Sequence[Mapping[Key, Value]],
) -> Row:
    """The values of `key`; a trial that lacks it says so."""
    absent = Unmeasurable("not every run has it")
    return Row(
        key,
        baseline_name,
        variant_name,
        tuple(trial.get(key, absent) for trial in baseline),
        tuple(trial.get(key, absent) for trial in variant),
    )


def session_values(runs: Sequence[RunDigest]) -> dict[Key, Value]:
    """The median of a session's runs, by key; why there is none, if some run has no value."""
    measured = [values(run) for run in runs]
    found: dict[Key, Value] = {}
    for key in dict.fromkeys(key for trial in measured for key in trial):
        side = [trial.get(key, Unmeasurable("not every run has it")) for trial in measured]
        numbers = [value for value in side if isinstance(value, float)]
        lacking = [value for value in side if isinstance(value, Unmeasurable)]
        if not lacking:
            found[key] = statistics.median(numbers)
            continue
        bounds = [bound for value in side if (bound := lower_bound(value)) is not None]
        bound = statistics.median(bounds) if len(bounds) == len(side) else None
        found[key] = Unmeasurable(lacking[0].reason, bound)
    return found


def why_not(row: Row) -> str:
    """Why a row is not measurable; empty if it is."""
    for name, side in zip((row.baseline_name, row.variant_name), row.sides, strict=True):
        lacking = [value for value in side if isinstance(value, Unmeasurable)]
        if lacking:
            return f"{name}: {lacking[0].reason}"
    return "" if row.baseline and row.variant else "there is no trial"


def numbers_of(row: Row) -> Numbers | None:
    """Both sides on one scale; None if the row is not measurable."""
    if why_not(row):
        return None
    baseline, variant = (
        [value for value in side if isinstance(value, float)] for side in row.sides
    )
    if all(value > 0 for value in (*baseline, *variant)):
        return Numbers(logs(baseline), logs(variant), is_ratio=True)
    return Numbers(baseline, variant, is_ratio=False)


def logs(side: Sequence[float]) -> list[float]:
    return [math.log(value) for value in side]
