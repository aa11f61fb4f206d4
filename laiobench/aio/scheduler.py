"""The scheduler of coroutines, in the thread that runs them.

Tasks that can go on are run, their requests are submitted together, and if no task is
ready the core is polled.  The core does not call back: it reports which requests have
finished, and their tasks are resumed here.  What is requested is not known here.
"""

import os
import threading
from collections import deque
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from laiobench.aio.operation import Operation
from laiobench.aio.task import Cancelled, Task
from laiobench.native.session import NativeRequest, Session

T = TypeVar("T")

SLICE_NS = 100_000_000
"""The longest wait in the core, so that Ctrl-C is noticed even if no signal ends the wait."""

STEPS_PER_ROUND = 256
"""How many requests may be done inside their submit before the loop must run a round, so that
timers, other threads' completions and other tasks do not starve."""


class Scheduler:
    """The tasks of one context, on its session; used only by the thread that made it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.running = False
        self._stopping = False
        self._thread = threading.get_ident()
        self._process = os.getpid()
        self._tasks: dict[Task[Any], None] = {}  # not ended, in order
        self._unseen: dict[Task[Any], None] = {}  # failed, and not awaited yet
        self._ready: deque[Task[Any]] = deque()
        self._waiting: dict[int, Task[Any]] = {}  # by the slot of their request
        self._steps = 0  # since the loop last ran a round

    # ---- threads ------------------------------------------------------------------

    @property
    def is_inherited(self) -> bool:
        """Whether this is a forked child, which must not touch the session."""
        return os.getpid() != self._process

    @property
    def is_at_home(self) -> bool:
        """Whether this is the thread, in the process, that made it."""
        return threading.get_ident() == self._thread and not self.is_inherited

    def check_thread(self) -> None:
        """Check that the calling thread is the one that made the context.

        Raises:
            RuntimeError: it is another thread, or a forked child.
        """
        if threading.get_ident() != self._thread:
            raise RuntimeError("this AioContext belongs to another thread: make one for each")
        if self.is_inherited:
            raise RuntimeError("this AioContext belongs to the parent process: make one after fork")

    # ---- running ------------------------------------------------------------------

    def run(self, coroutines: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        """Run until all tasks have ended, and nothing is in flight.

        Returns:
            What each of `coroutines` returned.

        Raises:
            BaseException: the first failure of one of `coroutines`, or an interrupt, after all
                other tasks were cancelled and have ended.  Without one: the failure of a task
                that was never awaited.
        """
        self.running = True
        try:
            first = [self.add(coroutine, is_first=True) for coroutine in coroutines]
            while self._tasks:
                self._turn()
        except BaseException as error:
            self._stop(error)
            raise
        finally:
            self._abandon()
        self._raise_unseen()
        return [task.result() for task in first]

    def add(self, coroutine: Coroutine[Any, Any, T], *, is_first: bool) -> Task[T]:
        """Add a task; it runs after those that are ready now."""
        task = Task(self, coroutine, is_first=is_first)
        self._tasks[task] = None
        self._ready.append(task)
        return task

    def has_taken(self, coroutine: Coroutine[Any, Any, Any]) -> bool:
        """Whether a task that has not ended runs this coroutine."""
        return any(task.coroutine is coroutine for task in list(self._tasks))

    def _turn(self) -> None:
        """Run all tasks that are ready, submit their requests, then wake those that are done."""
        batch, self._ready = self._ready, deque()
        if len(batch) > 1:  # a request alone is submitted at once, and may be done by then
            self.session.plug()
        for task in batch:
            self._step(task)
        self._poll()

    def _step(self, task: Task[Any]) -> None:
        """Run a task until it has to wait."""
        failure: BaseException | None = None
        operation, task.operation = task.operation, None
        if operation:
            operation.leave()
        while True:
            if task.cancel_requested:
                task.cancel_requested = False
                failure = Cancelled()
            try:
                wanted = _resume(task.coroutine, failure)
            except StopIteration as stop:
                self._end(task, stop.value, None)
                return
            except BaseException as error:
                self._end(task, None, error)
                if self._ends_run(task, error):
                    raise
                return
            if task.cancel_requested:
                continue
            failure = None
            try:
                if not isinstance(wanted, Operation):
                    raise _foreign(wanted)
                if not wanted.begin(self, task):
                    task.operation = wanted
                    return
            except Exception as error:
                failure = error
                continue
            self._steps += 1
            if self._steps > STEPS_PER_ROUND:
                self._ready.append(task)
                return

    def _end(self, task: Task[Any], result: Any, failure: BaseException | None) -> None:
        self._tasks.pop(task, None)
        if failure and not isinstance(failure, Cancelled):
            self._unseen[task] = None
        task.end(result, failure)

    def _ends_run(self, task: Task[Any], error: BaseException) -> bool:
        if not isinstance(error, (Exception, Cancelled)):
            return True  # Ctrl-C ends the run, whichever task it hit
        return task.is_first and not self._stopping

    def _poll(self) -> None:
        must_wait = bool(self._waiting) and not self._ready
        if self._tasks and not self._waiting and not self._ready and not self._stopping:
            raise RuntimeError("every task waits for another: none can go on")
        self._steps += 1
        go_round = self._steps > STEPS_PER_ROUND
        if go_round:
            self._steps = 0
        self.look(go_round=go_round, max_ns=SLICE_NS if must_wait else 0)

    def look(self, *, go_round: bool, max_ns: int) -> None:
        """Wake the tasks that have a finished request."""
        for slot in self.session.poll(go_round=go_round, max_ns=max_ns):
            task = self._waiting.pop(slot, None)
            if task:
                self._ready.append(task)

    # ---- stopping -------------------------------------------------------------------------

    def _stop(self, error: BaseException) -> None:
        """Wait for all requests in flight, then cancel every task, and let it clean up.

        Tasks are told only when all requests have ended, so it does not matter if an interrupt
        came between a request's end and its task's turn.
        """
        self._stopping = True
        self._drain()
        for task in self._tasks:
            task.cancel_requested = True
            if task.operation:
                task.operation.leave()
        self._ready = deque(self._tasks)
        while self._ready or self._waiting:  # all tasks are woken by now, whatever was interrupted
            self._turn()
        note_failures(error, "before or while stopping, another", self._unseen)
        self._unseen.clear()

    def _drain(self) -> None:
        self.session.withdraw()
        while self.session.usage().busy:
            self.session.poll(go_round=False, max_ns=SLICE_NS)
        self._waiting.clear()

    def _abandon(self) -> None:
        """After a second Ctrl-C: close what is left; mostly there is nothing."""
        try:
            for task in self._tasks:
                with suppress(BaseException):  # there is already an exception to raise
                    task.coroutine.close()
            self._tasks.clear()
            self._ready.clear()
            self._drain()
            self.session.release_all()
        finally:
            self.running = self._stopping = False

    def _raise_unseen(self) -> None:
        unseen = list(self._unseen)
        self._unseen.clear()
        if unseen and unseen[0].failure:
            note_failures(unseen[0].failure, "also awaited by nobody, another", unseen)
            raise unseen[0].failure

    # ---- for tasks, operations and targets ------------------------------------------

    def has_seen(self, task: Task[Any]) -> None:
        """`task`'s failure has been awaited."""
        self._unseen.pop(task, None)

    def expect(self, slot: int, task: Task[Any]) -> None:
        """`task` waits for the request in `slot`."""
        self._waiting[slot] = task

    def give_up(self, request: NativeRequest) -> None:
        """The task of this request does not need it any more, done or not."""
        if self.session.is_open:
            self._waiting.pop(request.slot, None)
            self.session.release(request)

    def wake(self, task: Task[Any]) -> None:
        """`task` can go on: what it waited for, other than a request, has happened."""
        self._ready.append(task)


def _resume(coroutine: Coroutine[Any, Any, Any], failure: BaseException | None) -> object:
    """Resume a coroutine; returns what it waits for next."""
    return coroutine.throw(failure) if failure else coroutine.send(None)


def note_failures(failure: BaseException, which: str, tasks: Iterable[Task[Any]]) -> None:
    """Add other tasks' failures as notes to the one that is raised, so that none is lost."""
    for task in tasks:
        other = task.failure
        if other and other is not failure and not isinstance(other, Cancelled):
            failure.add_note(f"{which} failed: {task!r}: {other!r}")


def _foreign(awaited: object) -> TypeError:
    return TypeError(
        f"an AioContext cannot wait for {awaited!r}, which belongs to another event loop, "
        "such as asyncio's"
    )
