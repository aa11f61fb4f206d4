"""Compares stored results with others: sessions of measuring are independent samples.

The document lists how the fingerprints of both sides differ.  Where the machines differ,
there is no verdict, whatever the ratio.
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
    """Compare stored results with others: one value for each session, unpaired.

    A session is measuring in one go (`laiobench.comparison.sessions`).  A baseline of fewer
    than 5 sessions decides nothing, since it does not tell how days differ.

    Args:
        baseline, new: runs that ended well, in any order; of a live comparison, the runs of
            its baseline are used.
        metrics: names of the metrics, from `laiobench.results.metrics.METRICS`.
        references: where the sides are from, for the document.
        argv: the command line for the document; default: the process's own.

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
    """The document without metrics: what is compared, and how the sides differ.

    Args: as of `compare`.  A side may be empty; then no differences are listed.
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
    """Check that the sides have a job in common; jobs are compared by their names.

    Raises:
        UsageError: they have none.
    """
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
    """The names of hard facts about machines that differ; not of those about jobs."""
    return [
        difference.name
        for difference in differing
        if difference.hard and not difference.name.startswith("job ")
    ]


def _of_one_machine(
    compared: Sequence[ComparedMetric], differing: Sequence[Difference]
) -> list[ComparedMetric]:
    """The metrics; between machines without verdicts, since the machine may make the difference."""
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
