"""Sessions: runs of one machine, between boots, without a long pause.

Of stored results a session is what counts as one, since runs of one hour resemble each other.
"""

from collections.abc import Sequence

from laiobench.comparison.environment import of_machine
from laiobench.results.digest import RunDigest
from laiobench.units import NS_PER_S

SESSION_GAP_S = 1800.0
MIN_SESSIONS = 5
"""Of a stored baseline: fewer say nothing of how days differ."""


# ---- sessions --------------------------------------------------------------------


def sessions(runs: Sequence[RunDigest]) -> list[list[RunDigest]]:
    """The runs by session, each in the order of time."""
    found: list[list[RunDigest]] = []
    last_of: dict[str, tuple[float, list[RunDigest]]] = {}
    for run in sorted(runs, key=_started_s):
        where = f"{of_machine('host')(run)}/{of_machine('boot_id')(run)}"
        ended_s, session = last_of.get(where, (float("-inf"), []))
        if _started_s(run) - ended_s > SESSION_GAP_S:
            session = []
            found.append(session)
        session.append(run)
        last_of[where] = (max(ended_s, _started_s(run) + _lasted_s(run)), session)
    return found


def _started_s(run: RunDigest) -> float:
    return run.started_at.timestamp()


def _lasted_s(run: RunDigest) -> float:
    """Group after group, each as long as its longest job."""
    longest: dict[int, int] = {}
    for job in run.jobs:
        longest[job.group] = max(longest.get(job.group, 0), job.runtime_ns)
    return sum(longest.values()) / NS_PER_S
