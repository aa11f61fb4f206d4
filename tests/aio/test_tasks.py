"""Tasks: their turns, their ends, and what is left of them when they are cancelled."""

import asyncio
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

from aio.fixtures import BLOCK, MODES, aio_nr, loop_rounds, open_files, pattern
from laiobench.aio import AioContext, Cancelled, Target, Task
from laiobench.aio.scheduler import Scheduler

MS = 1_000_000


def test_run_returns_the_results_in_order(ctx: AioContext) -> None:
    async def after(duration_ns: int, value: str) -> str:
        await ctx.sleep_ns(duration_ns)
        return value

    assert ctx.run(after(2 * MS, "a"), after(0, "b"), after(MS, "c")) == ["a", "b", "c"]
    assert ctx.run() == []


def test_sleeps_end_in_the_order_of_their_deadlines(any_ctx: AioContext) -> None:
    woken = []

    async def sleeper(duration_ns: int) -> None:
        before = time.monotonic_ns()
        await any_ctx.sleep_ns(duration_ns)
        assert time.monotonic_ns() - before >= duration_ns
        woken.append(duration_ns)

    durations = [60 * MS, 20 * MS, 0, 40 * MS]  # far apart, for a busy machine
    any_ctx.run(*map(sleeper, durations))
    assert woken == sorted(durations)


def test_a_sleep_of_0_lets_the_others_have_their_turn(ctx: AioContext) -> None:
    seen = []

    async def count(name: str) -> None:
        for n in range(3):
            seen.append(f"{name}{n}")
            await ctx.sleep_ns(0)

    ctx.run(count("a"), count("b"))
    assert seen == ["a0", "b0", "a1", "b1", "a2", "b2"]


# ---- inside the submit ----------------------------------------------------------------


def test_what_completes_inside_its_submit_goes_on_without_a_round(file: Path) -> None:
    async def main(target: Target) -> None:
        for _ in range(100):
            await target.pread(0, BLOCK)

    with AioContext("eventfd", engine="null") as ctx, Target.open(file) as target:
        ctx.run(main(target))
        assert loop_rounds(ctx) == 0
        assert ctx.counters()["reaped"]["inline"] == 100


def test_the_page_cache_completes_inside_the_submit_too(file: Path) -> None:
    async def main(target: Target) -> bytes:
        for _ in range(100):
            block = await target.pread(7 * BLOCK, BLOCK)
        return block

    file.read_bytes()
    with AioContext("poll") as ctx, Target.open(file, direct=False) as target:
        assert ctx.run(main(target)) == [pattern(7)]
        assert loop_rounds(ctx) == 0
        assert ctx.counters()["submit"]["calls"] == 100


def test_100_000_inline_completions_do_not_recurse(file: Path) -> None:
    async def main(target: Target) -> int:
        done = 0
        for _ in range(100_000):
            done += len(await target.pread(0, 512))
        return done

    with AioContext("poll", engine="null") as ctx, Target.open(file) as target:
        assert ctx.run(main(target)) == [51_200_000]
        assert ctx.usage().slots == 1


@pytest.mark.parametrize("busy_tasks", [1, 2])
def test_who_never_has_to_wait_starves_nobody(file: Path, busy_tasks: int) -> None:
    rung = False

    async def alarm(ctx: AioContext) -> None:
        nonlocal rung
        await ctx.sleep_ns(MS)
        rung = True

    async def busy(target: Target) -> None:
        while not rung:
            await target.pread(0, BLOCK)

    with AioContext("eventfd", engine="null") as ctx, Target.open(file) as target:
        ctx.run(*(busy(target) for _ in range(busy_tasks)), alarm(ctx))
    assert rung


# ---- tasks beside each other ------------------------------------------------------------


def test_a_spawned_task_is_awaited_for_its_result(any_ctx: AioContext, file: Path) -> None:
    async def main(target: Target) -> list[bytes]:
        tasks = [any_ctx.spawn(target.pread(n * BLOCK, BLOCK)) for n in range(10)]
        blocks = [await task for task in tasks]
        assert [await task for task in tasks] == blocks  # as often as one likes
        assert all(task.done for task in tasks)
        return blocks

    with Target.open(file) as target:
        assert any_ctx.run(main(target)) == [[pattern(n) for n in range(10)]]


def test_run_waits_for_tasks_that_nobody_awaits(ctx: AioContext) -> None:
    ended = []

    async def late() -> None:
        await ctx.sleep_ns(2 * MS)
        ended.append("late")

    async def main() -> None:
        ctx.spawn(late())

    ctx.run(main())
    assert ended == ["late"]


def test_a_failure_is_raised_where_the_task_is_awaited(ctx: AioContext) -> None:
    async def fail() -> None:
        raise KeyError("mine")

    async def main() -> str:
        try:
            await ctx.spawn(fail())
        except KeyError as error:
            return str(error)
        return ""

    assert ctx.run(main()) == ["'mine'"]


