"""The queue's accounts, under any sequence of events, against a small model of them.

hypothesis makes up what happens: requests, plugs, refusals, short completions.  The
real queue does it over the fake kernel, under the address sanitizer; the model says
what must have come of it.
"""

import errno
import json
import subprocess
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from native_programs import build

REQUESTS = 64
BLOCK = 4096
EOF = 1  # REQUEST_EOF

Done = tuple[int, int]
"""Number and result."""


@dataclass
class Kernel:
    """What the fake kernel has, and will do with the next calls."""

    max_events: int
    held: list[int] = field(default_factory=list)
    ring: deque[tuple[int, int]] = field(default_factory=deque)
    failures: int = 0
    code: int = 0
    limit: int = 0
    spoilt: int = -1

    @property
    def in_flight(self) -> int:
        return len(self.held) + len(self.ring)

    def submit(self, offered: list[int], left: dict[int, int]) -> int:
        """How many it takes, or -errno."""
        if self.failures:
            self.failures -= 1
            return -self.code
        taken = offered[: self.limit or None]
        for position, number in enumerate(taken):
            if number == self.spoilt and left[number] == BLOCK:  # a tail is elsewhere
                taken = taken[:position]
                break
        if not taken:
            return -errno.EBADF
        self.held += taken
        return len(taken)


@dataclass
class Model:
    """The SubmitQueue of native AIO, without anything that makes it fast."""

    kernel: Kernel
    max_batch: int
    strict: bool
    pending: list[int] = field(default_factory=list)
    left: dict[int, int] = field(default_factory=dict)
    plugged: int = 0
    blocked: bool = False
    done: list[Done] = field(default_factory=list)

    def submit(self, number: int) -> None:
        self.left[number] = BLOCK
        self.pending.append(number)
        full = len(self.pending) >= self.max_batch
        full |= self.kernel.in_flight + len(self.pending) >= self.kernel.max_events
        if not self.blocked and (full or not self.plugged):
            self.submit_queue()

    def submit_queue(self) -> None:
        while self.pending and self.kernel.in_flight < self.kernel.max_events:
            room = self.kernel.max_events - self.kernel.in_flight
            taken = self.kernel.submit(self.pending[: min(room, self.max_batch)], self.left)
            if taken == -errno.EAGAIN:
                break
            if taken == -errno.EINTR:
                continue
            if taken < 0:
                self.finish(self.pending.pop(0), taken)
            else:
                del self.pending[:taken]
        self.blocked = bool(self.pending)

    def unplug(self) -> None:
        self.plugged -= 1
        if not self.plugged and not self.blocked and self.pending:
            self.submit_queue()

    def reap(self) -> None:
        if self.kernel.ring:  # it is worth trying again
            self.blocked = False
        while self.kernel.ring:
            self.complete(*self.kernel.ring.popleft())
        if self.pending and not self.plugged:
            self.submit_queue()

    def complete(self, number: int, res: int) -> None:
        left = self.left[number]
        if res < 0 or res >= left:
            self.finish(number, res if res < 0 else -errno.EIO if res > left else 0)
        elif res and not self.strict:
            self.left[number] -= res
            self.pending.append(number)
        else:
            is_read = number % 2 == 0
            self.finish(number, EOF if is_read else -errno.ENOSPC)

    def cancel(self) -> None:
        for number in self.pending:
            self.finish(number, -errno.ECANCELED)
        self.pending = []
        self.blocked = False

    def finish(self, number: int, result: int) -> None:
        del self.left[number]
        self.done.append((number, result))


