"""The store: saves and reads documents, which are JSON files in a folder of results.

Each document has a file of its own, which appears whole or not at all.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from laiobench.errors import LaiobenchError, RunError, UsageError
from laiobench.files import outputs, regular
from laiobench.files.regular import read_document
from laiobench.results.document import Document
from laiobench.results.kinds import KINDS, Kind, listing_of
from laiobench.results.reference import identifier, paths
from laiobench.results.run_result import Head, RunResult
from laiobench.units import format_size
from laiobench.words import one_line

D = TypeVar("D")


@dataclass(frozen=True)
class Stored:
    """A stored document and its id."""

    id: str
    """The name by which users refer to it."""
    result: Document


def check_writable(folder: Path) -> None:
    """Check before the run that its result can be saved in `folder`.

    Raises:
        RunError: it can't.
    """
    try:
        outputs.check_folder(folder)
    except OSError as error:
        raise _cannot_save(folder, error) from None


def file_name(result: Document) -> str:
    """A new name: time, kind, jobs or variants, and four random digits.

    Such as `20261122T170102.123Z-randread-4k-qd1-5f3a.json`; names sort by time.
    """
    stamp = re.sub(r"[-:]", "", result.started_at)
    stamp = re.sub(r"(\.\d{3})\d*", r"\1", stamp)
    prefix, listing = KINDS[result.kind].file_prefix, listing_of(result)
    names = [*([prefix] if prefix else []), *(listing.variants or listing.jobs)] or ["empty"]
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", "+".join(names[:3]))[:60].strip("-.")
    return f"{stamp}-{slug or 'job'}-{secrets.token_hex(2)}.json"


def save(result: Document, folder: Path) -> Path:
    """Write the document to a new file in `folder`; returns its path.

    Raises:
        RunError: it can't be written; nothing is left behind.
    """
    return save_as(result, folder / file_name(result))


def check_output(path: Path) -> None:
    """Check before the run that the result can be saved as `path`.

    Raises:
        UsageError, RunError: it can't.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file, or the folder with --results")
    try:
        outputs.check(path)
    except OSError as error:
        raise _cannot_save(path, error) from None


def save_as(result: Document, path: Path) -> Path:
    """Write the document to `path`, atomically: whole, synced, then named.

    Raises:
        UsageError: `path` is something other than a file.
        RunError: it can't be written; an earlier file there is unharmed.
    """
    try:
        outputs.write(path, result.to_json() + "\n")
    except OSError as error:
        raise _cannot_save(path, error) from None
    return path


def too_large(path: Path) -> str:
    """Why the document saved as `path` is too large to be read again; empty: it is not."""
    try:
        size_bytes = path.stat().st_size
    except OSError:
        return ""
    if size_bytes <= regular.MOST_DOCUMENT_BYTES:
        return ""
    return (
        f"{path} has {format_size(size_bytes)}, and laiobench reads documents of up to "
        f"{format_size(regular.MOST_DOCUMENT_BYTES)}"
    )


def save_held(result: Document, path: Path) -> int:
    """As `save_as`, and lock the document, so that no other process continues it meanwhile.

    Returns:
        A descriptor that holds the lock; the caller closes it.

    Raises:
        RunError: it can't be written; an earlier file there is unharmed.
    """
    try:
        file = outputs.replace(path.resolve(), result.to_json() + "\n")
    except OSError as error:
        raise _cannot_save(path, error) from None
    held = os.dup(file.fd)
    file.close()
    return held


def hold(path: Path) -> int:
    """Lock the document at `path`, as `save_held` does; returns the descriptor.

    Raises:
        UsageError: another process holds the lock, or it can't be read.
    """
    while True:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None
        try:
            with contextlib.suppress(OSError):  # some file systems have no locks
                _lock(fd, path)
            if path.exists() and os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # it was replaced between open and lock: try again


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"{path} is being written by another laiobench, whose trials would be lost",
            "wait until that has ended, and go on then",
        ) from None


def load(path: Path) -> RunResult:
    """Read the document of a run.

    Raises:
        UsageError: it is no such document, is damaged, or is of a later version.
    """
    return load_as(path, RunResult)


def load_as(path: Path, model: type[D]) -> D:
    """Read a document of a kind.

    Raises:
        UsageError: it is of another kind, is damaged, or is of a later version.
    """
    document = load_document(path)
    if isinstance(document, model):
        return document
    wanted = next(kind.title for kind in KINDS.values() if kind.model is model)
    raise UsageError(
        f"{path} is {KINDS[document.kind].title}, and not {wanted}",
        f"`laiobench show {path}` shows it",
    )


def load_document(path: str | os.PathLike[str]) -> Document:
    """Read a document of any kind.

    Raises:
        UsageError: it is no document, is damaged, or is of a later version.
    """
    path = Path(path)
    text = read_document(path)
    with explained(path):
        return kind_of(path, text).model.model_validate_json(text)


def kind_of(path: Path, text: bytes) -> Kind:
    """The kind that a document states.

    Raises:
        ValidationError: it states none.
        UsageError: it is of a later version, or of a kind that is not known.
    """
    head = Head.model_validate_json(text)
    kind = KINDS.get(head.kind)
    if kind is None:
        raise UsageError(
            f"{path} is not a result of laiobench that is stored: its kind is "
            f"{one_line(head.kind)[:40]}",
            "those that are stored: " + ", ".join(KINDS),
        )
    if head.schema_version > kind.schema:
        raise UsageError(
            f"{path} has schema {head.schema_version}, from a later laiobench",
            f"this version reads up to schema {kind.schema}",
        )
    return kind


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn a ValidationError about the document at `path` into a UsageError with a sentence.

    Raises:
        UsageError: the document is not valid.
    """
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise UsageError(f"{path} is not a result of laiobench: {where}: {first['msg']}") from None


def stored(folder: Path) -> Iterator[Stored | LaiobenchError]:
    """All documents in a folder, oldest first; for one that can't be read, the error."""
    for path in paths(folder):
        try:
            yield Stored(identifier(path, folder), load_document(path))
        except LaiobenchError as error:
            yield error


def _cannot_save(path: Path, error: OSError) -> RunError:
    remedy = "choose another place with --results or --output"
    if error.errno == errno.ENOSPC:
        remedy = "make room there, or " + remedy
    return RunError(f"the result cannot be saved in {path}: {error.strerror}", remedy)
