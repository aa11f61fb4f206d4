"""Explanation: the options of jobs, where each came from, and what a run of them would do.

The document of `explain`.  It is made without running anything, and is not stored.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class OptionValue(_Record):
    """An option of a job."""

    value: Any
    origin: str = Field(description="a file and line, a flag, an environment variable, or default")
    written: str = Field(description="as the user wrote it; empty for a default")


class JobExplanation(_Record):
    """A job, and where each of its options came from."""

    name: str
    options: dict[str, OptionValue]


class IOThread(_Record):
    """A thread with an event loop, and the jobs that run on it."""

    name: str
    jobs: list[str]
    iodepth: int
    aio_slots: int


class Group(_Record):
    """Jobs that run together."""

    iothreads: list[IOThread]
    iodepth: int
    buffer_bytes: int
    map_bytes: int
    """Memory for random maps; 0 where all I/Os have one size, which needs no map."""
    verify_bytes: int
    """Memory in which written blocks are remembered, so that they can be verified."""
    aio_slots: int


class AioSlots(_Record):
    """Room for AIO events in the kernel, which all programs of the machine share."""

    needed: int
    used: int = Field(description="fs.aio-nr")
    limit: int = Field(description="fs.aio-max-nr")


class Plan(_Record):
    """The groups of jobs, which run one after the other."""

    groups: list[Group]
    aio_slots: AioSlots


class Access(_Record):
    """Which bytes of which target a copy of a job reads or writes."""

    job: str
    target: str
    start_byte: int
    end_byte: int | None = Field(description="null: the target's end, which is not known")
    most_bytes: int | None = Field(
        description="the most that is transferred, in all directions; null: only the runtime "
        "limits it",
    )


class Write(Access):
    """Bytes that will be written."""

    needs_allow_write: bool


class ScratchFile(_Record):
    """A file that would be written first, and kept: the scratch file, or one that a job names."""

    path: str
    bytes: int


class FioDifference(_Record):
    """Something in a job file that fio reads in another way."""

    where: str
    fio: str
    here: str


class Problem(_Record):
    """Something that would keep the run from starting, and what to do about it."""

    problem: str
    remedy: str


class Explanation(_Record):
    """The document of `explain --json`."""

    schema_version: int = Field(1, alias="schema")
    kind: Literal["explanation"] = "explanation"
    jobs: list[JobExplanation]
    plan: Plan
    reads: list[Access]
    writes: list[Write]
    scratch: list[ScratchFile]
    files: list[str] = Field(
        description="what else it would write: logs, states of verifications and the result"
    )
    differences: list[FioDifference]
    notes: list[str]
    problems: list[Problem]

    model_config = ConfigDict(frozen=True, populate_by_name=True)
