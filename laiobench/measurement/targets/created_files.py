"""Files that laiobench creates where a job names one that is missing, as fio does.

laiobench remembers such a file's inode and times, so that jobs may write to it again
without permission, as long as nobody else has changed, copied or replaced it.  The record
is in XDG_STATE_HOME/laiobench/made.  It can't be in the file itself: writing it there
would change the ctime, which nobody can set back.
"""

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path

from laiobench.errors import RunError, UsageError
from laiobench.files import outputs
from laiobench.measurement.targets import refusals
from laiobench.measurement.targets.filling import FillHooks, written_in_full
from laiobench.measurement.targets.open_watch import OpenWatch
from laiobench.units import format_size

# How fine times of files are: the kernel's clock tick; on some file systems, whole seconds.
_TICK_S, _COARSE_TICK_S = 0.02, 2.0


def make(path: str, size_bytes: int, hooks: FillHooks) -> None:
    """Create a file of that size at a name that is free.

    Raises:
        RunError: it can't be created there.
        Interrupted: `hooks.stop` asked for it; nothing is left behind.
    """
    hooks.tell(f"writing {path}, {format_size(size_bytes)}, to be kept and reused")
    real = Path(os.path.realpath(path)).parent / Path(path).name
    try:
        with written_in_full(real, size_bytes, hooks) as file:
            watch = OpenWatch(f"/proc/self/fd/{file.fd}")
            file.link(real.name)
            remember(str(real), file.fd, watch)
            watch.close()
    except FileExistsError:
        raise RunError(
            f"{path} exists now: somebody else made it while it was written here",
            "it was left as it is: run again, or name another file",
        ) from None
    except OSError as error:
        raise RunError(f"{path} cannot be made: {error.strerror}", "name another file") from None


def check_can_be(path: str, size_bytes: int) -> None:
    """Check that a file of that size can be created, before it is begun.

    Raises:
        RunError: it can't be.
    """
    check_is_one(path)
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise RunError(f"{path} cannot be made: {folder} is not there", "make it, or name another")
    if refusals.no_place_for(path):
        raise refusals.not_there(path)
    free = os.statvfs(folder)
    if free.f_bavail * free.f_frsize < size_bytes:
        raise RunError(
            f"{path} cannot be made: less than {format_size(size_bytes)} are free",
            "lower size, or name a file elsewhere",
        )


def check_is_one(path: str) -> None:
    """Refuse to create a file by a name that may mean several files, as fio's A:B.

    Raises:
        RunError: the name has a colon.
    """
    if ":" in Path(path).name or (":" in path and not Path(path).parent.is_dir()):
        raise refusals.several_files(path)


def forbidden(path: str) -> UsageError:
    """The error for a file that is missing and may not be created."""
    return UsageError(
        f"{path} does not exist, and --readonly forbids to make it",
        "name a file that is there, or run once without --readonly",
    )


# ---- the record of our files -----------------------------------------------------------


def remember(path: str, fd: int, watch: OpenWatch) -> None:
    """Record the present state of the open file at `path`, unless somebody else opened it."""
    status = _stable_status(fd)
    if watch.has_seen_others():
        return
    with contextlib.suppress(OSError, RuntimeError):  # no home, or no room: it is not remembered
        folder = _memory()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_what_is_gone(folder)
        state = {"path": os.fsencode(path).hex(), "state": _state(status)}
        outputs.write(folder / _name(path), json.dumps(state) + "\n")


def is_as_we_left_it(path: str, status: os.stat_result | None = None) -> bool:
    """Whether laiobench made the file at `path` (links resolved) and it has not changed since."""
    try:
        remembered = json.loads((_memory() / _name(path)).read_bytes())
        return bool(remembered["state"] == _state(status or os.stat(path)))  # noqa: PTH116
    except (OSError, RuntimeError, ValueError, KeyError, TypeError):
        return False


def _stable_status(fd: int) -> os.stat_result:
    """The file's status, after waiting until a later change would get another time."""
    status = os.fstat(fd)
    has_seconds_only = not (status.st_ctime_ns % 10**9 or status.st_mtime_ns % 10**9)
    tick_s = _COARSE_TICK_S if has_seconds_only else _TICK_S
    time.sleep(max(0.0, min(tick_s, status.st_ctime + tick_s - time.time())))
    return os.fstat(fd)


def _state(status: os.stat_result) -> list[int]:
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _memory() -> Path:
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "laiobench" / "made"


def _name(path: str) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:32] + ".json"


def _forget_what_is_gone(folder: Path) -> None:
    for known in folder.glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            path = os.fsdecode(bytes.fromhex(json.loads(known.read_bytes())["path"]))
            if not os.path.lexists(path):
                known.unlink()
