"""Hangs: I/Os that were submitted and do not come back.

Looks at running jobs from time to time, and says so when an I/O takes too long: which,
where, since when.  It ends nothing: the device may still answer.

It has a thread of its own, since the calling thread may run jobs itself (iothread=main),
and hang with them.

While the whole program is stopped (SIGSTOP, a frozen container), nobody reaps what the
device has completed.  The watcher then wakes late, and that time is not counted.
"""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from laiobench.errors import RunError
from laiobench.measurement.plan.copy import JobCopy
from laiobench.native import InFlightReport, JobInFlight, NativeRun
from laiobench.native.failures import explain_failure
from laiobench.units import NS_PER_S, format_ns

DEFAULT_HANG_TIMEOUT_S = 30.0

# How many I/Os are named, and the shortest time between two looks.
_NAMED = 5
_INTERVAL_S = 1.0
# A hang is reported again when it has lasted so many times longer.
_AGAIN = 2
# If the watcher wakes so late, the program was stopped.
_LATE_NS = 100_000_000


@dataclass(frozen=True)
class Hang:
    """I/Os of a job that were in flight for longer than the timeout."""

    job: str
    lasted_ns: int
    """For how long the oldest was seen in flight."""
    oldest: InFlightReport


class HangWatch:
    """Watches the copies of a running group, as a context; `warn` is given the sentences."""

    def __init__(
        self,
        copies: Sequence[JobCopy],
        native_run: NativeRun,
        timeout_s: float,
        warn: Callable[[str], None],
    ) -> None:
        self._works = copies
        self._native_run = native_run
        self._timeout_ns = round(timeout_s * NS_PER_S)
        self._warn = warn
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="hang watch", daemon=True)
        self._tell_at_ns = dict.fromkeys(range(len(copies)), self._timeout_ns)
        self._hangs: dict[int, Hang] = {}
        self._pauses: deque[tuple[int, int]] = deque(maxlen=1000)
        """When the watcher woke late, and by how much; both in ns."""

    @property
    def hangs(self) -> Sequence[Hang]:
        """The longest hang of each copy that had one, in the copies' order."""
        return [self._hangs[index] for index in sorted(self._hangs)]

    def __enter__(self) -> Self:
        if self._timeout_ns:
            try:
                self._thread.start()
            except RuntimeError as error:  # Python does not tell the errno
                raise RunError(*explain_failure("pthread_create", errno.EAGAIN, 0)) from error
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()
        if self._timeout_ns:
            self._thread.join()

    def _watch(self) -> None:
        interval_s = min(_INTERVAL_S, self._timeout_ns / NS_PER_S / 2)
        asleep_ns = time.monotonic_ns()
        while not self._over.wait(interval_s):
            now_ns = time.monotonic_ns()
            late_ns = now_ns - asleep_ns - round(interval_s * NS_PER_S)
            if late_ns > _LATE_NS:
                self._pauses.append((now_ns, late_ns))
            asleep_ns = now_ns
            for index, copy in enumerate(self._works):
                self._look_at(index, copy.label)

    def _in_flight(self, index: int) -> JobInFlight:
        """The I/Os in flight, with ages that leave out the pauses of the program."""
        seen = self._native_run.in_flight(index, _NAMED)
        now_ns = time.monotonic_ns()
        return replace(
            seen,
            oldest=tuple(
                replace(io, age_ns=self._age_without_pauses_ns(io.age_ns, now_ns))
                for io in seen.oldest
            ),
        )

    def _age_without_pauses_ns(self, age_ns: int, now_ns: int) -> int:
        began_ns = now_ns - age_ns
        return age_ns - sum(
            min(late_ns, ended_ns - began_ns)
            for ended_ns, late_ns in self._pauses
            if ended_ns > began_ns
        )

    def _look_at(self, index: int, name: str) -> None:
        in_flight = self._in_flight(index)
        age_ns = in_flight.oldest[0].age_ns if in_flight.oldest else 0
        if age_ns < self._timeout_ns:
            if self._tell_at_ns[index] > self._timeout_ns:
                self._warn(f"job {name}: the I/Os that hung are back")
            self._tell_at_ns[index] = self._timeout_ns
            return
        known = self._hangs.get(index)
        if not known or known.lasted_ns < age_ns:
            self._hangs[index] = Hang(name, age_ns, in_flight.oldest[0])
        if age_ns >= self._tell_at_ns[index]:
            self._tell_at_ns[index] = age_ns * _AGAIN
            self._warn(
                f"job {name}: of {in_flight.count:,} I/Os in flight, the oldest is not back "
                f"after {format_ns(age_ns)}:\n" + _named(in_flight.oldest)
            )

    def tell_what_is_left(self) -> None:
        """Report I/Os in flight when leaving: the kernel does not let a process end before them."""
        for index, copy in enumerate(self._works):
            in_flight = self._native_run.in_flight(index, _NAMED)
            if in_flight.count:
                self._warn(
                    f"job {copy.label}: leaving with {in_flight.count:,} I/Os in flight; if the "
                    "prompt does not come back, the kernel waits for the device to answer them:\n"
                    + _named(in_flight.oldest)
                )


def _named(oldest: Sequence[InFlightReport]) -> str:
    return "\n".join(
        f"  {io.direction} of {io.bytes:,} bytes at offset {io.offset:,}, "
        f"{format_ns(io.age_ns)} ago"
        for io in oldest
    )
