"""Takes AIO events as another process would: the system has only aio-max-nr of them."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IO_SETUP, _IO_DESTROY = {"x86_64": (206, 207), "aarch64": (0, 1)}[platform.machine()]
_libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> None:
    if _libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "io_setup or io_destroy")


def aio_events_left() -> int:
    folder = Path("/proc/sys/fs")
    used, limit = (int((folder / name).read_text()) for name in ("aio-nr", "aio-max-nr"))
    return limit - used


@contextmanager
def aio_events_held(left: int) -> Iterator[None]:
    """Within the block, at most `left` events are free for other processes."""
    contexts = []
    try:
        while (free := aio_events_left()) > left:
            context = ctypes.c_ulong(0)
            _call(_IO_SETUP, min(free - left, 16384), ctypes.byref(context))
            contexts.append(context)
        yield
    finally:
        for context in contexts:
            _call(_IO_DESTROY, context)
