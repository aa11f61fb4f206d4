"""The explanation of jobs: where each option came from, and what a run would do.

Nothing is run, created or written.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from laiobench.errors import LaiobenchError
from laiobench.jobs.options import Job
from laiobench.jobs.sources import Draft, notes
from laiobench.jobs.sources.fio_readings import differences
from laiobench.measurement.dry_run import preview
from laiobench.results.copies import labels
from laiobench.results.explanation import (
    AioSlots,
    Explanation,
    FioDifference,
    JobExplanation,
    OptionValue,
    Plan,
    Problem,
    ScratchFile,
    Write,
)


def explain(
    drafts: Sequence[Draft],
    jobs: Sequence[Job],
    allow_write: Sequence[str] = (),
    *,
    readonly: bool = False,
    results: Sequence[str] = (),
    log_dir: Path = Path(),
) -> tuple[Explanation, Sequence[LaiobenchError]]:
    """The explanation of `jobs`, and the problems in them as errors.

    `drafts`: what the jobs were made from.  `results`: where the result would be saved.
    `log_dir`: the folder for logs and other files that jobs name.
    """
    called = labels([job.name for job in jobs])
    seen = preview(jobs, allow_write, readonly=readonly, log_dir=log_dir)
    document = Explanation(
        jobs=[
            _job(label, draft, job) for label, draft, job in zip(called, drafts, jobs, strict=True)
        ],
        plan=Plan(
            groups=list(seen.groups),
            aio_slots=AioSlots(
                needed=max((group.aio_slots for group in seen.groups), default=0),
                used=seen.aio_slots_used,
                limit=seen.aio_slots_limit,
            ),
        ),
        reads=[access for access in seen.accesses if not isinstance(access, Write)],
        writes=[access for access in seen.accesses if isinstance(access, Write)],
        scratch=[ScratchFile(path=path, bytes=size) for path, size in seen.scratch.items()],
        files=[*seen.files, *results],
        differences=[
            FioDifference(where=item.where, fio=item.fio, here=item.here)
            for item in differences(drafts, jobs)
        ],
        notes=notes(drafts),
        problems=[Problem(problem=error.problem, remedy=error.remedy) for error in seen.problems],
    )
    return document, seen.problems


@cache
def _defaults() -> Mapping[str, OptionValue]:
    """The default of each option, computed once: there may be thousands of jobs."""
    return {
        name: OptionValue(value=value, origin="default", written="")
        for name, value in Job().model_dump(mode="json").items()
    }


def _job(label: str, draft: Draft, job: Job) -> JobExplanation:
    options = {}
    for name, value in job.model_dump(mode="json").items():
        setting = draft.settings.get(name)
        if setting is None:
            default = _defaults()[name]
            is_it = value == default.value and type(value) is type(default.value)
            options[name] = default if is_it else default.model_copy(update={"value": value})
            continue
        written, text = setting.as_written(name)
        is_bare = setting.written is not None and setting.written[1] is None
        options[name] = OptionValue(
            value=value,
            origin=setting.origin,
            written=written if is_bare else f"{written}={text}",
        )
    return JobExplanation(name=label, options=options)
