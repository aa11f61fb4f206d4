"""A rehearsal of what is to run, before the files are written that it needs.

Each group is set up as it will be, on stand-ins for files that are still to be made, and
taken down again: AIO events, memory, descriptors and threads that can't be had are missed
now, and not after hours of writing.  Nothing is kept, and nothing is measured.
"""

from collections.abc import Callable, Sequence

from laiobench.errors import RunError
from laiobench.files.below import Below
from laiobench.measurement.plan.group import GroupLayout
from laiobench.measurement.plan.verify_state import verification_of
from laiobench.native import NativeRun


def rehearse(layouts: Sequence[GroupLayout], folder: Below, stop: Callable[[], bool]) -> None:
    """Set up one group after the other, for as long as `stop` does not say to give up.

    Raises:
        LaiobenchError: one can't be.
    """
    for layout in layouts:
        if stop():
            return
        try:
            verifications = [
                verification_of(copy, folder, is_rehearsed=True) for copy in layout.copies
            ]
            NativeRun(layout.plan([each.plan if each else None for each in verifications])).close()
        except RunError as error:
            names = dict.fromkeys(copy.job.name for copy in layout.copies)
            where = "" if len(layouts) == 1 else f"the group of {', '.join(names)}: "
            raise RunError(where + error.problem, error.remedy) from error
