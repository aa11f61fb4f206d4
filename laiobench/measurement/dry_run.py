"""What a run would do: laid out like a run, with nothing written or started.

Targets are opened for reading, to learn their sizes.  If one can't be opened, that is
reported as a problem, and the rest is laid out as if it were as large as needed.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Self

from laiobench import native
from laiobench.errors import LaiobenchError, RunError
from laiobench.jobs.options import Job
from laiobench.jobs.options.engines import ENGINES
from laiobench.jobs.options.output import log_files
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.placement import lay_out, to_run
from laiobench.measurement.plan.threads import plan_workers
from laiobench.measurement.plan.verify_regions import check_verified_regions
from laiobench.measurement.plan.verify_state import memory_to_verify, saved_state
from laiobench.measurement.plan.waits import check_waits
from laiobench.measurement.targets import OpenTarget, refusals, scratch
from laiobench.measurement.targets.created_files import check_is_one, forbidden, is_as_we_left_it
from laiobench.results.explanation import Access, Group, IOThread, Write
from laiobench.system.aio_events import AioRoom, aio_room

_UNKNOWN_BYTES = 1 << 60


@dataclass(frozen=True)
class Preview:
    """The plan, and the problems that would keep it from running."""

    groups: tuple[Group, ...]
    accesses: tuple[Access, ...]
    scratch: dict[str, int]
    """The scratch files that would be written first, and their bytes."""
    files: tuple[str, ...]
    """The logs and states of verifications that it would write."""
    aio_slots_used: int
    aio_slots_limit: int
    problems: tuple[LaiobenchError, ...]


def preview(
    jobs: Sequence[Job],
    allow_write: Sequence[str] = (),
    *,
    readonly: bool = False,
    log_dir: Path = Path(),
) -> Preview:
    """Lay out `jobs`, and find what would stop the run; with `readonly`, any change would."""
    room = aio_room()
    groups: list[Group] = []
    accesses: list[Access] = []
    files: list[str] = []
    with _Glimpses() as glimpses:
        possible = [job for job in jobs if glimpses.can_be_laid_out(job)]
        try:
            check_waits(jobs)
            copies = to_run(lay_out(possible, glimpses, glimpses.scratch))
            groups += _groups(copies)
            accesses += _accesses(copies, glimpses, allow_write)
            files += dict.fromkeys(str(log_dir / name) for name in _files(copies))
            check_verified_regions(copies)
            if readonly:
                glimpses.problems += _forbidden(copies, glimpses)
        except LaiobenchError as error:
            glimpses.problems.append(error)
    problems = [*glimpses.problems, *_too_many_slots(groups, room)]
    return Preview(
        groups=tuple(groups),
        accesses=tuple(accesses),
        scratch=glimpses.missing_scratch(),
        files=tuple(files),
        aio_slots_used=room.used,
        aio_slots_limit=room.limit,
        problems=tuple({str(problem): problem for problem in problems}.values()),
    )


class _Glimpses:
    """Opens targets for reading, only to see what they are."""

    def __init__(self) -> None:
        self.problems: list[LaiobenchError] = []
        self._scratch: dict[str, int] = {}
        self._seen: dict[str, OpenTarget] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for target in self._seen.values():
            if target.fd >= 0:
                os.close(target.fd)

    def scratch(self, size_bytes: int, folder: str | None) -> str:
        """The path of the scratch file that is, or would be, used."""
        path = str(scratch.likely_path(size_bytes, folder))
        self._scratch[path] = max(size_bytes, self._scratch.get(path, 0))
        return path

    def make(self, path: str, size_bytes: int) -> None:
        """Do nothing; a run would create the file if it is missing."""
        if not os.path.lexists(path):
            check_is_one(path)
            real = os.path.realpath(path)
            self._scratch[real] = max(size_bytes, self._scratch.get(real, 0))

    def missing_scratch(self) -> dict[str, int]:
        """The scratch files that are missing or too small."""
        return {
            path: size
            for path, size in self._scratch.items()
            if not scratch.is_usable(Path(path), size)
        }

    def can_be_laid_out(self, job: Job) -> bool:
        """Whether this job alone can be laid out; if not, its problem is noted."""
        try:
            lay_out([job], self, self.scratch)
        except LaiobenchError as error:
            self.problems.append(error)
            return False
        return True

    def is_scratch(self, path: str) -> bool:
        return path in self._scratch

    def open(self, path: str, job: Job, *, is_ours: bool = False) -> OpenTarget:
        real = os.path.realpath(path)
        if real not in self._seen:
            self._seen[real] = self._look(path, real, is_ours)
        return self._seen[real]

    def _look(self, path: str, real: str, is_ours: bool) -> OpenTarget:
        try:
            mode = Path(real).stat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
                return _imagined(real, is_regular_file=False)
            fd = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            if not is_ours and real not in self._scratch:
                problem = RunError(f"{path} cannot be looked at: {error.strerror}")
                self.problems.append(refusals.several_files(path) if ":" in path else problem)
            return _imagined(real, is_regular_file=True)
        if is_ours and real in self.missing_scratch():
            os.close(fd)
            return _imagined(real, is_regular_file=True)
        return OpenTarget(real, fd, native.probe_target(fd))


def _imagined(path: str, *, is_regular_file: bool) -> OpenTarget:
    """A target that fits every job."""
    limits = native.TargetLimits(
        size_bytes=_UNKNOWN_BYTES,
        memory_align=512,
        request_align=512,
        is_block_device=False,
        is_regular_file=is_regular_file,
    )
    return OpenTarget(path, -1, limits)


def _groups(copies: Sequence[JobCopy]) -> Iterator[Group]:
    for _, group in groupby(copies, key=lambda copy: copy.group):
        members = list(group)
        layout = plan_workers(members)
        threads = []
        coming_to: dict[int, list[JobCopy]] = {}
        for copy, ring in zip(members, layout.rings, strict=True):
            for index in ring:
                coming_to.setdefault(index, []).append(copy)
        for index, plan in enumerate(layout.plans):
            coming = coming_to.get(index, [])
            depth = sum(copy.job.iodepth for copy in coming)
            threads.append(
                IOThread(
                    name=plan.name,
                    jobs=[_name(copy) for copy in coming],
                    iodepth=depth,
                    aio_slots=depth if ENGINES[plan.job.engine].uses_aio_events else 0,
                )
            )
        buffers = sum(copy.job.iodepth * copy.job.largest_bytes for copy in members)
        known = [copy for copy in members if copy.region.length < _UNKNOWN_BYTES // 2]
        yield Group(
            iothreads=threads,
            iodepth=sum(thread.iodepth for thread in threads),
            buffer_bytes=buffers,
            map_bytes=sum(native.map_bytes_of(copy.job, copy.region.length) for copy in known),
            verify_bytes=sum(memory_to_verify(copy) for copy in known),
            aio_slots=sum(thread.aio_slots for thread in threads),
        )


def _accesses(
    copies: Sequence[JobCopy], glimpses: _Glimpses, allow_write: Sequence[str]
) -> Iterator[Access]:
    allowed = {os.path.realpath(path) for path in allow_write}
    for copy in copies:
        if copy.target is None:
            continue
        region, path = copy.region, copy.target.path
        end = region.start + (region.size if copy.job.is_plain else region.length)
        is_ours = glimpses.is_scratch(path) or is_as_we_left_it(path)
        access = Access(
            job=_name(copy),
            target=path,
            start_byte=region.start,
            end_byte=end if end < _UNKNOWN_BYTES // 2 else None,
            most_bytes=copy.bytes or (copy.ios * copy.job.largest_bytes if copy.ios else None),
        )
        needs_word = not is_ours and path not in allowed
        yield Write(**dict(access), needs_allow_write=needs_word) if copy.job.writes else access


def _files(copies: Sequence[JobCopy]) -> Iterator[str]:
    for number, copy in enumerate(copies, start=1):
        yield from (file for _, file in log_files(copy.job.name, number, dict(copy.job)))
        if state := saved_state(copy):
            yield state


def _forbidden(copies: Sequence[JobCopy], glimpses: _Glimpses) -> Iterator[LaiobenchError]:
    """Errors for what is forbidden where nothing may be changed."""
    missing = glimpses.missing_scratch()
    for copy in copies:
        if copy.target and copy.target.path in missing:
            yield forbidden(copy.target.path)
        elif copy.target and copy.job.writes:
            yield refusals.readonly(copy.target.path, copy.job)


def _name(copy: JobCopy) -> str:
    count = copy.job.numjobs
    return f"{copy.label} {copy.copy_index + 1}/{count}" if count > 1 else copy.label


def _too_many_slots(groups: Sequence[Group], room: AioRoom) -> Iterator[LaiobenchError]:
    most = max((group.aio_slots for group in groups), default=0)
    if not room.has(most):
        yield RunError(*room.refusal(most))
