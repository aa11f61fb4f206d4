"""Waker: what operations, tasks and targets know of whoever runs them.

The scheduler is one.  None of them imports it: they ask for requests, say what they wait
for, and are woken.
"""

from typing import Any, Protocol

from laiobench.native.session import NativeRequest, Session


class Waker(Protocol):
    """Runs tasks on a session; `task` is one of its own, and nobody else's to look into."""

    session: Session

    @property
    def is_inherited(self) -> bool:
        """Whether this is a forked child, to which nothing here belongs."""

    @property
    def is_at_home(self) -> bool:
        """Whether this is the thread that made it, in the process that did."""

    def check_thread(self) -> None:
        """An AioContext is for the one thread that made it: RuntimeError on any other."""

    def expect(self, slot: int, task: Any) -> None:
        """`task` waits for the request in `slot`."""

    def give_up(self, request: NativeRequest) -> None:
        """Its task needs the request no more, done or not."""

    def wake(self, task: Any) -> None:
        """What `task` waited for, and was no request, is there."""

    def look(self, *, go_round: bool, max_ns: int) -> None:
        """Wake the tasks that have a finished request."""

    def has_seen(self, task: Any) -> None:
        """Somebody knows how `task` ended."""
