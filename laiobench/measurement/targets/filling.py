"""Writing a new file in full: random bytes in every block, on disk before it has its name.

Reads of holes would not reach the disk, and writes into holes would block in io_submit.
Whether such a file may be made, and where, is decided elsewhere.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from laiobench.errors import Interrupted
from laiobench.files import partial
from laiobench.files.partial import Partial

_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Filling:
    """How much of a file has been written."""

    path: str
    done_bytes: int
    size_bytes: int
    elapsed_s: float


@dataclass(frozen=True)
class FillHooks:
    """How the writer of a file reports to its caller, and is stopped by it."""

    tell: Callable[[str], None] = lambda _: None
    """Is given a sentence before writing begins."""
    fill: Callable[[Filling], None] = lambda _: None
    """Is given the progress, now and then."""
    stop: Callable[[], bool] = lambda: False
    """Is asked, now and then, whether to give up."""


@contextmanager
def written_in_full(path: Path, size_bytes: int, hooks: FillHooks) -> Iterator[Partial]:
    """The file for `path`, written and on disk, but still without its name.

    Args:
        path: its later name; the folder must exist.
        size_bytes: its size.
        hooks: are told of progress, and can stop it.

    Raises:
        Interrupted: `hooks.stop` asked for it; nothing is left behind.
        OSError: it can't be written; nothing is left behind.
    """
    began_s = time.monotonic()

    def look(done_bytes: int) -> None:
        if hooks.stop():
            raise Interrupted(f"stopped while {path} was written")
        hooks.fill(Filling(str(path), done_bytes, size_bytes, time.monotonic() - began_s))

    with Partial(path.parent, 0o600) as file:
        partial.remove_left_over(file.folder)
        os.posix_fallocate(file.fd, 0, size_bytes)
        with os.fdopen(file.fd, "wb", closefd=False) as stream:
            for start in range(0, size_bytes, _CHUNK_BYTES):
                look(start)
                stream.write(os.urandom(min(_CHUNK_BYTES, size_bytes - start)))
                stream.flush()
                os.fdatasync(file.fd)  # in small steps, so that it can be stopped soon
        look(size_bytes)
        os.fsync(file.fd)
        yield file
