"""Checks of what programs pass: whole numbers in their range, and contiguous buffers.

Anything else is refused in a sentence, before anything is done.
"""

from operator import index
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_DURATION_NS = 1 << 62
"""More than a century."""


def whole_number(name: str, given: object) -> int:
    """`given` as an int; it may be any kind of integer.

    Raises:
        TypeError: it is not an integer.
    """
    try:
        return index(given)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {given!r}") from None


def whole_number_in(name: str, given: object, lowest: int, highest: int) -> int:
    """`given` as an int.

    Raises:
        TypeError: it is not an integer.
        ValueError: it is not from `lowest` to `highest`.
    """
    number = whole_number(name, given)
    if not lowest <= number <= highest:
        raise ValueError(f"{name} must be {lowest} to {highest:,}, not {number:,}")
    return number


def whole_view(buffer: "Buffer") -> memoryview:
    """A view of the whole buffer; while it exists, the buffer cannot be resized.

    Raises:
        TypeError: it is not a buffer.
        ValueError: it is not contiguous.
    """
    view = memoryview(buffer)
    if not view.c_contiguous:
        view.release()
        raise ValueError("a buffer must be in one piece: copy this one with bytes() first")
    return view


def writable_view(name: str, buffer: "Buffer") -> memoryview:
    """A view of a buffer that can be written to.

    Raises:
        TypeError: it is read-only, or not a buffer.
        ValueError: it is not contiguous.
    """
    view = whole_view(buffer)
    if view.readonly:
        view.release()
        kind = type(buffer).__name__
        raise TypeError(f"{name}() takes a writable buffer, such as a bytearray, not this {kind}")
    return view
