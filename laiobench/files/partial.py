"""A file while it is written: it gets its name when it is whole, and not before.

Until then it has no name (O_TMPFILE), so it vanishes if its writer is killed.  Where that
is not possible, it has a hidden name, and is locked for as long as its writer lives.  A
left-over is a hidden file that nobody has locked; process ids would not tell, since
containers have ids of their own.  Knows nothing of what is written.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

# A form of name that no other program uses.
_HIDDEN = re.compile(r"\.laiobench-[0-9a-f]{16}\.partial")
_UNNAMED = os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC
_UNNAMED_IS_UNKNOWN = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS, errno.ENOENT}
_LINKS_ARE_UNKNOWN = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class Partial:
    """A new file, open for reading and writing as `fd` until `close()`; so is `folder`."""

    def __init__(self, folder: Path | int, mode: int = 0o666) -> None:
        """Create a file that is to get its name in `folder`: a path or an open folder.

        Raises:
            OSError: it can't be created there.
        """
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        if isinstance(folder, int):
            self.folder = os.open(".", flags, dir_fd=folder)
        else:
            self.folder = os.open(folder, flags)
        self._hidden: str | None = None
        try:
            self.fd = self._make(mode)
        except BaseException:
            os.close(self.folder)
            raise

    def __enter__(self) -> "Partial":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; it is gone unless it has got its name."""
        self.hide_no_more()
        os.close(self.folder)
        os.close(self.fd)

    def hide_no_more(self) -> None:
        """Remove the hidden name, if it has one."""
        if self._hidden:
            with contextlib.suppress(OSError):
                os.unlink(self._hidden, dir_fd=self.folder)
            self._hidden = None

    def _make(self, mode: int) -> int:
        try:
            fd = os.open(".", _UNNAMED, mode, dir_fd=self.folder)
        except OSError as error:
            if error.errno not in _UNNAMED_IS_UNKNOWN:
                raise
            return self._make_hidden(mode)
        if not Path(f"/proc/self/fd/{fd}").exists():  # without /proc it could never get a name
            os.close(fd)
            return self._make_hidden(mode)
        hold(fd)
        return fd

    def _make_hidden(self, mode: int) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        while True:
            name = hidden_name()
            fd = os.open(name, flags, mode, dir_fd=self.folder)
            hold(fd)
            if os.fstat(fd).st_nlink:  # 0: taken for a left-over before it was locked
                self._hidden = name
                return fd
            os.close(fd)

    def link(self, name: str) -> None:
        """Give it its name, if no other file has it.

        Raises:
            FileExistsError: another file has it.
            OSError: it can't be named.
        """
        try:
            self._link_as(name)
        except OSError as error:
            if error.errno not in _LINKS_ARE_UNKNOWN or not self._hidden:
                raise
            self._rename_to_free(name)
        self.hide_no_more()
        os.fsync(self.folder)

    def replace(self, name: str) -> None:
        """Give it its name, in the place of the file that had it; the change survives a crash.

        Raises:
            OSError: it failed, and nothing has changed.
        """
        if not self._hidden:
            hidden = hidden_name()
            self._link_as(hidden)
            self._hidden = hidden
        self._rename(self._hidden, name)
        self._hidden = None
        os.fsync(self.folder)

    def try_out(self) -> None:
        """Find out whether names can be given and changed here, with hidden names.

        Raises:
            OSError: they can't.
        """
        name = hidden_name()
        if not self._hidden:
            self._link_as(name)
            self._hidden, name = name, hidden_name()
        self._rename(self._hidden, name)
        self._hidden = name

    def _rename(self, name: str, other: str) -> None:
        os.rename(name, other, src_dir_fd=self.folder, dst_dir_fd=self.folder)

    def _link_as(self, name: str) -> None:
        if self._hidden:
            os.link(self._hidden, name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        else:  # Python sets AT_SYMLINK_FOLLOW only if a dir_fd is given
            os.link(f"/proc/self/fd/{self.fd}", name, dst_dir_fd=self.folder, follow_symlinks=True)

    def _rename_to_free(self, name: str) -> None:
        """For file systems without hard links: create the name, then rename onto it."""
        assert self._hidden
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        reserved = os.open(name, flags, 0o600, dir_fd=self.folder)
        try:
            now = os.stat(name, dir_fd=self.folder, follow_symlinks=False)
            if not os.path.samestat(now, os.fstat(reserved)) or now.st_size:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
            self._rename(self._hidden, name)
            self._hidden = None
        finally:
            os.close(reserved)


@contextlib.contextmanager
def new_folder(where: Path) -> Iterator[Path]:
    """A folder in `where` with a hidden name; it is removed at the end unless it was renamed.

    Raises:
        OSError: it can't be created.
    """
    with _opened(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, where) as outer:
        remove_left_over(outer)
    path = where / hidden_name()
    path.mkdir()
    with _opened(path.name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, where) as fd:
        hold(fd)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` permanent: they survive a crash when this returns.

    Raises:
        OSError: that failed.
    """
    with _opened(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, folder) as fd:
        os.fsync(fd)


def hidden_name() -> str:
    """A name that `remove_left_over()` recognises."""
    return f".laiobench-{secrets.token_hex(8)}.partial"


def hold(fd: int) -> None:
    """Lock the file while its writer lives; where locks fail, no file is taken for a left-over."""
    with contextlib.suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_EX)


def remove_left_over(folder: int) -> None:
    """Remove the files in the open `folder` that killed writers have left."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _HIDDEN.fullmatch(entry.name):
                _remove_if_dead(entry.name, folder)


def _remove_if_dead(name: str, folder: int) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with contextlib.suppress(OSError), _opened(name, flags, folder) as fd:
        status = os.fstat(fd)
        if status.st_uid != os.geteuid():
            return
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stat.S_ISDIR(status.st_mode):
            shutil.rmtree(name, ignore_errors=True, dir_fd=folder)
        elif stat.S_ISREG(status.st_mode):
            os.unlink(name, dir_fd=folder)


@contextlib.contextmanager
def _opened(name: str, flags: int, folder: int | Path) -> Iterator[int]:
    if isinstance(folder, Path):
        fd = os.open(folder / name, flags)
    else:
        fd = os.open(name, flags, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)
