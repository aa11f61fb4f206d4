"""fio's options that `Job` lacks: which are accepted, and what to do instead of the others.

An accepted option has no effect here; `explain` and the result say so.  Any other is an
error that names the nearest thing that laiobench has.  Nothing is dropped silently.
The row of an option that `Job` has is never used.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from laiobench.jobs.options.engines import ENGINES

ON = ("", "1", "true", "yes")
OFF = ("0", "false", "no")
_WORDS_FOR_FLAGS = ("", "true", "yes", "false", "no")


@dataclass(frozen=True)
class Refusal:
    """Why a setting is an error, and what to do."""

    problem: str
    remedy: str


@dataclass(frozen=True)
class Foreign:
    """One of fio's options that `Job` lacks."""

    note: str = ""
    """What is noted where it is accepted."""
    accepted: tuple[str, ...] | None = ()
    """The accepted values; None: all."""
    remedy: str = ""

    def accepts(self, value: str) -> bool:
        return self.accepted is None or value.strip().lower() in self.accepted

    @property
    def taken(self) -> str:
        """The accepted values, for a message; empty if there are all or none."""
        return " or ".join(one for one in self.accepted or () if one not in _WORDS_FOR_FLAGS)

    def refusal(self, value: str) -> Refusal | None:
        """Why this value is an error; None if it is accepted."""
        if self.accepts(value):
            return None
        if self.accepted:
            return Refusal(f"laiobench supports only {self.taken}", self.remedy)
        return Refusal("laiobench does not support this option of fio's", self.remedy)


def _noted(note: str, names: str) -> Iterable[tuple[str, Foreign]]:
    """Options accepted with any value."""
    return ((name, Foreign(note, None)) for name in names.split())


def _only(
    accepted: Iterable[str], note: str, remedy: str, names: str
) -> Iterable[tuple[str, Foreign]]:
    """Accepted with these values."""
    return ((name, Foreign(note, tuple(accepted), remedy)) for name in names.split())


def _refused(remedy: str, names: str) -> Iterable[tuple[str, Foreign]]:
    return ((name, Foreign(remedy=remedy)) for name in names.split())


