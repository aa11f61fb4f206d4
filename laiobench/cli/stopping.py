"""Signals while something is measured: none of them loses it.

Those that would end the process ask to drain and save, the first time, and to leave at
once, the second; SIGUSR1 asks how it is doing.  Those that were ignored when we were
started (nohup, trap '') stay so.

To leave at once is to save and tell what there is, and both may wait for ever: for a
reader that has stopped, or a disk.  So what has been saved is left without a word more,
and what can't be is given up for one more signal a while later (who hits Ctrl-C three
times in a row does not mean that).
"""

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from typing import NoReturn

from laiobench.errors import ExitCode
from laiobench.measurement.control import Control

# Of people, supervisors, schedulers of batches and limits.  Not those of faults.
_ENDING = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGXCPU, signal.SIGUSR2,
    signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGPWR, signal.SIGIO,
)  # fmt: skip
_STDERR = 2
_PATIENCE_S = 3.0


class SignalControl(Control):
    """What signals have asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.is_saved = False
        """Whether whoever measures has nothing to lose any more."""
        self._left_at_s = float("inf")

    def request_stop(self) -> None:
        super().request_stop()
        if self.leave:
            self._left_at_s = min(self._left_at_s, time.monotonic())

    @property
    def must_end(self) -> bool:
        """It was asked to leave, and there is nothing to wait for, or nobody waits any more."""
        return self.leave and (self.is_saved or time.monotonic() - self._left_at_s >= _PATIENCE_S)


@contextlib.contextmanager
def stop_on_signals() -> Iterator[SignalControl]:
    """What signals ask for while the block runs; then the handlers are as before."""
    control = SignalControl()

    def on_signal(number: int, _frame: object) -> None:
        if number == signal.SIGUSR1:
            control.request_status()
            return
        if number == signal.SIGXCPU and control.stop:
            return  # the kernel repeats it each second, of which nobody is in more of a hurry
        control.request_stop()
        text = "leaving at once" if control.leave else "stopping; once more to leave at once"
        _say(f"\n{signal.Signals(number).name}: {text}\n")
        if control.must_end:
            os._exit(ExitCode.INTERRUPTED)

    before = {
        number: signal.signal(number, on_signal)
        for number in (*_ENDING, signal.SIGUSR1)
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
        yield control
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    """Unless that would wait, for a reader that has stopped."""
    with contextlib.suppress(OSError, ValueError):  # the terminal may be what has gone
        ready = select.poll()
        ready.register(_STDERR, select.POLLOUT)
        if ready.poll(0):
            os.write(_STDERR, text.encode())


def leave_at_once() -> NoReturn:
    """I/Os may be in flight, and a tidy end would wait for them."""
    sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)
