"""The error for a job that names several files or directories.

A fio job may have several, ours has one.  Who finds them, and how they are written, is
not known here.
"""

from laiobench.errors import UsageError

IN_GLOBAL_TOO = "fio uses this one besides that of [global]"


def several(name: str, told: str) -> UsageError:
    """The error; `told` is the setting and its place."""
    what = "file" if name == "filename" else "directory"
    parts = " and its part of iodepth, which fio's job has for all together" * (what == "file")
    colon = "; a colon in a name is written \\:" * (":" in told.partition("=")[2])
    return UsageError(
        f"{told}: a job has one {what} here", f"give each {what} a job of its own{parts}{colon}"
    )
