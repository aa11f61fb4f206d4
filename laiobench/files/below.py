"""Files that jobs name: logs, states of verifications, bad blocks.

A job file may be somebody else's.  So what it names is below a folder that the user has
chosen, and nothing on the way is a link: folders are opened one by one, and a file is
never written into but put in its name's place.  What is not below was named on the
command line, where links to folders are the user's own.
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
    """What `name` means from `folder`: an absolute path, by its letters alone."""
    return Path(os.path.normpath(folder.absolute() / name))


def root_of(path: Path, folders: Iterable[Path]) -> Path | None:
    """The first of `folders` that `path` is inside of, by its letters; None: it is in none."""
    roots = (place_of(".", folder) for folder in folders)
    return next((root for root in roots if root in path.parents), None)


Identity = tuple[int, int]
"""A file's device and inode."""


@dataclass(frozen=True)
class Below:
    """The folder that names begin at."""

    folder: Path = Path()

    def check(self, names: Iterable[str]) -> None:
        """Find out before a run whether files of these names can be written.

        Raises:
            UsageError: a link or something else is in the way.
            OSError: they can't be; `filename` is what.
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
        """How it is told."""
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

    def create(self, name: str) -> Identity:
        """An empty new file, in the place of what had the name.

        Raises:
            UsageError: a link is in the way.
            OSError: it can't be.
        """
        return self.write(name, b"")

    def write(self, name: str, data: bytes) -> Identity:
        """The same with something in it."""
        with self.partial(name) as (file, last):
            with os.fdopen(file.fd, "wb", closefd=False) as stream:
                stream.write(data)
            status = os.fstat(file.fd)
            file.replace(last)
            return (status.st_dev, status.st_ino)

    @contextlib.contextmanager
    def partial(self, name: str) -> Iterator[tuple[Partial, str]]:
        """A file that is to get this name: the last part of which is told, too."""
        with (
            self._opened_folder(name) as (folder, last),
            _told(self.path(name)),
            Partial(folder) as file,
        ):
            yield file, last

    def append(self, name: str, text: str, which: Identity) -> None:
        """Write at the end of what was created.

        Raises:
            UsageError: a link is in the way.
            OSError: it can't be, or another file has its name.
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
        """The folder that a file is in, and the file's name there."""
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
        f"{path} is a link, and what jobs name is never written through one",
        "name where it leads",
    )


@contextlib.contextmanager
def _told(path: str | Path) -> Iterator[None]:
    """An error of the system's names the path that a user knows."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise
