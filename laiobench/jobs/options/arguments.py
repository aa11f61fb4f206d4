"""The arguments of `Job`, for type checkers and editors.

`make docs` writes this file from the options.  The types are of what a user may write, such
as `"4k"` for 4096; the fields of `Job` have the types after parsing.
"""

from typing import Any, TypedDict

Flag = bool | int | str


class JobArguments(TypedDict, total=False):
    """Each may be left out."""

    # The job
    name: str

    # Pattern
    rw: str
    rw_sequencer: Any
    rwmixread: Any
    percentage_random: Any
    bs: Any
    bsrange: Any
    bssplit: Any
    bs_unaligned: Flag
    blockalign: Any

    # Target and region
    filename: str | None
    directory: str | None
    size: Any
    filesize: Any
    offset: Any
    offset_align: Any
    offset_increment: Any
    io_size: Any
    zonemode: Any
    zonesize: Any
    zonerange: Any
    zoneskip: Any
    create_only: Flag
    mem_align: Any
    direct: Flag

    # Queue
    iodepth: Any
    iodepth_low: Any
    max_batch: Any
    iodepth_batch_complete_min: Any
    iodepth_batch_complete_max: Any
    nowait: Flag
    reap_on_submit: Flag
    short_io: Any

    # Randomness
    norandommap: Flag
    random_generator: Any
    random_distribution: Any
    randseed: Any
    randrepeat: Flag

    # Durability
    fsync: Any
    fdatasync: Any
    end_fsync: Flag
    sync: Any

    # Data
    refill_buffers: Flag
    zero_buffers: Flag
    buffer_pattern: Any
    buffer_compress_percentage: Any
    buffer_compress_chunk: Any
    dedupe_percentage: Any

    # Verification
    verify: str
    do_verify: Flag
    verify_only: Flag
    verify_pattern: Any
    verify_interval: Any
    verify_backlog: Any
    verify_backlog_batch: Any
    verify_fatal: Flag
    verify_dump: Flag
    verify_state_save: Flag
    verify_state_load: Flag

    # Length
    runtime: Any
    time_based: Flag
    ramp_time: Any
    startdelay: Any
    wait_for: str | None
    loops: Any
    number_ios: Any

    # Pacing
    rate: Any
    rate_iops: Any
    rate_process: Any
    rate_min: Any
    rate_iops_min: Any
    rate_cycle: Any
    rate_ignore_thinktime: Flag
    thinktime: Any
    thinktime_spin: Any
    thinktime_blocks: Any
    thinktime_blocks_type: Any
    thinktime_iotime: Any

    # Limits
    throttle_iops: Any
    throttle_bw: Any
    throttle_burst: Any
    throttle_group: str | None

    # Search
    latency_target: Any
    latency_window: Any
    latency_percentile: Any
    latency_run: Flag
    max_latency: Any
    steadystate: Any
    steadystate_duration: Any
    steadystate_ramp_time: Any
    steadystate_check_interval: Any

    # Output
    percentile_list: Any
    clat_percentiles: Flag
    lat_percentiles: Flag
    slat_percentiles: Flag
    log_avg_msec: Any
    write_bw_log: Any
    write_iops_log: Any
    write_lat_log: Any
    per_job_logs: Flag
    log_unix_epoch: Flag
    log_offset: Flag
    unified_rw_reporting: Any

    # Threads
    numjobs: Any
    cpus_allowed: Any
    cpus_allowed_policy: Any
    nice: Any
    group_reporting: Flag
    iothread: str | None
    iothread_move_every: Any
    stonewall: Flag
    exitall: Flag
    exitall_on_error: Flag
    continue_on_error: Any

    # How completions are noticed
    engine: Any
    completion: Any
    poll_max_ns: Any
    poll_grow: Any
    poll_shrink: Any
    poll_rule: Any
    resfd: Flag
    hipri: Flag
    fdmon: Any

    # The io_uring engine
    fixedbufs: Flag
    registerfiles: Flag
    sqthread_poll: Flag
    sqthread_poll_cpu: Any
    nonvectored: Flag
    uncached: Flag

    # The null engine's target
    null_latency_us: Any
    null_jitter: Any
    null_servers: Any

    # fio's other names
    ba: Any
    blocksize: Any
    blocksize_range: Any
    blocksize_unaligned: Any
    buffered: Any
    cpumask: Any
    fileoffset: Any
    fsync_on_close: Any
    io_limit: Any
    iodepth_batch: Any
    iodepth_batch_complete: Any
    iodepth_batch_submit: Any
    ioengine: Any
    iomem_align: Any
    log_avg_ms: Any
    ratecycle: Any
    ratemin: Any
    readwrite: Any
    rwmixwrite: Any
    ss: Any
    ss_dur: Any
    ss_interval: Any
    ss_ramp: Any
    timeout: Any
    userspace_reap: Any
    wait_for_previous: Any
