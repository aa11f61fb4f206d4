"""The options that make a job another job: those that change its I/Os."""

import pytest

from documents_of_runs import document, job
from laiobench.comparison.environment import job_hash, set_options
from laiobench.jobs.options import traits
from laiobench.results.digest import RunDigest, digest

# Every option is in one of the two; whoever adds one decides here which it is, and says it there.
THE_SAME_JOB = {
    "what it is called, and where its data is, which the facts about the device tell better": (
        "name filename directory"
    ),
    "what is recorded, kept and shown": (
        "percentile_list clat_percentiles lat_percentiles slat_percentiles log_avg_msec "
        "write_bw_log write_iops_log write_lat_log per_job_logs log_unix_epoch log_offset "
        "unified_rw_reporting group_reporting verify_dump verify_state_save"
    ),
    "when a run fails: of one that did not, it changed nothing": (
        "rate_min rate_iops_min rate_cycle max_latency verify_fatal exitall_on_error "
        "continue_on_error"
    ),
    "where its seed is from": "randrepeat",
}
ANOTHER_JOB = {
    "which I/Os": (
        "rw rw_sequencer rwmixread percentage_random bs bsrange bssplit bs_unaligned blockalign "
        "norandommap random_generator random_distribution randseed fsync fdatasync end_fsync sync"
    ),
    "of which data": (
        "refill_buffers zero_buffers buffer_pattern buffer_compress_percentage "
        "buffer_compress_chunk dedupe_percentage verify do_verify verify_only verify_pattern "
        "verify_interval verify_backlog verify_backlog_batch verify_state_load"
    ),
    "in which part of the target": (
        "size filesize offset offset_align offset_increment io_size zonemode zonesize zonerange "
        "zoneskip create_only"
    ),
    "for how long, and when": (
        "runtime time_based ramp_time startdelay wait_for loops number_ios stonewall exitall "
        "steadystate steadystate_duration steadystate_ramp_time steadystate_check_interval"
    ),
    "how fast": (
        "rate rate_iops rate_process rate_ignore_thinktime thinktime thinktime_spin "
        "thinktime_blocks thinktime_blocks_type thinktime_iotime throttle_iops throttle_bw "
        "throttle_burst throttle_group latency_target latency_window latency_percentile "
        "latency_run"
    ),
    "by which path": (
        "mem_align direct iodepth iodepth_low max_batch iodepth_batch_complete_min "
        "iodepth_batch_complete_max nowait reap_on_submit short_io numjobs cpus_allowed "
        "cpus_allowed_policy nice iothread iothread_move_every engine completion poll_max_ns "
        "poll_grow poll_shrink poll_rule resfd hipri fdmon fixedbufs "
        "registerfiles sqthread_poll sqthread_poll_cpu nonvectored uncached "
        "null_latency_us null_jitter null_servers"
    ),
}


def names_of(table: dict[str, str]) -> list[str]:
    return [name for names in table.values() for name in names.split()]


def run_with(name: str, value: object) -> RunDigest:
    run = digest(document(job()))
    options = {**run.jobs[0].options, name: value}
    return run.model_copy(update={"jobs": [run.jobs[0].model_copy(update={"options": options})]})


def test_every_option_says_whether_it_makes_another_job() -> None:
    same, another = names_of(THE_SAME_JOB), names_of(ANOTHER_JOB)
    assert sorted(same + another) == sorted(traits())
    assert {name for name, its in traits().items() if its.changes_io} == set(another)


@pytest.mark.parametrize("name", names_of(THE_SAME_JOB))
def test_what_changes_no_io_makes_no_other_job(name: str) -> None:
    assert job_hash(run_with(name, "build1")) == job_hash(run_with(name, "build2"))


@pytest.mark.parametrize("name", names_of(ANOTHER_JOB))
def test_what_changes_the_io_makes_another_job(name: str) -> None:
    assert job_hash(run_with(name, "one")) != job_hash(run_with(name, "other"))


def test_an_option_that_is_not_known_here_may_change_anything() -> None:
    assert "of_a_later_version" in set_options(run_with("of_a_later_version", 1).jobs[0])