FOREIGN: dict[str, Foreign] = dict(
    (
        # ---- no effect here
        *_noted("what the file is for, and no more", "description"),
        *_noted("every job is a thread here", "thread threads"),
        *_noted("the random map takes no memory", "softrandommap"),
        *_noted("memory is left as it is, which matters to buffered I/O alone", "lockmem"),
        *_noted(
            "a job ends where its target or its size ends; a file is not made longer",
            "fill_device fill_fs",
        ),
        *_noted(
            "every I/O is timed and recorded all the same",
            "gtod_reduce disable_lat disable_clat disable_slat disable_bw_measurement disable_bw",
        ),
        *_noted("the best clock is chosen, and the result says which", "clocksource gtod_cpu"),
        *_noted("a stonewall begins a group, and nothing else does", "new_group"),
        *_noted("every job is in the result", "stats"),
        *_noted("this is about printing, which is done otherwise here", "disk_util unit_base"),
        *_noted("histograms always have 3 significant digits", "significant_figures"),
        *_noted("errors are counted by name in the result", "error_dump block_error_percentiles"),
        *_noted(
            "a file that is not there is made where size says how large, and written in full",
            "fallocate create_serialize create_fsync create_on_open allow_file_create overwrite",
        ),
        *_noted("a job has one file", "openfiles file_service_type unique_filename"),
        *_noted("a job has one file, which filename names", "filename_format"),
        *_noted("a mounted device is never written to", "allow_mounted_write"),
        *_noted("nothing is ever deleted", "unlink unlink_each_loop"),
        *_noted("the kernel is given no advice", "fadvise_hint"),
        *_noted("the page cache is left as it is; direct=1 goes around it", "invalidate"),
        *_noted("all random streams follow randseed", "allrandrepeat"),
        *_noted(
            "buffers are in huge pages where the kernel gives them; see mem_align",
            "mem iomem hugepage_size",
        ),
        *_noted(
            "no I/O is punted to a worker that need not be", "force_async",
        ),
        *_noted(
            "the whole series is in the result, whatever a log would hold",
            "log_entries log_compression_cpus",
        ),
        *_noted("blocks are verified on the IOThread", "verify_async verify_async_cpus"),
        *_noted("what was written is remembered anyway, in 4 bytes a block", "experimental_verify"),
        *_noted("what was written is read back in order of offsets", "verifysort verifysort_nr"),
        *_noted("progress is shown on terminals alone", "eta eta_newline eta_interval"),
        *_noted("there is no such limit", "max_jobs alloc_size"),
        # ---- accepted with some values
        *_only(["0"], "a header is at the beginning of its block", "leave it out", "verify_offset"),
        *_only(
            ON, "a block's header tells which write of it this is", "leave it out",
            "verify_write_sequence verify_header_seed",
        ),
        *_only(
            ["1"], "a job has one file",
            "give each file a job of its own, with its part of iodepth: fio has iodepth I/Os in "
            "flight on all files of a job together", "nrfiles nr_files",
        ),
        *_only(["none"], "nothing is locked", "leave it out", "lockfile"),
        *_only(
            ["inline", "offload"],
            "each IOThread submits its own I/Os; a rate's schedule waits for no completion anyway",
            "leave it out", "io_submit_mode",
        ),
        *_only(
            OFF, "",
            "leave it out: a log has a line for each window, which is little; gzip compresses it "
            "afterwards", "log_compression log_store_compressed",
        ),
        *_only(["1024", "1000"], "", "write 1024 or 1000", "kb_base"),
        *_only(OFF, "", "read the file with a job of its own, above a stonewall", "pre_read"),
        *_only(OFF, "", "writes stay within the file; use offset and size", "file_append"),
        *_only(OFF, "", "leave it out: no write asks to be atomic here", "atomic"),
        *_only(
            ON, "it is so anyway: no two blocks are alike",
            "use zero_buffers or dedupe_percentage", "scramble_buffers",
        ),
        *_only(["none"], "", "leave it out", "write_hint"),
        *_only(
            ["none"], "",
            "set it beforehand: echo … > /sys/block/DISK/queue/scheduler", "ioscheduler",
        ),
        *_only(
            OFF, "",
            "leave it out: polling in the kernel is for all I/Os of a job or for none (hipri)",
            "hipri_percentage",
        ),
        *_only(
            ["group", "stonewall"], "a group is what is between two stonewalls",
            "leave it out: exitall ends the job's group", "exit_what",
        ),
        # ---- never accepted
        *_refused("name each file in a job of its own", "opendir"),
        *_refused("a job file never runs a command; run it yourself", "exec_prerun exec_postrun"),
        *_refused(
            "recorded I/O is not replayed; describe it with rw, bs, bssplit and rate",
            "read_iolog write_iolog read_iolog_chunked replay_no_stall replay_redirect "
            "replay_scale replay_align replay_time_scale replay_skip merge_blktrace_file "
            "merge_blktrace_scalars merge_blktrace_iters",
        ),
        *_refused("use continue_on_error to count errors and go on", "ignore_error"),
        *_refused("use fsync or fdatasync", "sync_file_range"),
        *_only(OFF, "", "use fsync or fdatasync", "write_barrier"),
        *_refused(
            "start laiobench with ionice",
            "prio prioclass cmdprio_class cmdprio cmdprio_hint cmdprio_bssplit",
        ),
        *_only(OFF, "", "start laiobench with ionice", "cmdprio_percentage"),
        *_refused("use cpus_allowed with the node's CPUs, which lscpu lists", "numa_cpu_nodes"),
        *_refused("start laiobench with numactl --membind", "numa_mem_policy"),
        *_refused("start laiobench with systemd-run", "cgroup cgroup_weight cgroup_nodelete"),
        *_refused("start laiobench as that user", "uid gid"),
        *_refused("leave it out", "profile"),
        *_refused(
            "give each job its part as a rate: use rate, rate_iops, throttle_iops or throttle_bw",
            "flow flow_id flow_sleep flow_watermark",
        ),
        *_refused("start stress-ng beside laiobench", "cpuload cpuchunks cpumode exit_on_io_done"),
        *_only(OFF, "", "use sync=dsync, which with direct=1 is FUA for a write", "writefua"),
        *_only(OFF, "", "leave it out: reads have no FUA through the block layer", "readfua"),
        *_refused(
            "the result has full histograms: laiobench show",
            "write_hist_log log_hist_msec log_hist_coarseness",
        ),
        *_refused(
            "zoned block devices are not supported; zonemode=strided needs none of it",
            "zonecapacity read_beyond_wp max_open_zones job_max_open_zones ignore_zone_limits "
            "zone_reset_threshold zone_reset_frequency recover_zbd_write_error "
            "write_zone_remainders",
        ),
        *_noted("rates are told from the whole series", "bwavgtime iopsavgtime"),
        *_only(
            OFF, "", "leave it out: logs and results have the time since their job began",
            "log_alternate_epoch",
        ),
        *_only(
            ["0", "no", "false", "avg"], "a log has the means of its windows",
            "leave it out: a log has the means of its windows; the result has the greatest "
            "latencies",
            "log_max_value log_window_value",
        ),
        *_only(
            OFF, "", "leave it out: a log's line is for a window, not for an I/O at an offset",
            "log_issue_time",
        ),
        *_only(
            OFF, "", "leave it out: all I/Os have the priority of the process (ionice)", "log_prio",
        ),
        *_only(
            OFF, "", "leave it out: where overlapping writes are verified, they wait anyway",
            "serialize_overlap",
        ),
        *_refused(
            "leave it out: logs and results have the time since their job began",
            "log_alternate_epoch_clock_id job_start_clock_id",
        ),
        # ---- newer than fio 3.33
        *_only(
            [*OFF, "none"], "",
            "leave it out: placement is told in NVMe commands past the block layer (io_uring_cmd)",
            "fdp dataplacement",
        ),
        *_refused(
            "leave it out: placement is told in NVMe commands past the block layer (io_uring_cmd)",
            "plids plid_select fdp_pli dp_scheme",
        ),
        *_only(
            OFF, "",
            "leave it out: metadata beside the data is sent in NVMe commands past the block layer",
            "md_per_io_size",
        ),
        *_refused(
            "leave it out: the kernel makes and checks protection information by itself",
            "pi_act pi_chk apptag apptag_mask",
        ),
        *_only(
            OFF, "",
            "precondition with jobs above a stonewall: rw=write over the whole device, then "
            "rw=randwrite with loops or runtime, or with steadystate", "sprandom",
        ),
        *_refused("leave it out, with sprandom", "spr_op spr_num_regions spr_cs"),
        *_refused(
            "leave it out: a verify_pattern fills each block from its beginning",
            "verify_pattern_interval",
        ),
        *_refused(
            "leave it out: what was written is read back at the end, or with verify_backlog in "
            "between", "verify_mode verify_policy",
        ),
        *_refused("start laiobench with ionice", "priohint"),
        *_only(OFF, "", "leave it out: each I/O has one buffer", "libaio_vectored"),
        *_noted("this is for Windows", "no_completion_thread"),
        *_only(["1"], "", "leave it out: a trim has one range", "num_range"),
        *_refused("use ramp_time", "ramp_size"),
        *_refused(
            "give each depth a job of its own, with stonewall, or compare them: laiobench ab "
            "--vary iodepth=1,8,64; latency_target looks for the deepest within a latency",
            "iodepth_mode",
        ),
        *_only(OFF, "", "use end_fsync, which is for the file alone", "end_syncfs"),
        *_only(
            OFF, "",
            "leave it out: no sequence of blocks can be given; rw=randread:8 does 8 in a row",
            "random_sequence_stride",
        ),
        *_only(["repeat"], "", "use dedupe_percentage alone", "dedupe_mode"),
        *_only(OFF, "", "use dedupe_percentage alone", "dedupe_global"),
        *_refused("use dedupe_percentage alone", "dedupe_working_set_percentage"),
        *_only(
            OFF, "", "use rw=trim, randtrim or trimwrite",
            "trim_percentage trim_verify_zero trim_backlog trim_backlog_batch",
        ),
        *_refused(
            "use percentage_random: so much of a random rw is random, the rest sequential",
            "percentage_sequential",
        ),
        *_refused("leave it out, as for fio, which has dropped it", "rwmixcycle"),
        *_only(
            OFF, "", "give sequential and random I/O a job each, with a bs of its own",
            "bs_is_seq_rand",
        ),
        *_refused(
            f"it is of an engine of fio's that is none here; engines are {', '.join(ENGINES)}",
            "hostname port interface ttl nodelay protocol netproto net_type window_size mss "
            "pingpong clustername rbdname pool clientname busy_poll skip_bad dfs_cluster namenode "
            "chunk_size verb bindname bs_size cmd_type stream_id sg_write_mode cont "
            "stat_type volume brick donorname inplace https http_host http_user http_pass "
            "http_s3_key http_s3_keyid http_s3_region http_mode http_verbose uri libblkio_driver "
            "libblkio_path nfs_url cdb_len read_mode write_mode "
            "arguments conf grace_time listen program single_instance std_redirect "
            "serverip direct_write_to_pmem busy_wait_polling gpu_dev_id gpu_dev_ids cuda_io "
            "rocm_io target "
            "http_s3_sse_customer_key http_s3_sse_customer_algorithm http_s3_storage_class "
            "http_swift_auth_token "
            "thp touch_objects",
        ),
    )
)  # fmt: skip

