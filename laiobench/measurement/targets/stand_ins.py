"""Placeholders for files that are still to be created, so that errors are found before that.

Writing a file may take hours.  A file without name and data, in the same folder and of the
same size, shows in no time what direct I/O needs there, how large files may be, and
whether one can be opened as a job wants.  Existing targets are opened as usual.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Self

from laiobench.errors import RunError
from laiobench.files.partial import Partial
from laiobench.jobs.options import Job
from laiobench.measurement.targets import scratch
from laiobench.measurement.targets.open import OpenTarget, Pin, Targets, open_pinned, ways_to_open


class StandIns:
    """Opens existing targets, and placeholders for missing ones; these vanish at the end."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._sizes: dict[str, int] = {}
        self._files: dict[str, Partial] = {}
        self._open: dict[tuple[object, ...], OpenTarget] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for target in self._open.values():
            with contextlib.suppress(OSError):
                os.close(target.fd)
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()

    @property
    def are_needed(self) -> bool:
        """Whether any file is still to be made."""
        return bool(self._sizes)

    def scratch(self, size_bytes: int, folder: str | None) -> str:
        """The path of the scratch file, which may be still to be written.

        Raises:
            UsageError, RunError: it can't be anywhere.
        """
        place = scratch.find(size_bytes, folder, may_write=not self._targets.are_readonly)
        if not place.is_there:
            self._sizes[str(place.path)] = size_bytes
        return str(place.path)

    def make(self, path: str, size_bytes: int) -> None:
        """Check that the file can be created, if it is missing.

        Raises:
            UsageError, RunError: it can't be.
        """
        if not os.path.lexists(path):
            self._targets.check_can_make(path, size_bytes)
            self._sizes[path] = size_bytes

    def open(self, path: str, job: Job, *, is_ours: bool = False) -> OpenTarget:
        """The target at `path`, or the placeholder for it.

        Raises:
            UsageError, RunError: it can't be used as the job wants.
        """
        if path not in self._sizes:
            return self._targets.open(path, job, is_ours=is_ours)
        key = (path, *ways_to_open(job))
        if key in self._open:
            return self._open[key]
        try:
            file = self._file(path)
        except OSError as error:
            raise RunError(
                f"{path} cannot be made: {error.strerror}", "name another file, or lower size"
            ) from None
        pin = Pin(path, os.path.realpath(path), file.fd, os.fstat(file.fd))
        self._open[key] = target = open_pinned(pin, pin.again, job)
        return target

    def _file(self, path: str) -> Partial:
        if path not in self._files:
            self._files[path] = file = Partial(Path(os.path.realpath(path)).parent, 0o600)
            os.ftruncate(file.fd, self._sizes[path])
            fcntl.flock(file.fd, fcntl.LOCK_UN)  # else it counts as locked by another program
        return self._files[path]
