"""The proof of a live comparison: what its hidden arms showed.

The sham is the baseline once more: it must not differ from the baseline.  The spike is the
baseline with a slowness of known size: the comparison must find it.  Only the model is
here; `comparison.proof_arms` judges.  Ratios are arm / baseline.
"""

import math
from typing import Literal

from pydantic import Field

from laiobench.results.metrics import Better, Key, MetricName
from laiobench.results.model import Amount, Name, Ratio, Record, Share, Whole

Arm = Literal["sham", "spike"]
ProofKind = Literal["none", "sham", "spike", "both"]
ARMS_OF: dict[ProofKind, tuple[Arm, ...]] = {
    "none": (),
    "sham": ("sham",),
    "spike": ("spike",),
    "both": ("sham", "spike"),
}
DEFAULT_SPIKE = 0.05
WITHHELD = "withheld: "
"""How the reason of a verdict begins that the proof does not bear."""


class ArmRatio(Record):
    """An arm against the baseline; bounds are null where there are too few pairs."""

    ratio: Ratio | None
    low: Ratio | None = None
    high: Ratio | None = None


class ProvenMetric(Record):
    """What both arms showed of one metric."""

    job: Name
    direction: str | None = Field(None, description="null: of the job as a whole")
    metric: MetricName
    better: Better
    sham: ArmRatio | None = Field(None, description="null: no sham, or not measurable on it")
    sham_p: Share | None = Field(
        None,
        description="the probability that at least one of all metrics differs as much by chance",
    )
    spike: ArmRatio | None = None
    spike_found: bool | None = Field(
        None, description="by the rule that holds for variants; null: no spike"
    )
    needed: Amount | None = Field(
        None,
        description="the slowness that must be found: that of the spike, or what the gate allows",
    )
    reason: str | None = Field(None, description="why an arm is not measurable")

    @property
    def key(self) -> Key:
        return Key(self.job, self.direction, self.metric)

    @property
    def proven(self) -> float | None:
        """The least slowness that a verdict "no difference" rules out; None: no spike was found.

        At least half the width of the spike's interval: a smaller spike was found by luck,
        since noise in the other direction would have hidden it.
        """
        arm = self.spike
        if not self.spike_found or self.needed is None or arm is None:
            return None
        if arm.low is None or arm.high is None:
            return None
        return max(self.needed, math.sqrt(arm.high / arm.low) - 1)


class Proof(Record):
    """What the arms of a comparison showed, for all metrics."""

    spike: Amount | None = Field(
        None, description="the slowness that was planted, as a share of each I/O's time"
    )
    pairs: Whole = Field(description="of trials of the baseline and an arm")
    level: Share = Field(0.95, description="confidence level of the ratios' intervals")
    sham_level: Share = Field(
        description="a sham differs where sham_p is at most this, which is how often it does "
        "by chance",
    )
    sham_differs: bool | None = Field(
        description="in any metric; null: there is no sham, or too few pairs to tell"
    )
    metrics: list[ProvenMetric]

    @property
    def missed(self) -> list[ProvenMetric]:
        """The metrics in which the spike was not found."""
        return [metric for metric in self.metrics if metric.spike_found is False]

    def of(self, key: Key) -> ProvenMetric | None:
        """What the arms showed of a metric; None: nothing."""
        return next((metric for metric in self.metrics if metric.key == key), None)
