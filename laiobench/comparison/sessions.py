"""Groups stored runs into sessions: runs of one boot of a machine, without a long pause.

In comparisons of stored results a session counts as one value, since runs of the same hour
resemble each other more than runs of other days.
"""

from collections.abc import Sequence

from laiobench.comparison.environment import of_machine
from laiobench.results.digest import RunDigest
from laiobench.units import NS_PER_S

SESSION_GAP_S = 1800.0
MIN_SESSIONS = 5
"""The fewest sessions of a baseline: fewer do not show how days differ."""


# ---- sessions --------------------------------------------------------------------


def sessions(runs: Sequence[RunDigest]) -> list[list[RunDigest]]:
    """The runs grouped by session, each by time.

    A run belongs to the session of its host and boot that ended at most `SESSION_GAP_S`
    before it began.
    """
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
    """How long a run lasted: groups run one after the other, each as long as its longest job."""
    longest: dict[int, int] = {}
    for job in run.jobs:
        longest[job.group] = max(longest.get(job.group, 0), job.runtime_ns)
    return sum(longest.values()) / NS_PER_S