def test_failures_that_nobody_awaits_are_raised_at_the_end(ctx: AioContext) -> None:
    async def fail(number: int) -> None:
        raise KeyError(number)

    async def main() -> None:
        ctx.spawn(fail(1))
        ctx.spawn(fail(2))

    with pytest.raises(KeyError, match="1") as caught:
        ctx.run(main())
    assert "KeyError(2)" in caught.value.__notes__[0]
    ctx.run()  # and it is not raised again


def test_gather_cancels_the_others_when_one_fails(ctx: AioContext) -> None:
    ended = []

    async def sleeper() -> None:
        try:
            await ctx.sleep_ns(3600 * 1000 * MS)
        finally:
            ended.append("sleeper")

    async def fail() -> None:
        await ctx.sleep_ns(MS)
        raise KeyError("mine")

    async def main() -> None:
        with pytest.raises(KeyError, match="mine"):
            await ctx.gather(sleeper(), fail(), sleeper())
        ended.append("main")

    ctx.run(main())
    assert ended == ["sleeper", "sleeper", "main"]


def test_gather_raises_what_the_first_to_fail_ended_with(ctx: AioContext) -> None:
    """Both fail in one turn, before whoever gathers has his."""

    async def open_late() -> None:
        for _ in range(5):
            await ctx.sleep_ns(0)

    async def fail(name: str, gate: Task[None], turns: int) -> None:
        for _ in range(turns):
            await ctx.sleep_ns(0)
        await gate  # first come, first told
        raise KeyError(name)

    async def main() -> None:
        gate = ctx.spawn(open_late())
        await ctx.gather(fail("second", gate, turns=1), fail("first", gate, turns=0))

    with pytest.raises(KeyError, match="first") as caught:
        ctx.run(main())
    assert "second" in caught.value.__notes__[0]


def test_gather_of_nothing_is_nothing(ctx: AioContext) -> None:
    assert ctx.run(ctx.gather()) == [[]]


def test_tasks_that_wait_for_each_other_are_told(ctx: AioContext) -> None:
    tasks: list[Task[None]] = []

    async def wait_for(number: int) -> None:
        await ctx.sleep_ns(0)
        await tasks[number]

    async def main() -> None:
        tasks.extend((ctx.spawn(wait_for(1)), ctx.spawn(wait_for(0))))

    with pytest.raises(RuntimeError, match="every task waits for another"):
        ctx.run(main())


def test_a_task_cannot_await_itself(ctx: AioContext) -> None:
    tasks: list[Task[None]] = []

    async def narcissus() -> None:
        with pytest.raises(RuntimeError, match="itself"):
            await tasks[0]

    async def main() -> None:
        tasks.append(ctx.spawn(narcissus()))

    ctx.run(main())


# ---- cancellation -------------------------------------------------------------------------


def test_a_cancelled_sleep_ends_at_once(ctx: AioContext) -> None:
    async def main() -> str:
        task = ctx.spawn(ctx.sleep_ns(3600 * 1000 * MS))
        await ctx.sleep_ns(MS)
        assert task.cancel()
        try:
            await task
        except Cancelled:
            assert not task.cancel()  # it has ended
            return "cancelled"
        return ""

    assert ctx.run(main()) == ["cancelled"]


def test_a_task_that_was_not_begun_never_begins(ctx: AioContext) -> None:
    begun = []

    async def never() -> None:
        begun.append(1)

    async def main() -> None:
        ctx.spawn(never()).cancel()

    ctx.run(main())
    assert begun == []


def test_what_waits_for_its_turn_is_withdrawn(file: Path) -> None:
    async def main(ctx: AioContext, target: Target) -> None:
        tasks = [ctx.spawn(target.pread(0, BLOCK)) for _ in range(10)]
        await ctx.sleep_ns(0)
        for task in tasks:
            task.cancel()

    with (
        AioContext("poll", engine="null", iodepth=1, null_latency_ns=5 * MS) as ctx,
        Target.open(file) as target,
    ):
        ctx.run(main(ctx, target))
        assert ctx.counters()["submit"]["requests"] == 1
        assert ctx.usage().in_use == 0


def test_a_cancelled_task_may_clean_up_with_more_io(any_ctx: AioContext, file: Path) -> None:
    async def careful(target: Target) -> None:
        try:
            while True:
                await target.pread(0, BLOCK)
        finally:
            await target.pwrite(BLOCK, b"end!" * 1024)
            await target.fsync()

    async def main(target: Target) -> None:
        task = any_ctx.spawn(careful(target))
        await any_ctx.sleep_ns(MS)
        task.cancel()

    with Target.open(file, writable=True) as target:
        any_ctx.run(main(target))
    assert file.read_bytes()[BLOCK : BLOCK + 4] == b"end!"


