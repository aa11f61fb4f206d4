"""Watcher: who looks at a running group again and again, and when.

Knows the times of looks alone; what is looked at, and what follows, is each watcher's own.
"""

# A job that does not measure yet is looked at this often, unless its interval is shorter.
_UNTIL_IT_BEGINS_S = 0.01


class Watcher:
    """Looks once an interval, counted from the first look that found something."""

    looks_at_the_end = False
    """Once more when all jobs have finished, though the interval is not over."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self.next_look_s = 0.0
        """When to look again (time.monotonic); infinity: no more."""
        self.has_ended_jobs = False
        """It asked jobs to stop, and is over."""
        self._has_begun = False

    def look(self, now_s: float) -> None:
        """Look now, and set when to look again."""
        if not self.take():
            self.next_look_s = now_s + min(_UNTIL_IT_BEGINS_S, self.interval_s)
            return
        began_s = self.next_look_s if self._has_begun else now_s
        self._has_begun = True
        self.next_look_s = max(now_s, began_s + self.interval_s)
        if self.has_ended_jobs:
            self.next_look_s = float("inf")

    def look_at_the_end(self, now_s: float) -> None:
        """All jobs have finished: look for the last time."""
        self.look(now_s)

    def take(self) -> bool:
        """See what has become of the jobs; whether there was anything to see yet."""
        raise NotImplementedError
