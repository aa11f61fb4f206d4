"""Saving what was measured: where the document is, how often, and what is said of it.

A document is saved before anything is printed, so that neither a full disk behind stdout nor
a reader that has gone loses it.
"""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from laiobench.cli.console import complain, say
from laiobench.cli.stopping import SignalControl
from laiobench.errors import LaiobenchError
from laiobench.report.text import remarks
from laiobench.results import store
from laiobench.results.document import Document

# Saving may take one part in so many of the time, so that it never disturbs what it saves.
_SAVING_SHARE = 20


@dataclass
class Place:
    """Where the document is, which is replaced as a whole each time."""

    path: Path
    folder: Path | None = None
    """Of a new one, which gets its name when it is first saved."""
    _saved_at_s: float = float("-inf")
    _took_s: float = 0.0
    _held: int | None = None
    """The file as it was saved last, locked: two that went on with it would lose one's trials."""

    @classmethod
    def new(cls, folder: Path) -> "Place":
        """A new file in `folder`, by date and variants."""
        store.check_writable(folder)
        return cls(folder, folder)

    @classmethod
    def of(cls, path: Path) -> "Place":
        """The file of a comparison to go on with.

        Raises:
            UsageError: another laiobench is at it.
        """
        return cls(path, _held=store.hold(path))

    def save(self, document: Document) -> Path:
        if self.folder:
            self.path, self.folder = self.folder / store.file_name(document), None
        held, self._held = self._held, store.save_held(document, self.path)
        if held is not None:
            os.close(held)
        return self.path

    def save_now_and_then(self, document: Callable[[], Document]) -> None:
        """After each trial, unless making and saving many takes too much of the time.

        What can't be saved now is told at the end: there may be room again.
        """
        began_s = time.monotonic()
        if began_s - self._saved_at_s < _SAVING_SHARE * self._took_s:
            return
        with contextlib.suppress(LaiobenchError):
            self.save(document())
        self._saved_at_s = time.monotonic()
        self._took_s = self._saved_at_s - began_s


def save_and_print(
    document: Document,
    place: Place,
    print_all: Callable[[], None],
    control: SignalControl,
    *,
    quiet: bool,
) -> bool:
    """Save first, then print, whether or not that went well; returns whether it is saved.

    Args:
        document: what was measured.
        place: where it belongs.
        print_all: prints the answer, and writes its exports.
        control: is told when nothing can be lost any more.
        quiet: only what must not be missed is said.
    """
    not_saved: LaiobenchError | None = None
    try:
        place.save(document)
    except LaiobenchError as error:
        not_saved = error
    control.is_saved = True
    try:
        print_all()
    finally:
        if not quiet:
            for sentence in remarks.remarks(document):
                say(sentence)
        for sentence in remarks.failures(document):
            say(sentence)
        if not_saved:
            complain(not_saved)
        else:
            tell_saved(place.path, quiet=quiet)
    return not_saved is None


def tell_saved(path: Path, *, quiet: bool) -> None:
    """One that is too large is whole, and nothing of it is lost; but that is told, always."""
    if not quiet:
        say(f"saved in {path}")
    if problem := store.too_large(path):
        say(
            f"warning: {problem}: it is saved whole, but show, compare and export refuse it\n"
            "  other programs can read it, it is JSON; for the next one measure fewer trials, jobs "
            "or copies at a time"
        )
