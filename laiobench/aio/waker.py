"""Waker: how operations, tasks and targets see the scheduler that runs them.

They do not import the scheduler: they issue requests on its session, say what they wait
for, and are woken.
"""

from typing import Any, Protocol

from laiobench.native.session import NativeRequest, Session


class Waker(Protocol):
    """Runs tasks on a session; a `task` is opaque to its callers."""

    session: Session

    @property
    def is_inherited(self) -> bool:
        """Whether this is a forked child, which must not touch the session."""

    @property
    def is_at_home(self) -> bool:
        """Whether this is the thread, in the process, that made it."""

    def check_thread(self) -> None:
        """Raise a RuntimeError unless the calling thread made the context."""

    def expect(self, slot: int, task: Any) -> None:
        """`task` waits for the request in `slot`."""

    def give_up(self, request: NativeRequest) -> None:
        """The task of this request does not need it any more, done or not."""

    def wake(self, task: Any) -> None:
        """`task` can go on: what it waited for, other than a request, has happened."""

    def look(self, *, go_round: bool, max_ns: int) -> None:
        """Wake the tasks that have a finished request."""

    def has_seen(self, task: Any) -> None:
        """`task`'s failure has been awaited."""
