"""Writing a file in full: random bytes in every block, on disk before its name is there.

Holes would answer without the disk, and writes into them would wait inside
io_submit.  Whether there may be such a file, others decide.
"""

import os
from collections.abc import Callable
from pathlib import Path

from laiobench.errors import Interrupted

_CHUNK_BYTES = 4 << 20


def write_in_full(
    path: Path, size_bytes: int, stop: Callable[[], bool], finish: Callable[[int], None]
) -> None:
    """Make the file, or replace it.

    Args:
        path: its name.
        size_bytes: its size.
        stop: asked now and then whether to give up.
        finish: gets the descriptor of what is written and not there yet.

    Raises:
        Interrupted: `stop` said so; nothing is left behind.
        OSError: it can't be written; nothing is left behind.
    """
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(partial, flags, 0o600), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size_bytes)
            for start in range(0, size_bytes, _CHUNK_BYTES):
                if stop():
                    raise Interrupted(f"stopped while {path} was written")
                file.write(os.urandom(min(_CHUNK_BYTES, size_bytes - start)))
                file.flush()
                os.fdatasync(file.fileno())  # little by little, so that stopping is quick
            finish(file.fileno())
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
