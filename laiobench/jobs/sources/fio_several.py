"""Where several files or directories are named: fio's job has them all, and ours has one.

Knows how the error says so, whoever finds it; not how they are written.
"""

from laiobench.errors import UsageError

IN_GLOBAL_TOO = "fio uses this one besides that of [global]"


def several(name: str, told: str) -> UsageError:
    """The error; `told` is the setting, with its place."""
    what = "file" if name == "filename" else "directory"
    parts = " and its part of iodepth, which fio's job has for all together" * (what == "file")
    colon = "; a colon in a name is written \\:" * (":" in told.partition("=")[2])
    return UsageError(
        f"{told}: a job has one {what} here", f"give each {what} a job of its own{parts}{colon}"
    )
