"""fio's job files: their grammar, what stands for something else, and what is refused."""

import os

import pytest

from fio_jobs import errors_of, job_of, jobs_of
from laiobench.jobs.options.compound_types import PerDirection
from laiobench.jobs.sources import Setting, fio_file, notes, profiles, resolve
from laiobench.jobs.sources.fio_compat import FOREIGN


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
