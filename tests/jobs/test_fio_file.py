"""fio's job files: their grammar, what stands for something else, and what is refused."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from laiobench.errors import UsageError
from laiobench.jobs.options import Job
from laiobench.jobs.options.compound_types import PerDirection
from laiobench.jobs.sources import Setting, fio_file, notes, profiles, resolve
from laiobench.jobs.sources.fio_compat import FOREIGN
from laiobench.jobs.sources.fio_readings import differences, notes_of_run

EVERYTHING: dict[str, str] = {"DISK": "/dev/nvme0n1", "DEPTH": "8"}


def jobs_of(text: str, environment: Mapping[str, str] = EVERYTHING) -> list[Job]:
    return resolve(fio_file.parse(text, "a.fio", environment=environment).drafts)


def job_of(options: str) -> Job:
    (job,) = jobs_of(f"[a]\n{options}\n")
    return job


def errors_of(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        jobs_of(text)
    return [str(problem) for problem in getattr(caught.value, "problems", [caught.value])]


def test_sections_are_jobs_under_the_global_ones_above_them() -> None:
    jobs = jobs_of(
        """
        [global]
        rw=randread
        bs=8k
        [a]
        iodepth=2
        [global again]
        bs=16k
        [b]
        [a]
        bs=4k
        """
    )
    assert [(job.name, job.rw, job.bs.read, job.iodepth) for job in jobs] == [
        ("a", "randread", 8192, 2),
        ("b", "randread", 16384, 1),
        ("a", "randread", 4096, 1),
    ]


def test_comments_stand_anywhere_and_blanks_do_not_matter() -> None:
    (job,) = jobs_of(
        "; a comment\n# another\n  [a] # the job\n\t bs = 8k ; bytes\r\niodepth=2#3\n;rw=write\n"
    )
    assert (job.name, job.bs.read, job.iodepth, job.rw) == ("a", 8192, 2, "read")


def test_an_option_without_a_value_is_a_flag() -> None:
    job = job_of("time_based\nruntime=1\nstonewall\nnorandommap=0\nbuffered")
    assert (job.time_based, job.stonewall, job.norandommap, job.direct) == (
        True,
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("option", "name", "value"),
    [
        ("filename=${DISK}", "filename", "/dev/nvme0n1"),
        ("iodepth=${DEPTH}${DEPTH}", "iodepth", 88),
        ("bs=2*$pagesize", "bs", 2 * os.sysconf("SC_PAGE_SIZE")),
        ("bs=($pagesize + 2*$pagesize)/3", "bs", os.sysconf("SC_PAGE_SIZE")),
        ("bs=$pagesize", "bs", os.sysconf("SC_PAGE_SIZE")),
        ("numjobs=$ncpus", "numjobs", os.cpu_count()),
        ("filename=x-$ncpus-y", "filename", f"x-{os.cpu_count()}-y"),
        (
            "filename=/dev/disk/by-path/pci-0000\\:00\\:1",
            "filename",
            "/dev/disk/by-path/pci-0000:00:1",
        ),
        ("bs=0x1000", "bs", 4096),
        ("bs=1M", "bs", 1 << 20),
        ("iodepth=1k", "iodepth", 1024),
        ("runtime=2m", "runtime", 120),
        ("runtime=500ms", "runtime", 0.5),
        ("timeout=3", "runtime", 3),
        ("cpumask=0x5", "cpus_allowed", (0, 2)),
        ("continue_on_error=all", "continue_on_error", "all"),
        ("wait_for_previous", "stonewall", True),
        ("ioengine=null", "engine", "null"),
        # The traps: fio takes these for 4,000 bytes, 1 byte, 8 bytes and no runtime.
        ("bs=4kib", "bs", 4096),
        ("bs=1.5k", "bs", 1536),
        ("bs= 8k", "bs", 8192),
        ("runtime=0.5", "runtime", 0.5),
    ],
)
def test_values(option: str, name: str, value: object) -> None:
    found = getattr(job_of(option), name)
    assert (found.read if isinstance(found, PerDirection) else found) == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "a.fio: no job; begin one with [NAME]"),
        ("[global]\nbs=4k", "a.fio: no job; begin one with [NAME]"),
        ("bs=4k\n[a]", "a.fio:1: bs=4k stands above the first section"),
        ("include x\n[a]", "a.fio:1: include x stands above the first section"),
        ("[a", "a.fio:1: [a is no section"),
        ("[a] bs=4k", "a.fio:1: [a] bs=4k is no section"),
        ("[]", "a.fio:1: the section has no name"),
        ("[a]\niodpeth=3", "a.fio:2: there is no option iodpeth; did you mean iodepth?"),
        ("[a]\niodepth", "a.fio:2: iodepth needs a value\n  write iodepth=…"),
        ("[a]\niodepth=", "a.fio:2: iodepth=: '' is not a whole number"),
        ("[a]\nbs=${NO}", "a.fio:2: bs=${NO}: ${NO} is not set in the environment"),
        ("[a]\nbs=${NO", "a.fio:2: bs=${NO: ${ has no closing bracket"),
        ("[a]\nbs=$pagesize/0", "a.fio:2: bs=$pagesize/0: '4096/0' divides by 0"),
        ("[a]\nbs=$pagesize*", "a.fio:2: bs=$pagesize*: '4096*' is not arithmetic"),
        ("[a]\nbs=1.3k", "a.fio:2: bs=1.3k: '1.3k' is not a whole number of bytes"),
        ("[a]\nbs=4k4", "a.fio:2: bs=4k4: '4k4' is not a size"),
        ("[a]\nbs=-4k", "a.fio:2: bs=-4k: '-4k' is not a size"),
        ("[a]\nfilename=/dev/a:/dev/b", "a.fio:2: filename=/dev/a:/dev/b: a job has one file here"),
        ("[a]\nfilename=a\nfilename=b", "a.fio:3: filename=b: a job has one file here"),
        ("[a]\ndirectory=/a:/b", "a.fio:2: directory=/a:/b: a job has one directory here"),
        ("[a]\nread_iolog=x", "a.fio:2: read_iolog=x: laiobench does not support this option"),
        ("[a]\nnrfiles=4", "a.fio:2: nrfiles=4: laiobench supports only 1\n  give each file a job"),
        ("[a]\nexec_prerun=reboot", "a.fio:2: exec_prerun=reboot: laiobench does not support"),
        (
            "[a]\nioengine=rbd",
            "a.fio:2: ioengine=rbd: it must be libaio, io_uring, threads, psync or null",
        ),
        ("[a]\ncontinue_on_error=some", "a.fio:2: continue_on_error=some: 'some' is none of none"),
        ("[a]\ncpumask=x", "a.fio:2: cpumask=x: 'x' is not a mask of CPUs"),
        ("[a]\nbs=4k" + " " * 5000 + "8", "a.fio:2: the line is longer than 4,096 characters"),
        ("[a]\n" * 4097, "a.fio:4097: there are more than 4,096 jobs"),
    ],
)
def test_what_is_refused(text: str, error: str) -> None:
    assert errors_of(text)[0].startswith(error)


NEWER = """
fdp dataplacement plids plid_select fdp_pli dp_scheme md_per_io_size pi_act pi_chk apptag
apptag_mask sprandom spr_op spr_num_regions spr_cs verify_write_sequence verify_header_seed
verify_pattern_interval verify_mode verify_policy log_alternate_epoch job_start_clock_id
log_alternate_epoch_clock_id log_window_value log_issue_time cmdprio cmdprio_percentage
cmdprio_class cmdprio_hint cmdprio_bssplit priohint hipri_percentage libaio_vectored force_async
readfua writefua atomic no_completion_thread cmd_type read_mode write_mode sg_write_mode
stream_id num_range cdb_len ramp_size end_syncfs random_sequence_stride write_zone_remainders
recover_zbd_write_error exit_on_io_done disable_bw_measurement dedupe_working_set_percentage
nfs_url gpu_dev_ids serverip http_s3_storage_class iodepth_mode rocm_io
"""


@pytest.mark.parametrize("name", NEWER.split())
def test_options_newer_than_fio_3_33_are_known_and_what_is_refused_has_a_remedy(name: str) -> None:
    assert name in FOREIGN
    refusal = FOREIGN[name].refusal("7")
    assert refusal is None or refusal.remedy


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("ioengine=mmap", "engine=psync makes blocking calls, too"),
        ("ioengine=splice\niodepth=32", "engine=psync makes blocking calls, too"),
        ("ioengine=io_uring_cmd", "with the block device (/dev/nvme0n1 and not /dev/ng0n1)"),
        ("ioengine=page_fault", "it does no I/O but what memory costs"),
        ("iodepth_mode=stepped:10-130/5,5/30", "laiobench ab --vary iodepth=1,8,64"),
        ("ioengine=nfs", "mount the share, and give a file there"),
        ("ioengine=rbd", "`rbd map` makes one of the image"),
        ("ioengine=external:/x/y.so", "measure that with fio"),
        ("ioengine=cpuio", "it does no I/O: start stress-ng"),
        ("ioengine=filecreate", "what a file system does without I/O"),
        ("log_max_value=1", "the result has the greatest latencies"),
        ("log_issue_time=1", "for a window, not for an I/O at an offset"),
        ("log_compression=1m", "gzip compresses it"),
        ("log_prio=1", "the priority of the process"),
        ("hipri_percentage=10", "for all I/Os of a job or for none"),
        ("zonemode=zbd", "zoned block devices are not supported"),
        ("filesize=1k-8k", "'1k-8k' is not a size"),
    ],
)
def test_remedies_are_for_what_was_asked(options: str, told: str) -> None:
    (error,) = errors_of(f"[a]\n{options}\n")
    assert told in error


@pytest.mark.parametrize(
    "name",
    [
        "nfs",
        "libblkio",
        "xnvme",
        "http",
        "rbd",
        "rados",
        "net",
        "cpuio",
        "gpu",
        "cuda_io",
        "rocm_io",
        "libiscsi",
        "nbd",
        "dfs",
    ],
)
def test_an_engine_without_a_block_device_is_not_sent_to_the_scratch_file(name: str) -> None:
    (error,) = errors_of(f"[a]\nioengine={name}\n")
    assert "block devices through the kernel" in error or "does no I/O" in error
    assert "leave it out" not in error


@pytest.mark.parametrize(
    "options", ["filename=/dev/a:/dev/b", "filename=a\nfilename=b", "nrfiles=4"]
)
def test_several_files_are_no_error_where_one_goes_over_them(options: str) -> None:
    (draft,) = fio_file.parse(f"[a]\n{options}\n", "a.fio").drafts
    (job,) = resolve([draft.under({"filename": Setting("/dev/c", "--filename", is_name=True)})])
    assert job.filename == "/dev/c"


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("fileoffset=8k", "offset", 8192),
        ("io_limit=1m", "io_size", 1 << 20),
        ("fsync_on_close=1", "end_fsync", True),
        ("fsync_on_close", "end_fsync", True),
    ],
)
def test_fio_s_other_names(written: str, name: str, value: object) -> None:
    assert job_of(written).model_dump()[name] == value


@pytest.mark.parametrize(
    "written",
    ["io_submit_mode=offload", "fill_device=1", "lockmem=1g", "trim_percentage=0", "nr_files=1",
     "dedupe_mode=repeat", "cmdprio_percentage=0"],
)  # fmt: skip
def test_what_leaves_the_load_as_it_is_is_accepted(written: str) -> None:
    assert job_of(written) == job_of("")


def test_all_errors_of_a_file_are_told_at_once_and_each_once() -> None:
    text = "[global]\nbs=0\nfoo=1\n[a]\nread_iolog=x\n[b]\nrw=raed\n[c"
    assert [error.split(":")[1] for error in errors_of(text)] == ["3", "8", "2", "5", "7"]


def test_a_file_in_which_nearly_all_is_wrong_is_not_told_line_by_line() -> None:
    errors = errors_of("x=1\n" * 100_000)
    assert len(errors) == 51
    assert errors[-1] == "a.fio: more is wrong; reading ended here"


# ---- include -----------------------------------------------------------------------


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.fio").write_text(text)


def test_included_files_are_read_in_place_beside_their_parent(tmp_path: Path) -> None:
    write(tmp_path, main="[a]\nbs=4k\ninclude sub/one.fio ; here\nrw=write\n")
    write(tmp_path / "sub", one="bs=8k\nrw=randread\ninclude two.fio\n", two="iodepth=3\n")
    (job,) = resolve(fio_file.load(tmp_path / "main.fio").drafts)
    assert (job.bs.read, job.rw, job.iodepth) == (8192, "write", 3)


def test_the_current_folder_comes_before_that_of_the_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "there", main="[a]\ninclude one.fio", one="iodepth=1")
    write(tmp_path / "here", one="iodepth=2")
    monkeypatch.chdir(tmp_path / "here")
    (job,) = resolve(fio_file.load(tmp_path / "there" / "main.fio").drafts)
    assert job.iodepth == 2


SECRET = "s3cr3t"
TELLING = {
    "an option's value": "iodepth=${TOKEN}",
    "an option's name": "${TOKEN}=1",
    "a choice": "rw=${TOKEN}",
    "what fio has and we have not": "ioengine=${TOKEN}",
    "arithmetic": "size=(${NUMBER}*$ncpus",
    "several files": "filename=a:${TOKEN}",
    "options that do not go together": "iodepth_low=${NUMBER}",
    "an included file": "include ${TOKEN}",
}


@pytest.mark.parametrize("line", TELLING.values(), ids=TELLING)
def test_what_a_variable_stands_for_is_in_no_error(line: str) -> None:
    """Job files are others' often, and variables are secrets sometimes."""
    text = f"[job]\n{line}\n"
    environment = {"TOKEN": SECRET, "NUMBER": "48213"}
    with pytest.raises(UsageError) as refused:
        resolve(fio_file.parse(text, "job.fio", environment=environment).drafts)
    told = str(refused.value) + refused.value.remedy
    assert SECRET not in told and "48213" not in told
    assert re.search(r"\$\{(TOKEN|NUMBER)\}", told)