# Options that may be written without a value on a command line.
FLAG_NAMES = (
    "new_group thread threads softrandommap gtod_reduce "
    "disable_lat disable_clat disable_slat disable_bw_measurement disable_bw "
    "stats disk_util scramble_buffers unlink unlink_each_loop unique_filename invalidate "
    "overwrite allrandrepeat create_serialize create_fsync create_on_open "
    "allow_file_create pre_read atomic allow_mounted_write file_append "
    "force_async fdp sprandom end_syncfs libaio_vectored "
    "no_completion_thread log_issue_time fill_device fill_fs "
    "block_error_percentiles write_barrier readfua writefua"
)
FLAGS = frozenset(FLAG_NAMES.split())

_IN_BATCHES = "completion=getevents is what takes so many at a time"

# Engines and options of the same name that do not mean quite the same as in fio.
_BLOCKING = "our engine=psync: blocking calls in the IOThread, one I/O at a time"
_REMARKS = {
    "ioengine": {
        **dict.fromkeys(ENGINES["psync"].of_fio, _BLOCKING),
        **dict.fromkeys(ENGINES["threads"].of_fio, "our engine=threads: a pool of threads"),
        "libaio": "native AIO through the kernel's own calls, without the library",
        "null": "our engine=null, a simulated target (see null_latency_us)",
    },
}


