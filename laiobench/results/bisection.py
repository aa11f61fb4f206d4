"""Bisection: the document of a search for the revision that made it worse.

Made by `laiobench bisect`.  Only the form: how its numbers come about is
`laiobench.comparison.bisection`'s matter.
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
"""Above what anybody measures."""

Answer = Literal["found", "range", "no_change", "undecided"]
Direction = Literal["worse", "any"]


class BisectionDesign(Record):
    """What was asked for: enough to go on later."""

    seed: int
    confidence: Share
    threshold: float = Field(
        0.0, ge=0, le=10, description="the least change that counts, such as 0.02"
    )
    direction: Direction = "worse"
    metrics: list[str] = Field(description="of which the one that shows the change best is taken")
    prepare: str | None = Field(None, description="what was run whenever another revision was next")
    setup: str | None = Field(None, description="what was run before each trial")
    cleanup: str | None = Field(None, description="what was run after each trial")
    max_time_s: float | None = None
    max_trials: int | None = None


class Revision(Record):
    """One of the revisions, and what is known of it."""

    name: Name
    title: Name = Field("", description="such as the first line of a commit's message")
    trials: Whole = 0
    skipped: str | None = Field(None, description="why it could not be measured")
    change: float | None = Field(
        None,
        ge=-1,
        le=_MOST,
        description="of its trials, against the good end's next to them; above 0 is worse",
    )
    probability: Share | None = Field(None, description="of being the one that made the change")
    has_change: Share | None = Field(None, description="how sure it is that the change is in it")


class BisectedMetric(Record):
    """What it went by."""

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
    """How much the metric changed at the revision: new / old, with an interval of 95 %."""

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
        description="found: last_without and first_with are neighbours; range: what is between "
        "them can't be measured; undecided: it ended before it was sure"
    )
    ended: str | None = Field(None, description="why it ended before it was sure")
    exit_code: int
    tool: Tool
    argv: list[str]
    started_at: Time = Field(description="UTC, ISO 8601")
    design: BisectionDesign
    metric: BisectedMetric | None = Field(None, description="null: nothing was measured yet")
    last_without: Name = Field(description="the revision before those of which it is one")
    first_with: Name = Field(description="the last one of those")
    probability: Share = Field(description="of it being among those; or of no change")
    change: StepChange | None = None
    revisions: list[Revision] = Field(
        min_length=2, description="the good end first, the bad one last"
    )
    preparations: list[Preparation] = Field(default_factory=list)
    trials: list[ComparedTrial] = Field(
        [], description="as they were run; of one block are those after one preparation"
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
        """Those of which it is one."""
        names = [revision.name for revision in self.revisions]
        return self.revisions[names.index(self.last_without) + 1 : names.index(self.first_with) + 1]

    @property
    def machine(self) -> dict[str, Any]:
        """That of its first trial: all are of one machine."""
        return self.trials[0].run.machine if self.trials else {}

    def runs(self) -> list[tuple[str | None, RunResult]]:
        """Its trials, each with its revision."""
        return [(trial.variant, trial.run) for trial in self.trials]

    def runs_to_compare(self) -> list[RunResult]:
        """None: what is under test differs from trial to trial."""
        return []