def test_a_variable_s_value_is_the_job_s_and_its_name_is_what_was_written() -> None:
    text = "[job]\nfilename=/dev/${DISK}\n"
    drafts = fio_file.parse(text, "job.fio", environment={"DISK": "zero"}).drafts
    assert resolve(drafts)[0].filename == "/dev/zero"
    assert drafts[0].settings["filename"].as_written("filename") == ("filename", "/dev/${DISK}")


def test_where_an_included_option_was_written_is_told(tmp_path: Path) -> None:
    write(tmp_path, main="[a]\ninclude one.fio", one="\niodepth=0")
    with pytest.raises(UsageError, match=r"one\.fio:2: iodepth is wrong; what an included file"):
        resolve(fio_file.load(tmp_path / "main.fio").drafts)


@pytest.mark.parametrize(
    ("included", "error"),
    [
        ("include main.fio", "one.fio:1: include: it includes itself"),
        ("include one.fio", "includes itself"),
        ("[b]", "an included file cannot begin a section"),
        ("include", "include: it needs a file's name"),
        ("include none.fio", "one.fio:1: include: the file cannot be read"),
        ("include .", "one.fio:1: include: the file cannot be read"),
        ("include /dev/zero", "one.fio:1: include: the file cannot be read"),
        ("include fifo", "one.fio:1: include: the file cannot be read"),
        ("include empty.fio\n" * 300, "more than 256 files are included"),
    ],
)
def test_what_cannot_be_included(tmp_path: Path, included: str, error: str) -> None:
    write(tmp_path, main="[a]\ninclude one.fio", one=included, empty="")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match=error):
        fio_file.load(tmp_path / "main.fio")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("none.fio", "main.fio:2: include none.fio: .*none.fio cannot be read: No such file"),
        (".", "is no regular file"),
        ("/dev/zero", "/dev/zero cannot be read: it is no regular file"),
        ("fifo", "fifo cannot be read: it is no regular file"),
    ],
)
def test_what_is_told_of_what_a_job_file_itself_includes(
    tmp_path: Path, name: str, error: str
) -> None:
    write(tmp_path, main=f"[a]\ninclude {name}")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match=error):
        fio_file.load(tmp_path / "main.fio")


