"""The folder in which the program was started is gone: removed, or unmounted lazily."""

import pytest

from program import Program

GONE = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
JOB_FILE = "[j]\nioengine=null\nsize=1m\nnumber_ios=9\nwrite_bw_log=x\n"


@pytest.mark.parametrize(
    "asked",
    [
        ("run", "../jobs.fio", "--no-save"),
        ("run", "--engine=null", "--number_ios=9", "--no-save", "--write_bw_log=x"),
        ("run", "--filename=new", "--size=1m", "--rw=write", "--verify=crc32c", "--no-save",
         "--verify_state_save=1"),
        ("explain", "--filename=../data"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_it_is_told_so(program: Program, asked: tuple[str, ...]) -> None:
    (program.folder / "data").write_bytes(bytes(1 << 20))
    (program.folder / "jobs.fio").write_text(JOB_FILE)
    outcome = program(*asked, prefix=("sh", "-c", GONE, "sh"))
    assert outcome.code != 0
    assert outcome.stderr == (
        "laiobench: error: the current folder is not there any more\n"
        "  change to another: it was removed, or unmounted\n"
    )


def test_what_needs_none_goes_on(program: Program) -> None:
    asked = ("run", "--engine=null", "--number_ios=9", "--no-save")
    assert program(*asked, prefix=("sh", "-c", GONE, "sh")).code == 0
