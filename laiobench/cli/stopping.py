"""Signals while something is measured: none of them loses it.

Those that would end the process ask to drain and save, the first time, and to leave at
once, the second; SIGUSR1 asks how it is doing.  Those that were ignored when we were
started (nohup, trap '') stay so.
"""

import contextlib
import os
import signal
import sys
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


@contextlib.contextmanager
def stop_on_signals() -> Iterator[Control]:
    """What signals ask for while the block runs; then the handlers are as before."""
    control = Control()

    def on_signal(number: int, _frame: object) -> None:
        if number == signal.SIGUSR1:
            control.request_status()
            return
        if number == signal.SIGXCPU and control.stop:
            return  # the kernel repeats it each second, of which nobody is in more of a hurry
        control.request_stop()
        text = "leaving at once" if control.leave else "stopping; once more to leave at once"
        with contextlib.suppress(OSError):  # the terminal may be what has gone
            os.write(_STDERR, f"\n{signal.Signals(number).name}: {text}\n".encode())

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


def leave_at_once() -> NoReturn:
    """I/Os may be in flight, and a tidy end would wait for them."""
    sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)