def test_files_that_include_each_other_many_times_end(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(30)]
    for name, following in zip(names, [*names[1:], "last"], strict=True):
        write(tmp_path, **{name: f"include {following}.fio\n" * 2})
    write(tmp_path, main="[a]\ninclude f0.fio", last="iodepth=1")
    with pytest.raises(UsageError, match="more than 16 deep"):
        fio_file.load(tmp_path / "main.fio")


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


# ---- as a source -------------------------------------------------------------------


def test_what_has_no_meaning_here_is_noted_with_its_place() -> None:
    text = "[global]\nioengine=libaio\nthread\n[a]\ngtod_reduce=1\n[b]\n"
    assert notes(fio_file.parse(text, "a.fio").drafts) == [
        "a.fio:2: ioengine=libaio: native AIO through the kernel's own calls, without the library",
        "a.fio:3: thread: every job is a thread here",
        "a.fio:5: gtod_reduce=1: every I/O is timed and recorded all the same",
    ]


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("[global]\nbs=4k\n[a]\nrw=read", ".fio"),
        ("[a]\nsize=4096", ".fio"),
        ("[job1]\nrw=read", ".fio"),
        ("[job.1]\nrw=read", ".fio"),
        ("[job-1]\nrw=read", ".fio"),
        ("[job-1]\niodepth=1", ".fio"),
        ("[job 1]\nsize=4096\n[job]", ".fio"),
        ("[job]\niodepth=1\n[job-2]\niodepth=2", ".fio"),
        ('[job]\nrw=read\nbs=4k\nverify_pattern="abcd"', ".fio"),
        ("[job.a]\nrw = read\nbs = '4k'\nsize = '1m'", ".toml"),
        ("[job.a]\nrw = 'read'", ".toml"),
        ("[job.a]\niodepth=1", ".toml"),
        ("[job.a]\nrw = 'read", ".toml"),
        ("schema = 1\n[job]", ".toml"),
        ("", ".fio"),
    ],
)
def test_a_text_without_a_name_is_told_apart(text: str, suffix: str) -> None:
    assert profiles.grammar_of(text) == suffix


def test_taking_completions_in_batches_means_the_mode_that_does() -> None:
    text = "[a]\niodepth_batch_complete_min=4\niodepth=8\n"
    drafts = fio_file.parse(text, "a.fio").drafts
    assert resolve(drafts)[0].completion == "getevents"
    assert notes(drafts) == [
        "a.fio:2: iodepth_batch_complete_min=4: "
        "completion=getevents is what takes so many at a time"
    ]
    assert job_of("iodepth_batch_complete_min=1").completion == "poll"


def test_a_job_s_file_covers_the_global_one_and_that_is_told() -> None:
    (draft,) = fio_file.parse("[global]\nfilename=a\n[b]\nfilename=c\n", "a.fio").drafts
    assert resolve([draft])[0].filename == "c"
    assert draft.settings["filename"].differs == "fio uses this one besides that of [global]"
