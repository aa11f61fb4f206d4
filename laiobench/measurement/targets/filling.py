"""Writing a file in full: random bytes in every block, on disk before its name is there.

Holes would answer without the disk, and writes into them would wait inside
io_submit.  Whether there may be such a file, and whose name it gets, others decide.
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
    """How far a file is that is being written."""

    path: str
    done_bytes: int
    size_bytes: int
    elapsed_s: float


@dataclass(frozen=True)
class FillHooks:
    """Whoever waits for a file is told of it, and may end it."""

    tell: Callable[[str], None] = lambda _: None
    """Is given a sentence before it begins."""
    fill: Callable[[Filling], None] = lambda _: None
    """Is given how far it is, now and then."""
    stop: Callable[[], bool] = lambda: False
    """Is asked now and then whether to give up."""


@contextmanager
def written_in_full(path: Path, size_bytes: int, hooks: FillHooks) -> Iterator[Partial]:
    """The file that is to be at `path`, written and on disk, and without its name.

    Args:
        path: its name; the folder must be there.
        size_bytes: its size.
        hooks: told and asked while it is written.

    Raises:
        Interrupted: `hooks.stop` said so; nothing is left behind.
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
                os.fdatasync(file.fd)  # little by little, so that stopping is quick
        look(size_bytes)
        os.fsync(file.fd)
        yield file
