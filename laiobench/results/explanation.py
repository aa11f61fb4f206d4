"""Explanation: what jobs are, where each option came from, and what a run of them would do.

A document for `explain`, as `result` has one for `run`.  Nothing is run for it.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class OptionValue(_Record):
    """An option of a job."""

    value: Any
    origin: str = Field(description="a place, a flag, an environment variable, or default")
    written: str = Field(description="as the user wrote it; empty for a default")


class JobExplanation(_Record):
    """A job, and the origin of all that it is."""

    name: str
    options: dict[str, OptionValue]


class IOThread(_Record):
    """A thread with its event loop, and what comes to it."""

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
    """Of random maps, where sizes differ."""
    verify_bytes: int
    """Of what is kept of written blocks, to verify by."""
    aio_slots: int


class AioSlots(_Record):
    """Events that the kernel must have room for, on the whole machine."""

    needed: int
    used: int = Field(description="fs.aio-nr")
    limit: int = Field(description="fs.aio-max-nr")


class Plan(_Record):
    """What runs together, one group after the other."""

    groups: list[Group]
    aio_slots: AioSlots


class Access(_Record):
    """Which bytes of which target a copy of a job reads or writes."""

    job: str
    target: str
    start_byte: int
    end_byte: int | None = Field(description="null: the target's end, which is not known")
    most_bytes: int | None = Field(
        description="how much is moved at most, in all directions; null: no limit but the runtime"
    )


class Write(Access):
    """Bytes that will be written."""

    needs_allow_write: bool


class ScratchFile(_Record):
    """A file that would be written first, and kept: the scratch file, or one that a job names."""

    path: str
    bytes: int


class FioDifference(_Record):
    """What fio would read otherwise."""

    where: str
    fio: str
    here: str


class Problem(_Record):
    """What would keep the run from beginning."""

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
        description="logs, states of verifications and the result, which it would write"
    )
    differences: list[FioDifference]
    notes: list[str]
    problems: list[Problem]

    model_config = ConfigDict(frozen=True, populate_by_name=True)
