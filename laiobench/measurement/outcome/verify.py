"""The outcome of a verification: its part of the document, and sentences on failures."""

import errno
import os
from collections.abc import Iterator

from laiobench.measurement.trial import JobRun
from laiobench.native import VerifyFailure
from laiobench.results.run_parts import BadBlock, VerifyResult

# How many bad blocks are told in sentences; the document has more.
_MOST_SENTENCES = 3


def verify_result(run: JobRun) -> VerifyResult | None:
    """The outcome; None if the job did not verify."""
    report, job = run.report.verify, run.copy.job
    if report is None:
        return None
    return VerifyResult(
        blocks=report.blocks,
        failed_blocks=report.failed_blocks,
        unknown_blocks=report.unknown_blocks,
        bytes=report.size_bytes,
        runtime_ns=report.runtime_ns,
        complete=report.is_over or not (job.writes or job.only_verifies),
        failures=[_bad_block(run, number, bad) for number, bad in enumerate(report.failures)],
    )


def _bad_block(run: JobRun, number: int, report: VerifyFailure) -> BadBlock:
    dump = run.dumps.get(number)
    is_readable = report.fault != "unreadable"
    return BadBlock(
        fault=report.fault,
        offset=report.offset,
        bytes=report.size_bytes,
        error=None if is_readable else _error(report.code),
        found_offset=report.found_offset,
        found_generation=report.found_generation,
        expected_generation=report.expected_generation,
        first_bad_byte=report.first_bad if report.bad_bytes else None,
        bad_bytes=report.bad_bytes or None,
        received=dump.received if dump else None,
        expected=dump.expected if dump else None,
    )


def _error(code: int) -> str:
    return errno.errorcode.get(code, str(code)) if code else "eof"


def failures(name: str, result: VerifyResult | None) -> Iterator[str]:
    """Sentences on what failed; none if every block was as it was written."""
    if result is None or not result.failed_blocks:
        return
    yield (
        f"{name}: verification failed: {result.failed_blocks:,} of {result.blocks:,} blocks "
        "are not as they were written"
    )
    for bad in result.failures[:_MOST_SENTENCES]:
        yield f"{name}: {_sentence(bad)}"


def _sentence(bad: BadBlock) -> str:
    text = f"the block at offset {bad.offset} ({bad.bytes} bytes) {_what(bad)}"
    if bad.bad_bytes and bad.fault in ("corrupt", "torn"):
        text += f"; {bad.bad_bytes} bytes differ, the first at {bad.first_bad_byte}"
    if bad.received:
        text += f"; received: {bad.received}"
    if bad.expected:
        text += f", expected: {bad.expected}"
    return text


def _what(bad: BadBlock) -> str:
    match bad.fault:
        case "zeroed":
            return "is all zeros"
        case "misplaced":
            return f"is the one of offset {bad.found_offset}"
        case "foreign":
            return "was written by another job or run, or with other options"
        case "stale":
            return (
                f"is stale: its write number {bad.found_generation} is there, "
                f"and number {bad.expected_generation} was the last"
            )
        case "torn":
            return "is torn: a part of it is of an earlier write, or none"
        case "unreadable":
            return f"could not be read: {_why(bad.error)}"
        case _:
            return "is corrupt"


def _why(error: str | None) -> str:
    if error == "eof":
        return "the target ends before it"
    code = getattr(errno, error or "", 0)
    return f"{error}, {os.strerror(code)}" if code else str(error)