class QueueMachine(RuleBasedStateMachine):
    """The real queue and its model, side by side."""

    @initialize(
        max_events=st.integers(1, 6),
        max_batch=st.integers(0, 4),
        spare=st.integers(0, 2),
        strict=st.booleans(),
    )
    def start(self, max_events: int, max_batch: int, spare: int, strict: bool) -> None:
        numbers = (max_events, max_batch, max_events + 1 + spare, int(strict))
        self.process = subprocess.Popen(
            [build("queue_driver", "address"), *map(str, numbers)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.kernel = Kernel(max_events)
        self.model = Model(self.kernel, max_batch or REQUESTS, strict)
        self.state: dict[str, Any] = {"is_retry_armed": False}
        self.free = list(range(REQUESTS))
        self.submitted = self.finished = 0
        self.agrees = True  # so far

    # ---- what may happen -----------------------------------------------------------

    @rule(count=st.integers(1, 8))
    def submit(self, count: int) -> None:
        for number in self.free[:count]:
            self.model.submit(number)
            self.submitted += 1
            self.do(f"submit {number}")
        del self.free[:count]

    @rule()
    def plug(self) -> None:
        self.model.plugged += 1
        self.do("plug")

    @precondition(lambda self: self.model.plugged)
    @rule()
    def unplug(self) -> None:
        self.model.unplug()
        self.do("unplug")

    @precondition(lambda self: self.kernel.held)
    @rule(
        which=st.integers(0, 100),
        outcome=st.sampled_from(["all", "all", "all", "short", "nothing", "more", "error"]),
        count=st.integers(1, 4),
    )
    def complete(self, which: int, outcome: str, count: int) -> None:
        for _ in range(min(count, len(self.kernel.held))):
            index = which % len(self.kernel.held)
            number = self.kernel.held.pop(index)
            left = self.model.left[number]
            res = {
                "all": left, "short": left // 2, "nothing": 0, "more": left + 1, "error": -errno.EIO
            }[outcome]  # fmt: skip
            self.kernel.ring.append((number, res))
            self.do(f"complete {index} {res}")

    @rule()
    def reap(self) -> None:
        self.model.reap()
        self.do("reap")

    @rule()
    def cancel(self) -> None:
        self.model.cancel()
        self.do("cancel")

    @precondition(lambda self: self.state["is_retry_armed"])
    @rule()
    def retry(self) -> None:
        self.model.submit_queue()
        self.do("retry")

    @rule(
        failures=st.integers(1, 3),
        code=st.sampled_from([errno.EAGAIN, errno.EAGAIN, errno.EINTR, errno.EFAULT]),
    )
    def refuse(self, failures: int, code: int) -> None:
        self.kernel.failures, self.kernel.code = failures, code
        self.do(f"refuse {failures} {code}")

    @rule(limit=st.integers(0, 3))
    def limit(self, limit: int) -> None:
        self.kernel.limit = limit
        self.do(f"limit {limit}")

    @rule(number=st.integers(0, REQUESTS - 1))
    def spoil(self, number: int) -> None:
        self.kernel.spoilt = number
        self.do(f"spoil {number}")

    # ---- what must have come of it ------------------------------------------------------

    def do(self, command: str) -> None:
        """One step of the real queue, which must be the model's."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        self.agrees = False
        assert answer, self.process.communicate()[1]
        self.state = json.loads(answer)
        done = [tuple(request) for request in self.state["done"]]
        assert done == self.model.done  # each once, in order, as it ended
        self.finished += len(done)
        self.free += [number for number, _ in done]
        self.model.done = []
        assert self.state["held"] == self.kernel.held  # first in, first out
        assert self.state["pending"] == len(self.model.pending)
        assert self.state["in_flight"] == self.kernel.in_flight
        assert self.state["refused"] == self.kernel.failures
        self.agrees = True

    @invariant()
    def nothing_is_lost(self) -> None:
        under_way = len(self.model.pending) + self.kernel.in_flight
        assert self.submitted == self.finished + under_way
        assert self.submitted == REQUESTS - len(self.free) + self.finished

    @invariant()
    def limits_are_kept(self) -> None:
        assert self.kernel.in_flight <= self.kernel.max_events
        assert self.state.get("largest_submit", 0) <= self.model.max_batch

    @invariant()
    def what_pends_is_not_forgotten(self) -> None:
        """With nothing in flight to bring us back, a timer must."""
        if self.model.pending and not self.model.plugged and not self.kernel.in_flight:
            assert self.state["is_retry_armed"]

    def teardown(self) -> None:
        """Whatever has happened: with a kernel that takes all, everything ends."""
        if not hasattr(self, "process"):
            return
        try:
            if self.agrees:
                self.drain()
        finally:
            _, stderr = self.process.communicate()
        assert self.process.returncode == 0 or not self.agrees, stderr

    def drain(self) -> None:
        self.kernel.failures = self.kernel.limit = 0
        self.do("refuse 0 0")
        self.do("limit 0")
        self.kernel.spoilt = -1
        self.do("spoil_none")
        while self.model.plugged:
            self.unplug()
        for _ in range(3 * REQUESTS):
            if self.state["is_retry_armed"]:
                self.retry()
            while self.kernel.held:
                number = self.kernel.held.pop(0)
                self.kernel.ring.append((number, self.model.left[number]))
                self.do(f"complete 0 {self.model.left[number]}")
            self.reap()
        assert self.finished == self.submitted


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)
