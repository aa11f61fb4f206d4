"""Facilities that are missing: the program works without them, or says what is missing."""

from pathlib import Path

import pytest

from faults.aio_holder import aio_events_held
from faults.subject import OK, Subject
from faults.system_calls import without


def reads(file: Path, *more: str) -> tuple[str, ...]:
    return (f"--filename={file}", "--rw=randread", "--iodepth=8", "--number_ios=200", *more)


# ---- no eventfd ---------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["--completion=poll", "--completion=getevents"])
def test_without_eventfd_these_modes_go_on_with_a_pipe(
    subject: Subject, data_file: Path, mode: str
) -> None:
    report = subject.run(*reads(data_file, mode), code=OK, prefix=without("eventfd2=ENOSYS"))
    assert report.job["read"]["ios"] == 200


@pytest.mark.parametrize("mode", [f"--completion={m}" for m in ("eventfd", "bh", "adaptive")])
def test_without_eventfd_these_modes_say_which_to_use(
    subject: Subject, data_file: Path, mode: str
) -> None:
    said = subject.refusal(*reads(data_file, mode), prefix=without("eventfd2=ENOSYS"))
    assert "no eventfd (eventfd2: ENOSYS), and the completion mode needs one" in said
    assert "--completion=poll or --completion=getevents" in said


def test_an_eventfd_that_fails_otherwise_is_no_reason_for_a_pipe(
    subject: Subject, data_file: Path
) -> None:
    said = subject.refusal(
        *reads(data_file, "--completion=poll"), prefix=without("eventfd2=EPERM")
    )  # fmt: skip
    assert "eventfd2 is forbidden here (EPERM" in said


# ---- no AIO -------------------------------------------------------------------------


def test_without_aio_it_says_so(subject: Subject, data_file: Path, aio_mode: str) -> None:
    said = subject.refusal(*reads(data_file, aio_mode), prefix=without("io_setup=ENOSYS"))
    assert "this kernel has no native AIO, or a sandbox forbids it (io_setup: ENOSYS)" in said


def test_aio_that_is_forbidden_is_said_to_be(subject: Subject, data_file: Path) -> None:
    said = subject.refusal(*reads(data_file), prefix=without("io_setup=EPERM"))
    assert "io_setup is forbidden here (EPERM" in said


def test_without_epoll_it_ppolls(subject: Subject, data_file: Path, mode: str) -> None:
    report = subject.run(*reads(data_file, mode), code=OK, prefix=without("epoll_create1=ENOSYS"))
    assert report.job["read"]["ios"] == 200
    assert report.job["counters"]["loop"]["epoll_wait"] == 0


# ---- used up ------------------------------------------------------------------------


@pytest.mark.alone
def test_aio_events_are_used_up(subject: Subject, data_file: Path, aio_mode: str) -> None:
    """A few are left, so that what else runs on this machine need not fail."""
    with aio_events_held(left=4096):
        said = subject.refusal(
            *reads(data_file, "--iodepth=8192", "--bs=512", "--norandommap", aio_mode)
        )
    assert "the kernel has no room for the run's 8,192 AIO events: others use" in said
    assert "sysctl -w fs.aio-max-nr=" in said


@pytest.mark.alone
def test_several_threads_find_too_few_aio_events(
    subject: Subject, data_file: Path, aio_mode: str
) -> None:
    """The first ones get theirs, and give them back."""
    with aio_events_held(left=4096):
        said = subject.refusal(
            *reads(data_file, "--iodepth=1024", "--numjobs=8", "--bs=512", aio_mode)
        )
    assert "the run's 8,192 AIO events" in said


def test_too_many_aio_events_are_refused_before_their_buffers_are_made(
    subject: Subject, data_file: Path
) -> None:
    """There is no memory for them."""
    most = int(Path("/proc/sys/fs/aio-max-nr").read_text())
    said = subject.refusal(
        *reads(data_file, "--iodepth=65536", f"--numjobs={most // 65536 + 1}", "--bs=64k"),
        prefix=("prlimit", f"--as={2 << 30}"),
    )
    assert "AIO events" in said


@pytest.mark.parametrize("descriptors", [8, 12, 16, 20, 24, 32])
def test_file_descriptors_are_used_up(subject: Subject, data_file: Path, descriptors: int) -> None:
    """Wherever they run out, it is said."""
    limit = ("prlimit", f"--nofile={descriptors}")
    said = subject.refusal(*reads(data_file, "--numjobs=32"), prefix=limit)
    assert "EMFILE" in said or "Too many open files" in said
    assert "ulimit -n" in said
