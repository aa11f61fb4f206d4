"""A running coroutine, its end, and its cancellation.

Knows the outcome of one coroutine and who waits for it; when it runs is decided by the
scheduler.
"""

from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar, cast

from laiobench.aio.operation import Operation
from laiobench.aio.waker import Waker

T = TypeVar("T")


class Cancelled(BaseException):
    """Raised at the `await` of a coroutine that is cancelled; and in those that await it.

    Not an Exception, so that `except Exception` does not swallow it.
    """


class Task(Generic[T]):
    """A coroutine that its context runs; made by `AioContext.spawn`.

    `await task` waits for its end and returns its result, or raises its failure.  Several
    tasks may wait.  Cancelling one that waits does not cancel this one.
    """

    def __init__(self, waker: Waker, coroutine: Coroutine[Any, Any, T], *, is_first: bool) -> None:
        self.coroutine = coroutine
        self.is_first = is_first
        """Whether it was given to `run` itself, so that its failure ends the run."""
        self.operation: Operation | None = None
        """The operation that it waits for."""
        self.cancel_requested = False
        self._waker = waker
        self._done = False
        self._result: T | None = None
        self._failure: BaseException | None = None
        self._to_tell: list[JoinOperation] = []

    def __repr__(self) -> str:
        name = getattr(self.coroutine, "__qualname__", repr(self.coroutine))
        return f"<Task {name}, {'done' if self._done else 'under way'}>"

    @property
    def done(self) -> bool:
        """Whether it has ended, with or without a failure."""
        return self._done

    @property
    def failed(self) -> bool:
        """Whether it ended with an exception, or was cancelled."""
        return self._failure is not None

    @property
    def failure(self) -> BaseException | None:
        """The exception that it ended with, if any."""
        return self._failure

    def result(self) -> T:
        """What it returned; raises the exception that it ended with.

        Raises:
            RuntimeError: it has not ended.
        """
        if not self._done:
            raise RuntimeError("the task is still under way: await it")
        if self._failure:
            self._waker.has_seen(self)
            raise self._failure
        return cast(T, self._result)

    def cancel(self) -> bool:
        """Have `Cancelled` raised in it at its `await`.

        A request of the task that is in flight is waited for first, so it may still be carried
        out; one that is queued is cancelled.  The task may do more I/O in a `finally`.

        Returns:
            False if it had ended already.

        Raises:
            RuntimeError: called on another thread.
        """
        if self._done:
            return False
        self._waker.check_thread()
        self.cancel_requested = True
        if self.operation:
            self.operation.cancel()
        return True

    def __await__(self) -> Generator[Operation, None, T]:
        yield from JoinOperation((self,), until_failure=False).__await__()
        return self.result()

    # ---- for the context ----------------------------------------------------------

    def belongs_to(self, waker: Waker) -> bool:
        """Whether this context runs it."""
        return self._waker is waker

    def tell_end_to(self, join: "JoinOperation") -> None:
        """Tell `join` when the task ends."""
        self._to_tell.append(join)

    def end(self, result: T | None, failure: BaseException | None) -> None:
        """The coroutine has returned, or raised."""
        self._done = True
        self._result, self._failure = result, failure
        to_tell, self._to_tell = self._to_tell, []
        for join in to_tell:
            join.told_of(self)


class JoinOperation(Operation):
    """Waits for other tasks, until all have ended or, if asked for, one has failed."""

    __slots__ = ("_open", "_tasks", "_until_failure", "_waiter", "_waker", "first_failed")

    def __init__(self, tasks: tuple[Task[Any], ...], *, until_failure: bool) -> None:
        self._tasks = tasks
        self._until_failure = until_failure
        self._open = 0
        self.first_failed: Task[Any] | None = None
        """Tasks that have ended since it began."""
        self._waker: Waker | None = None
        self._waiter: Task[Any] | None = None

    def begin(self, waker: Waker, task: Task[Any]) -> bool:
        for other in self._tasks:
            if not other.belongs_to(waker):
                raise RuntimeError("a task can only be awaited in the AioContext that runs it")
            if other is task:
                raise RuntimeError("a task cannot await itself")
        unfinished = [other for other in self._tasks if not other.done]
        if not unfinished or (self._until_failure and any(each.failed for each in self._tasks)):
            return True
        self._open = len(unfinished)
        self._waker, self._waiter = waker, task
        for other in unfinished:
            other.tell_end_to(self)
        return False

    def told_of(self, ended: Task[Any]) -> None:
        """One of the tasks has ended."""
        self._open -= 1
        if ended.failed and not self.first_failed:
            self.first_failed = ended
        if self._open == 0 or (self._until_failure and ended.failed):
            self.cancel()

    def cancel(self) -> None:
        waiter, self._waiter = self._waiter, None
        if self._waker and waiter:
            self._waker.wake(waiter)

    def leave(self) -> None:
        self._waiter = None

    def __await__(self) -> Generator[Operation, None, None]:
        yield self
