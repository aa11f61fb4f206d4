"""Comparison: the document of two or more variants that were compared with each other.

`ab`, `compare` and `gate` write it.  Only the model is here; `laiobench.comparison.analysis`
computes what is in it, so a comparison can be shown where numpy is not installed.

Ratios are variant / baseline.  `low` and `high` are the bounds of the confidence interval
at `level`; they are null where there are too few trials for an interval.
"""

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import ConfigDict, Field, SerializeAsAny

from laiobench.results import notebook
from laiobench.results.comparison_proof import WITHHELD, Proof, ProofKind
from laiobench.results.distribution import Distribution
from laiobench.results.free_form import Options
from laiobench.results.metrics import METRICS, Better, Key, Metric, MetricName
from laiobench.results.model import Amount, Name, Ratio, Record, Share, Time, Whole, json_of
from laiobench.results.run_result import RunResult, Tool
from laiobench.results.warning import Warning

if TYPE_CHECKING:
    import pandas


Status = Literal["ok", "failed", "interrupted"]
TrialOrder = Literal["abba", "pairs"]


class Verdict(StrEnum):
    """The result of comparing one metric."""

    REGRESS = "regress"
    IMPROVE = "improve"
    PASS = "pass"
    INCONCLUSIVE = "inconclusive"
    MISMATCH = "mismatch"
    NOT_MEASURABLE = "not_measurable"


class Change(NamedTuple):
    """A relative change, signed so that above 0 is worse: 0.1 is 10 % worse."""

    estimate: float
    low: float
    high: float


def change_of(
    better: Better, ratio: float | None, low: float | None, high: float | None
) -> Change | None:
    """A ratio and its bounds as a change for the worse; None without an interval."""
    if ratio is None or low is None or high is None:
        return None
    if better == "lower":
        return Change(ratio - 1, low - 1, high - 1)
    return Change(1 - ratio, 1 - high, 1 - low)


class Drift(Record):
    """The candidate against the first sessions of a baseline, or those it is pinned to.

    It shows many small changes for the worse that add up, each too small to fail a gate.
    """

    since: Time = Field(description="when the first session of the reference began")
    sessions: int = Field(description="how many the reference has")
    ratio: float | None = Field(None, description="candidate / reference")
    low: float | None = None
    high: float | None = None
    max_drift: float = Field(description="the relative change for the worse that is allowed")


class Summary(Record):
    """One variant's values of a metric."""

    n: Whole = Field(description="trials, or sessions of stored results, that had a value")
    median: Amount
    spread: Amount | None = Field(
        description="half the interquartile range / the median; null for one value"
    )


class AbsoluteDifference(Record):
    """Variant − baseline in the metric's unit, of what is 0 in some trials: it has no ratio."""

    estimate: float
    low: float | None = None
    high: float | None = None
    smallest_visible: float | None = Field(
        None,
        description="the least difference that n trials, at this level, show in 80 % of cases",
    )


class ComparedMetric(Record):
    """One metric of one job: a variant against the baseline."""

    job: Name
    direction: Name | None = Field(None, description="null: the job as a whole")
    metric: MetricName
    better: Better
    baseline: Name
    variant: Name
    n: Whole = Field(
        description="pairs; for stored results, the sessions or runs of the smaller side"
    )
    level: Share = Field(
        description="confidence level of the interval; differences are called at this level"
    )
    ratio: Ratio | None = Field(None, description="variant / baseline")
    low: Ratio | None = None
    high: Ratio | None = None
    smallest_visible: float | None = Field(
        None,
        description="the least relative change that n trials, at this level, show in 80 % of cases",
    )
    difference: AbsoluteDifference | None = Field(
        None, description="instead of a ratio, of a metric that is 0 in some trials"
    )
    p: Share | None = Field(None, description="two-sided, for this metric alone")
    p_adjusted: Share | None = Field(
        None,
        description="adjusted for the number of metrics in this comparison (Benjamini-Hochberg)",
    )
    alone: bool = Field(False, description="p shows a difference, but p_adjusted does not")
    baseline_values: Summary | None = None
    variant_values: Summary | None = None
    max_regression: float | None = Field(
        None, description="the relative change for the worse that the gate allows"
    )
    lost: bool = Field(
        False, description="measurable on the baseline, but no longer on the variant"
    )
    at_least: float | None = Field(
        None, description="if lost: a bound that variant / baseline is surely not below"
    )
    baseline_sessions: int | None = Field(
        None, description="gate on stored results: how many sessions of the baseline count"
    )
    baseline_kept_out: int | None = Field(
        None, description="how many of these were inconclusive, and counted when others had passed"
    )
    baseline_since: Time | None = Field(
        None, description="when the baseline last changed for good; only sessions since then count"
    )
    drift: Drift | None = Field(
        None, description="gate on stored results: the change since the pinned reference"
    )
    verdict: Verdict
    reason: Name | None = Field(None, description="why it is not measurable, or not conclusive")

    @property
    def key(self) -> Key:
        return Key(self.job, self.direction, self.metric)

    @property
    def kind(self) -> Metric:
        return METRICS[self.metric]

    @property
    def is_withheld(self) -> bool:
        """Whether there is no verdict because the proof does not bear one."""
        return self.reason is not None and self.reason.startswith(WITHHELD)

    @property
    def change(self) -> Change | None:
        """The relative change, above 0 where it is worse; None without an interval.

        Of a baseline whose median is 0 any difference is an infinite change.
        """
        absolute = self.difference
        if absolute is None:
            return change_of(self.better, self.ratio, self.low, self.high)
        if absolute.low is None or absolute.high is None or self.baseline_values is None:
            return None
        base = self.baseline_values.median
        shares = (
            share / base if base else math.copysign(math.inf, share) if share else 0.0
            for share in (absolute.estimate, absolute.low, absolute.high)
        )
        estimate, low, high = shares
        if self.better == "lower":
            return Change(estimate, low, high)
        return Change(-estimate, -high, -low)

    @property
    def is_higher(self) -> bool | None:
        """Whether the variant's value is above the baseline's, shown or not; None: not known."""
        if self.difference is not None:
            return self.difference.estimate > 0
        return None if self.ratio is None else self.ratio > 1


