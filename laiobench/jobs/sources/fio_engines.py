"""fio's engines that laiobench lacks, and what to do instead of each.

Most of them do not use block devices through the kernel, which is all that laiobench
measures; for some, a block device can be had all the same.  Knows only the names of our
own engines.
"""

_PAST_THE_KERNEL = "it is not for block devices through the kernel, which laiobench measures"
_NO_IO = f"it measures what a file system does without I/O: {_PAST_THE_KERNEL}"

_HINTS: dict[str, str] = {
    hint_name: hint
    for names, hint in (
        (
            "mmap splice",
            "engine=psync makes blocking calls, too; ioengine=libaio does not block",
        ),
        (
            "io_uring_cmd",
            f"{_PAST_THE_KERNEL}: write ioengine=io_uring, with the block device (/dev/nvme0n1 "
            "and not /dev/ng0n1)",
        ),
        (
            "sg sgunmap libzbc xnvme libblkio",
            f"{_PAST_THE_KERNEL}: where the device has a block device as well, write "
            "ioengine=libaio with that as filename",
        ),
        ("rbd", f"{_PAST_THE_KERNEL}: `rbd map` makes one of the image, for filename"),
        (
            "nbd",
            f"{_PAST_THE_KERNEL}: `nbd-client` makes one of the export, for filename",
        ),
        (
            "libiscsi",
            f"{_PAST_THE_KERNEL}: `iscsiadm --login` makes one of the target, for filename",
        ),
        ("nfs", f"{_PAST_THE_KERNEL}: mount the share, and give a file there as filename"),
        (
            "dev-dax libpmem pmemblk",
            f"{_PAST_THE_KERNEL}: persistent memory in the mode fsdax has one, /dev/pmem0, "
            "for filename",
        ),
        ("mtd", f"{_PAST_THE_KERNEL}: mtdblock makes one of the flash, for filename"),
        (
            "net netsplice rdma http rados gfapi gfapi_async libhdfs dfs ime ime_sync ime_psync "
            "ime_psyncv ime_aio librpma_apm_client librpma_apm_server librpma_gpspm_client "
            "librpma_gpspm_server libcufile libhipfile cuda_io rocm_io gpu external sheepdog",
            f"{_PAST_THE_KERNEL}: measure that with fio",
        ),
        ("cpuio", "it does no I/O: start stress-ng beside laiobench"),
        ("page_fault", f"it does no I/O but what memory costs: {_PAST_THE_KERNEL}"),
        ("exec", "a job file never runs a command: start it beside laiobench"),
        (
            "filecreate fileoperations filestat filedelete filexattr dircreate dirstat dirdelete "
            "falloc ftruncate e4defrag",
            f"{_NO_IO}: measure that with fio",
        ),
        ("cpp_null", "write engine=null, a simulated target"),
        ("solarisaio windowsaio guasi", "write ioengine=libaio: this is Linux"),
    )
    for hint_name in names.split()
}


def engine_hint(value: str) -> str:
    """What to write instead of one of fio's engines."""
    name = value.strip().partition(":")[0]
    return _HINTS.get(name, "write ioengine=libaio, which is nearest to most engines")
