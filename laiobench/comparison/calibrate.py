"""Calibrates: compares a variant with itself, to learn how noisy this machine is.

Trials of several lengths are compared, since longer ones are not always quieter: a drift
is as wide in each.  The cost of the tool itself is measured too, without a device.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from laiobench import native
from laiobench.comparison import analysis, power, rank_tests, trial_warnings
from laiobench.comparison import shift as shift_module
from laiobench.comparison.design import make_design
from laiobench.comparison.experiment import begin
from laiobench.comparison.looks import PLANNED
from laiobench.comparison.patience import Measure
from laiobench.comparison.steps import Step, StepObserver
from laiobench.comparison.variants import LiveVariant
from laiobench.errors import Interrupted, RunError, UsageError
from laiobench.jobs.options import LONGEST_S, Job, traits
from laiobench.jobs.options.engines import simulated_engine
from laiobench.measurement.control import Control
from laiobench.measurement.measure import run
from laiobench.measurement.plan.placement import check_measured
from laiobench.results.calibration import (
    CPU_CONTENDED,
    DEFAULT_LENGTHS_S,
    DEFAULT_PAIRS,
    EFFECTS,
    SIDES,
    Calibration,
    LengthCalibration,
    NoiseFloor,
    OwnCost,
)
from laiobench.results.comparison import ComparedMetric, Comparison
from laiobench.results.copies import labels
from laiobench.results.digest import digest
from laiobench.results.metrics import COMPARED, METRICS
from laiobench.results.run_result import RunResult, Tool
from laiobench.system import machine
from laiobench.version import __version__
from laiobench.words import printable

_OWN_COST_RUNTIME_S = 0.2
_OWN_COST_REPEATS = 3


def calibrate(
    jobs: Sequence[Job],
    *,
    lengths_s: Sequence[float] = DEFAULT_LENGTHS_S,
    pairs: int = DEFAULT_PAIRS,
    seed: int | None = None,
    measure: Measure,
    control: Control | None = None,
    after_trial: Callable[[Step], None] | None = None,
) -> Calibration:
    """Measure the noise of these jobs on this machine, and what the tool itself costs.

    Args:
        jobs: the jobs that are to be judged later, on their target.
        lengths_s: how long trials measure; each length gets a calibration of its own.
        pairs: of trials, for each length.
        seed: of the order of trials; default: a random one.
        measure: runs a trial.
        control: lets a signal handler stop it.
        after_trial: is called after each trial.

    Raises:
        UsageError: a length or the number of pairs makes no sense.
        RunError: a trial failed.
        Interrupted: it was stopped; there is no calibration then.
    """
    control = control or Control()
    check_measured(jobs)
    for length_s in lengths_s:
        if not 0 < length_s <= LONGEST_S:
            raise UsageError(f"a trial must be longer than 0 s, not {length_s:g} s")
    if pairs < rank_tests.MIN_PAIRS:
        raise UsageError(f"calibrating needs at least {rank_tests.MIN_PAIRS} pairs, not {pairs}")
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    found = []
    trials: list[RunResult] = []
    for length_s in sorted(set(lengths_s)):
        timed = tuple(_timed(job, length_s) for job in jobs)
        design = make_design(pairs=pairs, seed=seed)
        experiment = begin([LiveVariant(side, timed) for side in SIDES], design)
        began_s = time.monotonic()
        comparison = experiment.run(measure, control=control, observer=StepObserver(after_trial))
        _check(comparison)
        trials += [trial.run for trial in comparison.trials]
        trial_s = (time.monotonic() - began_s) / len(comparison.trials)
        found.append(_of_length(comparison, length_s, trial_s))
    return Calibration(
        tool=Tool(version=__version__, build=native.source_hash()),
        argv=[printable(word) for word in sys.argv],
        started_at=now,
        machine=machine.describe({job.target for run in trials for job in run.jobs if job.target}),
        jobs=[job.model_dump(mode="json", exclude_defaults=True) for job in jobs],
        lengths=found,
        own_costs=_own_costs(jobs, control),
        warnings=[
            warning for warning in trial_warnings.of_trials(trials) if warning.id == CPU_CONTENDED
        ],
    )


def _timed(job: Job, length_s: float) -> Job:
    chosen = {"runtime": length_s, "time_based": True, "number_ios": None}
    try:
        return Job.model_validate(job.model_dump(exclude_unset=True) | chosen)
    except ValidationError as error:
        raise UsageError(
            f"job {job.name} cannot run for {length_s:g} s: {error.errors()[0]['msg']}"
        ) from None


def _check(comparison: Comparison) -> None:
    if comparison.status == "interrupted":
        raise Interrupted("stopped while calibrating: nothing is kept")
    if comparison.status == "failed":
        raise RunError(comparison.failures[0])


def _of_length(comparison: Comparison, length_s: float, trial_s: float) -> LengthCalibration:
    runs = [(trial, digest(trial.run)) for trial in comparison.trials]
    sides = {side: [run for trial, run in runs if trial.variant == side] for side in SIDES}
    compared = analysis.compare_blocks([sides], SIDES, metrics=COMPARED, looks=PLANNED)
    family = sum(metric.p is not None or metric.ratio is not None for metric in compared)
    return LengthCalibration(
        runtime_s=length_s,
        trial_s=trial_s,
        pairs=len(sides[SIDES[0]]),
        floors=[
            _floor(metric, family, *analysis.pair_values([sides], *SIDES, metric.key))
            for metric in compared
            if metric.ratio is not None
        ],
        not_measurable={
            f"{metric.job}: {METRICS[metric.metric].title}": (
                "it is 0 in some trials, so there is no ratio"
                if metric.difference
                else metric.reason or ""
            )
            for metric in compared
            if metric.ratio is None
        },
    )


def _floor(
    metric: ComparedMetric, family: int, first: Sequence[float], again: Sequence[float]
) -> NoiseFloor:
    """The noise of a metric, and the pairs that later comparisons will need.

    They will have tables of `family` metrics, which call a difference at α / m, and other
    pairs than these; their noise is known only from these.
    """
    alpha, freedom = PLANNED.share * rank_tests.ALPHA / family, len(first) - 1
    shift = shift_module.paired(shift_module.log_ratios(first, again))
    return NoiseFloor(
        job=metric.job,
        direction=metric.direction,
        metric=metric.metric,
        better=metric.better,
        median=statistics.median([*first, *again]),
        spread=shift.spread,
        smallest_visible=metric.smallest_visible,
        pairs_to_see={
            f"{effect:g}": power.pairs_to_see(
                math.log1p(effect), shift.spread, alpha, freedom=freedom
            )
            for effect in EFFECTS
        },
    )


# ---- the tool alone --------------------------------------------------------------


def _own_costs(jobs: Sequence[Job], control: Control) -> list[OwnCost]:
    return [
        OwnCost(
            job=label,
            completion=job.completion,
            iodepth=job.iodepth,
            ns_per_io=own_ns_per_io(job, control),
        )
        for label, job in zip(labels([job.name for job in jobs]), jobs, strict=True)
    ]


def own_ns_per_io(job: Job, control: Control | None = None) -> float:
    """The CPU time in ns that an I/O costs without a device: on an engine that completes at once.

    It includes generating, submitting, reaping and recording, but no system call and no
    copying.

    Raises:
        Interrupted: `control` asked to stop.
        RunError: the run failed.
    """
    written = job.model_dump(mode="json")
    alone = Job.model_validate(
        {name: written[name] for name, its in traits().items() if its.is_own_cost}
        | {"engine": simulated_engine(), "runtime": _OWN_COST_RUNTIME_S, "time_based": True}
    )
    found = [_ns_per_io(run(alone, control=control)) for _ in range(_OWN_COST_REPEATS)]
    return min(found)  # other programs can only have made it more


def _ns_per_io(result: RunResult) -> float:
    if result.status == "interrupted":
        raise Interrupted("stopped while calibrating: nothing is kept")
    if result.status == "failed":
        raise RunError(f"the tool's own cost cannot be measured: {result.failures[0]}")
    return result.jobs[0].cpu.per_io_ns
