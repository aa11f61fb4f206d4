"""A witness: whether anybody else has opened a file since it began to look.

For a file that is ours we change its times ourselves, so they say nothing of what
others do meanwhile; but nobody writes to a file without opening it, and the kernel
tells of that (inotify).  Who has it open from before is seen otherwise (machine/).
Where the kernel does not tell, it says that somebody has.
"""

import ctypes
import functools
import os
import struct
from typing import Any

_IN_OPEN, _IN_CLOSE_WRITE = 0x20, 0x8
_EVENT = struct.Struct("iIII")


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


class Witness:
    """Looks at one file, until `close()`."""

    def __init__(self, path: str) -> None:
        """Begin to look at what `path` leads to, which may be /proc/self/fd/N."""
        self._fd = _libc().inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        watch = _libc().inotify_add_watch(self._fd, os.fsencode(path), _IN_OPEN | _IN_CLOSE_WRITE)
        self._has_seen_others: bool = self._fd < 0 or watch < 0

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def we_open(self) -> "_Excused":
        """While it is opened here; a `with` block."""
        return _Excused(self, _IN_OPEN)

    def we_close(self) -> "_Excused":
        """While what was opened here is closed."""
        return _Excused(self, _IN_CLOSE_WRITE)

    def has_seen_others(self) -> bool:
        """Whether somebody else has opened it."""
        self.look(excused=0)
        return self._has_seen_others

    def look(self, *, excused: int) -> None:
        """Take what has happened; `excused` is what we did ourselves."""
        while self._fd >= 0:
            try:
                events = os.read(self._fd, 4096)
            except BlockingIOError:
                return
            while events:
                _, mask, _, name_bytes = _EVENT.unpack_from(events)
                self._has_seen_others |= bool(mask & ~excused)
                events = events[_EVENT.size + name_bytes :]


class _Excused:
    """What happens in the block is our own doing.

    Events that are alike come as one.  So somebody who opens at the same moment is seen
    only when they close what they have written to.
    """

    def __init__(self, witness: Witness, mask: int) -> None:
        self._witness, self._mask = witness, mask

    def __enter__(self) -> None:
        self._witness.look(excused=0)

    def __exit__(self, *exc_info: object) -> None:
        self._witness.look(excused=self._mask)
