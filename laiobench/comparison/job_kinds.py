"""Kinds of jobs: what a job does, and in which options two kinds differ.

A kind is the set of options that change a job's I/Os and are not at their default
(`environment.set_options`).  A job's name is not part of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from laiobench.comparison.environment import as_json, default_of, set_options
from laiobench.jobs.options import Job
from laiobench.results.digest import RunDigest


@dataclass(frozen=True)
class JobKind:
    """What a job does."""

    options: tuple[tuple[str, str], ...]
    """Names, and values as JSON; a list of values if copies differ."""

    def value(self, option: str) -> str:
        """The value as JSON; the default if it was not set."""
        return dict(self.options).get(option, default_of(option))

    def has(self, option: str, written: str) -> bool:
        """Whether the option has this value, as a user may write it or as it is shown."""
        value = self.value(option)
        return written == shown(value) or _read(option, written) == value


def kind_of(run: RunDigest, name: str) -> JobKind:
    """The kind of the job with this name."""
    found: dict[str, dict[str, None]] = {}
    for copy in run.copies[name]:
        for option, value in set_options(copy).items():
            found.setdefault(option, {})[value] = None
    return JobKind(
        tuple(
            (option, next(iter(seen)) if len(seen) == 1 else f"[{', '.join(seen)}]")
            for option, seen in sorted(found.items())
        )
    )


def told_apart(kinds: Sequence[JobKind]) -> list[Mapping[str, str]]:
    """For each kind, its values of the options in which the kinds differ, as they are shown."""
    names = dict.fromkeys(name for kind in kinds for name, _ in kind.options)
    differing = [name for name in names if len({kind.value(name) for kind in kinds}) > 1]
    return [{name: shown(kind.value(name)) for name in differing} for kind in kinds]


def shown(value: str) -> str:
    """A JSON value as people write it: strings without quotes."""
    read: Any = json.loads(value)
    return read if isinstance(read, str) else value


def _read(option: str, written: str) -> str | None:
    """The JSON of an option's value as a user writes it; None if it is not valid."""
    try:
        return as_json(Job.model_validate({option: written}).model_dump()[option])
    except ValidationError:
        return None
