"""Job files that fio reads in another way: the difference is told."""

import pytest

from fio_jobs import errors_of
from laiobench.jobs.sources import fio_file, resolve
from laiobench.jobs.sources.fio_readings import differences, notes_of_run

# ---- powers of 1000 ----------------------------------------------------------------


def test_with_kb_base_1000_sizes_in_powers_of_1024_are_as_fio_reads_them() -> None:
    (draft,) = fio_file.parse("[global]\nkb_base=1000\n[a]\nbs=4KiB\nsize=65536\n", "a.fio").drafts
    (job,) = resolve([draft])
    assert (job.bs.read, job.size and job.size.bytes) == (4096, 65536)
    assert [item.where for item in differences([draft], [job]) if "bs" in item.where] == []


@pytest.mark.parametrize("setting", ["bs=4k", "bs=4kb", "bs=4Ki", "size=1m", "iodepth=1k"])
def test_with_kb_base_1000_other_suffixes_are_told_and_never_read_as_1024(setting: str) -> None:
    name, _, value = setting.partition("=")
    (error,) = errors_of(f"[a]\n{setting}\n[b]\nkb_base=1000\n{setting}\n")
    assert error.startswith(f"a.fio:5: {setting}: with kb_base=1000, {value} is in powers of 1000")
    assert name in error


# ---- what a result depends on, and fio reads otherwise -------------------------------


def noted(text: str) -> list[str]:
    drafts = fio_file.parse(text, "a.fio").drafts
    return notes_of_run(drafts, resolve(drafts))


def test_defaults_that_a_result_depends_on_are_noted() -> None:
    assert noted("[a]\nfilename=x\n[b]\nfilename=y\ndirect=0\n") == [
        "a: no direct: fio's default is 0: through the page cache; here direct=1",
        "a, b: no engine: fio's default is psync: blocking calls, one at a time whatever the "
        "iodepth; here engine=libaio",
    ]
    assert noted("[a]\nfilename=x\ndirect=1\nengine=libaio\nbs=4k\n") == []


@pytest.mark.parametrize(
    ("jobs", "count"), [("[a]\nnumjobs=3\n", 3), ("[a]\n[b]\n", 2), ("[a]\n[b]\nfilename=x\n", 0)]
)
def test_copies_that_share_the_scratch_file_are_noted(jobs: str, count: int) -> None:
    found = noted(f"[global]\ndirect=1\nengine=libaio\n{jobs}")
    assert found == (
        [
            f"{'a, b' if '[b]' in jobs else 'a'}: no filename: fio lays out a file of its own for "
            f"each copy of each job; here all {count} use laiobench's own scratch file"
        ]
        if count
        else []
    )


def test_a_simulated_target_has_no_file_and_no_page_cache() -> None:
    assert noted("[a]\nengine=null\nnumjobs=2\n") == []


def test_amounts_that_come_out_otherwise_are_noted() -> None:
    common = "[global]\ndirect=1\nengine=libaio\nfilename=x\n"
    assert noted(f"{common}[a]\nsize=66k\nbs=4k\n") == [
        "a.fio:6: size=66k: where the target is larger, fio ends with 17 whole I/Os; here with 16, "
        "which fit"
    ]
    assert noted(f"{common}[a]\nsize=66k\nbs=4k\nrw=randread\n") == []
    (note,) = noted(f"{common}[a]\nnumber_ios=5\ntime_based\nruntime=1\n")
    assert note.startswith("a: number_ios=5 with time_based: fio goes on for the whole runtime")


def test_where_files_would_get_their_names_is_told() -> None:
    (note, *_) = noted("[a]\nfilename_format=f.$jobnum\n")
    assert "jobs without filename use one scratch file" in note
    (note, *_) = noted("[a]\nfilename_format=f.$jobnum\nfilename=x\n")
    assert "which filename names" in note
