"""This machine's calibration: where it is kept, and how it is found again.

The newest one is in XDG_STATE_HOME/laiobench/calibration.json.  It replaces the one before;
the two are not averaged.
"""

import os
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.results import store
from laiobench.results.calibration import Calibration

FILE_NAME = "calibration.json"


def state_path() -> Path:
    """The file that holds this user's calibration of this machine."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "laiobench" / FILE_NAME


def load_calibration(path: Path | None = None) -> Calibration:
    """The calibration in a file; by default this machine's.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    path = path or state_path()
    if not os.path.lexists(path):
        raise UsageError(
            f"this machine is not calibrated: there is no {path}",
            "run `laiobench calibrate` with the jobs that are to be judged",
        )
    return store.load_as(path, Calibration)


def find_calibration(cpu_model: str) -> Calibration | None:
    """This user's calibration, if it was made on this model of CPU; else None."""
    try:
        calibration = load_calibration()
    except (UsageError, RuntimeError):  # none, or a user without a home: reports then say less
        return None
    return calibration if calibration.machine.get("cpu", {}).get("model") == cpu_model else None
