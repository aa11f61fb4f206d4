"""Imports numpy and scipy, which are extras, or raises an error that says how to get them.

Both bring an OpenBLAS of their own.  At import it starts a thread on each CPU, where jobs
are to be measured; and if it can't have memory for its buffers, it ends the process or
retries for ever.  So it is limited to one thread, and memory is checked before the import.
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
"""Address space for numpy and, later, scipy: better refused now than after hours of trials."""
_SCIPY_ROOM_BYTES = 96 << 20


class StatsMissing(ExtraMissing):
    """numpy or scipy is not installed."""

    def __init__(self) -> None:
        super().__init__("comparing", "numpy and scipy", "stats")


@functools.cache
def scipy(part: str) -> Any:
    """A part of scipy, such as `stats`, imported at its first use since that takes a second.

    Raises:
        MemoryError: there is too little memory for it.
    """
    with _one_thread(_SCIPY_ROOM_BYTES):
        return importlib.import_module(f"scipy.{part}")


@contextlib.contextmanager
def _one_thread(room_bytes: int) -> Iterator[None]:
    """Imports within start one thread, unless the user set otherwise.

    The variable is removed afterwards, so that commands around trials don't inherit it.
    """
    _check_room(room_bytes)
    is_ours = _THREADS not in os.environ
    os.environ.setdefault(_THREADS, "1")
    try:
        yield
    finally:
        if is_ours:
            del os.environ[_THREADS]


def _check_room(room_bytes: int) -> None:
    """Map so much memory and unmap it, without touching it.

    Raises:
        MemoryError: it can't be mapped.
    """
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
