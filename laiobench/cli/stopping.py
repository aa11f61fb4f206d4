"""Signals during a measurement: none of them loses its result.

The first signal that would end the process makes the run drain and save; the second makes
it leave at once.  SIGUSR1 asks for the status.  Signals that were ignored when the program
started (nohup, trap '') stay ignored.

Leaving at once still saves and prints what there is, and both can block for ever, on a
reader that has stopped or on a disk.  So once the result is saved, the program exits
without printing more; and if it can't be saved, one more signal a while later ends it
(later, since people may press Ctrl-C three times in a row).
"""

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

from laiobench.errors import ExitCode
from laiobench.measurement.control import Control

# From people, supervisors, batch schedulers and limits; not those that report faults.
_ENDING = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGXCPU, signal.SIGUSR2,
    signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGPWR, signal.SIGIO,
    signal.SIGSTKFLT, *range(signal.SIGRTMIN, signal.SIGRTMAX + 1),
)  # fmt: skip
_STDERR = 2
_Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None
_PATIENCE_S = 3.0


class SignalControl(Control):
    """What signals have asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.is_saved = False
        """Whether the result is saved, so that nothing can be lost."""
        self._left_at_s = float("inf")

    def request_stop(self) -> None:
        super().request_stop()
        if self.leave:
            self._left_at_s = min(self._left_at_s, time.monotonic())

    @property
    def must_end(self) -> bool:
        """Whether to exit now: asked to leave, and nothing is left to save or wait for."""
        return self.leave and (self.is_saved or time.monotonic() - self._left_at_s >= _PATIENCE_S)


@contextlib.contextmanager
def stop_on_signals() -> Iterator[SignalControl]:
    """Handle signals while the block runs; then the old handlers are back."""
    control = SignalControl()

    def on_signal(number: int, _frame: object) -> None:
        if number == signal.SIGUSR1:
            control.request_status()
            return
        if number == signal.SIGXCPU and control.stop:
            return  # the kernel repeats it each second, of which nobody is in more of a hurry
        control.request_stop()
        text = "leaving at once" if control.leave else "stopping; once more to leave at once"
        _say(f"\n{_name(number)}: {text}\n")
        if control.must_end:
            os._exit(ExitCode.INTERRUPTED)

    before: dict[int, _Handler] = {}
    for number in (*_ENDING, signal.SIGUSR1):
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            with contextlib.suppress(OSError):  # valgrind keeps the last for itself
                before[number] = signal.signal(number, on_signal)
    try:
        yield control
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal: only the first and the last have names
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"


def _say(text: str) -> None:
    """Write to stderr, unless that would block on a reader that has stopped."""
    with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
        ready = select.poll()
        ready.register(_STDERR, select.POLLOUT)
        if ready.poll(0):
            os.write(_STDERR, text.encode())


def leave_at_once() -> NoReturn:
    """Exit without cleaning up, which would wait for I/Os in flight."""
    sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)
