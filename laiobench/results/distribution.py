"""A shift function: how much slower a variant is at each percentile of its latencies.

Only the form: `comparison.distributions` makes it.  Ratios are variant / baseline.
"""

from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from laiobench.results.model import Name, Ratio, Record, Share, Whole


class ShiftedPercentile(Record):
    """One of them; without bounds where there are too few pairs for any."""

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
    """All latencies of a variant, against the baseline's."""

    job: Name
    direction: str
    baseline: Name
    variant: Name
    n: Whole = Field(description="pairs")
    level: Share = Field(description="of the bounds at all percentiles of all of them together")
    percentiles: list[ShiftedPercentile] = Field(
        description="ascending; those that enough I/Os of each trial are below and above"
    )
    reason: str | None = Field(None, description="why there are none, or no bounds")

    @model_validator(mode="after")
    def _is_ascending(self) -> Self:
        places = [shifted.percentile for shifted in self.percentiles]
        if any(second <= first for first, second in pairwise(places)):
            raise ValueError("percentiles must ascend")
        return self
