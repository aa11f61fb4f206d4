"""The wheel outside of the checkout: every command, the Python API, and their data files.

What is missing in a wheel is not missed where it was made, so nothing here sees the
checkout: environments have the wheel and what its metadata asks for.
"""

import fnmatch
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from installation import Built, Environment

NULL = ("--engine=null", "--rw=randread", "--null_latency_us=50", "--number_ios=500")

# Each command, and what is in its answer.  All but these need no extra.
WITH_STATISTICS = {
    "ab": (("ab", *NULL, "--vary", "completion=poll,eventfd", "--pairs=2", "--json"), "paired"),
    "compare": (("compare", "base", "new"), "IOPS"),
    "gate": (("gate", "base", "new"), "pass"),
    "calibrate": (("calibrate", *NULL, "--pairs=6", "--length=10ms", "--quiet"), "pairs"),
    "bisect": (
        (
            "bisect",
            *NULL[:2],
            "--number_ios=500",
            "--null_latency_us={rev}",
            "--revisions=latencies",
        ),
        "90 made it slower",
    ),
    "history": (("history", "base"), "8 sessions"),
}
COMMANDS = WITH_STATISTICS | {
    "run": (("run", *NULL), "rules hold"),
    "explain": (("explain", *NULL), "null_latency_us"),
    "fio": (("fio", "--name=x", *NULL, "--output-format=terse"), "3;fio-"),
    "export": (("export", "base/1.json", "--format=markdown"), "IOPS"),
    "show": (("show", "base/1.json"), "IOPS"),
    "list": (("list", "--results=base"), "job"),
    "profiles": (("profiles",), "randread-4k-qd32"),
    "help": (("help", "run", "iodepth"), "I/Os kept in flight"),
}
pytestmark = pytest.mark.timeout(600)  # whichever comes first builds

FORMATS = ("json", "csv", "markdown", "prometheus", "hdr", "fio-json+", "benchfmt")


def matching(names: Iterable[str], pattern: str) -> set[str]:
    return set(fnmatch.filter(names, pattern))


def test_the_wheel_has_every_module_and_what_they_read(built: Built) -> None:
    names = built.files_of_wheel()
    modules = matching(built.tree, "laiobench/*.py")
    assert modules and not modules - names
    profiles = {f"laiobench/{name}" for name in matching(built.tree, "profiles/*.*o*")}
    assert profiles and not profiles - names
    assert "laiobench/py.typed" in names
    recipes = {name for name in built.tree if name.startswith("docs/ci/")}
    assert len(recipes) == 5
    assert not {name.replace("docs/ci", "laiobench/recipes") for name in recipes} - names


def test_the_wheel_has_nothing_beside_the_package(built: Built) -> None:
    tops = {name.partition("/")[0] for name in built.files_of_wheel()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"laiobench"}
    assert not [name for name in built.files_of_wheel() if name.endswith((".c", ".h"))]


def test_every_module_is_imported_where_all_is_installed(whole: Environment) -> None:
    count = whole.run(
        "python",
        "-c",
        "import importlib, pkgutil, laiobench\n"
        "found = [m.name for m in pkgutil.walk_packages(laiobench.__path__, 'laiobench.')\n"
        "    if not m.name.endswith(('.__main__', '.build'))]\n"  # they are programs
        "[importlib.import_module(name) for name in found]\n"
        "print(len(found))",
    )
    assert int(count) > 100


def test_what_is_tried_here_is_every_command(plain: Environment) -> None:
    names = plain.run("python", "-c", "from laiobench.cli.main import COMMANDS; print(*COMMANDS)")
    assert set(names.split()) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_works(whole: Environment, name: str) -> None:
    command, answer = COMMANDS[name]
    assert answer in whole.run("laiobench", *command)


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - WITH_STATISTICS))
def test_without_extras_all_but_statistics_work(plain: Environment, name: str) -> None:
    command, answer = COMMANDS[name]
    assert answer in plain.run("laiobench", *command)


