"""System calls that fail: prefixes to the program's command line.

strace makes a chosen call of a thread fail, at a price in speed; a seccomp filter makes
all of them fail, at none; the preloaded shim does what is no failure (see shim.c).
"""

import subprocess
import sys
from pathlib import Path

from faults import seccomp

EVENTFDS = "anon_inode:[eventfd]"
"""What /proc shows of a descriptor that is an eventfd."""

ANY_EPOLL_WAIT = "/^epoll_p?wait"
"""The names of the call; which one the C library uses depends on the machine."""


def strace_injecting(injection: str, *, path: str = "") -> tuple[str, ...]:
    """A prefix that makes calls fail: `io_submit:error=EAGAIN:when=3` fails each thread's third.

    With `path`, only calls on descriptors of that file are counted and meant.
    """
    call, _, _ = injection.partition(":")
    # With a path, strace's seccomp filter would let some calls through uncounted.
    of_path = ("-P", path) if path else ("--seccomp-bpf",)
    command = ("strace", "-f", "-qq", "-o", "/dev/null", *of_path)
    return (*command, "-e", f"trace={call}", "-e", f"inject={injection}")


def without(*calls: str) -> tuple[str, ...]:
    """A prefix that makes all calls fail: `eventfd2=ENOSYS`."""
    return (sys.executable, seccomp.__file__, ",".join(calls))


def build_shim(folder: Path) -> Path:
    """Build the shim as a library in `folder`."""
    library = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    flags = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror")
    subprocess.run(["gcc", *flags, "-o", library, source, "-ldl"], check=True)
    return library


def shimmed(library: Path, **settings: int) -> tuple[str, ...]:
    """A prefix with settings of the shim: `take_one_every=3`, `foreign_ring=1`."""
    variables = [f"SHIM_{name.upper()}={value}" for name, value in settings.items()]
    return ("env", f"LD_PRELOAD={library}", *variables)
