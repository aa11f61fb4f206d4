"""How fio would read jobs that were written for it, where laiobench reads them otherwise.

That is: settings read otherwise, fio's defaults that a job relies on, and amounts of I/O
that differ.  `explain` shows all of it; a result notes what it depends on.  How single
values are read is known to `fio_differences`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from laiobench.jobs.options import SMALLEST_BLOCK_BYTES, Job
from laiobench.jobs.options.engines import ENGINES
from laiobench.jobs.sources.fio_differences import DEFAULTS, same_with_decimal_kilos
from laiobench.jobs.sources.resolve import notes
from laiobench.jobs.sources.settings import Draft


@dataclass(frozen=True)
class OtherReading:
    """One difference between fio's reading and ours."""

    where: str
    fio: str
    here: str
    is_noted: bool = True
    """Whether the result depends on it."""


@dataclass(frozen=True)
class _Read:
    """A draft, the job made of it, and the job's options as documents show them."""

    draft: Draft
    job: Job
    shown: dict[str, object]
    besides: Collection[str]

    def counts_on(self, name: str) -> bool:
        """Whether the job was written for fio and leaves the option at fio's default."""
        is_simulated = ENGINES[self.job.engine].is_simulated and name != "engine"
        is_set = name in self.draft.settings or name in self.besides
        if not self.draft.is_fio or is_set or is_simulated:
            return False
        return DEFAULTS.get(name, "").partition(":")[0] != str(self.option(name))

    def option(self, name: str) -> object:
        """An option's value, as it would be written."""
        value = self.shown[name]
        return int(value) if isinstance(value, bool) else value


def differences(
    drafts: Sequence[Draft], jobs: Sequence[Job], *, besides: Collection[str] = ()
) -> Iterator[OtherReading]:
    """Settings first, each once; then defaults; then amounts.

    `besides`: options that something else sets.
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
                here=_shown_default(name, counting[0].option(name)),
                is_noted=name in ("direct", "engine"),
            )
    yield from _files(read)
    for one in read:
        if one.draft.is_fio:
            yield from _amounts(one.draft, one.job)


def notes_of_run(
    drafts: Sequence[Draft], jobs: Sequence[Job], *, besides: Collection[str] = ()
) -> list[str]:
    """The sentences on it that a result stores."""
    found = [
        f"{item.where}: {item.fio}; here {item.here}"
        for item in differences(drafts, jobs, besides=besides)
        if item.is_noted
    ]
    return notes(drafts) + found + list(_buffered_for_their_sizes(jobs))


def _buffered_for_their_sizes(jobs: Sequence[Job]) -> Iterator[str]:
    for job in jobs:
        if job.is_buffered_for_its_sizes:
            yield (
                f"{job.name}: its I/Os are no multiples of {SMALLEST_BLOCK_BYTES} bytes, so they "
                "go through the page cache (direct=0)"
            )


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
    """fio makes a file for each copy of a job without filename."""
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
    return f"{name}={value}"
