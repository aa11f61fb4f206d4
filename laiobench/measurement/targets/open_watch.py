"""Whether anybody else has opened a file since the watch on it began.

Our own writes change a file's times, so these do not show what others do meanwhile.  But
nobody can write to a file without opening it, and inotify reports that.  Who had it open
before is found by `system/openers`.  Where inotify fails, the answer is that somebody has.
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


class OpenWatch:
    """Watches one file, until `close()`."""

    def __init__(self, path: str) -> None:
        """Begin to watch what `path` leads to, which may be /proc/self/fd/N."""
        self._fd = _libc().inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        watch = _libc().inotify_add_watch(self._fd, os.fsencode(path), _IN_OPEN | _IN_CLOSE_WRITE)
        self._has_seen_others: bool = self._fd < 0 or watch < 0

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def we_open(self) -> "_OwnEvents":
        """A context in which the file is opened here."""
        return _OwnEvents(self, _IN_OPEN)

    def we_close(self) -> "_OwnEvents":
        """A context in which a file that was opened here is closed."""
        return _OwnEvents(self, _IN_CLOSE_WRITE)

    def has_seen_others(self) -> bool:
        """Whether somebody else has opened the file."""
        self.look(own=0)
        return self._has_seen_others

    def look(self, *, own: int) -> None:
        """Read the events so far; `own` is the kind that we caused ourselves."""
        while self._fd >= 0:
            try:
                events = os.read(self._fd, 4096)
            except BlockingIOError:
                return
            while events:
                _, mask, _, name_bytes = _EVENT.unpack_from(events)
                self._has_seen_others |= bool(mask & ~own)
                events = events[_EVENT.size + name_bytes :]


class _OwnEvents:
    """A context in which events of one kind are our own.

    The kernel merges equal events.  So somebody who opens the file at the same moment is only
    noticed when they close it after writing.
    """

    def __init__(self, watch: OpenWatch, mask: int) -> None:
        self._watch, self._mask = watch, mask

    def __enter__(self) -> None:
        self._watch.look(own=0)

    def __exit__(self, *exc_info: object) -> None:
        self._watch.look(own=self._mask)