def test_a_task_that_is_awaited_outlives_who_awaits_it(ctx: AioContext) -> None:
    ended = []

    async def work() -> None:
        await ctx.sleep_ns(3 * MS)
        ended.append("work")

    async def wait_for(task: Task[None]) -> None:
        await task

    async def main() -> None:
        task = ctx.spawn(work())
        waiter = ctx.spawn(wait_for(task))
        await ctx.sleep_ns(MS)
        waiter.cancel()
        await task

    ctx.run(main())
    assert ended == ["work"]


# ---- exceptions ----------------------------------------------------------------------------


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


# ---- what is not allowed ------------------------------------------------------------------------


def test_a_foreign_awaitable_is_refused(ctx: AioContext) -> None:
    async def asyncios() -> None:
        await asyncio.sleep(0)

    class Odd:
        def __await__(self) -> Any:
            yield 42

    async def odd() -> str:
        try:
            await Odd()
        except TypeError as error:
            return str(error)
        return ""

    with pytest.raises(TypeError, match="belongs to another event loop"):
        ctx.run(asyncios())
    assert "42" in ctx.run(odd())[0]


def test_run_inside_run_is_refused(ctx: AioContext) -> None:
    async def main() -> None:
        ctx.run(ctx.sleep_ns(0))

    with pytest.raises(RuntimeError, match="running already"):
        ctx.run(main())


def test_a_context_cannot_be_closed_from_within(ctx: AioContext) -> None:
    async def main() -> None:
        ctx.close()

    with pytest.raises(RuntimeError, match="cannot be closed"):
        ctx.run(main())


def test_spawning_is_for_within(ctx: AioContext) -> None:
    with pytest.raises(RuntimeError, match="pass this one to run"):
        ctx.spawn(ctx.sleep_ns(0))


@pytest.mark.parametrize("thing", [42, None, lambda: None])
def test_only_coroutines_can_be_run(ctx: AioContext, thing: Any) -> None:
    with pytest.raises(TypeError, match="takes coroutines"):
        ctx.run(thing)
    with pytest.raises(TypeError, match="takes coroutines"):
        ctx.spawn(thing)


def test_a_closed_context_says_so() -> None:
    ctx = AioContext()
    ctx.close()
    ctx.close()
    assert ctx.closed
    with pytest.raises(RuntimeError, match="is closed"):
        ctx.run()
    with pytest.raises(RuntimeError, match="is closed"):
        ctx.counters()


def test_a_context_is_for_one_thread(ctx: AioContext) -> None:
    said = []

    def attempt(call: Any) -> None:
        try:
            call()
        except RuntimeError as error:
            said.append(str(error))

    for call in (lambda: ctx.run(ctx.sleep_ns(0)), ctx.close, ctx.usage):
        thread = threading.Thread(target=attempt, args=(call,))
        thread.start()
        thread.join()
    assert len(said) == 3
    assert all("another thread" in sentence for sentence in said)


def test_a_forked_child_touches_nothing(file: Path) -> None:
    with AioContext() as ctx, Target.open(file) as target:
        assert ctx.run(target.pread(BLOCK, 4)) == [b"\1\1\1\1"]
        child = os.fork()
        if child == 0:
            try:
                ctx.run(target.pread(0, 4))
            except RuntimeError as error:
                target.close()
                ctx.close()
                os._exit("parent" not in str(error))
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert ctx.run(target.pread(BLOCK, 4)) == [b"\1\1\1\1"]


def test_contexts_on_several_threads_do_not_meet(file: Path) -> None:
    async def main(target: Target) -> list[bytes]:
        return [await target.pread(n % 64 * BLOCK, BLOCK) for n in range(300)]

    results: list[Any] = []

    def work(mode: Any) -> None:
        with AioContext(mode) as ctx, Target.open(file) as target:
            results.extend(ctx.run(main(target), main(target)))

    threads = [threading.Thread(target=work, args=(mode,)) for mode in MODES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[pattern(n % 64) for n in range(300)]] * 10


def test_sleeping_in_anothers_context_is_refused(ctx: AioContext) -> None:
    with AioContext() as other, pytest.raises(RuntimeError, match="another AioContext"):
        ctx.run(other.sleep_ns(0))


@pytest.mark.parametrize("duration_ns", [-1, 1 << 63])
def test_impossible_sleeps_are_refused(ctx: AioContext, duration_ns: int) -> None:
    with pytest.raises(ValueError, match="duration_ns must be 0 to"):
        ctx.run(ctx.sleep_ns(duration_ns))


def test_a_sleep_is_a_whole_number_of_ns(ctx: AioContext) -> None:
    half: Any = 0.5
    with pytest.raises(TypeError, match="duration_ns must be a whole number"):
        ctx.run(ctx.sleep_ns(half))


def test_a_coroutine_of_the_users_own_kind_runs(ctx: AioContext) -> None:
    async def add(a: Coroutine[Any, Any, int], b: int) -> int:
        return await a + b

    async def one() -> int:
        return 1

    assert ctx.run(add(add(one(), 2), 3)) == [6]
