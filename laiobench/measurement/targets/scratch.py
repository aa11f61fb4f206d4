"""The scratch file: what is measured when no target is named.

A real file on a real file system, written in full (reads of holes would not reach the
disk), kept and reused.  laiobench made it, so jobs may write to it.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from laiobench.errors import RunError, UsageError
from laiobench.measurement.targets.filling import FillHooks, written_in_full
from laiobench.system.mounts import file_system
from laiobench.units import format_size

DEFAULT_BYTES = 256 << 20
FOLDER_VARIABLE = "LAIOBENCH_SCRATCH"
# A name that no other program uses.
FILE_NAME = "laiobench-scratch.dat"

_SPARE_BYTES = 64 << 20
_MEMORY_FILE_SYSTEMS = {"tmpfs", "ramfs"}


def folders() -> list[Path]:
    """The folders that it may be in, best first."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return [Path(chosen)]
    shared = Path("/var/tmp") / f"laiobench-{os.getuid()}"
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # this user has no home
        return [shared]
    return [cache / "laiobench", shared]


@dataclass(frozen=True)
class Place:
    """The folder of a scratch file."""

    path: Path
    is_there: bool


def prepare(
    size_bytes: int, folder: str | None, *, hooks: FillHooks, may_write: bool = True
) -> Path:
    """The scratch file, at least so large; it is written now if it is missing.

    Args:
        size_bytes: its least size.
        folder: where it must be; None: the first of `folders()` that is suitable.
        hooks: are told of progress, and can stop it.
        may_write: whether it may be written.

    Raises:
        UsageError: it is missing, and may not be written.
        RunError: no folder has a suitable file system with enough room.
        Interrupted: `hooks.stop` asked for it; nothing is left behind.
    """
    place = find(size_bytes, folder, may_write=may_write)
    if not place.is_there:
        size = format_size(size_bytes)
        hooks.tell(f"writing the scratch file {place.path}, {size}, to be kept and reused")
        _write(place.path, size_bytes, hooks)
    return place.path


def find(size_bytes: int, folder: str | None, *, may_write: bool) -> Place:
    """Where `prepare()` finds the scratch file, or would write it; raises what that raises."""
    reasons = []
    for place in _places(folder):
        path = path_in(place)
        if is_usable(path, size_bytes):
            return Place(path, is_there=True)
        if not may_write:
            continue
        if os.path.lexists(path):
            _check_is_ours(path)
        if reason := _unsuitable(place, size_bytes):
            reasons.append(f"{place}: {reason}")
            continue
        return Place(path, is_there=False)
    if not may_write:
        raise UsageError(
            "there is no scratch file of that size yet, and --readonly forbids to make it",
            "name a target with --filename, or run once without --readonly",
        )
    raise RunError(
        "there is no place for the scratch file: " + "; ".join(reasons),
        f"name a target with --filename, or a folder in {FOLDER_VARIABLE}",
    )


def likely_path(size_bytes: int, folder: str | None = None) -> Path:
    """Where `prepare()` finds it or would probably write it, as far as a quick look tells.

    Raises:
        RunError: the folder that it must be in does not exist.
    """
    paths = [path_in(place) for place in _places(folder)]
    return next((path for path in paths if is_usable(path, size_bytes)), paths[0])


def path_in(folder: Path) -> Path:
    """The path of a folder's scratch file, whether it exists or not."""
    return Path(os.path.realpath(folder)) / FILE_NAME


def _places(folder: str | None) -> list[Path]:
    if folder is None:
        return folders()
    if not Path(folder).is_dir():
        raise RunError(f"the directory {folder} is not there", "make it, or name another")
    return [Path(folder)]


def is_usable(path: Path, size_bytes: int) -> bool:
    """Whether it is our own, large enough, and without holes."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid == os.getuid()
        and status.st_size >= size_bytes
        and status.st_blocks * 512 >= status.st_size
    )


def _unsuitable(folder: Path, size_bytes: int) -> str:
    """Why the scratch file can't be in this folder; empty if it can."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = os.statvfs(folder)
    except OSError as error:
        return error.strerror or str(error)
    if folder.stat().st_uid not in (os.getuid(), 0):
        return "it belongs to somebody else"
    if (kind := file_system(folder)) in _MEMORY_FILE_SYSTEMS:
        return f"{kind} is not on a disk"
    if free.f_bavail * free.f_frsize < size_bytes + _SPARE_BYTES:
        return f"less than {format_size(size_bytes)} are free"
    return ""


def _write(path: Path, size_bytes: int, hooks: FillHooks) -> None:
    try:
        with written_in_full(path, size_bytes, hooks) as file:
            try:
                file.link(path.name)
            except FileExistsError:
                if not is_usable(path, size_bytes):  # else another run has made it meanwhile
                    _check_is_ours(path)
                    file.replace(path.name)
    except OSError as error:
        raise RunError(
            f"the scratch file {path} cannot be written: {error.strerror}",
            f"name a target with --filename, or another folder in {FOLDER_VARIABLE}",
        ) from None


def _check_is_ours(path: Path) -> None:
    """Refuse to replace anything but an older scratch file of ours.

    Raises:
        RunError: it is something else.
    """
    if not _is_own_file(path):
        raise RunError(
            f"{path} is in the scratch file's place, and is none of ours",
            f"move it away, or name another folder in {FOLDER_VARIABLE}",
        )


def _is_own_file(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and status.st_nlink == 1
