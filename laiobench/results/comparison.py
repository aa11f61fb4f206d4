"""Comparison: the document of two or more variants held against each other.

What `ab` and `compare` answer with, and what `gate` judges.  Only the form: how
its numbers come about is `laiobench.comparison.analysis`' matter, so that a comparison can
be shown where numpy is not.

Ratios are variant / baseline.  `low` and `high` bound them at `level`; they are
null where there are too few trials for any interval.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import ConfigDict, Field, SerializeAsAny

from laiobench.results import notebook
from laiobench.results.comparison_proof import Proof, ProofKind
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
    """What a comparison came to, for one metric."""

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
    """What a ratio and its bounds are for the worse; None without an interval."""
    if ratio is None or low is None or high is None:
        return None
    if better == "lower":
        return Change(ratio - 1, low - 1, high - 1)
    return Change(1 - ratio, 1 - high, 1 - low)


class Drift(Record):
    """The candidate against the sessions that a baseline began with, or was pinned at."""

    since: Time = Field(description="when the first session of the reference began")
    sessions: int = Field(description="of the reference")
    ratio: float | None = Field(None, description="candidate / reference")
    low: float | None = None
    high: float | None = None
    max_drift: float = Field(description="the relative change for the worse that is allowed")


class Summary(Record):
    """One variant's values of a metric."""

    n: Whole = Field(description="trials, or sessions of stored results, that had a value")
    median: Amount
    spread: Amount | None = Field(
        description="half the distance of the quartiles, over the median; null for one value"
    )


