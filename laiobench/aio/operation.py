"""What a coroutine can wait for, as it asks its context for it.

An operation travels from the `await` to the context, which begins it, and then
either goes on at once or puts the task aside until it is told.  Knows how
requests are begun, given up and released; not what is read or written, nor
whose turn it is.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from laiobench.native.session import NativeRequest

if TYPE_CHECKING:
    from laiobench.aio.scheduler import Scheduler
    from laiobench.aio.task import Task


class Operation(ABC):
    """Something to wait for.  Used once."""

    @abstractmethod
    def begin(self, scheduler: "Scheduler", task: "Task[Any]") -> bool:
        """Whether it is done already; if not, the context will wake `task`."""

    @abstractmethod
    def cancel(self) -> None:
        """`task` is to wait no longer than it must: have it woken."""

    @abstractmethod
    def leave(self) -> None:
        """`task` goes on, for whatever reason: it is not to be woken any more."""


class RequestOperation(Operation):
    """One request, from its submit until its slot is given back."""

    __slots__ = ("_request", "_scheduler")

    def __init__(self) -> None:
        self._scheduler: Scheduler | None = None
        self._request: NativeRequest | None = None

    @abstractmethod
    def issue(self, scheduler: "Scheduler") -> NativeRequest:
        """Hand the request to the core."""

    def begin(self, scheduler: "Scheduler", task: "Task[Any]") -> bool:
        request = self.issue(scheduler)
        self._scheduler, self._request = scheduler, request
        if request.done:
            return True
        scheduler.expect(request.slot, task)
        return False

    def cancel(self) -> None:
        if self._scheduler and self._request:
            self._scheduler.session.cancel(self._request)

    def leave(self) -> None:
        """The context has woken it, and forgotten that it waited."""

    def __await__(self) -> Generator[Operation, None, NativeRequest]:
        """Wait for it.  The request is good until `release`, which the caller owes."""
        yield self
        assert self._request, "a task is resumed when its operation is done"
        return self._request

    def release(self) -> None:
        """Whatever has become of it: also when its task ended before it was done."""
        request, self._request = self._request, None
        if self._scheduler and request:
            self._scheduler.give_up(request)


def raise_failure(request: NativeRequest, path: str) -> None:
    """The request's failure as an OSError, if it failed.

    Raises:
        OSError: with errno, and `path` as its filename.
    """
    if request.result:
        code = -request.result
        raise OSError(code, os.strerror(code), path)


class SleepOperation(RequestOperation):
    """A timer of the context's."""

    __slots__ = ("_duration_ns", "_owner")

    def __init__(self, owner: "Scheduler", duration_ns: int) -> None:
        super().__init__()
        self._owner = owner
        self._duration_ns = duration_ns

    def issue(self, scheduler: "Scheduler") -> NativeRequest:
        if scheduler is not self._owner:
            raise RuntimeError("this coroutine runs in another AioContext: sleep in that one")
        return scheduler.session.sleep(self._duration_ns)


class JoinOperation(Operation):
    """Other tasks: until all have ended or, if asked for, one has failed."""

    __slots__ = ("_open", "_scheduler", "_tasks", "_until_failure", "_waiter", "first_failed")

    def __init__(self, tasks: "tuple[Task[Any], ...]", *, until_failure: bool) -> None:
        self._tasks = tasks
        self._until_failure = until_failure
        self._open = 0
        self.first_failed: Task[Any] | None = None
        """Of those that have ended since it began."""
        self._scheduler: Scheduler | None = None
        self._waiter: Task[Any] | None = None

    def begin(self, scheduler: "Scheduler", task: "Task[Any]") -> bool:
        for other in self._tasks:
            if not other.belongs_to(scheduler):
                raise RuntimeError("a task can only be awaited in the AioContext that runs it")
            if other is task:
                raise RuntimeError("a task cannot await itself")
        unfinished = [other for other in self._tasks if not other.done]
        if not unfinished or (self._until_failure and any(each.failed for each in self._tasks)):
            return True
        self._open = len(unfinished)
        self._scheduler, self._waiter = scheduler, task
        for other in unfinished:
            other.tell_end_to(self)
        return False

    def told_of(self, ended: "Task[Any]") -> None:
        """One of the tasks has ended."""
        self._open -= 1
        if ended.failed and not self.first_failed:
            self.first_failed = ended
        if self._open == 0 or (self._until_failure and ended.failed):
            self.cancel()

    def cancel(self) -> None:
        waiter, self._waiter = self._waiter, None
        if self._scheduler and waiter:
            self._scheduler.wake(waiter)

    def leave(self) -> None:
        self._waiter = None

    def __await__(self) -> Generator[Operation, None, None]:
        yield self
