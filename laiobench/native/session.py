"""The border to the core for requests that are issued one by one.

Knows the core's structures for a session's requests, targets and failures; does not know
who waits for a request.  A session belongs to the thread that opened it; the GIL is
released in every call that submits or waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NewType, Protocol, cast

from laiobench.errors import RunError
from laiobench.jobs.options import CompletionMode as CompletionMode
from laiobench.native._core import ffi, lib
from laiobench.native.failures import explain_failure
from laiobench.native.structures import (
    CounterGroups,
    TargetLimits,
    counter_groups,
    fill_engine_options,
    fill_limits,
    text_of,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer


FINISHED_AT_ONCE = 1024
"""How many finished requests one call reports; the next call has the rest."""

NativeTarget = NewType("NativeTarget", object)
"""A target that is attached to a session."""


class NativeRequest(Protocol):
    """A request, from when it is issued until it is released."""

    slot: int
    """The number of its slot, which a later request may get again."""
    done: bool
    result: int
    """When it is done: 0, or the negative errno of its failure."""
    bytes: int
    """When it is done: the bytes read (fewer at the target's end), or written."""


@dataclass(frozen=True)
class SessionUsage:
    """What a session's requests occupy now."""

    slots: int
    """Allocated ones: the most that were in use at a time, since slots are kept."""
    in_use: int
    """Slots of requests that are not released, or still in flight."""
    busy: int
    """Of those: queued in the session, or in flight."""
    buffer_bytes: int
    """The bytes of all slots' buffers."""


class Session:
    """An event loop with its engine and completion mode, run by the calling thread.

    Args:
        completion: a name of MODES.
        engine: a name of ENGINES.
        iodepth: requests in flight at a time; others wait in the session.
        poll_max_ns: the longest time to poll before sleeping, in modes that adapt it.
        engine_options: by engine, fields of its own struct in the core's EngineOptions.

    Raises:
        RunError: the kernel has too few AIO events left, or lacks what it needs.
    """

    def __init__(
        self,
        *,
        completion: str,
        engine: str,
        iodepth: int,
        poll_max_ns: int,
        engine_options: Mapping[str, Mapping[str, float]],
    ) -> None:
        names = [ffi.new("char[]", name.encode()) for name in (completion, engine)]
        plan = ffi.new("SessionPlan *")
        plan.completion, plan.engine = names
        plan.iodepth = iodepth
        plan.poll_max_ns = poll_max_ns
        fill_engine_options(plan.engine_options, engine, engine_options.get(engine, {}))
        error = ffi.new("Error *")
        self._session = lib.session_open(plan, error)
        if self._session == ffi.NULL:
            raise RunError(*explain_failure(text_of(error.call), error.code, error.argument))
        self._slots = ffi.new("uint32_t[]", FINISHED_AT_ONCE)
        self._failure_is_raised = False

    @property
    def is_open(self) -> bool:
        return bool(self._session != ffi.NULL)

    def close(self) -> None:
        """Free the session, with its requests and targets; waits for I/Os in flight."""
        session, self._session = self._session, ffi.NULL
        if session != ffi.NULL:
            lib.session_close(session)

    def forget(self) -> None:
        """For a forked child, which has neither the ring nor the threads: free nothing."""
        self._session = ffi.NULL

    # ---- targets ------------------------------------------------------------------

    def attach(self, fd: int, limits: TargetLimits | None) -> NativeTarget:
        """Add a target.  `limits`: None if any alignment is allowed.  The caller closes `fd`."""
        native = ffi.new("TargetLimits *")
        if limits:
            fill_limits(native, limits)
        return NativeTarget(_allocated(lib.session_attach(self._session, fd, native)))

    def detach(self, target: NativeTarget) -> None:
        """Remove a target.  None of its requests may be queued or in flight."""
        lib.session_detach(self._session, target)

    def is_busy(self, target: NativeTarget) -> bool:
        """Whether it has requests that are queued or in flight."""
        return bool(lib.session_target_busy(target))

    def withdraw(self, target: NativeTarget | None = None) -> None:
        """Cancel requests (of one target, or all) that no device or thread has begun: ECANCELED."""
        lib.session_withdraw(self._session, target or ffi.NULL)

    # ---- requests -----------------------------------------------------------------

    def read(self, target: NativeTarget, offset: int, count: int) -> NativeRequest:
        """Issue a read.  Like all requests, it may be done at once; else `poll` reports it.

        Raises:
            MemoryError: there is not enough for its buffer.
        """
        return _issued(lib.session_read(self._session, target, offset, count))

    def write(self, target: NativeTarget, offset: int, data: "Buffer") -> NativeRequest:
        """Issue a write of a copy of `data`."""
        view = ffi.from_buffer(data)
        return _issued(lib.session_write(self._session, target, offset, len(view), view))

    def sync(self, target: NativeTarget, *, data_only: bool) -> NativeRequest:
        """Issue an fsync, or an fdatasync."""
        return _issued(lib.session_sync(self._session, target, data_only))

    def sleep(self, duration_ns: int) -> NativeRequest:
        """Issue a timer: it is done in the first round of the loop after that time."""
        return _issued(lib.session_sleep(self._session, duration_ns))

    def cancel(self, request: NativeRequest) -> None:
        """End it now with ECANCELED, unless it is in flight."""
        lib.session_cancel(self._session, request)

    def release(self, request: NativeRequest) -> None:
        """Free its slot; a request in flight keeps its buffer until it has ended."""
        lib.session_release(self._session, request)

    def release_all(self) -> None:
        """Release every request."""
        lib.session_release_all(self._session)

    # ---- the loop -----------------------------------------------------------------

    def plug(self) -> None:
        """Hold requests back until the next `poll`, so that they are submitted together."""
        lib.session_plug(self._session)

    def poll(self, *, go_round: bool, max_ns: int) -> list[int]:
        """The slots of requests that have finished; each is reported once.

        If there are none, or with `go_round`, the loop runs until there are some, for `max_ns`,
        or until a signal.

        Raises:
            OSError: the loop itself has failed.  Raised once; the loop then goes on as well as
                it can, so that all requests end.
        """
        count = lib.session_poll(self._session, go_round, max_ns, self._slots, FINISHED_AT_ONCE)
        if not count and max_ns:
            self._raise_failure()
        return cast(list[int], ffi.unpack(self._slots, count))

    def _raise_failure(self) -> None:
        failure = self._report().failure
        if failure.code and not self._failure_is_raised:
            self._failure_is_raised = True
            sentence, _ = explain_failure(text_of(failure.call), failure.code, failure.argument)
            raise OSError(failure.code, sentence)

    def _report(self) -> Any:
        report = ffi.new("SessionReport *")
        lib.session_report(self._session, report)
        return report

    def usage(self) -> SessionUsage:
        """The slots and buffers in use."""
        report = self._report()
        return SessionUsage(report.slots, report.in_use, report.busy, report.buffer_bytes)

    def counters(self) -> CounterGroups:
        """All counts since the session was opened."""
        return counter_groups(self._report().counters)


def bytes_read(request: NativeRequest) -> bytes:
    """A copy of the bytes that a request has read."""
    return bytes(ffi.buffer(cast(Any, request).buffer, request.bytes))


def copy_read(request: NativeRequest, buffer: "Buffer") -> None:
    """Copy the bytes that a request has read into a buffer that is large enough."""
    ffi.memmove(buffer, cast(Any, request).buffer, request.bytes)


def _allocated(pointer: Any) -> Any:
    if pointer == ffi.NULL:
        raise MemoryError("no memory for a request or its buffer")
    return pointer


def _issued(pointer: Any) -> NativeRequest:
    return cast(NativeRequest, _allocated(pointer))
