"""Tasks: their turns, their results, and how they are cancelled."""

import time
from pathlib import Path

import pytest

from aio.fixtures import BLOCK, loop_rounds, pattern
from laiobench.aio import AioContext, Cancelled, Target, Task

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
