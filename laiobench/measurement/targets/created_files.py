"""Files that laiobench makes where a job names one that is not there, as fio does.

Of such a file its inode and the times of its last change are remembered, so that it
can be written to again without a word, for as long as nobody else has changed, copied
or replaced it.  They are kept in XDG_STATE_HOME/laiobench/made: in the file itself they
could not be, since to write them there would change the time that nobody can put
back (ctime).
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
from laiobench.measurement.targets.witness import Witness
from laiobench.units import format_size

# The kernel gives changes the time of its last tick, some file systems whole seconds.
_TICK_S, _COARSE_TICK_S = 0.02, 2.0


def make(path: str, size_bytes: int, hooks: FillHooks) -> None:
    """A file of that size, at a name that nothing has yet, where it can be.

    Raises:
        RunError: it can't be there.
        Interrupted: `hooks.stop` said so; nothing is left behind.
    """
    hooks.tell(f"writing {path}, {format_size(size_bytes)}, to be kept and reused")
    real = Path(os.path.realpath(path)).parent / Path(path).name
    try:
        with written_in_full(real, size_bytes, hooks) as file:
            witness = Witness(f"/proc/self/fd/{file.fd}")
            file.link(real.name)
            remember(str(real), file.fd, witness)
            witness.close()
    except FileExistsError:
        raise RunError(
            f"{path} is there now, made by somebody else while it was written here",
            "it was left as it is: run again, or name another file",
        ) from None
    except OSError as error:
        raise RunError(f"{path} cannot be made: {error.strerror}", "name another file") from None


def check_can_be(path: str, size_bytes: int) -> None:
    """Whether a file of that size can be made, before that is begun.

    Raises:
        RunError: it can't be there.
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
    """Several files, as fio's A:B names them, are no name to make one by.

    Raises:
        RunError: there is a colon in it.
    """
    if ":" in Path(path).name or (":" in path and not Path(path).parent.is_dir()):
        raise refusals.several_files(path)


def forbidden(path: str) -> UsageError:
    """A file would have to be made, and nothing may be."""
    return UsageError(
        f"{path} does not exist, and --readonly forbids to make it",
        "name a file that is there, or run once without --readonly",
    )


# ---- what we remember -----------------------------------------------------------------


def remember(path: str, fd: int, witness: Witness) -> None:
    """As it is now, the open file at `path` is as we left it; unless somebody else opened it."""
    status = _stable_status(fd)
    if witness.has_seen_others():
        return
    with contextlib.suppress(OSError, RuntimeError):  # no home, or no room there
        folder = _memory()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_what_is_gone(folder)
        state = {"path": os.fsencode(path).hex(), "state": _state(status)}
        outputs.write(folder / _name(path), json.dumps(state) + "\n")


def is_as_we_left_it(path: str, status: os.stat_result | None = None) -> bool:
    """Whether the file at `path`, all links resolved, was made here and not changed since."""
    try:
        remembered = json.loads((_memory() / _name(path)).read_bytes())
        return bool(remembered["state"] == _state(status or os.stat(path)))  # noqa: PTH116
    except (OSError, RuntimeError, ValueError, KeyError, TypeError):
        return False


def _stable_status(fd: int) -> os.stat_result:
    """The file's status, when any later change would have another time."""
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