@pytest.mark.parametrize("name", WITH_STATISTICS)
def test_without_extras_statistics_say_what_they_need(plain: Environment, name: str) -> None:
    command, _ = WITH_STATISTICS[name]
    assert "pip install '.[" in plain.run("laiobench", *command, code=2)


@pytest.mark.parametrize("name", FORMATS)
def test_results_are_exported(whole: Environment, name: str) -> None:
    assert whole.run("laiobench", "export", "base/1.json", f"--format={name}")


def test_profiles_and_their_schema_are_there(plain: Environment, built: Built) -> None:
    there = json.loads(plain.run("laiobench", "profiles", "--json"))
    files = matching(built.tree, "profiles/*.toml") | matching(built.tree, "profiles/*.fio")
    assert {profile["name"] for profile in there} == {Path(name).stem for name in files}
    schema = json.loads(plain.run("laiobench", "profiles", "--schema"))
    assert "iodepth" in json.dumps(schema)
    ran = plain.run("laiobench", "explain", "oltp-70-30", "--engine=null", "--json")
    assert json.loads(ran)["jobs"][0]["name"]


IN_A_NEW_FOLDER = """
import os, subprocess, sys
os.mkdir("first")
sys.exit(subprocess.run([sys.executable, "-m", "laiobench", *sys.argv[1:]], cwd="first").returncode)
"""


def test_a_first_gate_is_written_with_what_the_wheel_brings(whole: Environment) -> None:
    whole.run("laiobench", "calibrate", *NULL, "--pairs=6", "--length=0.1", "--output=noise.json")
    whole.run(
        "python", "-c", IN_A_NEW_FOLDER, "gate", "--init", "--calibration=../noise.json",
        "--ci=github", "--max-threshold=100000%",
    )  # fmt: skip
    for name in ("gate.toml", "ci/storage.toml", "ci/use", ".github/workflows/storage.yml"):
        assert (whole.folder / "first" / name).read_text()


API = """
import laiobench
job = laiobench.Job(engine="null", rw="randread", bs="4k", number_ios=500, null_latency_us=50)
result = laiobench.run(job)
assert result.status == "ok" and result.jobs[0].read.iops > 0, result.failures
comparison = laiobench.ab(job, {"completion": ["poll", "eventfd"]}, pairs=2)
assert comparison.find("iops")
assert len(result.to_frame()) == 1 and "<table>" in comparison._repr_html_()
with open("own.json", "w") as file:
    file.write(result.to_json())
assert laiobench.load("own.json") == result
print(laiobench.__version__, laiobench.__file__)
"""
COROUTINES = """
from laiobench.aio import AioContext, Target

async def copy(target):
    await target.pwrite(0, b"hello")
    return await target.pread(0, 5)

with AioContext() as context, Target.open("made", writable=True, create=4096) as target:
    print(*context.run(copy(target)))
"""


def test_coroutines_need_no_extra(plain: Environment) -> None:
    assert plain.run("python", "-c", COROUTINES) == "b'hello'\n"


def test_the_python_api_works(whole: Environment) -> None:
    version, path = whole.run("python", "-c", API).split()
    assert path.startswith(str(whole.site)) and f"laiobench-{version}.dist-info" in str(
        list(whole.site.iterdir())
    )


def test_without_pandas_a_frame_says_what_it_needs(plain: Environment) -> None:
    code = (
        "import laiobench\ntry: laiobench.load('base/1.json').to_frame()\n"
        "except laiobench.LaiobenchError as error: print(error)"
    )
    assert "pip install '.[pandas]'" in plain.run("python", "-c", code)


def test_it_is_run_as_a_module_as_well(plain: Environment) -> None:
    version = plain.run("laiobench", "--version")
    assert version == plain.run("python", "-m", "laiobench", "--version")


def test_the_sdist_has_all_that_a_clone_has(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        there = {name.partition("/")[2] for name in sdist.getnames()}
    assert not built.tree - there
    assert "tests/install/test_wheel.py" in there and "docs/options.md" in there


def test_the_core_carries_no_debug_information(whole: Environment) -> None:
    [core] = whole.site.glob("laiobench/native/_core*.so")
    assert b".debug_info" not in core.read_bytes()
