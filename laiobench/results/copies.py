"""Which results of a run are copies of one job, and what that job is called among the others.

Copies of one job (`numjobs`) ran together, so their rates add up.  Jobs of one name need not
have: a stonewall may be between them.  They are jobs of their own, and told apart by an
ordinal: `name`, `name#2`.  Whatever groups results by job does so by this.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar


class CopyOfJob(Protocol):
    """A job's result, or a part of it."""

    @property
    def name(self) -> str: ...

    @property
    def group(self) -> int:
        """Those of one group ran together."""

    @property
    def copy_index(self) -> int:
        """Which of the job's copies, from 0."""

    def model_copy(self, *, update: dict[str, Any]) -> Any: ...


Copy = TypeVar("Copy", bound=CopyOfJob)


def labels(names: Sequence[str]) -> list[str]:
    """What jobs of these names are called: no two the same, and the first of a name as it is."""
    taken, seen = set(names), dict.fromkeys(names, 0)
    found = []
    for name in names:
        seen[name] += 1
        label = name
        if seen[name] > 1:
            while (label := f"{name}#{seen[name]}") in taken:
                seen[name] += 1
            taken.add(label)
        found.append(label)
    return found


def told_apart(results: Sequence[Copy]) -> list[Copy]:
    """A run's results in their order, each called as its job is: copies of one job alike."""
    begin = [at == 0 or not _follows(results[at - 1], copy) for at, copy in enumerate(results)]
    jobs = [copy.name for copy, is_first in zip(results, begin, strict=True) if is_first]
    if len({*jobs}) == len(jobs):
        return list(results)
    called = iter(labels(jobs))
    label, found = "", []
    for copy, is_first in zip(results, begin, strict=True):
        label = next(called) if is_first else label
        found.append(copy if copy.name == label else copy.model_copy(update={"name": label}))
    return found


def _follows(before: CopyOfJob, copy: CopyOfJob) -> bool:
    """Whether it is a further copy of the job that the one before is of."""
    return (
        (copy.name, copy.group) == (before.name, before.group)
        and copy.copy_index > before.copy_index
    )  # fmt: skip


def by_job(results: Sequence[Copy]) -> dict[str, list[Copy]]:
    """The copies of each of a run's jobs, by what it is called; in the run's order."""
    found: dict[str, list[Copy]] = {}
    for copy in told_apart(results):
        found.setdefault(copy.name, []).append(copy)
    return found
