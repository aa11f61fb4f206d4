"""Stored results against others: sessions of measuring as independent samples.

What differs between the fingerprints comes first; where the machines themselves
differ, no verdict is given, whatever the ratio.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from laiobench import native
from laiobench.analysis import compare_sessions
from laiobench.comparison import ComparedMetric, Comparison, Difference, Variant, Verdict
from laiobench.errors import UsageError
from laiobench.fingerprint import differences, fingerprint, sessions
from laiobench.metrics import COMPARED, RunDigest, digest
from laiobench.result import RunResult, Tool, printable
from laiobench.version import __version__

NAMES = ("base", "new")
_DECISIVE = (Verdict.REGRESS, Verdict.IMPROVE)


def compare(
    baseline: Sequence[RunResult | RunDigest],
    new: Sequence[RunResult | RunDigest],
    *,
    metrics: Sequence[str] = COMPARED,
    references: tuple[str, str] = NAMES,
    argv: Sequence[str] | None = None,
) -> Comparison:
    """Compare stored results with others: one value a session, unpaired.

    A session is measuring in one go (`laiobench.fingerprint.sessions`).  A baseline of fewer
    than 5 sessions decides nothing, since it does not tell how days differ.

    Args:
        baseline, new: runs that ended well, in any order.
        metrics: which of `laiobench.metrics.METRICS`.
        references: where they are from, to be noted.
        argv: what to note as the command; default: the process's own.

    Raises:
        UsageError: a side is empty, or has nothing in common with the other.
    """
    sides = [[_digest(run) for run in side] for side in (baseline, new)]
    for name, side in zip(NAMES, sides, strict=True):
        if not side:
            raise UsageError(f"there is no run to compare on the side of {name}")
    differing = differences(*(fingerprint(side) for side in sides))
    base_sessions, new_sessions = (sessions(side) for side in sides)
    compared = compare_sessions(base_sessions, new_sessions, names=NAMES, metrics=metrics)
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return Comparison(
        status="ok",
        tool=Tool(version=__version__, build=native.source_hash()),
        argv=[printable(word) for word in (sys.argv if argv is None else argv)],
        started_at=now,
        method="unpaired",
        family=sum(metric.p is not None for metric in compared),
        variants=[
            Variant(
                name=name,
                set={"from": printable(reference), "runs": len(side)},
                jobs=[{"name": job.name, **job.options} for job in side[0].jobs],
            )
            for name, reference, side in zip(NAMES, references, sides, strict=True)
        ],
        differences=differing,
        metrics=_of_one_machine(compared, differing),
    )


def _digest(run: RunResult | RunDigest) -> RunDigest:
    return digest(run) if isinstance(run, RunResult) else run


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
