"""Finds the runs in a document's text, raw, so that a comparison parses no more than it needs.

The document of a run yields its text as it is: its histograms may never have to be parsed.
A comparison yields the parsed trials of one variant.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from laiobench.errors import UsageError
from laiobench.results.model import Name, Record

RawRun = bytes | Mapping[str, Any]
"""The document of a run, as text or parsed."""


class _Trial(Record):
    variant: Name
    run: dict[str, object]


class _Variant(Record):
    name: Name


class _Trials(Record):
    """The part of a comparison that is read here."""

    kind: Literal["comparison"]
    variants: list[_Variant] = Field(min_length=1)
    trials: list[_Trial] = Field(default_factory=list)


def of_run(text: bytes, path: Path, variant: str | None) -> Iterator[RawRun]:
    """The text itself: a run's document holds one run.

    Raises:
        UsageError: a variant is asked for, but a run has none.
    """
    if variant is not None:
        raise UsageError(f"{path} is the result of a run: it has no variant {variant}")
    yield text


def of_comparison(text: bytes, path: Path, variant: str | None) -> Iterator[RawRun]:
    """The trials of a variant, by default of the baseline.

    Raises:
        UsageError: it has no such variant.
        ValidationError: it is no comparison.
    """
    comparison = _Trials.model_validate_json(text)
    names = [known.name for known in comparison.variants]
    chosen = variant or names[0]
    if chosen not in names:
        raise UsageError(f"{path} has no variant {chosen}", "its variants are: " + ", ".join(names))
    for trial in comparison.trials:
        if trial.variant == chosen:
            yield trial.run
