"""Closing targets and contexts: what is in flight ends first, what was forgotten is closed."""

import errno
import gc
import threading
from pathlib import Path

import pytest

from aio.fixtures import BLOCK, MODES, open_files
from laiobench.aio import AioContext, Target


def test_a_closed_target_says_so(ctx: AioContext, file: Path) -> None:
    target = Target.open(file)
    target.close()
    target.close()
    assert target.closed
    for coroutine in (target.pread(0, 1), target.pwrite(0, b"x"), target.fsync()):
        with pytest.raises(RuntimeError, match="is closed"):
            ctx.run(coroutine)


def test_closing_waits_for_what_is_in_flight(any_ctx: AioContext, file: Path) -> None:
    async def read(target: Target, number: int) -> str:
        try:
            return "read" if await target.pread(number * BLOCK, BLOCK) else ""
        except OSError as error:
            return errno.errorcode[error.errno or 0]

    async def main() -> list[str]:
        with Target.open(file) as target:
            tasks = [any_ctx.spawn(read(target, number)) for number in range(60)]
            await any_ctx.sleep_ns(0)
        return [await task for task in tasks]

    [ends] = any_ctx.run(main())
    assert set(ends) <= {"read", "ECANCELED"}
    assert any_ctx.usage().in_use == 0


def test_a_target_goes_with_whoever_uses_it(file: Path) -> None:
    with Target.open(file) as target:
        for mode in MODES:
            with AioContext(mode) as first, AioContext(mode) as second:  # type: ignore[arg-type]
                for ctx in (first, second, first):
                    assert ctx.run(target.pread(BLOCK, 2)) == [b"\1\1"]


def test_a_target_does_not_leave_with_requests_under_way(file: Path) -> None:
    async def outer(first: AioContext, second: AioContext, target: Target) -> None:
        task = first.spawn(target.pread(0, BLOCK))
        await first.sleep_ns(0)
        with pytest.raises(RuntimeError, match="under way in another"):
            second.run(target.pread(0, BLOCK))
        await task

    with (
        AioContext(engine="null", null_latency_ns=20_000_000) as first,
        AioContext() as second,
        Target.open(file) as target,
    ):
        first.run(outer(first, second, target))


def test_what_was_not_closed_is_warned_of_and_closed(file: Path) -> None:
    gc.collect()
    files = open_files()
    for _ in range(20):
        target, ctx = Target.open(file), AioContext()
        with pytest.warns(ResourceWarning, match="Target.* was not closed"):
            del target
        with pytest.warns(ResourceWarning, match="AioContext.* was not closed"):
            del ctx
    assert open_files() == files


@pytest.mark.parametrize("first", ["target", "context"])
def test_what_was_used_is_closed_too_in_any_order(file: Path, first: str) -> None:
    gc.collect()
    files = open_files()
    with AioContext(), Target.open(file):
        pass
    target, ctx = Target.open(file), AioContext()
    ctx.run(target.pread(0, BLOCK))
    with pytest.warns(ResourceWarning, match="was not closed"):
        if first == "target":
            del target
            del ctx
        else:
            del ctx
            del target
    assert open_files() == files


def test_a_target_that_goes_leaves_its_context_as_it_was(ctx: AioContext, file: Path) -> None:
    for _ in range(3):
        target = Target.open(file)
        ctx.run(target.pread(0, BLOCK))
        with pytest.warns(ResourceWarning, match="was not closed"):
            del target
    with Target.open(file) as target:
        assert ctx.run(target.pread(BLOCK, 2)) == [b"\1\1"]


def test_on_another_thread_a_context_is_warned_of_and_left_alone() -> None:
    contexts = [AioContext()]
    session = contexts[0]._session
    thread = threading.Thread(target=contexts.clear)
    with pytest.warns(ResourceWarning, match="was not closed"):
        thread.start()
        thread.join()
    assert session.is_open
    session.close()
