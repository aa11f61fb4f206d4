"""Coroutines on the core: block I/O through Linux native AIO, without callbacks.

    from laiobench.aio import AioContext, Target

    async def copy(source, destination, count):
        await destination.pwrite(0, await source.pread(0, count))
        await destination.fdatasync()

    with AioContext() as ctx, Target.open("a") as a, Target.open("b", writable=True) as b:
        ctx.run(copy(a, b, 4096))

It is the event loop, the engines and the completion modes of laiobench, run by
the thread that calls `AioContext.run`.  docs/coroutines.md tells the rules.
"""

from laiobench.aio.context import AioContext
from laiobench.aio.target import Target
from laiobench.aio.task import Cancelled, Task

__all__ = ["AioContext", "Cancelled", "Target", "Task"]
