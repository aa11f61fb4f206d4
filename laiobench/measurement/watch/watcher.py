"""Watcher: looks at a running group at regular intervals.

Knows only the times; what is looked at, and what follows, is up to each kind of watcher.
"""

# How often to look at a job that does not measure yet, unless its interval is shorter.
_UNTIL_IT_BEGINS_S = 0.01


class Watcher:
    """Looks once an interval, counted from the first look at which the job measured."""

    looks_at_the_end = False
    """Whether to look once more when all jobs have finished in mid-interval."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self.next_look_s = 0.0
        """When to look again (time.monotonic); infinity: never."""
        self.has_ended_jobs = False
        """Whether it has asked jobs to stop, and is done."""
        self._has_begun = False

    def look(self, now_s: float) -> None:
        """Look now, and set the next time."""
        if not self.take():
            self.next_look_s = now_s + min(_UNTIL_IT_BEGINS_S, self.interval_s)
            return
        began_s = self.next_look_s if self._has_begun else now_s
        self._has_begun = True
        self.next_look_s = max(now_s, began_s + self.interval_s)
        if self.has_ended_jobs:
            self.next_look_s = float("inf")

    def look_at_the_end(self, now_s: float) -> None:
        """Look for the last time: all jobs have finished."""
        self.look(now_s)

    def take(self) -> bool:
        """Look at the jobs; returns whether they measured already."""
        raise NotImplementedError
