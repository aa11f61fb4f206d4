"""Parts of a run's document: schedules, searches, steady states and verifications."""

from pydantic import BaseModel, ConfigDict, Field

from laiobench.results.model import Record, Whole


class PacingResult(Record):
    """How well a schedule was kept: of the I/Os of the measured window."""

    late: Whole = Field(description="I/Os issued 100 µs or more after they were due")
    late_max_ns: Whole = Field(description="of all I/Os")
    behind_ns: int | None = Field(
        None,
        description="how far behind schedule the window ended, beyond what it began with; "
        "of the direction that was farthest",
    )


class DepthTried(Record):
    """A depth that a search looked at, for one latency_window."""

    depth: Whole
    holds: bool
    ios: Whole
    within: Whole = Field(description="of the ios: those whose lat was within latency_target")


class DepthSearchResult(Record):
    """The search for the highest depth that keeps latency_target."""

    attained: bool = Field(description="there is one; else depth 1 was measured, which does not")
    depth: Whole = Field(description="the one found, at which was measured; 0: none")
    is_over: bool = Field(description="false: the job ended before the search did")
    tried: list[DepthTried]


class SteadyStateResult(Record):
    """What the last steadystate_duration showed, or as much of one as there was."""

    attained: bool = Field(description="the job was ended for it")
    criterion: str
    measured: float | None = Field(description="what is held against the criterion's limit")
    slope: float = Field(description="of the criterion's metric, from one interval to the next")
    max_deviation: float = Field(description="from the mean, in the criterion's metric")
    iops_mean: float
    bw_bytes_mean: float
    iops: list[float] = Field(description="of each interval")
    bw_bytes: list[float]


class BadBlock(BaseModel):
    """A block that was not as it should be; what is not known of it is null."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    fault: str = Field(
        description="zeroed, misplaced (of another offset), foreign (of another job or run), "
        "stale (of an earlier write), torn (in part), corrupt, or unreadable"
    )
    offset: Whole
    bytes: Whole
    error: str | None = Field(description="of one that could not be read")
    found_offset: int | None = Field(description="as its header has it, if that is sound")
    found_generation: int | None = Field(description="how often its offset had been written")
    expected_generation: int | None
    first_bad_byte: int | None = Field(description="from its beginning, where it was expected")
    bad_bytes: int | None
    received: str | None = Field(description="the file in which it was saved")
    expected: str | None = Field(description="the file with what it should be")


class VerifyResult(BaseModel):
    """Of one copy of a job.  Its reads are in no other number of the document."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    blocks: Whole = Field(description="that were verified")
    failed_blocks: Whole
    unknown_blocks: Whole = Field(
        description="not verified: writing them had failed, or they were trimmed"
    )
    bytes: Whole
    runtime_ns: Whole = Field(description="of the reading after the measured window")
    complete: bool = Field(description="all that was written was verified")
    failures: list[BadBlock] = Field(description="the first of them")
