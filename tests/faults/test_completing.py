"""System calls of the event loop fail: it goes on without them, or ends with correct accounts."""

from pathlib import Path

import pytest

from faults.subject import MODES, OK, RUN_FAILED, Subject
from faults.system_calls import (
    ANY_EPOLL_WAIT,
    EVENTFDS,
    shimmed,
    strace_injecting,
    without,
)

WITH_EVENTFD = ("eventfd", "bh", "adaptive")
IOS = 300


def reads(file: Path, mode: str) -> tuple[str, ...]:
    """Adaptive sleeps too: it would look for ever, while strace slows down what it waits for."""
    return (f"--filename={file}", "--rw=randread", "--iodepth=8", f"--number_ios={IOS}",
            f"--completion={mode}", "--poll_max_ns=0")  # fmt: skip


# ---- taking completions -----------------------------------------------------------


@pytest.mark.strace
def test_io_getevents_that_is_interrupted_goes_on(subject: Subject, data_file: Path) -> None:
    report = subject.run(
        *reads(data_file, "getevents"), code=OK,
        prefix=strace_injecting("io_getevents:error=EINTR:when=2+3"),
    )  # fmt: skip
    assert report.job["read"]["ios"] == IOS


@pytest.mark.strace
@pytest.mark.parametrize("error", ["EINVAL", "EFAULT"])
def test_io_getevents_that_fails_ends_the_run(
    subject: Subject, data_file: Path, error: str
) -> None:
    report = subject.run(
        *reads(data_file, "getevents"), code=RUN_FAILED,
        prefix=strace_injecting(f"io_getevents:error={error}:when=3"),
    )  # fmt: skip
    (failure,) = report.failures
    assert f"the event loop failed: io_getevents failed: {error}" in failure
    assert 0 < report.job["accounts"]["submitted"] < IOS


@pytest.mark.strace
@pytest.mark.parametrize("mode", WITH_EVENTFD)
def test_an_eventfd_that_cannot_be_read_ends_the_run(
    subject: Subject, data_file: Path, mode: str
) -> None:
    report = subject.run(
        *reads(data_file, mode), code=RUN_FAILED,
        prefix=strace_injecting("read:error=EBADF:when=4", path=EVENTFDS),
    )  # fmt: skip
    (failure,) = report.failures
    assert "the event loop failed: read failed: EBADF" in failure
    assert 0 < report.job["accounts"]["submitted"] < IOS


@pytest.mark.strace
@pytest.mark.parametrize("mode", WITH_EVENTFD)
def test_a_wake_up_that_cannot_be_read_ends_the_run(
    subject: Subject, data_file: Path, mode: str
) -> None:
    """The first eventfd that is read is the loop's own, at the start."""
    report = subject.run(
        *reads(data_file, mode), code=RUN_FAILED,
        prefix=strace_injecting("read:error=EIO:when=1", path=EVENTFDS),
    )  # fmt: skip
    (failure,) = report.failures
    assert "the event loop failed: read failed: EIO" in failure


@pytest.mark.strace
@pytest.mark.parametrize("mode", WITH_EVENTFD)
def test_reading_the_eventfd_is_interrupted_and_goes_on(
    subject: Subject, data_file: Path, mode: str
) -> None:
    report = subject.run(
        *reads(data_file, mode), code=OK,
        prefix=strace_injecting("read:error=EINTR:when=2+2", path=EVENTFDS),
    )  # fmt: skip
    assert report.job["read"]["ios"] == IOS


@pytest.mark.parametrize("mode", MODES)
def test_a_foreign_ring_is_read_through_the_kernel(
    subject: Subject, data_file: Path, mode: str, shim: Path
) -> None:
    report = subject.run(
        *reads(data_file, mode), code=OK, prefix=shimmed(shim, foreign_ring=1)
    )  # fmt: skip
    assert report.job["read"]["ios"] == IOS
    assert report.job["counters"]["other"]["waits"] > 0
    assert "foreign_ring" in report.warnings
    assert "layout unknown to this version" in report.stderr


# ---- sleeping ---------------------------------------------------------------------


@pytest.mark.strace
@pytest.mark.parametrize("mode", WITH_EVENTFD)
def test_a_sleep_that_is_interrupted_goes_on(subject: Subject, data_file: Path, mode: str) -> None:
    report = subject.run(
        *reads(data_file, mode), code=OK,
        prefix=strace_injecting(f"{ANY_EPOLL_WAIT}:error=EINTR:when=2+2"),
    )  # fmt: skip
    assert report.job["read"]["ios"] == IOS
    assert "fdmon_fell_back" not in report.warnings


@pytest.mark.strace
@pytest.mark.parametrize("mode", WITH_EVENTFD)
def test_epoll_that_fails_is_replaced_by_ppoll(
    subject: Subject, data_file: Path, mode: str
) -> None:
    report = subject.run(
        *reads(data_file, mode), code=OK,
        prefix=strace_injecting(f"{ANY_EPOLL_WAIT}:error=EINVAL:when=4"),
    )  # fmt: skip
    assert report.job["read"]["ios"] == IOS
    assert report.job["counters"]["loop"]["ppoll"] > 0
    assert "epoll failed" in report.warnings["fdmon_fell_back"]


@pytest.mark.strace
@pytest.mark.parametrize("mode", WITH_EVENTFD)
def test_a_descriptor_that_epoll_does_not_take_is_ppolled(
    subject: Subject, data_file: Path, mode: str
) -> None:
    """The user's limit of watches (fs.epoll.max_user_watches)."""
    report = subject.run(
        *reads(data_file, mode), code=OK, prefix=strace_injecting("epoll_ctl:error=ENOSPC")
    )
    assert report.job["read"]["ios"] == IOS
    assert report.job["counters"]["loop"]["epoll_wait"] == 0
    assert "fdmon_fell_back" in report.warnings


@pytest.mark.parametrize("mode", MODES)
def test_a_kernel_without_the_finer_epoll_is_none_the_worse(
    subject: Subject, data_file: Path, mode: str
) -> None:
    report = subject.run(*reads(data_file, mode), code=OK, prefix=without("epoll_pwait2=ENOSYS"))
    assert report.job["read"]["ios"] == IOS
    assert "fdmon_fell_back" not in report.warnings


@pytest.mark.strace
@pytest.mark.parametrize("mode", WITH_EVENTFD)
def test_a_loop_that_cannot_sleep_at_all_ends_the_run(
    subject: Subject, data_file: Path, mode: str
) -> None:
    report = subject.run(
        *reads(data_file, mode), "--fdmon=ppoll", code=RUN_FAILED,
        prefix=strace_injecting("ppoll:error=ENOMEM:when=3"),
    )  # fmt: skip
    (failure,) = report.failures
    assert "the event loop failed: ppoll failed: ENOMEM" in failure
    assert 0 < report.job["accounts"]["submitted"] < IOS
