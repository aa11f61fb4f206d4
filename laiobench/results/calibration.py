"""Calibration: the document that says how noisy a machine is.

`laiobench calibrate` compares a job with itself (A/A), with trials of several lengths, and
writes what it found.  `gate --init` reads it, and so do reports that tell how much of an
I/O's time the tool itself takes.
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
"""The id of the warning that threads of a run waited for a CPU."""

SIDES = ("A", "A again")
"""The names of the two sides of a pair; both run the same job."""

EFFECTS = (0.02, 0.05, 0.10)
"""Relative changes; for each a calibration tells how many pairs are needed to see it."""


class NoiseFloor(Record):
    """The noise of one metric of one job, with trials of one length."""

    job: Name
    direction: Name | None
    metric: MetricName
    better: Better
    median: Amount
    spread: Amount = Field(
        description="standard deviation of the log ratios of pairs of like trials"
    )
    smallest_visible: float | None = Field(
        description="the least relative change that this many pairs would show; null: too few pairs"
    )
    pairs_to_see: dict[Percentage, Whole] = Field(
        description="by relative change, such as 0.05: the pairs that show it in 80 % of "
        "comparisons",
    )

    @property
    def key(self) -> Key:
        return Key(self.job, self.direction, self.metric)


class LengthCalibration(Record):
    """The noise of all metrics, with trials of one length."""

    runtime_s: Amount
    pairs: Whole
    floors: list[NoiseFloor]
    not_measurable: dict[Name, Name] = Field(
        description="by metric: why it has no value, mostly because trials are too short"
    )
    trial_s: Amount | None = Field(
        None, description="how long a trial took, set-up and drain included; null: not known"
    )


class OwnCost(Record):
    """What the tool itself costs for each I/O, measured on the null engine."""

    job: Name
    completion: Name
    iodepth: Whole
    ns_per_io: Amount


class Calibration(Record):
    """The document of a calibration."""

    schema_version: Literal[1] = Field(1, alias="schema")
    kind: Literal["calibration"] = "calibration"
    tool: Tool
    argv: list[str] = Field(
        [], description="the command line; empty in documents of earlier versions"
    )
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
        """Always ok: a calibration that failed or was interrupted is not saved."""
        return "ok"

    @property
    def failures(self) -> list[str]:
        """Always empty, as `status` is always ok."""
        return []

    @property
    def notes(self) -> list[str]:
        """Always empty: a calibration has none."""
        return []

    def runs(self) -> list[tuple[str | None, RunResult]]:
        """None: only the results of the trials are kept, not the trials."""
        return []

    def runs_to_compare(self) -> list[RunResult]:
        """None, as `runs`."""
        return []

    @property
    def is_contended(self) -> bool:
        """Whether other programs used the CPUs meanwhile and made some of the noise."""
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
