"""Bad blocks, saved as files: what was received, and what should have been there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from laiobench.errors import RunError
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.verify_state import plain_name
from laiobench.native import VerifyReport

# ---- bad blocks ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Dump:
    """The files in which a bad block is."""

    received: str
    expected: str | None


def save_dumps(copy: JobCopy, report: VerifyReport | None) -> dict[int, Dump]:
    """Save the blocks that were kept; by the number of the failure.

    Raises:
        RunError: a file can't be written.
    """
    if not report or not copy.job.verify_dump:
        return {}
    return dict(_dumps(f"{plain_name(copy.job.name)}.{copy.copy_index}", report))


def _dumps(name: str, report: VerifyReport) -> Iterator[tuple[int, Dump]]:
    for number, failure in enumerate(report.failures):
        if failure.found is None:
            continue
        received = Path(f"{name}.{failure.offset}.received")
        expected = received.with_suffix(".expected") if failure.expected is not None else None
        try:
            received.write_bytes(failure.found)
            if expected:
                expected.write_bytes(failure.expected or b"")
        except OSError as error:
            raise RunError(
                f"{received} cannot be written: {error.strerror}",
                "verify_dump=0 saves no bad blocks",
            ) from None
        yield number, Dump(str(received), str(expected) if expected else None)