def remark(name: str, value: str) -> str:
    """What to note on an accepted setting as it was written; empty: nothing."""
    if name in FOREIGN:
        return FOREIGN[name].note if FOREIGN[name].accepts(value) else ""
    if name.startswith("iodepth_batch_complete") and value not in ("0", "1"):
        return _IN_BATCHES
    return _REMARKS.get(name, {}).get(value, "")


# fio's own options, which belong to no job, and what to use instead.
COMMAND_OPTIONS = {
    "--minimal": "--json prints the whole document; laiobench export writes fio's JSON of it",
    "--output-format": "--json prints the whole document; laiobench export writes fio's JSON of it",
    "--append-terse": "--json prints the whole document",
    "--terse-version": "--json prints the whole document",
    "--parse-only": "laiobench explain tells what would run, and runs nothing",
    "--showcmd": "laiobench explain tells what would run, and runs nothing",
    "--cmdhelp": "laiobench run --help lists all options",
    "--enghelp": "laiobench run --help lists all options",
    "--debug": "laiobench explain tells how a file is read",
    "--latency-log": "use --write_lat_log=NAME and --log_avg_msec=500",
    "--bandwidth-log": "use --write_bw_log=NAME and --log_avg_msec=500",
    "--client": "run laiobench on each machine",
    "--server": "run laiobench on each machine",
    "--remote-config": "run laiobench on each machine",
    "--daemonize": "start it with systemd-run",
    "--idle-prof": "the document has the CPU cost of an I/O",
    "--warnings-fatal": "leave it out; the document lists all warnings",
    "--trigger-file": "Ctrl-C, or SIGTERM, drains and saves",
    "--trigger": "nothing runs a command here",
    "--trigger-timeout": "use runtime",
    "--aux-path": "use --results or --output",
    "--inflate-log": "results are not compressed",
    "--crctest": "this is for fio's own functions",
    "--cpuclock-test": "the document says which clock was used, and how far it strayed",
}
