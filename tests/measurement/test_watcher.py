"""Watchers look once each interval, and not before jobs run."""

from laiobench.measurement.watch.watcher import Watcher


class Counting(Watcher):
    """Sees something from the nth look on, and ends jobs at another."""

    def __init__(self, sees_from: int, ends_at: int = 100) -> None:
        super().__init__(1.0)
        self.looks, self.sees_from, self.ends_at = 0, sees_from, ends_at

    def take(self) -> bool:
        self.looks += 1
        self.has_ended_jobs = self.looks == self.ends_at
        return self.looks >= self.sees_from


def test_until_there_is_something_it_looks_again_soon() -> None:
    watcher = Counting(sees_from=2)
    watcher.look(5.0)
    assert 5.0 < watcher.next_look_s < 5.1
    watcher.look(5.5)
    assert watcher.next_look_s == 6.5


def test_a_late_look_delays_no_later_one() -> None:
    watcher = Counting(sees_from=1)
    watcher.look(5.0)
    watcher.look(6.4)
    assert watcher.next_look_s == 7.0
    watcher.look(9.0)  # what was missed is not made up for
    assert watcher.next_look_s == 9.0


def test_it_looks_no_more_once_it_has_ended_jobs() -> None:
    watcher = Counting(sees_from=1, ends_at=1)
    watcher.look(5.0)
    assert watcher.next_look_s == float("inf")