class Variant(Record):
    """One of the things compared: its name, and in what it differs from the others."""

    name: Name
    set: dict[str, Any] = Field(description="by name: options, or keys that only --prepare uses")
    jobs: list[Options] = Field([], description="the jobs' options, as they were asked for")


class ComparedTrial(Record):
    """One run of a variant."""

    variant: Name
    block: Whole = Field(
        description="number of its block; trials of a block were run next to each other"
    )
    position: Whole = Field(0, description="place among all trials in the order of running, from 0")
    run: SerializeAsAny[RunResult]


class Design(Record):
    """The order of the trials, and when they end; enough to continue the comparison later."""

    seed: int
    order: TrialOrder = Field(
        "abba",
        description="pairs: the order is drawn anew for each pair; abba (earlier versions): "
        "for each block",
    )
    same_offsets: bool = Field(
        True,
        description="all trials use the same sequence of offsets; false: only those of a pair do",
    )
    pairs: Whole = Field(description="the most that will be run")
    looks: list[Whole] = Field(
        [], description="the numbers of pairs after which it is judged; empty: once, at the end"
    )
    until_decided: bool = Field(
        False,
        description="judged after each pair, by intervals that stay valid when looked at so often",
    )
    equivalent_within: Amount | None = Field(
        None, description="a metric surely within this share of the baseline passes as equivalent"
    )
    until_width: float | None = None
    max_time_s: float | None = None
    watched: list[MetricName] = Field(
        ["iops"], description="the metrics to which until_width applies"
    )
    prepare: str | None = Field(None, description="the command run before each trial")
    cleanup: str | None = None
    proof: ProofKind = Field(
        "none",
        description="hidden arms run besides the variants, with the baseline's jobs: see proof",
    )
    spike: Amount | None = Field(
        None, description="the slowness that is planted in the spike arm, as a share"
    )
    distribution: bool = Field(
        False, description="whether all percentiles are compared: see distributions"
    )


class Difference(Record):
    """A fact about machine, target or job that differs between the two sides."""

    name: Name
    baseline: Name
    new: Name
    hard: bool = Field(description="a gate must not compare the two sides")


class Comparison(Record):
    """The document of a comparison."""

    schema_version: Literal[1] = Field(1, alias="schema")
    kind: Literal["comparison"] = "comparison"
    status: Status
    failures: list[str] = Field([], description="why the status is failed, in sentences")
    verdict: Verdict | Literal["failed", "interrupted"] | None = Field(
        None, description="of the gate, over all metrics; null: it was not judged by a policy"
    )
    exit_code: int | None = Field(None, description="the exit status of the gate")
    policy: dict[str, Any] | None = Field(None, description="the policy by which the gate judged")
    tool: Tool
    argv: list[str]
    started_at: Time = Field(description="UTC, ISO 8601")
    method: Literal["paired", "unpaired"]
    alpha: Share = 0.05
    family: Whole = Field(0, description="how many metrics were tested together")
    anytime: bool = Field(
        False, description="its intervals are valid however often one looks, and are wider for it"
    )
    design: Design | None = Field(None, description="of a live comparison")
    variants: list[Variant] = Field(min_length=1, description="the first one is the baseline")
    trials: list[ComparedTrial] = Field(
        [], description="of a live comparison, in the order of running"
    )
    proof: Proof | None = Field(
        None, description="what the hidden arms showed: a sham, and a spike; null: there are none"
    )
    proof_trials: list[ComparedTrial] = Field(
        [], description="trials of the arms; variant is the arm, position counts all trials"
    )
    differences: list[Difference] = Field(
        [], description="facts that differ between the two sides of stored results"
    )
    metrics: list[ComparedMetric]
    distributions: list[Distribution] = Field([], description="of a live comparison, if asked for")
    warnings: list[Warning] = Field(default_factory=list)

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    def to_json(self) -> str:
        """The document as text."""
        return json_of(self)

    def to_frame(self) -> "pandas.DataFrame":
        """A row for each metric of each variant, for pandas.

        Raises:
            ExtraMissing: it is not installed.
        """
        return notebook.frame(notebook.comparison_rows(self))

    def __repr__(self) -> str:
        return notebook.comparison_line(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return notebook.comparison_html(self)

    @property
    def baseline(self) -> Variant:
        return self.variants[0]

    @property
    def notes(self) -> list[str]:
        """Always empty: notes belong to the trials."""
        return []

    @property
    def machine(self) -> dict[str, Any]:
        """The machine of the first trial; all trials ran on the same one."""
        return self.trials[0].run.machine if self.trials else {}

    def runs(self) -> list[tuple[str | None, RunResult]]:
        """All trials, each with its variant's name."""
        return [(trial.variant, trial.run) for trial in self.trials]

    def runs_to_compare(self) -> list[RunResult]:
        """The trials of the baseline that ended well."""
        runs = [trial.run for trial in self.trials if trial.variant == self.baseline.name]
        return [run for run in runs if run.status == "ok"]

    def find(self, metric: str, *, job: str | None = None) -> list[ComparedMetric]:
        """The comparisons of a metric, for one job or for all."""
        return [
            compared
            for compared in self.metrics
            if compared.metric == metric and job in (None, compared.job)
        ]
