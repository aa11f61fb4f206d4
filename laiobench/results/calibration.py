"""Calibration: how wide this machine's noise is, as a document.

Made by `laiobench calibrate` from a variant held against itself (A/A), for a job
on a target, with trials of several lengths.  Read by `gate --init`, and by
reports that tell the tool's share of an I/O.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from laiobench.results.free_form import Machine, Options
from laiobench.results.metrics import Better, Key, MetricName
from laiobench.results.model import Amount, Name, Percentage, Record, Time, Whole, json_of
from laiobench.results.run_result import RunResult, Tool
from laiobench.results.warning import Warning

DEFAULT_LENGTHS_S = (0.5, 2.0)
DEFAULT_PAIRS = 10
CPU_CONTENDED = "cpu_contended"
"""The warning of a run whose threads waited for a CPU."""

SIDES = ("A", "A again")
"""Of each pair."""

EFFECTS = (0.02, 0.05, 0.10)
"""The changes about which it says how many pairs see them."""


class NoiseFloor(Record):
    """One metric of one job, at one length of trials."""

    job: Name
    direction: Name | None
    metric: MetricName
    better: Better
    median: Amount
    spread: Amount = Field(description="standard deviation of log ratios of pairs of like trials")
    smallest_visible: float | None = Field(
        description="the relative change that so many pairs would show; null if too few"
    )
    pairs_to_see: dict[Percentage, Whole] = Field(
        description="relative change, such as 0.05, and the pairs that show it in 80 % of tables"
    )

    @property
    def key(self) -> Key:
        return Key(self.job, self.direction, self.metric)


class LengthCalibration(Record):
    """All metrics, with trials of one length."""

    runtime_s: Amount
    pairs: Whole
    floors: list[NoiseFloor]
    not_measurable: dict[Name, Name] = Field(description="metric, and why: too short, mostly")
    trial_s: Amount | None = Field(
        None, description="how long a trial took, with its beginning and end; null: not known"
    )


class OwnCost(Record):
    """What the tool itself costs, measured with no device behind it."""

    job: Name
    completion: Name
    iodepth: Whole
    ns_per_io: Amount


class Calibration(Record):
    """The document of a calibration."""

    schema_version: Literal[1] = Field(1, alias="schema")
    kind: Literal["calibration"] = "calibration"
    tool: Tool
    argv: list[str] = Field([], description="what was typed; none in documents of before")
    started_at: Time = Field(description="UTC, ISO 8601")
    machine: Machine
    jobs: list[Options] = Field(description="the jobs' options, as they were asked for")
    lengths: list[LengthCalibration] = Field(description="the shortest first")
    own_costs: list[OwnCost]
    warnings: list[Warning] = Field([], description="of the trials: what made them noisy")

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    def to_json(self) -> str:
        """The document as text."""
        return json_of(self)

    @property
    def status(self) -> str:
        """Of one that failed, or was interrupted, nothing is kept."""
        return "ok"

    @property
    def failures(self) -> list[str]:
        """None: see `status`."""
        return []

    @property
    def notes(self) -> list[str]:
        """None of its own."""
        return []

    def runs(self) -> list[tuple[str | None, RunResult]]:
        """None: what its trials came to is kept, and not they."""
        return []

    def runs_to_compare(self) -> list[RunResult]:
        """None."""
        return []

    @property
    def is_contended(self) -> bool:
        """Whether others used the CPUs meanwhile, so that some of the noise is theirs."""
        return any(warning.id == CPU_CONTENDED for warning in self.warnings)

    def own_cost(self, completion: str, iodepth: int) -> float | None:
        """The tool's ns per I/O for this mode and depth, if that was calibrated."""
        return next(
            (
                cost.ns_per_io
                for cost in self.own_costs
                if (cost.completion, cost.iodepth) == (completion, iodepth)
            ),
            None,
        )
