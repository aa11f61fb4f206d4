"""Targets and machines that delay I/Os: latencies show it, and nothing else breaks."""

import signal
import time
from pathlib import Path

import pytest

from faults.block_devices import loop_device
from faults.control_groups import cpu_quota, joining, read_limit
from faults.faulty_file import FaultyFile
from faults.subject import OK, Subject

NS_PER_S = 1_000_000_000


@pytest.mark.root
@pytest.mark.fuse
def test_a_slow_tail_is_in_the_histogram(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("read::delay=0.1:every=20")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=4", "--number_ios=200",
        mode, code=OK,
    )  # fmt: skip
    lat = report.job["read"]["lat_ns"]
    slow = sum(count for highest, count in lat["histogram"] if highest >= NS_PER_S // 10)
    assert slow >= faulty_file.hits == 10
    assert lat["percentiles"]["50"] < NS_PER_S // 10 <= lat["percentiles"]["99"]
    assert lat["max"] >= NS_PER_S // 10


@pytest.mark.root
@pytest.mark.fuse
def test_a_schedule_shows_what_a_stalled_device_kept_waiting(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    """One of 150 reads takes 0.3 s; those due meanwhile wait as well (coordinated omission).

    lat cannot see it, since they were issued late; response can.
    """
    faulty_file.inject("read::delay=0.3:every=150")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=1", "--number_ios=300",
        "--rate_iops=300", mode, code=OK,
    )  # fmt: skip
    read = report.job["read"]
    slow = sum(count for highest, count in read["lat_ns"]["histogram"] if highest >= 3e8)
    assert slow == faulty_file.hits == 2
    late = sum(count for highest, count in read["response_ns"]["histogram"] if highest >= 1e8)
    assert late > 10 * slow
    assert read["response_ns"]["percentiles"]["99"] > 2e8
    assert report.job["pacing"]["late"] >= late - slow
    assert report.job["pacing"]["late_max_ns"] > 2e8


def test_a_stop_of_a_second_is_one_slow_batch(subject: Subject, data_file: Path, mode: str) -> None:
    """SIGSTOP, as from a debugger or a frozen machine: the maximum tells, the rest is clean."""
    running = subject.start(
        f"--filename={data_file}", "--rw=randread", "--iodepth=4", "--runtime=1.5",
        "--time_based", mode,
    )  # fmt: skip
    running.wait_until_measuring()
    running.signal(signal.SIGSTOP)
    time.sleep(1.05)
    running.signal(signal.SIGCONT)
    report = running.finish(OK)
    lat = report.job["read"]["lat_ns"]
    stopped = sum(count for highest, count in lat["histogram"] if highest >= NS_PER_S)
    assert lat["max"] >= NS_PER_S
    assert 1 <= stopped <= 4
    assert lat["percentiles"]["99"] < NS_PER_S


@pytest.mark.root
@pytest.mark.cgroup
def test_too_little_of_a_cpu_is_warned_of(subject: Subject, mode: str) -> None:
    """Without a device, which might be slower than so little of a CPU."""
    with cpu_quota(0.2) as group:
        report = subject.run(
            "--engine=null", "--rw=randread", "--size=1g", "--iodepth=16", "--runtime=1",
            "--time_based", mode, code=OK, prefix=joining(group),
        )  # fmt: skip
    assert "of the time for a CPU" in report.warnings["cpu_contended"]
    assert "a CPU quota was used up" in report.stderr
    assert report.job["read"]["ios"] > 0


@pytest.mark.root
@pytest.mark.loop
@pytest.mark.cgroup
def test_a_throttled_device_loses_nothing(subject: Subject, data_file: Path, mode: str) -> None:
    with loop_device(data_file) as device, read_limit(device, iops=100) as group:
        report = subject.run(
            f"--filename={device}", "--rw=randread", "--iodepth=8", "--number_ios=100",
            mode, code=OK, prefix=joining(group),
        )  # fmt: skip
    assert report.job["read"]["ios"] == 100
    assert report.job["runtime_ns"] >= 0.5 * NS_PER_S
    assert report.job["read"]["lat_ns"]["max"] >= NS_PER_S // 100
