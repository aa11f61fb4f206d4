"""What a coroutine can wait for, as it asks its context for it.

An operation travels from the `await` to the context, which begins it, and then
either goes on at once or puts the task aside until it is told.  Knows how
requests are begun, given up and released; not what is read or written, nor
whose turn it is.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any

from laiobench.aio.waker import Waker
from laiobench.native.session import NativeRequest


class Operation(ABC):
    """Something to wait for.  Used once."""

    @abstractmethod
    def begin(self, waker: Waker, task: Any) -> bool:
        """Whether it is done already; if not, the context will wake `task`."""

    @abstractmethod
    def cancel(self) -> None:
        """`task` is to wait no longer than it must: have it woken."""

    @abstractmethod
    def leave(self) -> None:
        """`task` goes on, for whatever reason: it is not to be woken any more."""


class RequestOperation(Operation):
    """One request, from its submit until its slot is given back."""

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
        """The context has woken it, and forgotten that it waited."""

    def __await__(self) -> Generator[Operation, None, NativeRequest]:
        """Wait for it.  The request is good until `release`, which the caller owes."""
        yield self
        assert self._request, "a task is resumed when its operation is done"
        return self._request

    def release(self) -> None:
        """Whatever has become of it: also when its task ended before it was done."""
        request, self._request = self._request, None
        if self._waker and request:
            self._waker.give_up(request)


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

    def __init__(self, owner: Waker, duration_ns: int) -> None:
        super().__init__()
        self._owner = owner
        self._duration_ns = duration_ns

    def issue(self, waker: Waker) -> NativeRequest:
        if waker is not self._owner:
            raise RuntimeError("this coroutine runs in another AioContext: sleep in that one")
        return waker.session.sleep(self._duration_ns)
