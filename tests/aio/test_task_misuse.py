"""What a context and its tasks refuse: foreign awaitables, nesting, other threads, forks."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from aio.fixtures import BLOCK, MODES, pattern
from laiobench.aio import AioContext, Target

MS = 1_000_000


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
