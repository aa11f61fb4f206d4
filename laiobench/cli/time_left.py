"""The time that a series of trials still needs, estimated from the time that it has taken.

Knows nothing of trials; the amount of work may be in any unit.
"""

import time

_LEAST_MINUTES_S, _LEAST_HOURS_S = 100, 100 * 60


class TimeLeft:
    """Measures from when it was made."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()

    def after(self, done: float, left: float) -> str:
        """`about 12 min left`, after `done` of the work, with `left` to do; empty at the end."""
        if done <= 0 or left <= 0:
            return ""
        return f"about {roughly((time.monotonic() - self._began_s) / done * left)} left"


def roughly(seconds: float) -> str:
    """`12 min`."""
    if seconds < _LEAST_MINUTES_S:
        return f"{max(1, round(seconds))} s"
    if seconds < _LEAST_HOURS_S:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
