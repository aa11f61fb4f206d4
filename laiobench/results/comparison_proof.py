"""The proof that a live comparison carries: what its hidden arms came to.

The sham is the baseline once more, which must not differ from it; the spike is the baseline
with a slowness of known size, which must be found.  Only the form: `comparison.proof_arms`
judges.  Ratios are arm / baseline.
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


class ArmRatio(Record):
    """An arm against the baseline; null bounds: too few pairs for any."""

    ratio: Ratio | None
    low: Ratio | None = None
    high: Ratio | None = None


class ProvenMetric(Record):
    """What both arms showed of one metric."""

    job: Name
    direction: str | None = Field(None, description="null: of the job as a whole")
    metric: MetricName
    better: Better
    sham: ArmRatio | None = Field(None, description="null: no such arm, or not measurable there")
    sham_p: Share | None = Field(
        None, description="how often no difference would show one like it in any metric of all"
    )
    spike: ArmRatio | None = None
    spike_found: bool | None = Field(
        None, description="as a difference of the variants would be; null: no spike here"
    )
    needed: Amount | None = Field(
        None, description="the slowness that must be found here: the spike's, or what a gate allows"
    )
    reason: str | None = Field(None, description="why an arm is not measurable")

    @property
    def key(self) -> Key:
        return Key(self.job, self.direction, self.metric)

    @property
    def proven(self) -> float | None:
        """What "no difference" is less than here; None where no spike was found.

        Not less than half of the spike's interval: what is smaller was found by luck, since
        noise that had gone the other way would have hidden it.
        """
        arm = self.spike
        if not self.spike_found or self.needed is None or arm is None:
            return None
        if arm.low is None or arm.high is None:
            return None
        return max(self.needed, math.sqrt(arm.high / arm.low) - 1)


class Proof(Record):
    """All of it."""

    spike: Amount | None = Field(None, description="what was planted, as a share of each I/O")
    pairs: Whole = Field(description="of the baseline and each arm")
    level: Share = Field(0.95, description="of the ratios' intervals")
    sham_level: Share = Field(
        description="a sham differs where its p is at most this: so often it does by chance"
    )
    sham_differs: bool | None = Field(
        description="in any metric; null: there is no sham, or too few pairs for it to differ"
    )
    metrics: list[ProvenMetric]

    @property
    def missed(self) -> list[ProvenMetric]:
        """Where the spike was not found."""
        return [metric for metric in self.metrics if metric.spike_found is False]

    def of(self, key: Key) -> ProvenMetric | None:
        """What is proven of a metric."""
        return next((metric for metric in self.metrics if metric.key == key), None)
