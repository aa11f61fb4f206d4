"""Errors that mean that the system lacks something: memory, threads, /proc, its folder.

Such an error may come from any line, even from an import, and is no fault in laiobench.
Knows how Python reports it, and what to do about it.
"""

import errno
from pathlib import Path

Explained = tuple[str, str]
"""What is missing; and what to do about it."""

_MEMORY: Explained = (
    "there is not enough memory to go on",
    "free some, or raise the limit (ulimit -v and -d; a container's memory)",
)
_THREADS: Explained = (
    "a thread could not be started: the limit of processes is reached",
    "raise it (ulimit -u; a container's limit of pids), or lower numjobs",
)
_FOLDER: Explained = (
    "the current folder is not there any more",
    "change to another: it was removed, or unmounted",
)
_KERNEL_FOLDERS = ("/proc", "/sys")


def lack_in(error: BaseException) -> Explained | None:
    """What is missing, if the error says so; else None."""
    match error:
        case MemoryError():
            return _MEMORY
        case OSError(errno=errno.ENOMEM):
            return _MEMORY
        case SystemError() if "without" in str(error) and "exception" in str(error):
            return _MEMORY  # CPython lost the MemoryError that it should have raised
        case RuntimeError() if "can't start new thread" in str(error):
            return _THREADS
        case ImportError() if "cannot map" in str(error) or "failed to map" in str(error):
            return _MEMORY  # for a shared library
        case FileNotFoundError(filename=None) if _has_lost_its_folder():
            return _FOLDER
        case OSError() if str(error.filename or "").startswith(_KERNEL_FOLDERS):
            return (
                f"{error.filename} cannot be read: {error.strerror}",
                "it is the kernel's; in a container or a chroot, mount /proc and /sys",
            )
    return None


def _has_lost_its_folder() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False
