"""AIO events: how many more the kernel has room for, and what to do where that is too few.

They are counted over the whole machine, for all who use native AIO.
"""

from dataclasses import dataclass

from laiobench.system import kernel
from laiobench.system.kernel import System

_MANY = 1 << 20


@dataclass(frozen=True)
class AioRoom:
    """fs.aio-nr and fs.aio-max-nr; both 0 where the kernel does not tell."""

    used: int
    limit: int

    def has(self, events: int) -> bool:
        """Whether it could give so many now, as far as it tells."""
        return not self.limit or self.used + events <= self.limit

    def refusal(self, events: int) -> tuple[str, str]:
        """What to say where it has no room for them, and what to do about it."""
        enough = max(2 * self.limit, self.used + events, _MANY)
        return (
            f"the kernel has no room for the run's {events:,} AIO events: others use "
            f"{self.used:,} of the {self.limit:,} that there may be",
            f"raise the limit: sysctl -w fs.aio-max-nr={enough}, or lower iodepth or numjobs",
        )


def aio_room(system: System = kernel.LIVE) -> AioRoom:
    """As it is now."""
    folder = system.proc / "sys/fs"
    return AioRoom(kernel.number(folder / "aio-nr"), kernel.number(folder / "aio-max-nr"))
