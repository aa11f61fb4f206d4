"""Writing a file in full: random bytes in every block, on disk before its name is there.

Holes would answer without the disk, and writes into them would wait inside
io_submit.  Whether there may be such a file, and whose name it gets, others decide.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from laiobench.errors import Interrupted
from laiobench.files import partial
from laiobench.files.partial import Partial

_CHUNK_BYTES = 4 << 20


@contextmanager
def written_in_full(path: Path, size_bytes: int, stop: Callable[[], bool]) -> Iterator[Partial]:
    """The file that is to be at `path`, written and on disk, and without its name.

    Args:
        path: its name; the folder must be there.
        size_bytes: its size.
        stop: asked now and then whether to give up.

    Raises:
        Interrupted: `stop` said so; nothing is left behind.
        OSError: it can't be written; nothing is left behind.
    """
    with Partial(path.parent, 0o600) as file:
        partial.remove_left_over(file.folder)
        os.posix_fallocate(file.fd, 0, size_bytes)
        with os.fdopen(file.fd, "wb", closefd=False) as stream:
            for start in range(0, size_bytes, _CHUNK_BYTES):
                if stop():
                    raise Interrupted(f"stopped while {path} was written")
                stream.write(os.urandom(min(_CHUNK_BYTES, size_bytes - start)))
                stream.flush()
                os.fdatasync(file.fd)  # little by little, so that stopping is quick
        os.fsync(file.fd)
        yield file
