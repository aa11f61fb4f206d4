"""Byte patterns that blocks are filled with, in fio's notation.

A pattern is one or more parts without spaces between: hexadecimal numbers (`0xdeadbeef`:
these bytes in this order), decimal numbers (`258`: lowest byte first, as many bytes as it
needs; negative ones have four), and texts in double quotes.  At `%o`, each block has its
own offset: 8 bytes, lowest first.  fio's fourth kind, the name of a file in single quotes,
is refused: no option reads a file.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from laiobench.jobs.options.compound_types import Form

MOST_BYTES = 512
_OFFSET_BYTES = 8

_PART = re.compile(
    r'0[xX](?P<hex>[0-9a-fA-F]+)|(?P<decimal>-?[0-9]+)|"(?P<text>[^"]*)"|(?P<offset>%o)'
    r"|(?P<file>'[^']*'?)"
)


@dataclass(frozen=True)
class Content:
    """A pattern that repeats from a block's beginning on, and where in it the offset stands."""

    text: str
    pattern: bytes
    offset_at: tuple[int, ...]

    def __str__(self) -> str:
        return self.text


def parse_content(text: str) -> Content:
    """Parse a pattern.

    Raises:
        ValueError: `text` is not one.
    """
    pattern, offset_at, at = b"", [], 0
    while at < len(text):
        part = _PART.match(text, at)
        if not part:
            raise ValueError(
                f'{text[at:]!r} is no pattern; write 0xdeadbeef, 258, "text", or several in a row'
            )
        if part["file"]:
            raise ValueError("a pattern is not read from a file; write its bytes: 0xdeadbeef")
        if part["offset"]:
            offset_at.append(len(pattern))
        pattern += _bytes_of(part)
        at = part.end()
    if not pattern:
        raise ValueError("a pattern must not be empty")
    if len(pattern) > MOST_BYTES:
        raise ValueError(f"it has {len(pattern)} bytes, and can have {MOST_BYTES}")
    return Content(text, pattern, tuple(offset_at))


def _bytes_of(part: re.Match[str]) -> bytes:
    if digits := part["hex"]:
        return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
    if digits := part["decimal"]:
        number = int(digits)
        if not -(1 << 31) <= number < 1 << 63:
            raise ValueError(f"{digits} is too large; write it as 0x and its bytes")
        if number < 0:
            return number.to_bytes(4, "little", signed=True)
        return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "little")
    if part["offset"]:
        return bytes(_OFFSET_BYTES)
    return part["text"].encode()


Pattern = Annotated[Content | None, Form(parse_content, Content)]
