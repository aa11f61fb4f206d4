"""numpy and scipy, which are extras: here, or a sentence that says how to get them.

Both bring an OpenBLAS of their own, which starts a thread a CPU when it is imported, on CPUs
that are to measure, and where it can't have its buffers it ends the process or asks for
them for ever.  So it is told to have one thread, and there must be room before it is asked.
"""

import contextlib
import functools
import importlib
import mmap
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from laiobench.errors import ExtraMissing

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["StatsMissing", "np", "scipy"]

_THREADS = "OPENBLAS_NUM_THREADS"
_NUMPY_ROOM_BYTES = 160 << 20
"""With what scipy takes later on: told now, and not after hours of trials."""
_SCIPY_ROOM_BYTES = 96 << 20


class StatsMissing(ExtraMissing):
    """numpy and scipy are extras."""

    def __init__(self) -> None:
        super().__init__("comparing", "numpy and scipy", "stats")


@functools.cache
def scipy(part: str) -> Any:
    """A part of scipy, such as `stats`.  It takes a second to import, so only who needs it does.

    Raises:
        MemoryError: there is no room for it.
    """
    with _one_thread(_SCIPY_ROOM_BYTES):
        return importlib.import_module(f"scipy.{part}")


@contextlib.contextmanager
def _one_thread(room_bytes: int) -> Iterator[None]:
    """What is imported here has one, unless the user said otherwise; commands don't inherit it."""
    _check_room(room_bytes)
    is_ours = _THREADS not in os.environ
    os.environ.setdefault(_THREADS, "1")
    try:
        yield
    finally:
        if is_ours:
            del os.environ[_THREADS]


def _check_room(room_bytes: int) -> None:
    """Ask for it, without using any."""
    try:
        mmap.mmap(-1, room_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        raise MemoryError from None


if find_spec("scipy") is None:
    raise StatsMissing
try:
    with _one_thread(_NUMPY_ROOM_BYTES):
        import numpy as np
except ImportError:
    raise StatsMissing from None

if TYPE_CHECKING:
    Floats = npt.NDArray[np.float64]
