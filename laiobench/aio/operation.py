"""What a coroutine can wait for.

An operation goes from the `await` to the context, which begins it; if it is not done at
once, the task is suspended until it is.  Knows how requests are begun, cancelled and
released; not what they read or write, nor which task runs next.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any

from laiobench.aio.waker import Waker
from laiobench.native.session import NativeRequest


class Operation(ABC):
    """Something that a task waits for.  Used once."""

    @abstractmethod
    def begin(self, waker: Waker, task: Any) -> bool:
        """Begin it; returns whether it is done already.  If not, the context will wake `task`."""

    @abstractmethod
    def cancel(self) -> None:
        """Have `task` woken as soon as possible."""

    @abstractmethod
    def leave(self) -> None:
        """`task` goes on, for whatever reason, and must not be woken any more."""


class RequestOperation(Operation):
    """One request, from its submit until its slot is released."""

    __slots__ = ("_request", "_waker")

    def __init__(self) -> None:
        self._waker: Waker | None = None
        self._request: NativeRequest | None = None

    @abstractmethod
    def issue(self, waker: Waker) -> NativeRequest:
        """Hand the request to the core."""

    def begin(self, waker: Waker, task: Any) -> bool:
        request = self.issue(waker)
        self._waker, self._request = waker, request
        if request.done:
            return True
        waker.expect(request.slot, task)
        return False

    def cancel(self) -> None:
        if self._waker and self._request:
            self._waker.session.cancel(self._request)

    def leave(self) -> None:
        """Nothing to do: the context has forgotten that the task waited."""

    def __await__(self) -> Generator[Operation, None, NativeRequest]:
        """Wait for the request.  The caller has to `release` it."""
        yield self
        assert self._request, "a task is resumed when its operation is done"
        return self._request

    def release(self) -> None:
        """Release the request, also if the task ended before it was done."""
        request, self._request = self._request, None
        if self._waker and request:
            self._waker.give_up(request)


def raise_failure(request: NativeRequest, path: str) -> None:
    """Raise the request's failure, if it failed.

    Raises:
        OSError: with errno, and `path` as its filename.
    """
    if request.result:
        code = -request.result
        raise OSError(code, os.strerror(code), path)


class SleepOperation(RequestOperation):
    """A timer of the context."""

    __slots__ = ("_duration_ns", "_owner")

    def __init__(self, owner: Waker, duration_ns: int) -> None:
        super().__init__()
        self._owner = owner
        self._duration_ns = duration_ns

    def issue(self, waker: Waker) -> NativeRequest:
        if waker is not self._owner:
            raise RuntimeError("this coroutine runs in another AioContext: sleep in that one")
        return waker.session.sleep(self._duration_ns)
