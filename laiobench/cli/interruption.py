"""Ctrl-C wherever no run looks after it: exit 130, from the first instruction to the last.

While the program is imported it leaves at once: there is nothing to tidy up, and an
exception in the midst of an import becomes whatever the imported makes of it.  While a
command works it is a KeyboardInterrupt, the first time, and is remembered, since it may
come out as something else.  Imports nothing of ours: it is there before all else.
"""

import os
import signal
from typing import NoReturn

_INTERRUPTED = 130
_STDERR = 2


class Interruption:
    """What SIGINT does, once it is watched for."""

    def __init__(self) -> None:
        self.has_come = False
        self._is_working = False

    def watch(self) -> None:
        """From now on; but not where it was ignored when we were started, as in scripts."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._on_signal)

    def begin_work(self) -> None:
        """From now on there may be something to tidy up."""
        self._is_working = True

    def end_work(self) -> None:
        """There is no more."""
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
