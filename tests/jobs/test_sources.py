"""From profiles, files, flags and the environment to jobs, and the errors of each."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laiobench.errors import LaiobenchError, UsageError
from laiobench.jobs.options import Job
from laiobench.jobs.sources import Draft, Setting, profiles, resolve, toml_file
from laiobench.jobs.sources.flags import from_environment, split
from laiobench.jobs.sources.load import gather

OWN = {"--json": False, "--output": True}


def jobs_of(text: str) -> list[Job]:
    return resolve(toml_file.parse(text, "test.toml").drafts)


def errors_of(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        jobs_of(text)
    return [str(problem) for problem in getattr(caught.value, "problems", [caught.value])]


def test_a_job_is_its_table_over_the_global_one() -> None:
    first, second = jobs_of(
        """
        [global]
        rw = "randread"
        bs = "8k"
        [job.a]
        [job.b]
        bs = 4096
        runtime = 0.5
        time_based = true
        cpus_allowed = [0, 1]
        """
    )
    assert (first.name, first.rw, first.bs.read) == ("a", "randread", 8192)
    assert (second.name, second.rw, second.bs.read, second.runtime) == ("b", "randread", 4096, 0.5)
    assert second.cpus_allowed == (0, 1)


def test_wrong_keys_are_told_with_their_line_and_the_nearest_name() -> None:
    assert errors_of('[job.a]\nrw = "read"\niodpeth = 3\n') == [
        "test.toml:3: there is no option iodpeth; did you mean iodepth?"
    ]


def test_all_errors_are_told_at_once() -> None:
    text = '[global]\nbs = 0\n[job.a]\nrw = "randraed"\niodepth = 0\n[job.b]\nruntime = "soon"\n'
    assert errors_of(text) == [
        "test.toml:2: bs=0: it must be at least 1",
        "test.toml:4: rw=randraed: it must be read, write, randread, randwrite, rw, randrw, trim, "
        "randtrim or trimwrite; did you mean randread?",
        "test.toml:5: iodepth=0: it must be at least 1",
        "test.toml:7: runtime=soon: 'soon' is not a duration; write 30, 500ms, 10s, 2m or 1h",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[job.a", "test.toml is not valid TOML"),
        ("", "test.toml: no job; begin one with [job.NAME]"),
        ("job = 3", "test.toml: no job; begin one with [job.NAME]"),
        ("[job]\na = 3", "test.toml: each job must be a table, [job.NAME]"),
        ("schema = 2\n[job.a]", "test.toml: schema must be 1"),
        ("globl = 1\n[job.a]", "test.toml: there is no key globl; did you mean global?"),
        ("[job.a]\niodepth = true", "test.toml:2: iodepth=True: it must be a whole number"),
        ("[job.a]\niodepth = 1.5", "test.toml:2: iodepth=1.5: it must be a whole number"),
        ("[job.a]\ntime_based = true", "test.toml:2: job a: time_based needs a runtime"),
        (
            "[job.a]\nrwmixwrite = 101",
            "test.toml:2: rwmixwrite=101: it must be a share from 0 to 100 %",
        ),
        ('[job.a]\nfilename = ""', "test.toml:2: filename=: it must not be empty"),
        ('[job.a]\nname = "a\\nb"', "test.toml:2: name=a\\nb: it must not contain control"),
        (
            "[job.a]\nmax_batch = 5000000000",
            "test.toml:2: max_batch=5000000000: it must be at most",
        ),
        ('[job.a]\nruntime = "4000d"', "test.toml:2: runtime=4000d: it must be at most"),
        ("[job.a]\nblocksize = 0", "test.toml:2: blocksize=0: it must be at least 1"),
    ],
)
def test_errors_of_files(text: str, error: str) -> None:
    assert errors_of(text)[0].startswith(error)


@given(st.text(max_size=200))
def test_any_text_is_jobs_or_an_error(text: str) -> None:
    with contextlib.suppress(LaiobenchError):
        jobs_of(text)


def test_fio_s_other_spellings() -> None:
    (job,) = jobs_of('[job.a]\nreadwrite = "readwrite"\nblocksize = "16k"\nrwmixwrite = 30')
    assert (job.rw, job.bs.read, job.rwmixread) == ("rw", 16384, 70)


@pytest.mark.parametrize("name", profiles.names())
def test_shipped_profiles_are_valid_and_described(name: str) -> None:
    source = profiles.load(name)
    assert source.description
    assert resolve(source.drafts)


def test_an_unknown_profile_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean quick"):
        profiles.open_source("quik")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        profiles.open_source(str(tmp_path / "mine.toml"))


@pytest.mark.parametrize(
    ("arguments", "settings", "rest"),
    [
        (["--iodepth=32"], {"iodepth": "32"}, []),
        (["--iodepth", "32"], {"iodepth": "32"}, []),
        (["--ramp-time", "5"], {"ramp_time": "5"}, []),
        (["--ramp_time=5"], {"ramp_time": "5"}, []),
        (["--time_based", "quick"], {"time_based": ""}, ["quick"]),
        (["--time-based=0"], {"time_based": "0"}, []),
        (["--output", "--iodepth", "x"], {}, ["--output", "--iodepth", "x"]),
        (["--json", "--bs=4k"], {"bs": "4k"}, ["--json"]),
        (["--blocksize=4k"], {"bs": "4k"}, []),
        (["-bs=4k", "-q", "-iodepth", "32", "-"], {"bs": "4k", "iodepth": "32"}, ["-q", "-"]),
        (["--", "--bs=4k"], {}, ["--", "--bs=4k"]),
    ],
)
def test_flags(arguments: list[str], settings: dict[str, str], rest: list[str]) -> None:
    parted = split(arguments, OWN)
    assert {name: setting.value for name, setting in parted.settings.items()} == settings
    assert parted.rest == rest


def jobs_of_flags(*arguments: str) -> list[Job]:
    return resolve(gather([], split(arguments, OWN), {}))


def told_by_flags(*arguments: str) -> str:
    with pytest.raises(UsageError) as caught:
        jobs_of_flags(*arguments)
    return str(caught.value)


def test_a_name_that_begins_with_global_is_no_job_but_for_all_below() -> None:
    first = jobs_of_flags("--bs=8k", "--name=global", "--iodepth=2", "--name=a", "--name=b")
    assert [(job.name, job.bs.read, job.iodepth) for job in first] == [
        ("a", 8192, 2),
        ("b", 8192, 2),
    ]
    later = jobs_of_flags(
        "--bs=8k", "--name=a", "--rw=randread", "--name=global2", "--bs=16k", "--name=b",
        "--name=global", "--iodepth=4", "--name=c", "--iodepth=8",
    )  # fmt: skip
    assert [(job.name, job.rw, job.bs.read, job.iodepth) for job in later] == [
        ("a", "randread", 8192, 1),
        ("b", "read", 16384, 1),
        ("c", "read", 16384, 8),
    ]


@pytest.mark.parametrize(
    "arguments", [["--name=global", "--rw=randwrite"], ["--name=a", "--name=global", "--bs=8k"]]
)
def test_globals_without_a_job_below_are_told(arguments: list[str]) -> None:
    assert told_by_flags(*arguments) == (
        "--name=global begins settings for the jobs below, and there is none\n"
        "  begin a job with --name=NAME"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--filename=A", "--filename=B"],
        ["--name=j", "--filename=A", "--filename", "B"],
        ["--name=global", "--filename=A", "--filename=B", "--name=j"],
    ],
)
def test_a_job_s_second_file_is_refused_as_in_a_job_file(arguments: list[str]) -> None:
    told = told_by_flags(*arguments)
    assert told.startswith(
        "--filename=B: a job has one file here\n  give each file a job of its own"
    )


def test_a_job_s_file_over_that_of_all_is_told_as_in_a_job_file() -> None:
    flags = split(["--filename=A", "--name=a", "--filename=B", "--name=b"], OWN)
    (a, b) = gather([], flags, {})
    assert (a.settings["filename"].value, b.settings["filename"].value) == ("B", "A")
    assert a.settings["filename"].differs == "fio uses this one besides that of [global]"
    assert b.settings["filename"].differs == ""


def test_an_option_without_its_value() -> None:
    with pytest.raises(UsageError, match="--iodepth needs a value"):
        split(["--iodepth"], OWN)


def test_flags_go_over_the_environment_and_both_over_the_file() -> None:
    draft = toml_file.parse("[job.a]\niodepth = 1\nbs = 4096\nruntime = 1", "f").drafts[0]
    environment = from_environment(
        {"LAIOBENCH_BS": "8k", "LAIOBENCH_RUNTIME": "2", "LAIOBENCH_SCRATCH": "/x", "BS": "1k"}
    )
    (job,) = resolve([draft.under(environment).under({"runtime": Setting("3", "--runtime")})])
    assert (job.iodepth, job.bs.read, job.runtime) == (1, 8192, 3)


def test_other_names_of_an_option_cover_each_other_in_all_layers() -> None:
    text = '[global]\nbs = "8k"\nrwmixread = 70\n[job.a]\nblocksize = "16k"'
    draft = toml_file.parse(text, "f").drafts[0]
    (job,) = resolve([draft])
    assert job.bs.read == 16384
    over = split(["--bs=4k", "--rwmixwrite=40"], {}).settings
    (job,) = resolve([draft.under(over)])
    assert (job.bs.read, job.rwmixread) == (4096, 60)


def test_flags_of_a_file_may_be_numbers() -> None:
    (job,) = jobs_of("[job.a]\ndirect = 0\ntime_based = 1\nruntime = 1")
    assert (job.direct, job.time_based) == (False, True)


def test_a_variable_that_is_nearly_an_option_s_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"LAIOBENCH_IODEPHT: .*; did you mean iodepth\?"):
        from_environment({"LAIOBENCH_IODEPHT": "3"})
    assert from_environment({"LAIOBENCH_SOMETHING": "3", "LAIOBENCH_NO_SKIPS": "1"}) == {}


def test_a_file_does_not_shadow_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("quick").write_text("")
    assert profiles.open_source("quick").origin == "profile quick"


def test_errors_name_the_flag_or_the_variable() -> None:
    draft = Draft(
        "job",
        {
            "iodepth": Setting("0", "--iodepth", is_name=True),
            "bs": Setting("x", "LAIOBENCH_BS", is_name=True),
        },
    )
    with pytest.raises(UsageError) as caught:
        resolve([draft])
    assert "LAIOBENCH_BS=x: 'x' is not a size" in str(caught.value)
    assert "--iodepth=0: it must be at least 1" in str(caught.value)


@pytest.mark.parametrize("flag", ["--buffered", "--userspace_reap", "--fsync_on_close"])
def test_a_flag_of_fio_s_without_a_value_leaves_the_next_word_alone(flag: str) -> None:
    (flagged,) = resolve(split(["--name=a", flag, "--rw=write"], OWN).drafts)
    (valued,) = resolve(split(["--name=a", f"{flag}=1", "--rw=write"], OWN).drafts)
    assert (flagged.rw, flagged) == ("write", valued)
