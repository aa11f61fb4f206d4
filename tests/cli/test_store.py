"""show, list, profiles, help and the Python API, on stored results."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import laiobench
from program import Program


def null_run(program: Program, *more: str) -> dict[str, object]:
    document: dict[str, object] = program(
        "run", "--engine=null", "--number_ios=100", "--json", *more
    ).document
    return document


def test_what_was_saved_can_be_listed_and_shown(program: Program) -> None:
    first = null_run(program, "--name=first")
    second = null_run(program, "--name=second")
    rows = json.loads(program("list", "--json").stdout)
    assert sorted(row["jobs"][0] for row in rows) == ["first", "second"]
    by_name = {row["jobs"][0]: row["id"] for row in rows}
    assert program("show", by_name["first"], "--json").document == first
    assert program("show", by_name["second"], "--json").document == second
    path = Path("results") / f"{by_name['first']}.json"
    assert program("show", path, "--json").document == first
    assert "IOPS" in program("show").stdout
    assert "first" in program("list").stdout


def test_output_names_the_file_and_no_save_saves_nothing(program: Program) -> None:
    document = null_run(program, "--output=here.json")
    assert json.loads(program.folder.joinpath("here.json").read_text()) == document
    null_run(program, "--no-save")
    assert [path.name for path in program.folder.iterdir()] == ["here.json"]


def test_results_that_cannot_be_read_are_told_and_the_others_listed(program: Program) -> None:
    null_run(program)
    program.folder.joinpath("results", "20200101T000000Z-broken.json").write_text('{"schema": 1')
    outcome = program("list")
    assert outcome.code == 0
    assert "20200101T000000Z-broken.json is not a result" in outcome.stderr
    shown = program("show", "20200101")
    assert shown.code == 2
    assert "is not a result of laiobench" in shown.stderr


def test_results_of_later_versions_are_called_so(program: Program) -> None:
    later = program.folder / "later.json"
    later.write_text('{"schema": 2, "kind": "run", "news": 1}')
    outcome = program("show", later)
    assert outcome.code == 2
    assert "has schema 2, from a later laiobench" in outcome.stderr


def test_last_is_the_last_of_a_second(program: Program) -> None:
    for name in ("zz", "mm", "aa"):
        null_run(program, f"--name={name}")
    assert program("show", "--json").document["jobs"][0]["name"] == "aa"


def test_no_result_of_that_name(program: Program) -> None:
    outcome = program("show", "nothing")
    assert outcome.code == 2
    assert "there is no result nothing in results" in outcome.stderr


def test_profiles_are_listed(program: Program) -> None:
    listed = {row["name"] for row in json.loads(program("profiles", "--json").stdout)}
    assert listed >= {
        "quick", "randread-4k-qd1", "randread-4k-qd32", "seqread-128k", "randwrite-4k",
        "oltp-70-30", "poll-vs-eventfd",
    }  # fmt: skip
    assert "quick" in program("profiles").stdout


def test_version_and_help(program: Program) -> None:
    assert program("--version").stdout == f"laiobench {laiobench.__version__}\n"
    assert "Commands:" in program("--help").stdout
    assert "Commands:" in program().stdout
    help_text = program("run", "--help").stdout
    for words in ("--iodepth=…", "--completion=…", "Target and region", "--allow-write"):
        assert words in help_text


def test_help_imports_nothing_heavy() -> None:
    """What keeps it instant: none of the models, the core or the tables."""
    code = (
        "import sys, laiobench.cli.main as main\n"
        "try: main.cli.main(['--help'], standalone_mode=False)\n"
        "finally: print([m for m in ('pydantic', 'tabulate', 'cffi', 'numpy', 'scipy',"
        " 'laiobench.native') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_reader_that_goes_away_is_no_fault(program: Program) -> None:
    command = " ".join(program.command("profiles")) + " | true"
    done = subprocess.run(
        ["bash", "-c", command], cwd=program.folder, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_the_python_api(data_file: Path) -> None:
    result = laiobench.run(
        laiobench.Job(filename=str(data_file), rw="randread", iodepth=4, number_ios=100)
    )
    assert result.status == "ok"
    read = result.jobs[0].read
    assert read is not None
    assert read.ios == 100


def test_memory_does_not_grow_with_the_length_of_the_run() -> None:
    """A hundred times the I/Os, and ten times the samples, in the same room."""
    code = (
        "import resource, laiobench, sys, laiobench.measurement.runner as runner\n"
        "runner.SAMPLE_INTERVAL_S = 0.002\n"
        "job = laiobench.Job(engine='null', iodepth=16, runtime=float(sys.argv[1]),"
        " time_based=True, null_latency_us=5, null_jitter=0.9)\n"
        "laiobench.run(job)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def peak_kib(seconds: float) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code, str(seconds)], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    short, long = peak_kib(1.5), peak_kib(8)
    assert long - short < 3000, (short, long)


@pytest.mark.strace
def test_offsets_depend_on_the_seed_alone(program: Program, data_file: Path) -> None:
    """Seen from outside: what a sequential reader of our trace would find."""
    trace = []
    for seed in ("7", "7", "8"):
        log = program.folder / f"trace-{seed}-{len(trace)}"
        program(
            "run", f"--filename={data_file}", "--rw=randread", "--number_ios=20",
            f"--randseed={seed}", "--no-save",
            prefix=("strace", "-f", "-e", "trace=io_submit", "-o", str(log)),
        )  # fmt: skip
        lines = [line for line in log.read_text().splitlines() if "aio_offset=" in line]
        trace.append([line.split("aio_offset=")[1].split("}")[0] for line in lines])
    assert trace[0] == trace[1] != trace[2]
    assert len(set(trace[0])) == 20
