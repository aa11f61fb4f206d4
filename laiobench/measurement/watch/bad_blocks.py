"""Bad blocks, saved as files: what was received, and what should have been there."""

from dataclasses import dataclass
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.files.below import Below
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.verify_state import bad_block_name
from laiobench.native import VerifyReport

# ---- bad blocks ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Dump:
    """The files that hold a bad block: as received, and as expected."""

    received: str
    expected: str | None


def save_dumps(
    copy: JobCopy, report: VerifyReport | None, folder: Below
) -> tuple[dict[int, Dump], str]:
    """Save bad blocks: their files by the failure's number, and why one was not saved, if so."""
    saved: dict[int, Dump] = {}
    if not report or not copy.job.verify_dump:
        return saved, ""
    for number, failure in enumerate(report.failures):
        if failure.found is None:
            continue
        received = bad_block_name(copy.job, copy.copy_index, failure.offset)
        expected = str(Path(received).with_suffix(".expected"))
        try:
            folder.write(received, failure.found)
            if failure.expected is not None:
                folder.write(expected, failure.expected)
        except (OSError, UsageError) as error:
            why = error.strerror if isinstance(error, OSError) else error.problem
            return saved, f"the bad block {folder.path(received)} cannot be saved: {why}"
        saved[number] = Dump(
            folder.path(received),
            folder.path(expected) if failure.expected is not None else None,
        )
    return saved, ""
