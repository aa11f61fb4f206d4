"""Folders of made-up results, one for each day or minute, and a policy that judges them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from documents_of_runs import document, job

POLICY = """
schema = 1
[gate]
on_inconclusive = "fail"
[[gate.metric]]
job = "job"
name = "lat_p50_ns"
max_regression = 0.10
"""


def store(
    folder: Path, p50_ns: Sequence[float], month: int = 1, one_session: bool = False, **more: Any
) -> Path:
    """A folder of results, each of a day of its own, or a minute."""
    folder.mkdir(exist_ok=True)
    for day, value in enumerate(p50_ns, start=1):
        started_at = f"2026-{month:02d}-{day:02d}T00:00:00Z"
        if one_session:
            started_at = f"2026-{month:02d}-01T00:{day:02d}:00Z"
        made = document(job(p50_ns=value), started_at=started_at) | more
        (folder / f"{day:02d}.json").write_text(json.dumps(made))
    return folder


def spread(p50_ns: float, days: int = 6) -> list[float]:
    return [p50_ns * (1 + 0.002 * (day % 3)) for day in range(days)]
