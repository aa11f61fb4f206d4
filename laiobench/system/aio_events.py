"""AIO events: how many more the kernel allows, and what to do if these are too few.

The kernel's limit is one for the whole machine: all programs that use native AIO share it.
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
        """Whether so many more are allowed, as far as the kernel tells."""
        return not self.limit or self.used + events <= self.limit

    def refusal(self, events: int) -> tuple[str, str]:
        """The error for when they are not allowed: what failed, and what to try."""
        enough = max(2 * self.limit, self.used + events, _MANY)
        return (
            f"the kernel has no room for the run's {events:,} AIO events: others use "
            f"{self.used:,} of the {self.limit:,} that there may be",
            f"raise the limit: sysctl -w fs.aio-max-nr={enough}, or lower iodepth or numjobs",
        )


def aio_room(system: System = kernel.LIVE) -> AioRoom:
    """The kernel's present figures."""
    folder = system.proc / "sys/fs"
    return AioRoom(kernel.number(folder / "aio-nr"), kernel.number(folder / "aio-max-nr"))
