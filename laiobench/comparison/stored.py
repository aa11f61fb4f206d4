"""Stored results against others: sessions of measuring as independent samples.

What differs between the fingerprints comes first; where the machines themselves
differ, no verdict is given, whatever the ratio.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from laiobench import native
from laiobench.comparison.analysis import compare_sessions
from laiobench.comparison.environment import differences, fingerprint
from laiobench.comparison.sessions import sessions
from laiobench.errors import UsageError
from laiobench.results.comparison import ComparedMetric, Comparison, Difference, Variant, Verdict
from laiobench.results.digest import RunDigest, digest
from laiobench.results.document import Document
from laiobench.results.metrics import COMPARED
from laiobench.results.run_result import Tool
from laiobench.version import __version__
from laiobench.words import printable

NAMES = ("base", "new")
_DECISIVE = (Verdict.REGRESS, Verdict.IMPROVE)


def compare(
    baseline: Sequence[Document | RunDigest],
    new: Sequence[Document | RunDigest],
    *,
    metrics: Sequence[str] = COMPARED,
    references: tuple[str, str] = NAMES,
    argv: Sequence[str] | None = None,
) -> Comparison:
    """Compare stored results with others: one value a session, unpaired.

    A session is measuring in one go (`laiobench.comparison.sessions`).  A baseline of fewer
    than 5 sessions decides nothing, since it does not tell how days differ.

    Args:
        baseline, new: runs that ended well, in any order; of a live comparison the
            baseline's are meant.
        metrics: which of `laiobench.results.metrics.METRICS`.
        references: where they are from, to be noted.
        argv: what to note as the command; default: the process's own.

    Raises:
        UsageError: a side is empty, or has no job in common with the other.
    """
    sides = [[run for given in side for run in _digests(given)] for side in (baseline, new)]
    for name, side in zip(NAMES, sides, strict=True):
        if not side:
            raise UsageError(f"there is no run to compare on the side of {name}")
    _check_jobs(*sides)
    document = uncompared(*sides, references=references, argv=argv)
    compared = compare_sessions(
        sessions(sides[0]), sessions(sides[1]), names=NAMES, metrics=metrics
    )
    return document.model_copy(
        update={
            "family": sum(metric.p is not None for metric in compared),
            "metrics": _of_one_machine(compared, document.differences),
        }
    )


def uncompared(
    baseline: Sequence[RunDigest],
    new: Sequence[RunDigest],
    *,
    references: tuple[str, str] = NAMES,
    argv: Sequence[str] | None = None,
) -> Comparison:
    """The document without its metrics: what is compared, and in what the sides differ.

    Args: as of `compare`; a side may be empty, and then does not differ.
    """
    sides = [baseline, new]
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return Comparison(
        status="ok",
        tool=Tool(version=__version__, build=native.source_hash()),
        argv=[printable(word) for word in (sys.argv if argv is None else argv)],
        started_at=now,
        method="unpaired",
        variants=[
            Variant(
                name=name,
                set={"from": printable(reference), "runs": len(side)},
                jobs=[
                    {"name": name, **copies[0].options}
                    for run in side[:1]
                    for name, copies in run.copies.items()
                ],
            )
            for name, reference, side in zip(NAMES, references, sides, strict=True)
        ],
        differences=differences(*(fingerprint(side) for side in sides)) if all(sides) else [],
        metrics=[],
    )


def _check_jobs(baseline: Sequence[RunDigest], new: Sequence[RunDigest]) -> None:
    """Jobs are compared by their names; without one in common there is nothing to compare."""
    old, later = ({name for run in side for name in run.copies} for side in (baseline, new))
    if not old & later:
        raise UsageError(
            f"the two sides have no job in common: {', '.join(sorted(old)) or 'none'} against "
            f"{', '.join(sorted(later)) or 'none'}",
            "give the jobs that are to be compared the same name",
        )


def _digests(given: Document | RunDigest) -> list[RunDigest]:
    if isinstance(given, RunDigest):
        return [given]
    return [digest(run) for run in given.runs_to_compare()]


def machine_mismatch(differing: Sequence[Difference]) -> list[str]:
    """The names of the hard facts about machines that differ: all but the jobs'."""
    return [
        difference.name
        for difference in differing
        if difference.hard and not difference.name.startswith("job ")
    ]


def _of_one_machine(
    compared: Sequence[ComparedMetric], differing: Sequence[Difference]
) -> list[ComparedMetric]:
    """Between machines a ratio is a fact, but no verdict on what was changed."""
    names = machine_mismatch(differing)
    if not names:
        return list(compared)
    reason = f"measured on different machines: {', '.join(names)}"
    return [
        metric.model_copy(update={"verdict": Verdict.MISMATCH, "reason": reason})
        if metric.verdict in _DECISIVE
        else metric
        for metric in compared
    ]
