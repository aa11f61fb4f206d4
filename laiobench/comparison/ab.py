"""The Python API of live comparisons: `laiobench.ab`.

It makes variants and a design from its arguments, and runs the comparison; how that goes is
in `laiobench.comparison.experiment`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laiobench.comparison.design import make_design
from laiobench.comparison.experiment import begin
from laiobench.comparison.patience import Measure, patient
from laiobench.comparison.steps import Step, StepObserver
from laiobench.comparison.variants import LiveVariant, product
from laiobench.jobs.options import Job
from laiobench.measurement.control import Control
from laiobench.measurement.measure import run
from laiobench.measurement.targets import Permission
from laiobench.results.comparison import Comparison
from laiobench.results.comparison_proof import ProofKind
from laiobench.results.run_result import RunResult


def ab(
    jobs: Job | Sequence[Job],
    vary: Mapping[str, Sequence[Any]],
    *,
    pairs: int | None = None,
    until_width: float | None = None,
    until_decided: bool = False,
    equivalent_within: float | None = None,
    max_time_s: float | None = None,
    seed: int | None = None,
    watched: Sequence[str] = ("iops",),
    proof: ProofKind | None = None,
    spike: float | None = None,
    allow_write: Permission | Sequence[str] = (),
    control: Control | None = None,
    measure: Measure | None = None,
    after_trial: Callable[[Step], None] | None = None,
) -> Comparison:
    """Measure variants of jobs in turns, and compare them with the first one.

    Args:
        jobs: the jobs that each trial runs.
        vary: options of all jobs, and the values that they take; all combinations are
            measured.  The first values are the baseline.
        pairs: how often each variant is measured; default: 10, or at most 100 with
            `until_width` or `until_decided`.
        until_width: end when the intervals of the `watched` metrics' ratios are no
            wider than this share, such as 0.02; after 6 pairs at least.
        until_decided: end when the table has a verdict on the `watched` metrics; its intervals
            are valid after each pair, and wider for that.
        equivalent_within: pass a metric that is surely within this share of the baseline.
        max_time_s: begin no block of trials that would not end within it.
        seed: of the order of trials; default: a random one.  It is in the document.
        watched: metrics, by their names in `laiobench.results.metrics.METRICS`.
        proof: the hidden arms that prove the answer: `sham` (the baseline once more), `spike`
            (the baseline with a planted slowness), `both` or `none`; default: `both`, or
            `none` if `measure` is given, which would have to plant `LiveVariant.spike`.
        spike: the size of the slowness, as a share of each I/O's time; default: 0.05.
        allow_write: paths of targets that may be written to: their data may be lost.
        control: lets a signal handler end it; the document is then `interrupted`.
        measure: runs a trial; default: `laiobench.run` of the variant's jobs.
        after_trial: is called after each trial.

    Raises:
        UsageError: nothing varies, a number makes no sense, or a target can't be used.
        pydantic.ValidationError: an option does not take one of the values.
    """
    sequence = [jobs] if isinstance(jobs, Job) else list(jobs)
    experiment = begin(
        product(sequence, vary),
        make_design(
            pairs=pairs,
            until_width=until_width,
            until_decided=until_decided,
            equivalent_within=equivalent_within,
            max_time_s=max_time_s,
            seed=seed,
            watched=watched,
            proof=proof or ("none" if measure else "both"),
            spike=spike,
        ),
    )

    def run_jobs(variant: LiveVariant, _position: int) -> RunResult:
        return run(variant.jobs, allow_write=allow_write, control=control, spike=variant.spike)

    observer = StepObserver(after_trial)
    return experiment.run(
        measure or patient(run_jobs), control=control or Control(), observer=observer
    )
