"""A shift function: how much slower a variant is at each percentile of its latencies.

Only the model is here; `comparison.distributions` computes it.  Ratios are
variant / baseline.
"""

from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from laiobench.results.model import Name, Ratio, Record, Share, Whole


class ShiftedPercentile(Record):
    """One percentile; it has no bounds where there are too few pairs."""

    percentile: float = Field(gt=0, lt=100)
    ratio: Ratio
    low: Ratio | None = None
    high: Ratio | None = None

    @property
    def is_slower(self) -> bool:
        return self.low is not None and self.low > 1

    @property
    def is_faster(self) -> bool:
        return self.high is not None and self.high < 1


class Distribution(Record):
    """The latencies of a variant against those of the baseline, percentile by percentile."""

    job: Name
    direction: str
    baseline: Name
    variant: Name
    n: Whole = Field(description="pairs")
    level: Share = Field(
        description="of all bounds of all shift functions of the comparison together"
    )
    percentiles: list[ShiftedPercentile] = Field(
        description="ascending; only those with enough I/Os below and above in each trial"
    )
    reason: str | None = Field(None, description="why there are no percentiles, or no bounds")

    @model_validator(mode="after")
    def _is_ascending(self) -> Self:
        places = [shifted.percentile for shifted in self.percentiles]
        if any(second <= first for first, second in pairwise(places)):
            raise ValueError("percentiles must ascend")
        return self
