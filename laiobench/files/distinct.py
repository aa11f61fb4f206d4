"""That nothing is written over what is needed: files to be written, and those to be kept.

By device and inode, so that links and other names are seen through; a file that is still
to be made by its path.  What is written into, such as a pipe, holds nothing that is lost.
"""

import stat
from collections.abc import Iterable
from pathlib import Path

from laiobench.errors import UsageError

Identity = tuple[int, int] | Path


def check(written: Iterable[tuple[str, Path]], kept: Iterable[tuple[str, Path]] = ()) -> None:
    """Check that files to be written are none of those to be kept, and not one twice.

    Args:
        written: what each is called, such as `--output=x`, and its path.
        kept: what each is, such as `what job a measures`, and its path.

    Raises:
        UsageError: one is.
    """
    needed = {identity: what for what, path in kept if (identity := _identity(path))}
    found: dict[Identity, str] = {}
    for what, path in written:
        identity = _identity(path)
        if identity is None:
            continue
        if identity in needed:
            raise UsageError(
                f"{what}: {path} is {needed[identity]}, and would be replaced",
                "name another file",
            )
        if identity in found:
            raise UsageError(f"{found[identity]} and {what} are one file", "name two")
        found[identity] = what


def _identity(path: Path) -> Identity | None:
    """What tells a file from others; None for what is no regular file, or can't be looked at."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return path.resolve()
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
