"""Kinds of jobs: what a job does, whatever it is called, and what tells two apart.

The options that a job set other than by default, as far as they change its I/O
(`environment.set_options`).
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
    """What a job set; jobs of one kind are one."""

    options: tuple[tuple[str, str], ...]
    """Names and values, as JSON; where copies differ, a list of all."""

    def value(self, option: str) -> str:
        """As JSON; the default where it was not set."""
        return dict(self.options).get(option, default_of(option))

    def has(self, option: str, written: str) -> bool:
        """Whether the option has this value, as it may be written, or as it is shown."""
        value = self.value(option)
        return written == shown(value) or _read(option, written) == value


def kind_of(run: RunDigest, name: str) -> JobKind:
    """Of the job of this name."""
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
    """For each, the options in which not all are alike, with its own values as they are shown."""
    names = dict.fromkeys(name for kind in kinds for name, _ in kind.options)
    differing = [name for name in names if len({kind.value(name) for kind in kinds}) > 1]
    return [{name: shown(kind.value(name)) for name in differing} for kind in kinds]


def shown(value: str) -> str:
    """JSON as people write it: texts without quotes."""
    read: Any = json.loads(value)
    return read if isinstance(read, str) else value


def _read(option: str, written: str) -> str | None:
    """As JSON, what is written as an option's value; None where it can't be one."""
    try:
        return as_json(Job.model_validate({option: written}).model_dump()[option])
    except ValidationError:
        return None
