"""What fio would read otherwise than we do in jobs that were written for it.

Settings that it reads otherwise, defaults of its own that a job counts on, and amounts
that come out otherwise.  What a result depends on is also noted in the result; all
of it is in `explain`.  How a single value is read, `differences` knows.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from laiobench.jobs.options import Job
from laiobench.jobs.options.engines import ENGINES
from laiobench.jobs.sources.fio_differences import DEFAULTS, same_with_decimal_kilos
from laiobench.jobs.sources.resolve import notes
from laiobench.jobs.sources.settings import Draft


@dataclass(frozen=True)
class OtherReading:
    """One of them."""

    where: str
    fio: str
    here: str
    is_noted: bool = True
    """Whether the result depends on it."""


@dataclass(frozen=True)
class _Read:
    """A draft, the job that it became, and that as a document shows it."""

    draft: Draft
    job: Job
    shown: dict[str, object]
    besides: Collection[str]

    def counts_on(self, name: str) -> bool:
        """Whether its author may have fio's default of an option in mind."""
        is_simulated = ENGINES[self.job.engine].is_simulated and name != "engine"
        is_set = name in self.draft.settings or name in self.besides
        return self.draft.is_fio and not is_set and not is_simulated


def differences(
    drafts: Sequence[Draft], jobs: Sequence[Job], *, besides: Collection[str] = ()
) -> Iterator[OtherReading]:
    """Settings first, each once; then defaults, and what they come to.

    `besides`: options that are set otherwise.
    """
    read = [
        _Read(draft, job, job.model_dump(mode="json"), besides)
        for draft, job in zip(drafts, jobs, strict=True)
    ]
    yield from _settings(read)
    for name, default in DEFAULTS.items():
        counting = [one for one in read if one.counts_on(name)]
        if counting:
            yield OtherReading(
                where=f"{_names(counting)}: no {name}",
                fio=f"fio's default is {default}",
                here=_shown_default(name, counting[0].shown[name]),
                is_noted=name in ("direct", "engine"),
            )
    yield from _files(read)
    for one in read:
        if one.draft.is_fio:
            yield from _amounts(one.draft, one.job)


def notes_of_run(
    drafts: Sequence[Draft], jobs: Sequence[Job], *, besides: Collection[str] = ()
) -> list[str]:
    """What a result notes of how its jobs were read."""
    found = [
        f"{item.where}: {item.fio}; here {item.here}"
        for item in differences(drafts, jobs, besides=besides)
        if item.is_noted
    ]
    return notes(drafts) + found


def _settings(read: Sequence[_Read]) -> Iterator[OtherReading]:
    seen = set()
    for one in read:
        for name, setting in one.draft.settings.items():
            if not setting.differs or setting in seen:
                continue
            seen.add(setting)
            if not same_with_decimal_kilos(one.draft, setting):
                yield OtherReading(setting.told(name), setting.differs, f"{name}={one.shown[name]}")


def _files(read: Sequence[_Read]) -> Iterator[OtherReading]:
    """fio makes a file for each copy of each job that names none."""
    counting = [one for one in read if one.counts_on("filename")]
    copies = sum(one.job.numjobs for one in counting)
    if not copies:
        return
    directories = {one.job.directory for one in counting}
    shared = "laiobench's own scratch file" + " in each directory" * (len(directories) > 1)
    yield OtherReading(
        where=f"{_names(counting)}: no filename",
        fio="fio lays out a file of its own for each copy of each job"
        if copies > 1
        else "fio lays out a file of its own, or empties and fills it",
        here=f"all {copies} use {shared}" if copies > 1 else shared,
        is_noted=copies > 1,
    )


def _amounts(draft: Draft, job: Job) -> Iterator[OtherReading]:
    if job.time_based and job.number_ios:
        yield OtherReading(
            where=f"{job.name}: number_ios={job.number_ios} with time_based",
            fio="fio goes on for the whole runtime",
            here="the job ends with whichever comes first",
        )
    size = job.size.bytes if job.size and not job.filesize else None
    if size and not job.is_random and job.has_one_size and size % job.largest_bytes:
        blocks = size // job.largest_bytes
        yield OtherReading(
            where=draft.settings["size"].told("size"),
            fio=f"where the target is larger, fio ends with {blocks + 1:,} whole I/Os",
            here=f"with {blocks:,}, which fit",
        )


def _names(read: Sequence[_Read]) -> str:
    return ", ".join(dict.fromkeys(one.job.name for one in read))


def _shown_default(name: str, value: object) -> str:
    if value is None:
        return f"no {name}"
    return f"{name}={int(value) if isinstance(value, bool) else value}"
