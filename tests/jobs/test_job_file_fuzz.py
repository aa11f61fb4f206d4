"""Any text as a job file yields jobs or errors, in time that grows only with its length."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laiobench.errors import LaiobenchError
from laiobench.files import reading
from laiobench.jobs.options import Job, option_names
from laiobench.jobs.sources import Draft, fio_file, flags, notes, profiles, resolve, toml_file
from laiobench.jobs.sources.fio_compat import FOREIGN

NAMES = sorted(option_names() | FOREIGN.keys())
PIECES = st.one_of(
    st.sampled_from(
        ["4k", "64KiB", "0x10", "1.5", "%", ",", ":", "-", "/", "50", "0", "us", "ms", "h", "read",
         "rand", "rw", "zipf", "random", "zoned", "crc32c", "${HOME}", "${", "$pagesize", "$ncpus",
         "(", ")", "*", "+", "\\", "\\:", " ", "\t", "99999999999999999999", "null", "libaio", "é"]
    ),
    st.text(max_size=3),
)  # fmt: skip
VALUES = st.lists(PIECES, max_size=6).map("".join)
OPTIONS = st.builds(
    "{}{}{}".format, st.sampled_from(NAMES), st.sampled_from(["=", " = ", "", ":"]), VALUES
)
SECTIONS = st.sampled_from(["[a]", "[global]", "[b] ; c", "[global x]", "[", "[]", "  [a]"])
OTHERS = st.sampled_from(["include a.fio", "include /dev/zero", "; c", "# c", "", "\r", "\x00"])
LINES = st.one_of(OPTIONS, OPTIONS, OPTIONS, SECTIONS, OTHERS)
FILES = st.lists(LINES, max_size=12).map("\n".join)


def jobs_or_error(drafts: Any) -> None:
    notes(drafts)
    resolve(drafts)


@given(FILES)
@settings(max_examples=300, deadline=None)
def test_what_looks_like_a_job_file_is_jobs_or_an_error(text: str) -> None:
    with contextlib.suppress(LaiobenchError):
        jobs_or_error(profiles.parse("[a]\n" + text, "a.fio", ".fio").drafts)


@given(st.binary(max_size=300))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_jobs_or_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    with contextlib.suppress(LaiobenchError):
        jobs_or_error(profiles.open_source(str(path)).drafts)


@settings(deadline=None)
@given(st.lists(st.one_of(OPTIONS.map("--{}".format), VALUES), max_size=8))
def test_any_command_line_is_jobs_or_an_error(words: list[str]) -> None:
    with contextlib.suppress(LaiobenchError):
        found = flags.split(words, {"--json": False})
        jobs_or_error([Draft("job").under(found.settings), *found.drafts])


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "rw": st.sampled_from(["read", "write", "randread", "randwrite", "rw", "randrw"]),
            "bs": st.integers(1, 1 << 20),
            "iodepth": st.integers(1, 4096),
            "runtime": st.integers(1, 1000),
            "stonewall": st.booleans(),
            "numjobs": st.integers(1, 64),
            "rwmixwrite": st.integers(0, 100),
            "filename": st.from_regex(r"[a-z/._-]{1,20}", fullmatch=True),
        },
    )
)
def test_both_grammars_say_the_same(options: dict[str, Any]) -> None:
    fio = "".join(f"{name}={_in_fio(value)}\n" for name, value in options.items())
    toml = "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())
    assert jobs_in(fio_file.parse(f"[a]\n{fio}", "a.fio").drafts) == jobs_in(
        toml_file.parse(f"[job.a]\n{toml}", "a.toml").drafts
    )


def _in_fio(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def jobs_in(drafts: Any) -> list[Job]:
    return resolve(drafts)


# ---- cost --------------------------------------------------------------------------

SHAPES = {
    "options": lambda n: "[a]\n" + "bs=4k\n" * n,
    "jobs under many globals": lambda n: (
        "[global]\nbs=4k\nrw=read\niodepth=4\nthread\n" + "[a]\nsize=1m\n" * n
    ),
    "globals": lambda n: "[global]\nbs=4k\n[a]\n" * n,
    "mistakes": lambda n: "[a]\n" + "frobnicate=1\n" * n,
    "blank lines": lambda n: "\n" * n + "[job.a]\n",
}


def calls_to_read(text: str) -> int:
    """How many function calls it takes, which is the same every time."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        with contextlib.suppress(LaiobenchError):
            jobs_or_error(profiles.parse(text, "a.fio", "").drafts)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("shape", SHAPES)
def test_the_cost_grows_with_the_length(shape: str) -> None:
    calls_to_read(SHAPES[shape](10))  # what is done once
    once, twice = (calls_to_read(SHAPES[shape](n)) for n in (300, 600))
    assert twice < 2.2 * once


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line",
    ["bs=" + "1" * 4000 + "x", "runtime=1.5" + " " * 4000 + "!", "bs=" + "1." * 2000,
     "bs=" + "4k:" * 1300, "filename=" + "${HOME}" * 500, "bs=$pagesize" + "*(1" * 60, "x" * 4000],
    ids=range(7),
)  # fmt: skip
def test_no_line_takes_long(line: str) -> None:
    """A regular expression that tries everything would take minutes for all of these."""
    with contextlib.suppress(LaiobenchError):
        jobs_or_error(fio_file.parse("[a]\n" + f"{line}\n" * 200, "a.fio").drafts)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["\n" * reading.MOST_BYTES, "[" * 100_000, "[ " * 100_000])
def test_no_file_takes_long_to_be_told_apart(text: str) -> None:
    profiles.grammar_of(text)
    with contextlib.suppress(LaiobenchError):
        profiles.parse(text, "a", "")


@pytest.mark.timeout(20)
def test_a_long_line_inside_a_text_of_toml_is_read_at_once() -> None:
    toml_file.parse('description = """\n[' + " " * 500_000 + '\n"""\n[job.a]\n', "a.toml")
