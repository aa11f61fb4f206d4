"""The core's failures in words: which call failed, with which errno, and on what.

Each entry says what the failure means here, and what to do about it.
"""

import errno
import os
from collections.abc import Callable

from laiobench.system import kernel
from laiobench.system.aio_events import aio_room
from laiobench.units import format_size

Explained = tuple[str, str]
"""What failed and why; and what to do about it."""


def _io_setup(code: int, events: int) -> Explained:
    """`events`: all that the run asks for, not only those of the failed call."""
    if code == errno.EAGAIN:
        problem, remedy = aio_room().refusal(events)
        return f"{problem} (io_setup: EAGAIN)", remedy
    if code == errno.ENOSYS:
        return (
            "this kernel has no native AIO, or a sandbox forbids it (io_setup: ENOSYS)",
            "run it outside of the sandbox, on a kernel with CONFIG_AIO",
        )
    return _other("io_setup", code), "lower iodepth" if code == errno.ENOMEM else ""


_IO_URING = "use --engine=libaio, native AIO, which every kernel has"


def _io_uring_setup(code: int, _entries: int) -> Explained:
    disabled = kernel.number(kernel.LIVE.proc / "sys/kernel/io_uring_disabled")
    if code == errno.EPERM and disabled:
        who = "everybody" if disabled == 2 else "all but root and the group io_uring_group"
        return (
            f"io_uring is switched off for {who} here: kernel.io_uring_disabled is {disabled} "
            "(io_uring_setup: EPERM)",
            f"switch it on: sysctl -w kernel.io_uring_disabled=0, or {_IO_URING}",
        )
    if code == errno.EPERM:
        return (
            "io_uring_setup is forbidden here (EPERM): a container's seccomp profile, as Docker's "
            "own, does not let it through, or a kernel before 5.13 keeps SQPOLL for root",
            f"allow io_uring in the profile (--security-opt seccomp=…), or {_IO_URING}",
        )
    if code == errno.ENOSYS:
        return (
            "this kernel has no io_uring, or a sandbox forbids it (io_uring_setup: ENOSYS)",
            f"run it on Linux 5.11 or later, with CONFIG_IO_URING, or {_IO_URING}",
        )
    if code == errno.ENOMEM:
        return (
            "there is no memory for the rings, or no more may be locked (io_uring_setup: ENOMEM)",
            "lower iodepth or numjobs, or raise the limit of locked memory (ulimit -l)",
        )
    if code == errno.EINVAL:
        return (
            "the kernel does not take these options of io_uring (io_uring_setup: EINVAL)",
            "leave out hipri and sqthread_poll, or name a CPU that is online in sqthread_poll_cpu",
        )
    return _descriptors("io_uring_setup", code)


def _io_uring_features(_code: int, _features: int) -> Explained:
    return "the io_uring of this kernel is older than Linux 5.11", f"update it, or {_IO_URING}"


def _io_uring_buffers(code: int, size_bytes: int) -> Explained:
    amount = format_size(size_bytes)
    if code in (errno.ENOMEM, errno.EPERM):
        return (
            f"the kernel may not lock {amount} of buffers (io_uring_register: {_name(code)})",
            "raise the limit of locked memory (ulimit -l), lower iodepth or bs, or leave out "
            "fixedbufs",
        )
    problem = f"{amount} of buffers could not be registered (io_uring_register: {_name(code)})"
    return problem, "leave out fixedbufs"


def _io_uring_files(code: int, count: int) -> Explained:
    return (
        f"{count} files could not be registered (io_uring_register: {_name(code)})",
        "raise the limit of open files (ulimit -n), or leave out registerfiles",
    )


def _eventfd2(code: int, _argument: int) -> Explained:
    if code == errno.ENOSYS:
        return (
            "this kernel has no eventfd (eventfd2: ENOSYS), and the completion mode needs one",
            "use --completion=poll or --completion=getevents",
        )
    return _descriptors("eventfd2", code)


def _sched_setaffinity(code: int, cpu: int) -> Explained:
    return (
        f"the thread cannot run on all of the CPUs asked for, from {cpu} on "
        f"(sched_setaffinity: {_name(code)})",
        f"cpus_allowed may name these: {','.join(map(str, sorted(os.sched_getaffinity(0))))}",
    )


def _nice(code: int, _argument: int) -> Explained:
    return (
        f"the thread cannot be given that nice value (nice: {_name(code)})",
        "only root may give a negative one",
    )


def _no_memory(code: int, size_bytes: int) -> Explained:
    amount = f"{size_bytes:,} bytes" if size_bytes else "the run's structures"
    return f"no memory for {amount} ({_name(code)})", "lower iodepth, bs or numjobs"


def _random_map(code: int, size_bytes: int) -> Explained:
    return (
        f"no memory for the random map, {format_size(size_bytes)} of it ({_name(code)})",
        "where sizes differ it has a bit for each unit of the region: norandommap=1 needs none, "
        "and a smaller size or a larger smallest block less",
    )


def _pthread_create(code: int, _argument: int) -> Explained:
    return (
        f"the thread could not be started (pthread_create: {_name(code)})",
        "lower numjobs, or raise the limit of processes (ulimit -u), or of memory (ulimit -v)",
    )


def _descriptors(call: str, code: int) -> Explained:
    if code in (errno.EMFILE, errno.ENFILE):
        return (
            f"no more files can be opened ({call}: {_name(code)})",
            "raise the limit (ulimit -n), or lower numjobs",
        )
    return _other(call, code), ""


def _name(code: int) -> str:
    return f"{errno.errorcode.get(code, code)}, {os.strerror(code)}"


def _other(call: str, code: int) -> str:
    return f"{call} failed: {_name(code)}"


def _verify(_code: int, libraries: int) -> Explained:
    return (
        f"the hash that verify asks for was found in none of {libraries} libraries",
        "use verify=crc32c, which needs none; md5 and the sha are OpenSSL's (libcrypto), crc32 is "
        "zlib's, and xxhash comes with pip install xxhash",
    )


_EXPLANATIONS: dict[str, Callable[[int, int], Explained]] = {
    "io_setup": _io_setup,
    "io_uring_setup": _io_uring_setup,
    "io_uring features": _io_uring_features,
    "io_uring buffers": _io_uring_buffers,
    "io_uring files": _io_uring_files,
    "eventfd2": _eventfd2,
    "sched_setaffinity": _sched_setaffinity,
    "nice": _nice,
    "malloc": _no_memory,
    "mmap": _no_memory,
    "random map": _random_map,
    "pthread_create": _pthread_create,
    "verify": _verify,
}


# Every user may make these calls; if one is forbidden, a sandbox forbids it, not the kernel.
_FREE_FOR_ALL = frozenset(
    (
        "io_setup",
        "eventfd2",
        "eventfd",
        "epoll_create1",
        "timerfd_create",
        "pipe2",
        "pthread_create",
    )
)


def _forbidden(call: str, code: int) -> Explained:
    return (
        f"{call} is forbidden here ({_name(code)}): a sandbox, such as a container's seccomp "
        "profile, does not let it through",
        "run it outside of the sandbox, or allow the call in its profile",
    )


def explain_failure(call: str, code: int, argument: int) -> Explained:
    """The sentences on `call` that failed with errno `code`; `argument` is what it was given."""
    if code in (errno.EPERM, errno.EACCES) and call in _FREE_FOR_ALL:
        return _forbidden(call, code)
    if call in _EXPLANATIONS:
        return _EXPLANATIONS[call](code, argument)
    return _descriptors(call, code)
