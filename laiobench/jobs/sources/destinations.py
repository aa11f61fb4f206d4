"""Where jobs may write files, logs for instance: a job file is not trusted.

The command line and the environment are the user's own, and may name any place.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from laiobench.errors import UsageError, raise_all
from laiobench.files.below import place_of, root_of
from laiobench.jobs.options import Job
from laiobench.jobs.options.output import LOGS
from laiobench.jobs.sources.settings import Draft


def check_places(drafts: Sequence[Draft], jobs: Sequence[Job], folder: Path) -> None:
    """Check that logs named by job files lie below the current folder, or below `folder`.

    Raises:
        UsageError: some do not; all are told.
    """
    found = {
        str(problem): problem
        for draft, job in zip(drafts, jobs, strict=True)
        for problem in _problems(draft, job, folder)
    }
    raise_all(list(found.values()))


def needed_files(references: Sequence[str], jobs: Sequence[Job]) -> list[tuple[str, Path]]:
    """What a run reads and measures, which no result may replace: what each is, and its path."""
    sources = [Path(reference) for reference in references if Path(reference).is_file()]
    targets = {job.filename: job.name for job in jobs if job.filename is not None}
    return [
        *(("the source of the jobs", path) for path in sources),
        *((f"what job {name} measures", Path(target)) for target, name in targets.items()),
    ]


def _problems(draft: Draft, job: Job, folder: Path) -> Iterator[UsageError]:
    for option in LOGS:
        name = getattr(job, option)
        setting = draft.settings.get(option)
        if name is None or setting is None or (setting.is_name and name):
            continue
        if root_of(place_of(name or job.name, folder), (folder, Path())) is None:
            yield UsageError(
                f"{setting.told(option)}: {name or job.name}: a job file may only write below "
                "the current folder",
                f"name a folder for logs (--log-dir), or the log itself (--{option}=…)",
            )
