"""AioContext: the event loop that runs coroutines, as programs use it.

Checks who calls what, and when, and says what is wrong; which task runs next is decided
by the scheduler.
"""

import warnings
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from typing import Any, Self, TypeVar, get_args

from laiobench.aio.arguments import MAX_DURATION_NS, whole_number_in
from laiobench.aio.operation import SleepOperation
from laiobench.aio.scheduler import Scheduler, note_failures
from laiobench.aio.task import JoinOperation, Task
from laiobench.jobs.options.engines import EngineName
from laiobench.native.session import CompletionMode, Session, SessionUsage
from laiobench.native.structures import CounterGroups

T = TypeVar("T")

MAX_IODEPTH = 1 << 24
"""More than any fs.aio-max-nr, which is the real limit."""


class AioContext:
    """An event loop for the thread that makes it; use it in a `with`.

    Args:
        completion: how completions are noticed: "eventfd" sleeps until the kernel signals one,
            "bh" does so and reaps in a bottom half, "poll" never sleeps while requests are in
            flight, "adaptive" polls for a while and then sleeps, "getevents" sleeps in
            io_getevents.
        engine: "libaio", "io_uring", "threads" (a pool of threads), "psync" (each call waits for
            its request, so that no completion mode applies) or "null" (no device: requests
            succeed after `null_latency_ns`, and no data is moved).
        iodepth: requests in flight at a time.  There may be more: they wait in the context.
        poll_max_ns: with "adaptive", the longest time to poll.
        null_latency_ns: the null engine's service time.

    Raises:
        TypeError: a number is not an integer.
        ValueError: there is no such mode or engine, or a number is out of its range.
        RunError: the kernel has too few AIO events left, or lacks what it needs.
    """

    def __init__(
        self,
        completion: CompletionMode = "eventfd",
        *,
        engine: EngineName = "libaio",
        iodepth: int = 64,
        poll_max_ns: int = 32_768,
        null_latency_ns: int = 0,
    ) -> None:
        _check_choice("completion mode", completion, get_args(CompletionMode))
        _check_choice("engine", engine, get_args(EngineName))
        self._session = Session(
            completion=completion,
            engine=engine,
            iodepth=whole_number_in("iodepth", iodepth, 1, MAX_IODEPTH),
            poll_max_ns=_duration("poll_max_ns", poll_max_ns),
            engine_options={"null": {"latency_ns": _duration("null_latency_ns", null_latency_ns)}},
        )
        self._scheduler = Scheduler(self._session)

    # ---- life ---------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __del__(self) -> None:
        """Warn, and close it, as Python's files do; but only in its own thread and process."""
        scheduler = getattr(self, "_scheduler", None)  # None if __init__ failed
        if not scheduler or self.closed:
            return
        try:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)
        finally:
            if scheduler.is_at_home:
                self.close()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._session.is_open

    def close(self) -> None:
        """Free its resources.  Its targets stay open.

        Raises:
            RuntimeError: it is running, or belongs to another thread.
        """
        if self.closed:
            return
        if self._scheduler.is_inherited:
            self._session.forget()
            return
        self._scheduler.check_thread()
        if self._scheduler.running:
            raise RuntimeError("the AioContext is running: it cannot be closed from within")
        self._session.close()

    # ---- running --------------------------------------------------------------------

    def run(self, *coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run coroutines until they, and all tasks that they spawned, have ended.

        If one of `coroutines` fails, or Ctrl-C is pressed, the others are cancelled: requests
        in flight are waited for, and buffers released.  Then the exception is raised.  The
        failure of a spawned task is raised where the task is awaited; at the end if it is
        never awaited.

        Returns:
            What each of them returned, in their order.

        Raises:
            RuntimeError: it is closed, running already, or belongs to another thread.
            TypeError: an argument is not a coroutine.
        """
        with self._or_closed(coroutines):
            self._check_idle()
            _check_coroutines("run", coroutines)
            return self._scheduler.run(coroutines)

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> Task[T]:
        """Start a task; it first runs when the calling one waits.

        Raises:
            RuntimeError: called outside of `run`, or on another thread.
            TypeError: it is not a coroutine.
        """
        with self._or_closed((coroutine,)):
            _check_coroutines("spawn", (coroutine,))
            self._check_running()
            return self._scheduler.add(coroutine, is_first=False)

    async def gather(self, *coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run coroutines concurrently; if one fails, the others are cancelled.

        Returns:
            What each of them returned, in their order.

        Raises:
            BaseException: the first failure, after all have ended.
        """
        with self._or_closed(coroutines):
            _check_coroutines("gather", coroutines)
            self._check_running()
            tasks = tuple(self.spawn(coroutine) for coroutine in coroutines)
        join = JoinOperation(tasks, until_failure=True)
        try:
            await join
            failed = join.first_failed
        finally:
            for task in tasks:
                task.cancel()
            await JoinOperation(tasks, until_failure=False)
            for task in tasks:
                self._scheduler.has_seen(task)
        if failed and failed.failure:
            note_failures(failed.failure, "of those beside it, another", tasks)
            raise failed.failure
        return [task.result() for task in tasks]

    async def sleep_ns(self, duration_ns: int) -> None:
        """Let other tasks run for at least so many ns; 0: once.

        Raises:
            TypeError: not an integer.
            ValueError: negative, or more than a century.
        """
        operation = SleepOperation(self._scheduler, _duration("duration_ns", duration_ns))
        try:
            await operation
        finally:
            operation.release()

    # ---- inspection -------------------------------------------------------------------

    def counters(self) -> CounterGroups:
        """What the core has counted since the context was made, by group and name.

        Raises:
            RuntimeError: it is closed, or belongs to another thread.
        """
        self._check_open()
        return self._session.counters()

    def usage(self) -> SessionUsage:
        """The request slots and buffers in use.

        Raises:
            RuntimeError: it is closed, or belongs to another thread.
        """
        self._check_open()
        return self._session.usage()

    # ---- checks -------------------------------------------------------------------

    def _check_open(self) -> None:
        self._scheduler.check_thread()
        if self.closed:
            raise RuntimeError("this AioContext is closed")

    def _check_idle(self) -> None:
        self._check_open()
        if self._scheduler.running:
            raise RuntimeError(
                "this AioContext is running already: use spawn() or gather() from within"
            )

    def _check_running(self) -> None:
        self._check_open()
        if not self._scheduler.running:
            raise RuntimeError("spawn() is for coroutines that run() runs: pass this one to run()")

    @contextmanager
    def _or_closed(self, coroutines: tuple[Any, ...]) -> Iterator[None]:
        """On failure, close coroutines that will never run: Python would warn of them."""
        try:
            yield
        except BaseException:
            for coroutine in filter(iscoroutine, coroutines):
                never_began = getcoroutinestate(coroutine) == CORO_CREATED
                if never_began and not self._scheduler.has_taken(coroutine):
                    coroutine.close()
            raise


def _check_choice(what: str, name: str, choices: tuple[str, ...]) -> None:
    if name not in choices:
        raise ValueError(f"there is no {what} {name!r}; there are {', '.join(choices)}")


def _duration(name: str, given: object) -> int:
    return whole_number_in(name, given, 0, MAX_DURATION_NS)


def _check_coroutines(name: str, given: tuple[object, ...]) -> None:
    for each in given:
        if not iscoroutine(each):
            raise TypeError(
                f"{name}() takes coroutines, such as target.pread(0, 4096); got {each!r}"
            )
