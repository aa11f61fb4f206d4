"""Ctrl-C while no run handles it: exit 130, at whatever time it comes.

During imports, the program exits at once: there is nothing to clean up, and an exception
inside an import may be caught by the imported module.  While a command works, the first
Ctrl-C raises KeyboardInterrupt, and is remembered, since the exception may be replaced by
another on its way.  Imports nothing of laiobench, so that it can be set up first.
"""

import os
import signal
from typing import NoReturn

_INTERRUPTED = 130
_STDERR = 2


class Interruption:
    """What SIGINT does, after `watch()`."""

    def __init__(self) -> None:
        self.has_come = False
        self._is_working = False

    def watch(self) -> None:
        """Handle SIGINT; but not if it was ignored when the program started, as in scripts."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._on_signal)

    def begin_work(self) -> None:
        """From now on there may be something to clean up."""
        self._is_working = True

    def end_work(self) -> None:
        """From now on there is nothing to clean up."""
        self._is_working = False

    def _on_signal(self, _number: int, _frame: object) -> None:
        if self.has_come or not self._is_working:
            _leave()
        self.has_come = True
        raise KeyboardInterrupt


def _leave() -> NoReturn:
    try:
        os.write(_STDERR, b"laiobench: error: interrupted\n")
    finally:
        os._exit(_INTERRUPTED)
