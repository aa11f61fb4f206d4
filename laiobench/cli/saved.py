"""Saves a document while it is being measured: where, how often, and what is printed of it.

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

# Saving may take 1/20 of the time, so that it does not disturb the measurement.
_SAVING_SHARE = 20


@dataclass
class Place:
    """The file of a document, which is replaced as a whole at each save."""

    path: Path
    folder: Path | None = None
    """The folder of a new document, which gets its name at the first save; else None."""
    _saved_at_s: float = float("-inf")
    _took_s: float = 0.0
    _held: int | None = None
    """Descriptor that locks the file: of two processes that continue it, one would lose trials."""

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
        """Save, unless that would take too much of the time; called after each trial.

        A failure is not told: the last save tells it, if there is no room then either.
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
    """Save, then print, even if it could not be saved; returns whether it is saved.

    Args:
        document: the finished document.
        place: its file.
        print_all: prints the answer, and writes its exports.
        control: learns that the document is saved, so that signals may end the program.
        quiet: print only failures and warnings about saving.
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
    """Print where the document is; warn, also with `quiet`, if it is too large to be read again."""
    if not quiet:
        say(f"saved in {path}")
    if problem := store.too_large(path):
        say(
            f"warning: {problem}: it is saved whole, but show, compare and export refuse it\n"
            "  other programs can read it, it is JSON; for the next one measure fewer trials, jobs "
            "or copies at a time"
        )
