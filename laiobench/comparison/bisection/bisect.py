"""The Python API of bisections: `laiobench.bisect`.

It makes revisions and a design from its arguments, and runs the search; how that goes is in
`laiobench.comparison.bisection.trials`.
"""

import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Literal

from laiobench.comparison.bisection.design import check_design
from laiobench.comparison.bisection.trials import RevisionTrials
from laiobench.errors import RunError, UsageError
from laiobench.jobs.options import Job
from laiobench.measurement.control import Control
from laiobench.measurement.measure import run
from laiobench.measurement.plan.placement import check_measured
from laiobench.measurement.targets import Permission
from laiobench.results.bisection import BisectionDesign, BisectionResult, Revision
from laiobench.results.metrics import MOSTLY_JUDGED
from laiobench.results.run_result import RunResult
from laiobench.words import printable

JobsOf = Callable[[str], Job | Sequence[Job]]
"""The jobs that measure a revision, by its name."""


def bisect(
    jobs: Job | Sequence[Job] | JobsOf,
    revisions: Sequence[str],
    *,
    prepare: Callable[[str], object] | None = None,
    metrics: Sequence[str] = MOSTLY_JUDGED,
    direction: Literal["worse", "any"] = "worse",
    threshold: float = 0.0,
    confidence: float = 0.95,
    max_time_s: float | None = None,
    max_trials: int | None = None,
    seed: int | None = None,
    allow_write: Permission | Sequence[str] = (),
    control: Control | None = None,
    measure: Callable[[str], RunResult] | None = None,
    after_trial: Callable[[BisectionResult], None] | None = None,
) -> BisectionResult:
    """Find the revision that made jobs slower, among those from a good one to a bad one.

    Args:
        jobs: what measures a revision; a function of its name where that differs.
        revisions: their names, the oldest first: the first one is good, the last one bad.
        prepare: builds and installs a revision, by its name; is called whenever another one is
            next.  Where it raises OSError, subprocess.SubprocessError or LaiobenchError the
            revision is skipped.
        metrics: what got worse, by names in `laiobench.results.metrics.METRICS`; of several, the
            one that shows it first decides.
        direction: `any` also looks for what got better.
        threshold: the least relative change that counts, such as 0.02.
        confidence: it ends when the probability of the answer is this high.
        max_time_s: no trial is begun that would not end within it.
        max_trials: there are no more than these.
        seed: of what is drawn; default: drawn itself.  It is in the document.
        allow_write: paths of the targets whose data may be lost.
        control: lets a signal handler end it; the document is then `interrupted`.
        measure: makes a trial of the revision that was prepared last; default:
            `laiobench.run` of its jobs.
        after_trial: is told what is known after each trial.

    Returns:
        The document that `laiobench bisect --json` prints.

    Raises:
        UsageError: nothing differs between revisions, a number makes no sense, or a target
            can't be used so.
    """
    if prepare is None and measure is None and not callable(jobs):
        raise UsageError(
            "nothing differs between revisions: all have the same jobs, and none is prepared",
            "give prepare, or a function that makes the jobs of a revision",
        )
    design = BisectionDesign(
        seed=secrets.randbits(32) if seed is None else seed,
        confidence=confidence,
        threshold=threshold,
        direction=direction,
        metrics=list(dict.fromkeys(metrics)),
        max_time_s=max_time_s,
        max_trials=max_trials,
    )
    check_design(design)
    stop = control or Control()

    def run_jobs(revision: str) -> RunResult:
        made = jobs(revision) if callable(jobs) else jobs
        sequence = [made] if isinstance(made, Job) else list(made)
        check_measured(sequence)
        return run(sequence, allow_write=allow_write, control=control)

    trials = RevisionTrials(_named(revisions), design, sys.argv, is_prepared=prepare is not None)
    return trials.run(
        _Subject(prepare, measure or run_jobs),
        control=stop,
        tell=lambda _text: None,
        after_trial=lambda made: after_trial(made.document("interrupted")) if after_trial else None,
    )


def _named(revisions: Sequence[str]) -> list[Revision]:
    if len(revisions) < 2:
        raise UsageError("a bisection needs a good revision and a bad one after it")
    names = list(revisions)
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"{printable(twice[0])} is there twice", "name each revision once")
    return [Revision(name=name) for name in names]


class _Subject:
    """Revisions that functions prepare and measure."""

    def __init__(
        self, prepare: Callable[[str], object] | None, measure: Callable[[str], RunResult]
    ) -> None:
        self._prepare, self.measure = prepare, measure

    @property
    def is_prepared(self) -> bool:
        return self._prepare is not None

    def prepare(self, revision: str) -> None:
        """What may go wrong with a build becomes why it is skipped."""
        assert self._prepare is not None  # is_prepared
        try:
            self._prepare(revision)
        except (OSError, subprocess.SubprocessError) as error:
            raise RunError(f"it could not be prepared: {error}") from error
