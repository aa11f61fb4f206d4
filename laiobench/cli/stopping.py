"""Signals: once asks a run to drain and save, twice to leave at once."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import NoReturn

from laiobench.errors import ExitCode
from laiobench.runner import Control

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STDERR = 2


@contextlib.contextmanager
def stop_on_signals() -> Iterator[Control]:
    """What signals ask for while the block runs; then the handlers are as before."""
    control = Control()

    def on_signal(number: int, _frame: object) -> None:
        control.request_stop()
        text = "leaving at once" if control.leave else "stopping; once more to leave at once"
        with contextlib.suppress(OSError):  # the terminal may be what has gone
            os.write(_STDERR, f"\n{signal.Signals(number).name}: {text}\n".encode())

    before = {number: signal.signal(number, on_signal) for number in _NUMBERS}
    try:
        yield control
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_at_once() -> NoReturn:
    """I/Os may be in flight, and a tidy end would wait for them."""
    sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)
