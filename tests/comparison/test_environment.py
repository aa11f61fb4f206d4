"""Fingerprints of machines and jobs, and the grouping of runs into sessions."""

import copy
from datetime import datetime
from typing import Any

import pytest

import laiobench
from documents_of_runs import document, job
from laiobench.comparison.environment import differences, fingerprint, job_hash, set_options
from laiobench.comparison.sessions import sessions
from laiobench.results.digest import RunDigest, digest

MACHINE: dict[str, Any] = {
    "host": "a",
    "boot_id": "1",
    "kernel": "6.18.5-cloud",
    "virtualisation": "none",
    "cpu": {"model": "Fast CPU", "governor": "performance"},
    "targets": {"/data": {"model": "Disk", "firmware": "7", "file_system": "ext4"}},
}


def run(*, options: dict[str, Any] | None = None, **machine: Any) -> RunDigest:
    """A run on MACHINE, but for `machine`: names with __ go down."""
    made = document({**job(options=options), "target": "/data"})
    made["machine"] = copy.deepcopy(MACHINE)
    for name, value in machine.items():
        *path, last = name.split("__")
        place = made["machine"]
        for part in path:
            place = place["targets"]["/data"] if part == "target" else place[part]
        place[last] = value
    return digest(made)


def differing(one: RunDigest, other: RunDigest) -> dict[str, bool]:
    """The names of what differs, and whether it is hard."""
    found = differences(fingerprint([one]), fingerprint([other]))
    return {difference.name: difference.hard for difference in found}


def test_a_run_has_the_fingerprint_of_its_like() -> None:
    assert differing(run(), run()) == {}


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ({"cpu__model": "Slow CPU"}, "CPU model"),
        ({"target__model": "Other disk"}, "device model"),
        ({"target__firmware": "8"}, "device firmware"),
        ({"virtualisation": "QEMU"}, "virtualisation"),
        ({"target__file_system": "xfs"}, "file system"),
        ({"target__scheduler": "bfq"}, "I/O scheduler"),
    ],
)
def test_the_hard_set_is_what_the_machine_is(machine: dict[str, str], name: str) -> None:
    assert differing(run(), run(**machine)) == {name: True}


def test_of_the_kernel_the_series_is_hard_and_the_rest_soft() -> None:
    assert differing(run(), run(kernel="6.18.9")) == {"kernel": False}
    assert differing(run(), run(kernel="6.19.0")) == {"kernel series": True, "kernel": False}


def test_the_soft_set_may_differ() -> None:
    assert differing(run(), run(host="b", cpu__governor="powersave")) == {
        "host": False,
        "governor": False,
    }


def test_jobs_differ_by_their_options_but_not_by_the_file_s_name() -> None:
    assert differing(run(), run(options={"iodepth": 8})) == {"job job: iodepth": True}
    assert job_hash(run()) != job_hash(run(options={"iodepth": 8}))
    assert differing(run(), run(options={"filename": "/elsewhere"})) == {}
    assert job_hash(run()) == job_hash(run(options={"filename": "/elsewhere"}))


def test_an_option_that_an_older_document_does_not_know_has_its_default() -> None:
    default = laiobench.Job.model_fields["max_batch"].default
    assert differing(run(), run(options={"max_batch": default})) == {}
    assert job_hash(run()) == job_hash(run(options={"max_batch": default}))


def test_a_side_that_is_not_one_thing_differs_from_any() -> None:
    both = fingerprint([run(), run(cpu__model="Slow CPU")])
    (difference,) = differences(both, both)
    assert difference.baseline == "Fast CPU or Slow CPU"


def at(time: str, **machine: Any) -> RunDigest:
    started_at = datetime.fromisoformat(f"2026-01-{time}Z")
    return run(**machine).model_copy(update={"started_at": started_at})


def test_runs_are_one_session_until_a_break_a_boot_or_another_machine() -> None:
    first = [at("01T10:00:00"), at("01T10:29:00"), at("01T10:58:00")]
    later = [at("01T12:00:00")]
    rebooted = [at("01T12:05:00", boot_id="2")]
    elsewhere = [at("01T12:06:00", host="b")]
    found = sessions([*elsewhere, *later, *reversed(first), *rebooted])
    assert found == [first, later, rebooted, elsewhere]


def test_a_break_begins_when_a_run_has_ended() -> None:
    hours = digest(document(job(ios=72_000, p50_ns=100_000_000)))  # two hours
    assert len(sessions([hours, at("01T02:10:00", host="here")])) == 1


def test_this_machine_says_what_fingerprints_ask_for(tmp_path: Any) -> None:
    path = tmp_path / "target"
    path.write_bytes(bytes(1 << 20))
    result = laiobench.run(laiobench.Job(filename=str(path), number_ios=10, direct=False))
    found = fingerprint([digest(result)])
    for name in ("CPU model", "kernel series", "virtualisation", "file system"):
        assert found.hard[name] != ("",), name
    assert found.soft["mount options"] != ("",)
    assert result.machine["boot_id"]


def test_what_was_not_asked_for_makes_no_other_job() -> None:
    (job,) = digest(laiobench.run(laiobench.Job(engine="null", number_ios=10))).jobs
    assert set(set_options(job)) == {"engine", "number_ios", "size"}


def test_an_option_without_effect_makes_no_other_job() -> None:
    assert job_hash(run(options={"poll_grow": 7})) == job_hash(run())
    adaptive = {"completion": "adaptive"}
    assert job_hash(run(options={**adaptive, "poll_grow": 7})) != job_hash(run(options=adaptive))


def test_a_seed_drawn_for_each_run_makes_no_other_job() -> None:
    drawn = laiobench.Job(engine="null", number_ios=10, rw="randread", randrepeat=False)
    first, second = (laiobench.run(drawn) for _ in range(2))
    seeds = [result.jobs[0].options["randseed"] for result in (first, second)]
    assert seeds[0] != seeds[1]
    assert job_hash(digest(first)) == job_hash(digest(second))
