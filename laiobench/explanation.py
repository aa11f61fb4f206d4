"""Explanation: what jobs are, where each option came from, and what a run of them would do.

A document for `explain`, as `result` has one for `run`.  Nothing is run for it.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from laiobench.errors import LaiobenchError
from laiobench.job import Job
from laiobench.preview import AccessPreview, GroupPreview, preview
from laiobench.sources import Draft, notes
from laiobench.sources.readings import differences


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


class Difference(_Record):
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
    differences: list[Difference]
    notes: list[str]
    problems: list[Problem]

    model_config = ConfigDict(frozen=True, populate_by_name=True)


def explain(
    drafts: Sequence[Draft],
    jobs: Sequence[Job],
    allow_write: Sequence[str] = (),
    *,
    readonly: bool = False,
    results: Sequence[str] = (),
) -> tuple[Explanation, Sequence[LaiobenchError]]:
    """The explanation of `jobs`, which are the `drafts` resolved, and the problems as errors.

    `results`: where the result would be saved.
    """
    seen = preview(jobs, allow_write, readonly=readonly)
    accesses = [_access(access) for access in seen.accesses]
    document = Explanation(
        jobs=[_job(draft, job) for draft, job in zip(drafts, jobs, strict=True)],
        plan=Plan(
            groups=[_group(group) for group in seen.groups],
            aio_slots=AioSlots(
                needed=max((group.aio_slots for group in seen.groups), default=0),
                used=seen.aio_slots_used,
                limit=seen.aio_slots_limit,
            ),
        ),
        reads=[access for access in accesses if not isinstance(access, Write)],
        writes=[access for access in accesses if isinstance(access, Write)],
        scratch=[ScratchFile(path=path, bytes=size) for path, size in seen.scratch.items()],
        files=[*seen.files, *results],
        differences=[
            Difference(where=item.where, fio=item.fio, here=item.here)
            for item in differences(drafts, jobs)
        ],
        notes=notes(drafts),
        problems=[Problem(problem=error.problem, remedy=error.remedy) for error in seen.problems],
    )
    return document, seen.problems


def _job(draft: Draft, job: Job) -> JobExplanation:
    options = {}
    for name, value in job.model_dump(mode="json").items():
        setting = draft.settings.get(name)
        if setting is None:
            options[name] = OptionValue(value=value, origin="default", written="")
            continue
        written, text = setting.as_written(name)
        is_bare = setting.written is not None and setting.written[1] is None
        options[name] = OptionValue(
            value=value,
            origin=setting.origin,
            written=written if is_bare else f"{written}={text}",
        )
    return JobExplanation(name=job.name, options=options)


def _group(group: GroupPreview) -> Group:
    return Group(
        iothreads=[
            IOThread(
                name=thread.name,
                jobs=list(thread.jobs),
                iodepth=thread.iodepth,
                aio_slots=thread.aio_slots,
            )
            for thread in group.iothreads
        ],
        iodepth=group.iodepth,
        buffer_bytes=group.buffer_bytes,
        map_bytes=group.map_bytes,
        verify_bytes=group.verify_bytes,
        aio_slots=group.aio_slots,
    )


def _access(access: AccessPreview) -> Access:
    common = {
        "job": access.job,
        "target": access.target,
        "start_byte": access.start_byte,
        "end_byte": access.end_byte,
        "most_bytes": access.most_bytes,
    }
    if access.writes:
        return Write(**common, needs_allow_write=access.needs_allow_write)
    return Access(**common)
