"""engine=psync makes blocking calls on the IOThread, also under fio's names for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from program import Program

ETCD = ("--rw=write", "--ioengine=sync", "--fdatasync=1", "--size=22m", "--bs=2300")


def run(program: Program, *arguments: str | Path) -> dict[str, Any]:
    outcome = program("run", *arguments, "--json")
    assert outcome.code == 0, outcome.stderr
    return outcome.document


def only_job(document: dict[str, Any]) -> dict[str, Any]:
    (job,) = document["jobs"]
    assert all(rule["holds"] for rule in job["proof"])
    found: dict[str, Any] = job
    return found


def test_each_io_is_done_when_it_has_been_submitted(program: Program, data_file: Path) -> None:
    job = only_job(
        run(program, "--engine=psync", f"--filename={data_file}", "--rw=randread",
            "--number_ios=300")
    )  # fmt: skip
    assert job["options"]["completion"] == "submit"
    assert job["counters"]["reaped"]["submit"] == job["counters"]["submit"]["calls"] == 300
    assert job["counters"]["other"]["in_flight_max"] == 1
    assert "reaped by submit = completions" in {rule["rule"] for rule in job["proof"]}
    latencies = job["read"]
    assert 0 < latencies["clat_ns"]["min"] <= latencies["lat_ns"]["min"]


@pytest.mark.parametrize("name", ["sync", "psync", "vsync", "pvsync", "pvsync2"])
def test_fio_s_names_are_ours(program: Program, data_file: Path, name: str) -> None:
    document = run(program, f"--ioengine={name}", f"--filename={data_file}", "--number_ios=20")
    assert only_job(document)["options"]["engine"] == "psync"
    noted = [note for note in document["notes"] if f"--ioengine={name}: our engine=psync" in note]
    assert len(noted) == (name != "psync")


def test_posixaio_is_the_pool_of_threads(program: Program, data_file: Path) -> None:
    document = run(
        program, "--ioengine=posixaio", f"--filename={data_file}", "--iodepth=4", "--number_ios=20"
    )
    options = only_job(document)["options"]
    assert (options["engine"], options["iodepth"]) == ("threads", 4)
    assert "--ioengine=posixaio: our engine=threads: a pool of threads" in document["notes"]


@pytest.mark.parametrize(
    "option",
    ["--iodepth=32", "--iodepth_low=8", "--iodepth_batch_complete_min=4", "--completion=eventfd",
     "--iodepth_batch_submit=8"],
)  # fmt: skip
def test_what_has_no_effect_is_noted_and_is_not_in_the_result(
    program: Program, data_file: Path, option: str
) -> None:
    document = run(
        program, "--engine=psync", f"--filename={data_file}", "--iodepth=32", "--number_ios=20",
        option,
    )  # fmt: skip
    assert any(note.startswith(f"{option}: no effect with engine") for note in document["notes"])
    job = only_job(document)
    assert job["options"]["iodepth"] == 1
    assert job["options"]["completion"] == "submit"


def test_a_value_is_wrong_also_where_it_has_no_effect(program: Program) -> None:
    outcome = program("run", "--engine=psync", "--iodepth=deep")
    assert outcome.code == 2
    assert "'deep' is not a whole number" in outcome.stderr


def test_no_other_engine_is_done_in_submit(program: Program) -> None:
    outcome = program("run", "--completion=submit")
    assert outcome.code == 2
    assert "completion=submit needs engine=psync" in outcome.stderr


@pytest.mark.parametrize("options", [("--hipri",), ("--nowait",), ("--hipri", "--nowait")])
def test_flags_go_to_the_kernel(program: Program, data_file: Path, options: Sequence[str]) -> None:
    only_job(
        run(program, "--ioengine=pvsync2", *options, f"--filename={data_file}", "--number_ios=50")
    )


def test_syncs_and_trims_are_made_in_the_thread(program: Program, data_file: Path) -> None:
    job = only_job(
        run(program, "--engine=psync", f"--filename={data_file}", f"--allow-write={data_file}",
            "--rw=trimwrite", "--fsync=5", "--number_ios=50")
    )  # fmt: skip
    assert job["trim"]["ios"] + job["write"]["ios"] >= 50
    assert job["sync"]["ios"] > 0
    assert job["counters"]["reaped"]["pool"] == 0
    assert len(job["workers"]) == 1


def test_the_check_for_etcd_runs_as_typed(program: Program, tmp_path: Path) -> None:
    document = run(program, *ETCD, "--name=etcd", f"--directory={tmp_path}")
    job = only_job(document)
    assert job["write"]["ios"] == (22 << 20) // 2300
    assert job["sync"]["ios"] == job["write"]["ios"] - 1  # none for the last, as with fio
    assert job["options"]["direct"] is False
    assert (
        "etcd: its I/Os are no multiples of 512 bytes, so they go through the page cache "
        "(direct=0)" in document["notes"]
    )


def test_what_is_asked_for_around_the_cache_is_not_let_through_it(program: Program) -> None:
    outcome = program("run", *ETCD, "--direct=1")
    assert outcome.code == 1
    assert "bs=2300 does not fit direct I/O" in outcome.stderr


def test_it_is_compared_with_engines_that_have_modes(program: Program, data_file: Path) -> None:
    compared = program(
        "ab", f"--filename={data_file}", "--number_ios=20", "--vary=engine=libaio,threads,psync",
        "--completion=eventfd", "--pairs=1", "--json",
    )  # fmt: skip
    assert compared.code == 0, compared.stderr
    assert [variant["name"] for variant in compared.document["variants"]] == [
        "libaio", "threads", "psync",
    ]  # fmt: skip


def test_two_variants_that_would_run_the_same_are_refused(program: Program) -> None:
    outcome = program("ab", "--vary=engine=libaio,psync", "--vary=completion=poll,eventfd")
    assert outcome.code == 2
    assert (
        "engine=psync completion=poll and engine=psync completion=eventfd would run the same"
        in (outcome.stderr)
    )
