"""The guard's sentences: what is refused, why, and what to do instead."""

import errno
import os
import stat
from pathlib import Path

from laiobench.errors import LaiobenchError, RunError, UsageError
from laiobench.jobs.options import Job
from laiobench.measurement.targets.permission import READONLY_VARIABLE
from laiobench.system.mounts import file_system
from laiobench.system.usage import Use, joined, uses_of_device

# File systems in which no files can be created for data.
_NOT_FOR_FILES = frozenset({"devtmpfs", "proc", "sysfs", "devpts", "cgroup", "cgroup2"})


class Declined(UsageError):
    """A person answered no, so that no further question is asked."""


def not_allowed(path: str, real: str, job: Job) -> LaiobenchError:
    link = f" (which is {real})" if real != str(Path.cwd() / path) else ""
    return UsageError(
        f"job {job.name} would overwrite {path}{link}: rw={job.rw} was not allowed to",
        f"if its data may be lost, add --allow-write={real}",
    )


def readonly(path: str, job: Job) -> LaiobenchError:
    return UsageError(
        f"job {job.name} would change {path}: rw={job.rw} is forbidden by --readonly",
        f"use rw=read or randread, or leave out --readonly and {READONLY_VARIABLE}",
    )


def declined(path: str) -> LaiobenchError:
    return Declined(f"{path} was left as it is, since its name was not typed", "no job was run")


def in_use(path: str, uses: list[Use]) -> LaiobenchError:
    use = joined(uses)
    return UsageError(
        f"{path} will not be written to: {use.how}", f"{use.remedy}; nothing overrides this"
    )


def claimed(path: str, device: int) -> LaiobenchError:
    """The kernel refused O_EXCL: the kernel itself, or another program, holds the device."""
    uses = uses_of_device(device) or [
        Use(
            "the kernel is using it, or another program has claimed it (EBUSY)",
            "unmount or detach it, or end that program",
        )
    ]
    return in_use(path, uses)


def locked(path: str) -> LaiobenchError:
    use = Use(
        "another program has locked it, as virtual machines lock their disks",
        "end that program (lslocks may show it)",
    )
    return in_use(path, [use])


def signed(path: str, what: str) -> LaiobenchError:
    return UsageError(
        f"{path} will not be written to: there is {what} on it",
        f"if that may be lost, add --force-signature, or remove it first: wipefs --all {path}",
    )


def unknown_contents(path: str, why: str) -> LaiobenchError:
    return UsageError(
        f"{path} will not be written to: what is on it is not known ({why})",
        "install libblkid (util-linux), or add --force-signature if all of it may be lost",
    )


def set_readonly(path: str, job: Job) -> LaiobenchError:
    return RunError(
        f"{path} is set read-only, and rw={job.rw} writes",
        f"blockdev --setrw {path}, if that is not for a reason",
    )


def kernel_file(path: str, kind: str) -> LaiobenchError:
    return UsageError(
        f"{path} will not be written to: it is no storage, but the kernel's ({kind})",
        "name a file or a block device; nothing overrides this",
    )


def character_device(path: str) -> LaiobenchError:
    return UsageError(
        f"{path} will not be written to: it is a character device",
        "name a file or a block device, or /dev/null; nothing overrides this",
    )


def directory(path: str) -> LaiobenchError:
    return UsageError(f"{path} is a directory", "name a file in it, or a block device")


def pipe(path: str) -> LaiobenchError:
    return UsageError(f"{path} is a pipe or socket", "name a file or a block device")


def no_direct_io(path: str) -> LaiobenchError:
    return RunError(
        f"{path} does not support direct I/O (O_DIRECT)",
        "use a file on another file system, or go through the page cache with --direct=0",
    )


def no_trim(path: str) -> LaiobenchError:
    return RunError(
        f"{path} cannot be trimmed: its device does not discard, or its file system makes no holes",
        "use rw=write or randwrite, or another target",
    )


def several_files(path: str) -> LaiobenchError:
    return RunError(
        f"{path} does not exist; if it is several files, as in fio: a job has one here",
        "give each file a job of its own, with a --name; or make the file beforehand",
    )


def not_there(path: str, *, may_be_made: bool = True) -> LaiobenchError:
    """`path` does not exist; `may_be_made`: with a size, a file would be created."""
    if ":" in path:
        return several_files(path)
    remedy = "check the name"
    if why := no_place_for(path):
        remedy += f": {why}"
    elif may_be_made:
        remedy += (
            "; or give a size, and it is made; or leave --filename out, "
            "to use laiobench's own scratch file"
        )
    return RunError(f"{path} does not exist", remedy)


def no_place_for(path: str) -> str:
    """Why no file can be created there; empty if one can."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        return f"{folder} is not there"
    if (kind := file_system(folder)) in _NOT_FOR_FILES:
        return f"files cannot be kept in {kind}"
    return "" if os.access(folder, os.W_OK) else f"{folder} cannot be written to"


def cannot_open(path: str, job: Job, error: OSError, status: os.stat_result | None) -> Exception:
    """Opening failed; `status` is that of the file, if it could be looked up."""
    match error.errno:
        case errno.ENOENT:
            return not_there(path)
        case errno.EACCES | errno.EPERM:
            verb = "write to" if job.writes else "read"
            return RunError(
                f"no permission to {verb} {path}",
                "run as a user who may, or as root for a block device",
            )
        case errno.EROFS:
            return RunError(f"{path} is on a read-only file system, and rw={job.rw} writes")
        case errno.ETXTBSY:
            busy = Use("it is a program that runs, or is used as swap", "end it, or swapoff it")
            return in_use(path, [busy])
        case errno.EBUSY if status and stat.S_ISBLK(status.st_mode):
            return claimed(path, status.st_rdev)
        case errno.EINVAL if job.direct:
            return no_direct_io(path)
        case _:
            return RunError(f"{path} cannot be opened: {error.strerror}")
