"""Parts of a run's document: schedules, searches, steady states and verifications."""

from pydantic import BaseModel, ConfigDict, Field

from laiobench.results.model import Record, Whole


class PacingResult(Record):
    """How well the I/Os of the measured window kept to the schedule of `rate` or `rate_iops`."""

    late: Whole = Field(description="I/Os issued 100 µs or more after they were due")
    late_max_ns: Whole = Field(
        description="the latest I/O: how long after it was due it was issued"
    )
    behind_ns: int | None = Field(
        None,
        description="how much further behind schedule the window ended than it began; "
        "of the direction that was furthest behind",
    )


class DepthTried(Record):
    """A depth that a search looked at, for one latency_window."""

    depth: Whole
    holds: bool
    ios: Whole
    within: Whole = Field(description="how many of the ios had a lat of at most latency_target")


class DepthSearchResult(Record):
    """The search for the highest depth that keeps latency_target."""

    attained: bool = Field(
        description="a depth keeps it; false: even depth 1 does not, at which was measured"
    )
    depth: Whole = Field(description="the depth found, at which was measured; 0: none")
    is_over: bool = Field(description="false: the job ended before the search did")
    tried: list[DepthTried]


class SteadyStateResult(Record):
    """What the last steadystate_duration showed, or as much of one as there was."""

    attained: bool = Field(description="whether it was reached, which ended the job")
    criterion: str
    measured: float | None = Field(
        description="the value that is compared with the criterion's limit"
    )
    slope: float = Field(description="of the criterion's metric, from one interval to the next")
    max_deviation: float = Field(description="from the mean, in the criterion's metric")
    iops_mean: float
    bw_bytes_mean: float
    iops: list[float] = Field(description="of each interval")
    bw_bytes: list[float]


class BadBlock(BaseModel):
    """A block that does not hold what was written to it; facts that are not known are null."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    fault: str = Field(
        description="zeroed, misplaced (of another offset), foreign (of another job or run), "
        "stale (of an earlier write), torn (in part), corrupt, or unreadable"
    )
    offset: Whole
    bytes: Whole
    error: str | None = Field(description="of one that could not be read")
    found_offset: int | None = Field(description="the offset in its header, if the header is sound")
    found_generation: int | None = Field(
        description="the count in its header: how often its offset had been written"
    )
    expected_generation: int | None
    first_bad_byte: int | None = Field(
        description="offset within the block of the first byte that differs"
    )
    bad_bytes: int | None
    received: str | None = Field(description="the file in which it was saved")
    expected: str | None = Field(description="the file with what should be there")


class VerifyResult(BaseModel):
    """The verification of one copy of a job.

    Its reads count in no other number of the document.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    blocks: Whole = Field(description="how many were verified")
    failed_blocks: Whole
    unknown_blocks: Whole = Field(
        description="not verified: writing them had failed, or they were trimmed"
    )
    bytes: Whole
    runtime_ns: Whole = Field(description="time that reading took after the measured window")
    complete: bool = Field(description="all that was written was verified")
    failures: list[BadBlock] = Field(description="the first of them")
