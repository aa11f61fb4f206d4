"""What programs may pass: whole numbers in their range, and buffers in one piece.

Refused in a sentence, before anything is done with them.
"""

from operator import index
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_DURATION_NS = 1 << 62
"""A century, and more."""


def whole_number(name: str, given: object) -> int:
    """`given` as an int, whatever kind of integer it is.

    Raises:
        TypeError: it is none.
    """
    try:
        return index(given)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {given!r}") from None


def whole_number_in(name: str, given: object, lowest: int, highest: int) -> int:
    """`given` as an int.

    Raises:
        TypeError: it is none.
        ValueError: it is not from `lowest` to `highest`.
    """
    number = whole_number(name, given)
    if not lowest <= number <= highest:
        raise ValueError(f"{name} must be {lowest} to {highest:,}, not {number:,}")
    return number


def whole_view(buffer: "Buffer") -> memoryview:
    """All of it; while there is a view, its size cannot change.

    Raises:
        TypeError: it is no buffer.
        ValueError: it is not in one piece.
    """
    view = memoryview(buffer)
    if not view.c_contiguous:
        view.release()
        raise ValueError("a buffer must be in one piece: copy this one with bytes() first")
    return view


def writable_view(name: str, buffer: "Buffer") -> memoryview:
    """The same, of one that can be written to.

    Raises:
        TypeError: it cannot, or is no buffer.
        ValueError: it is not in one piece.
    """
    view = whole_view(buffer)
    if view.readonly:
        view.release()
        kind = type(buffer).__name__
        raise TypeError(f"{name}() takes a writable buffer, such as a bytearray, not this {kind}")
    return view
