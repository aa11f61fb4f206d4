"""A program of its own: run a command for which chosen system calls fail.

    seccomp.py eventfd2=ENOSYS,io_setup=EPERM COMMAND...

A filter in the kernel answers them, without ptrace and at full speed, for the command and
all that it starts.  It is how containers forbid calls, and how an older kernel looks.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

NUMBERS = {
    "x86_64": {
        "io_setup": 206, "eventfd2": 290, "epoll_create1": 291, "epoll_pwait2": 441,
        "io_uring_setup": 425,
    },
    "aarch64": {
        "io_setup": 0, "eventfd2": 19, "epoll_create1": 20, "epoll_pwait2": 441,
        "io_uring_setup": 425,
    },
}  # fmt: skip

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_LOAD_NUMBER, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06

Instruction = tuple[int, int, int, int]
"""An instruction of classic BPF: code, jump if true, jump if false, operand."""


def instructions(failing: dict[str, int]) -> list[Instruction]:
    """A filter that answers each call with its errno, and allows all others."""
    numbers = NUMBERS[platform.machine()]
    program: list[Instruction] = [(_LOAD_NUMBER, 0, 0, 0)]
    for call, code in failing.items():
        program += [(_JUMP_IF_EQUAL, 0, 1, numbers[call]), (_RETURN, 0, 0, _FAIL | code)]
    return [*program, (_RETURN, 0, 0, _ALLOW)]


def install(failing: dict[str, int]) -> None:
    """From now on, for this process and its descendants.

    Raises:
        OSError: the kernel refused the filter.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    program = [struct.pack("HBBI", *instruction) for instruction in instructions(failing)]
    code = ctypes.create_string_buffer(b"".join(program))
    filter_ = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    )
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_)) < 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def main(calls: str, *command: str) -> None:
    install({name: getattr(errno, code) for name, code in (c.split("=") for c in calls.split(","))})
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
