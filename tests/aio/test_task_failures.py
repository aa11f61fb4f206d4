"""Tasks that fail or are interrupted: the others end, and what is in flight is drained."""

import gc
import os
import signal
import threading
import time
import warnings
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from aio.fixtures import BLOCK, MODES, aio_nr, open_files, pattern
from laiobench.aio import AioContext, Cancelled, Target
from laiobench.aio.scheduler import Scheduler

MS = 1_000_000


async def fail_with_requests_in_flight(ctx: AioContext, target: Target) -> None:
    for n in range(16):
        ctx.spawn(target.pread(n * BLOCK, BLOCK))
    await target.pread(0, 4 * BLOCK)
    raise KeyError("mine")


def test_an_exception_waits_for_what_is_in_flight(any_ctx: AioContext, file: Path) -> None:
    with Target.open(file) as target:
        for _ in range(100):
            with pytest.raises(KeyError, match="mine"):
                any_ctx.run(fail_with_requests_in_flight(any_ctx, target))
            usage = any_ctx.usage()
            assert (usage.in_use, usage.busy) == (0, 0)
        assert usage.slots <= 17
        assert any_ctx.run(target.pread(BLOCK, BLOCK)) == [pattern(1)]  # as good as new


@pytest.mark.alone
def test_a_thousand_failed_runs_leave_nothing_behind(file: Path) -> None:
    """Ten contexts, since the kernel takes its time to end one."""

    def fail(ctx: AioContext, target: Target) -> None:
        with pytest.raises(KeyError):
            ctx.run(fail_with_requests_in_flight(ctx, target), target.pread(0, 3 * BLOCK))

    with AioContext() as ctx, Target.open(file) as target:
        fail(ctx, target)  # whatever Python keeps for good, it has now
    gc.collect()
    events, files = aio_nr(), open_files()
    for n in range(10):
        with AioContext(MODES[n % 5], iodepth=16) as ctx, Target.open(file) as target:
            for _ in range(100):
                fail(ctx, target)
            assert ctx.usage().in_use == 0
            assert ctx.usage().slots <= 18
    assert open_files() == files
    deadline = time.monotonic() + 10
    while aio_nr() > events and time.monotonic() < deadline:
        time.sleep(0.05)  # others use AIO, too
    assert aio_nr() <= events


def test_the_others_are_cancelled_when_one_fails(ctx: AioContext) -> None:
    ended = []

    async def sleeper() -> None:
        try:
            await ctx.sleep_ns(3600 * 1000 * MS)
        except Cancelled:
            ended.append("cancelled")
            raise

    async def fail() -> None:
        await ctx.sleep_ns(MS)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ctx.run(sleeper(), fail(), sleeper())
    assert ended == ["cancelled", "cancelled"]


def test_failures_while_stopping_are_noted_on_the_first(ctx: AioContext) -> None:
    async def clumsy() -> None:
        try:
            await ctx.sleep_ns(3600 * 1000 * MS)
        finally:
            raise ValueError("clumsy")

    async def fail() -> None:
        await ctx.sleep_ns(MS)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        ctx.run(clumsy(), fail())
    assert "clumsy" in caught.value.__notes__[0]


@pytest.mark.parametrize("mode", MODES)
def test_ctrl_c_drains_and_is_raised(file: Path, mode: Any) -> None:
    ended = []

    async def reader(target: Target) -> None:
        try:
            while True:
                await target.pread(0, BLOCK)
        finally:
            ended.append("reader")

    with AioContext(mode) as ctx, Target.open(file) as target:
        for delay_s in (0.0, 0.001, 0.02):
            timer = threading.Timer(delay_s + 0.01, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                ctx.run(*(reader(target) for _ in range(8)))
            timer.join()
            assert ctx.usage().in_use == 0
        assert len(ended) == 24


@pytest.mark.parametrize("mode", MODES)
def test_ctrl_c_ends_a_sleep(mode: Any) -> None:
    with AioContext(mode) as ctx:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            ctx.run(ctx.sleep_ns(3600 * 1000 * MS))
        timer.join()
        assert ctx.usage().in_use == 0


@pytest.mark.parametrize("enter", ["run", "spawn", "gather"])
def test_coroutines_that_an_interrupt_kept_from_beginning_do_not_complain(
    ctx: AioContext, monkeypatch: pytest.MonkeyPatch, enter: str
) -> None:
    """It hits when the second of three is about to be taken in."""
    add, added = Scheduler.add, 0

    def interrupted_add(self: Scheduler, *args: Any, **options: Any) -> Any:
        nonlocal added
        added += 1
        if added == (2 if enter == "run" else 3):  # main() itself is one
            raise KeyboardInterrupt
        return add(self, *args, **options)

    def three() -> list[Coroutine[Any, Any, None]]:
        return [ctx.sleep_ns(0) for _ in range(3)]

    async def main() -> None:
        if enter == "gather":
            await ctx.gather(*three())
        ctx.spawn(ctx.sleep_ns(0))
        ctx.spawn(ctx.sleep_ns(0))

    monkeypatch.setattr(Scheduler, "add", interrupted_add)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(KeyboardInterrupt):
            ctx.run(*three() if enter == "run" else [main()])
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


# Interrupted between its call and its await, a coroutine is in nobody's hands.
@pytest.mark.filterwarnings(
    r"ignore:coroutine '(Target\.pread|AioContext\.gather)' was never awaited"
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_moment_leaves_nothing_behind(file: Path) -> None:
    """A timer hits wherever it hits; Python may swallow an interrupt, so it comes again."""

    async def reader(ctx: AioContext, target: Target) -> None:
        while True:
            await ctx.gather(*(target.pread(n * BLOCK, BLOCK) for n in range(4)))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGPROF, interrupt)
    try:
        with AioContext("eventfd") as ctx, Target.open(file) as target:
            for n in range(300):
                signal.setitimer(signal.ITIMER_PROF, 0.0005 + n * 0.00001, 0.5)
                with pytest.raises(KeyboardInterrupt):
                    ctx.run(reader(ctx, target), reader(ctx, target))
                signal.setitimer(signal.ITIMER_PROF, 0)
                assert ctx.usage().in_use == 0
            assert ctx.run(target.pread(0, 10)) == [bytes(10)]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        gc.collect()  # those coroutines, while their warnings are ignored