class ComparedMetric(Record):
    """One metric of one job: a variant against the baseline."""

    job: Name
    direction: Name | None = Field(None, description="null: of the job as a whole")
    metric: MetricName
    better: Better
    baseline: Name
    variant: Name
    n: Whole = Field(description="pairs; of stored results, sessions or runs of the smaller side")
    level: Share = Field(
        description="of the interval; in a table the one by which it calls differences"
    )
    ratio: Ratio | None = Field(None, description="variant / baseline")
    low: Ratio | None = None
    high: Ratio | None = None
    smallest_visible: float | None = Field(
        None,
        description="the relative change that so many, at this level, show in 80 % of the cases",
    )
    p: Share | None = Field(None, description="two-sided, of this metric alone")
    p_adjusted: Share | None = Field(
        None, description="for how many there are in this comparison (Benjamini-Hochberg)"
    )
    alone: bool = Field(
        False, description="a difference was shown by itself, but not as one of all these"
    )
    baseline_values: Summary | None = None
    variant_values: Summary | None = None
    max_regression: float | None = Field(
        None, description="of a gate: the relative change for the worse that it allows"
    )
    lost: bool = Field(
        False, description="measurable on the baseline, and not on the variant any more"
    )
    at_least: float | None = Field(
        None, description="where it is lost: what variant / baseline surely is not below"
    )
    baseline_sessions: int | None = Field(
        None, description="of a stored gate: how many sessions of the baseline count"
    )
    baseline_since: Time | None = Field(
        None, description="when the baseline's last change for good was, from which on it counts"
    )
    drift: Drift | None = Field(
        None, description="of a stored gate: the change since the pinned reference"
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
    def change(self) -> Change | None:
        """Relative, and above 0 where it is worse; None without an interval."""
        return change_of(self.better, self.ratio, self.low, self.high)


class Variant(Record):
    """What is compared: a name, and what sets it apart."""

    name: Name
    set: dict[str, Any] = Field(description="options, or free keys of --prepare, by name")
    jobs: list[Options] = Field([], description="the jobs' options, as they were asked for")


class ComparedTrial(Record):
    """One run of a variant."""

    variant: Name
    block: Whole = Field(description="trials of one block were measured side by side")
    position: Whole = Field(0, description="which of all trials, from 0")
    run: SerializeAsAny[RunResult]


class Design(Record):
    """How the trials were put in order, and when they end: enough to go on later."""

    seed: int
    order: TrialOrder = Field(
        "abba",
        description="pairs: drawn anew for each pair; abba: documents of before, a coin a block",
    )
    same_offsets: bool = Field(
        True, description="all trials ask for the same offsets; false: those of a pair"
    )
    pairs: Whole = Field(description="the most there will be")
    looks: list[Whole] = Field(
        [], description="after how many pairs it was to be judged; empty: once, at the end"
    )
    until_decided: bool = Field(
        False, description="judged after each pair, by intervals that are valid so"
    )
    equivalent_within: Amount | None = Field(
        None, description="what is surely within this share of the baseline passes: as good"
    )
    until_width: float | None = None
    max_time_s: float | None = None
    watched: list[MetricName] = Field(
        ["iops"], description="metrics whose width until_width is about"
    )
    prepare: str | None = Field(None, description="what was run before each trial")
    cleanup: str | None = None
    proof: ProofKind = Field(
        "none", description="arms besides the variants, on the baseline's jobs: see proof"
    )
    spike: Amount | None = Field(None, description="of such an arm: the slowness that is planted")
    distribution: bool = Field(False, description="all percentiles are compared: distributions")


class Difference(Record):
    """Something in which the two sides' fingerprints differ."""

    name: Name
    baseline: Name
    new: Name
    hard: bool = Field(description="the two must not be held against each other by a gate")


class Comparison(Record):
    """The document of a comparison."""

    schema_version: Literal[1] = Field(1, alias="schema")
    kind: Literal["comparison"] = "comparison"
    status: Status
    failures: list[str] = Field([], description="why the status is failed, in sentences")
    verdict: Verdict | Literal["failed", "interrupted"] | None = Field(
        None, description="of a gate, over all metrics; null: no policy judged"
    )
    exit_code: int | None = Field(None, description="of a gate: what it answers CI with")
    policy: dict[str, Any] | None = Field(None, description="of a gate: what it went by")
    tool: Tool
    argv: list[str]
    started_at: Time = Field(description="UTC, ISO 8601")
    method: Literal["paired", "unpaired"]
    alpha: Share = 0.05
    family: Whole = Field(0, description="how many metrics were tested together")
    anytime: bool = Field(
        False, description="its intervals are valid however often one looks, and pay for it"
    )
    design: Design | None = Field(None, description="of a live comparison")
    variants: list[Variant] = Field(min_length=1, description="the first one is the baseline")
    trials: list[ComparedTrial] = Field([], description="of a live comparison, as they were run")
    proof: Proof | None = Field(
        None, description="what its arms came to: a sham, and a spike; null: there are none"
    )
    proof_trials: list[ComparedTrial] = Field(
        [], description="of the arms, which are named as variants are; positions are of all trials"
    )
    differences: list[Difference] = Field([], description="of stored results' fingerprints")
    metrics: list[ComparedMetric]
    distributions: list[Distribution] = Field(
        [], description="of a live comparison, where they were asked for"
    )
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
        """None of its own: they are its trials'."""
        return []

    @property
    def machine(self) -> dict[str, Any]:
        """That of its first trial: all are of one machine."""
        return self.trials[0].run.machine if self.trials else {}

    def runs(self) -> list[tuple[str | None, RunResult]]:
        """Its trials, each with its variant."""
        return [(trial.variant, trial.run) for trial in self.trials]

    def runs_to_compare(self) -> list[RunResult]:
        """The baseline's that ended well."""
        runs = [trial.run for trial in self.trials if trial.variant == self.baseline.name]
        return [run for run in runs if run.status == "ok"]

    def find(self, metric: str, *, job: str | None = None) -> list[ComparedMetric]:
        """A metric's comparisons, of one job or of all."""
        return [
            compared
            for compared in self.metrics
            if compared.metric == metric and job in (None, compared.job)
        ]
