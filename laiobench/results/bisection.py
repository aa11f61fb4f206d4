"""Bisection: the document of a search for the revision that changed a metric.

`laiobench bisect` writes it.  Only the model is here; `laiobench.comparison.bisection.search`
computes what is in it.
"""

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from laiobench.results.comparison import ComparedTrial, Status
from laiobench.results.metrics import METRICS, Better, Key, Metric, MetricName
from laiobench.results.model import Name, Record, Share, Time, Whole, json_of
from laiobench.results.run_result import RunResult, Tool
from laiobench.results.warning import Warning

SCHEMA_VERSION = 1

_MOST = 1e30
"""A bound for stored numbers, far above anything that can be measured."""

Answer = Literal["found", "range", "no_change", "undecided"]
Direction = Literal["worse", "any"]


class BisectionDesign(Record):
    """What the user asked for; enough to continue the bisection later."""

    seed: int
    confidence: Share
    threshold: float = Field(
        0.0, ge=0, le=10, description="the least change that counts, such as 0.02"
    )
    direction: Direction = "worse"
    metrics: list[str] = Field(
        description="candidates; the one that shows the change best is taken"
    )
    prepare: str | None = Field(
        None, description="the command run before trials of another revision"
    )
    setup: str | None = Field(None, description="the command run before each trial")
    cleanup: str | None = Field(None, description="the command run after each trial")
    max_time_s: float | None = None
    max_trials: int | None = None


class Revision(Record):
    """A revision between the good and the bad end, and what the trials showed of it."""

    name: Name
    title: Name = Field("", description="such as the first line of a commit's message")
    trials: Whole = 0
    skipped: str | None = Field(None, description="why it could not be measured")
    change: float | None = Field(
        None,
        ge=-1,
        le=_MOST,
        description="relative change of its trials against neighbouring trials of the good end; "
        "above 0 is worse",
    )
    probability: Share | None = Field(None, description="that this revision made the change")
    has_change: Share | None = Field(None, description="the probability that it has the change")


class BisectedMetric(Record):
    """The metric by which revisions were judged."""

    job: Name
    direction: str | None
    metric: MetricName
    better: Better

    @property
    def key(self) -> Key:
        return Key(self.job, self.direction, self.metric)

    @property
    def kind(self) -> Metric:
        return METRICS[self.metric]


class StepChange(Record):
    """How much the metric changed at the revision: new / old, with a 95 % interval."""

    ratio: float = Field(gt=0, le=_MOST)
    low: float = Field(ge=0, le=_MOST)
    high: float = Field(ge=0, le=_MOST)


class Preparation(Record):
    """One run of --prepare."""

    revision: Name
    took_s: float = Field(ge=0, le=_MOST)
    failure: str | None = None


class BisectionResult(Record):
    """The document of a bisection."""

    schema_version: int = Field(SCHEMA_VERSION, alias="schema")
    kind: Literal["bisection"] = "bisection"
    status: Status
    failures: list[str] = Field([], description="why the status is failed, in sentences")
    answer: Answer = Field(
        description="found: last_without and first_with are neighbours; range: the revisions "
        "between them can't be measured; undecided: it ended before it was sure"
    )
    ended: str | None = Field(None, description="why it ended before it was sure")
    exit_code: int
    tool: Tool
    argv: list[str]
    started_at: Time = Field(description="UTC, ISO 8601")
    design: BisectionDesign
    metric: BisectedMetric | None = Field(None, description="null: nothing was measured yet")
    last_without: Name = Field(description="the newest revision that surely lacks the change")
    first_with: Name = Field(description="the oldest revision that surely has the change")
    probability: Share = Field(
        description="that the change is after last_without and up to first_with; "
        "for no_change: that there is none"
    )
    change: StepChange | None = None
    revisions: list[Revision] = Field(
        min_length=2, description="the good end first, the bad one last"
    )
    preparations: list[Preparation] = Field(default_factory=list)
    trials: list[ComparedTrial] = Field(
        [], description="in the order of running; trials of a block share one preparation"
    )
    notes: list[str] = Field(default_factory=list)
    warnings: list[Warning] = Field(default_factory=list)

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @model_validator(mode="after")
    def _names_are_of_revisions(self) -> Self:
        names = {revision.name: at for at, revision in enumerate(self.revisions)}
        wanted = [self.last_without, self.first_with]
        wanted += [trial.variant for trial in self.trials]
        if len(names) < len(self.revisions):
            raise ValueError("a revision is there twice")
        if unknown := [name for name in wanted if name not in names]:
            raise ValueError(f"{unknown[0]} is no revision of it")
        if names[self.last_without] >= names[self.first_with]:
            raise ValueError("last_without does not come before first_with")
        return self

    def to_json(self) -> str:
        """The document as text."""
        return json_of(self)

    @property
    def good(self) -> Revision:
        return self.revisions[0]

    @property
    def bad(self) -> Revision:
        return self.revisions[-1]

    @property
    def suspects(self) -> list[Revision]:
        """The revisions after `last_without` up to `first_with`: one of them made the change."""
        names = [revision.name for revision in self.revisions]
        return self.revisions[names.index(self.last_without) + 1 : names.index(self.first_with) + 1]

    @property
    def machine(self) -> dict[str, Any]:
        """The machine of the first trial; all trials ran on the same one."""
        return self.trials[0].run.machine if self.trials else {}

    def runs(self) -> list[tuple[str | None, RunResult]]:
        """All trials, each with its revision's name."""
        return [(trial.variant, trial.run) for trial in self.trials]

    def runs_to_compare(self) -> list[RunResult]:
        """None, since each revision is another thing under test."""
        return []
