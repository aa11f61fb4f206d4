"""Files that jobs name: logs, states of verifications, bad blocks.

A job file may be somebody else's.  So the files that it names must lie below a folder that
the user has chosen, and no link is followed on the way: folders are opened one by one, and
a new file replaces an old one instead of being written into it.  Files elsewhere are only
those named on the command line; there, links to folders are followed.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.files import outputs
from laiobench.files.partial import Partial


def place_of(name: str, folder: Path) -> Path:
    """The absolute path of `name` seen from `folder`; links and `..` are not looked up."""
    return Path(os.path.normpath(folder.absolute() / name))


def root_of(path: Path, folders: Iterable[Path]) -> Path | None:
    """The first of `folders` that `path` is inside of, comparing text only; None if in none."""
    roots = (place_of(".", folder) for folder in folders)
    return next((root for root in roots if root in path.parents), None)


Identity = tuple[int, int]
"""A file's device and inode."""


@dataclass(frozen=True)
class Below:
    """A folder, and the files below it by relative names."""

    folder: Path = Path()

    def check(self, names: Iterable[str]) -> None:
        """Find out before a run whether files of these names can be written.

        Raises:
            UsageError: a link or something else is in the way.
            OSError: a file can't be written; `filename` is the one.
        """
        tried: set[Identity] = set()
        for name in names:
            with self._opened_folder(name) as (folder, last):
                status = os.fstat(folder)
                which = (status.st_dev, status.st_ino)
                if which not in tried:
                    tried.add(which)
                    with _told(Path(self.path(name)).parent):
                        outputs.try_out(folder)
                with _told(self.path(name)):
                    self._check_file(folder, last, name)

    def path(self, name: str) -> str:
        """The path that messages show."""
        return str(self.folder / name)

    def _check_file(self, folder: int, last: str, name: str) -> None:
        try:
            mode = os.stat(last, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if stat.S_ISLNK(mode):
            raise _is_link(self.path(name))
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise UsageError(f"{self.path(name)} is {kind}", "move it away, or name another file")
        outputs.check_replaceable(Path(self.path(name)).parent.resolve() / last)

    def create(self, name: str) -> Identity:
        """Create an empty file; what had the name is replaced.

        Raises:
            UsageError: a link is in the way.
            OSError: it can't be created.
        """
        return self.write(name, b"")

    def write(self, name: str, data: bytes) -> Identity:
        """Create a file that holds `data`; what had the name is replaced."""
        with self.partial(name) as (file, last):
            with os.fdopen(file.fd, "wb", closefd=False) as stream:
                stream.write(data)
            status = os.fstat(file.fd)
            file.replace(last)
            return (status.st_dev, status.st_ino)

    @contextlib.contextmanager
    def partial(self, name: str) -> Iterator[tuple[Partial, str]]:
        """A new file that has no name yet, and the last part of the name that it is to get."""
        with (
            self._opened_folder(name) as (folder, last),
            _told(self.path(name)),
            Partial(folder) as file,
        ):
            yield file, last

    def append(self, name: str, text: str, which: Identity) -> None:
        """Write at the end of a file that `create()` made.

        Raises:
            UsageError: a link is in the way.
            OSError: it can't be written, or another file has the name now.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self._opened_folder(name) as (folder, last), _told(self.path(name)):
            fd = os.open(last, flags, dir_fd=folder)
            with os.fdopen(fd, "w", encoding="utf-8") as stream:
                status = os.fstat(fd)
                if (status.st_dev, status.st_ino) != which:
                    raise OSError(errno.ESTALE, "another file has taken its place")
                stream.write(text)

    @contextlib.contextmanager
    def _opened_folder(self, name: str) -> Iterator[tuple[int, str]]:
        """The open folder that a file is in, and the file's name there."""
        path = place_of(name, self.folder)
        root = root_of(path, (self.folder, Path())) or path.parent
        *folders, last = path.relative_to(root).parts
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        with contextlib.ExitStack() as opened:
            with _told(root):
                folder = os.open(root, flags)
            opened.callback(os.close, folder)
            way = root
            for part in folders:
                way = way / part
                with _told(way):
                    if stat.S_ISLNK(os.lstat(part, dir_fd=folder).st_mode):
                        raise _is_link(way)
                    folder = os.open(part, flags | os.O_NOFOLLOW, dir_fd=folder)
                opened.callback(os.close, folder)
            yield folder, last


def _is_link(path: str | Path) -> UsageError:
    return UsageError(
        f"{path} is a link, and files that jobs name are never written through one",
        "name the file that it leads to",
    )


@contextlib.contextmanager
def _told(path: str | Path) -> Iterator[None]:
    """An OSError raised inside names the path that the user knows."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise
