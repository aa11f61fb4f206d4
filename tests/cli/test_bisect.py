"""`laiobench bisect` finds the revision that made a metric worse."""

import csv
import io
import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from program import Outcome, Program

JOB = '[job.a]\nengine = "null"\nrw = "randread"\nnumber_ios = 300\nnull_latency_us = 50\n'
# From build 14 on it is half as slow again, which no load of the machine hides.
BUILD = """
n=${1#build}
echo $1 >> built
test -e broken-$n && { echo "cc: no such file"; exit 2; }
us=50; test $n -ge 14 && us=75
sed -i "s/null_latency_us.*/null_latency_us = $us/" job.toml
"""
BUILDS = "".join(f"build{number}\n" for number in range(1, 21))
BISECT = ("bisect", "job.toml", "--revisions=builds", "--prepare=sh build.sh {rev}", "--seed=1")
P50 = "--metric=lat_p50_ns"


@pytest.fixture
def builds(program: Program) -> Program:
    """Twenty of them, the job that they are measured by, and what builds each."""
    program.folder.joinpath("job.toml").write_text(JOB)
    program.folder.joinpath("build.sh").write_text(BUILD)
    program.folder.joinpath("builds").write_text("# oldest first\n\n" + BUILDS)
    return program


def test_the_revision_that_made_it_slower_is_found(builds: Program) -> None:
    outcome = builds(*BISECT, P50)
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout.startswith("build14 made it slower (probability ")
    assert "a read p50 × 1." in outcome.stdout
    assert "<- this one" in outcome.stdout
    assert "saved in results/" in outcome.stderr
    assert outcome.stdout in builds("show").stdout
    assert len(set(builds.folder.joinpath("built").read_text().split())) < 12


def test_the_document_says_what_is_known_of_each_revision(builds: Program) -> None:
    document = builds(*BISECT, P50, "--json").document
    assert (document["kind"], document["status"], document["answer"]) == (
        "bisection", "ok", "found",
    )  # fmt: skip
    assert (document["last_without"], document["first_with"]) == ("build13", "build14")
    assert document["probability"] >= 0.95
    assert document["metric"]["metric"] == "lat_p50_ns"
    assert document["change"]["low"] < 1.5 < document["change"]["high"] * 1.02
    revisions = {each["name"]: each for each in document["revisions"]}
    assert len(revisions) == 20
    assert sum(each["trials"] for each in revisions.values()) == len(document["trials"])
    assert revisions["build14"]["change"] == pytest.approx(0.5, abs=0.1)
    assert revisions["build13"]["has_change"] < 0.05 < 0.95 < revisions["build14"]["has_change"]
    assert {each["failure"] for each in document["preparations"]} == {None}
    (row,) = json.loads(builds("list", "--json").stdout)
    assert (row["kind"], row["variants"]) == ("bisection", ["build1", "build20"])


def test_it_is_exported(builds: Program) -> None:
    outcome = builds(*BISECT, P50, "--export=csv=table.csv", "--export=markdown=table.md")
    assert outcome.code == 0
    rows = list(csv.DictReader(io.StringIO(builds.folder.joinpath("table.csv").read_text())))
    assert [row["revision"] for row in rows] == BUILDS.split()
    assert {row["answer"] for row in rows} == {"found"}
    assert float(rows[13]["probability"]) >= 0.95
    assert "**build14 made it slower" in builds.folder.joinpath("table.md").read_text()
    refused = builds("export", "--format=junit")
    assert refused.code == 2
    assert "junit is not for bisections" in refused.stderr


def test_what_can_t_be_built_is_skipped_and_the_range_that_remains_is_told(
    builds: Program,
) -> None:
    for number in (13, 14):
        builds.folder.joinpath(f"broken-{number}").touch()
    outcome = builds(*BISECT, P50)
    assert outcome.code == 0, outcome.stderr
    assert "one of 3 revisions made it slower" in outcome.stdout
    assert "after build12 and up to build15" in outcome.stdout
    assert "skipped build13: the --prepare command ended with 2" in outcome.stdout
    assert "cc: no such file" in outcome.stdout


def test_an_end_that_can_t_be_built_ends_it(builds: Program) -> None:
    builds.folder.joinpath("broken-1").touch()
    outcome = builds(*BISECT)
    assert outcome.code == 1
    assert "failed: the good end, build1: the --prepare command ended with 2" in outcome.stderr


def test_what_a_signal_ends_is_no_revision_that_can_t_be_built(builds: Program) -> None:
    killed = "--prepare=sh build.sh {rev} && test {rev} = build1 -o {rev} = build20 || kill -9 $$"
    outcome = builds("bisect", "job.toml", "--revisions=builds", killed, P50)
    assert outcome.code == 1
    assert "skipped" not in outcome.stdout
    assert "was ended by signal 9" in outcome.stderr


def test_ends_that_do_not_differ_have_a_code_of_their_own(builds: Program) -> None:
    outcome = builds(*BISECT, P50, "--good=build1", "--bad=build13")
    assert outcome.code == 6, outcome.stderr
    assert "build13 is not known to be slower than build1" in outcome.stdout
    assert set(builds.folder.joinpath("built").read_text().split()) == {"build1", "build13"}


def test_the_name_may_be_in_the_options_of_jobs(program: Program) -> None:
    program.folder.joinpath("us").write_text("50\n50.01\n50.02\n80\n80.01\n")
    outcome = program(
        "bisect", "--engine=null", "--number_ios=300", "--null_latency_us={rev}", "--revisions=us",
        P50,
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout.startswith("80 made it slower")


def test_commands_around_trials_know_the_revision(builds: Program) -> None:
    outcome = builds(
        *BISECT, P50, "--setup=echo setup {rev} >> log", "--cleanup=echo cleanup {rev} >> log",
        "--max-trials=3",
    )  # fmt: skip
    assert outcome.code == 4
    lines = builds.folder.joinpath("log").read_text().splitlines()
    assert len(lines) == 6
    for before, after in zip(lines[::2], lines[1::2], strict=True):
        assert before.replace("setup", "cleanup") == after


def test_it_ends_early_and_goes_on_where_it_ended(builds: Program) -> None:
    first = builds(*BISECT, P50, "--max-trials=7", "--json")
    assert first.code == 4
    assert first.document["answer"] == "undecided"
    assert "--max-trials" in first.document["ended"]
    assert "the same command and --resume results/" in first.stderr
    last = builds(*BISECT, P50, "--resume=last", "--json")
    assert last.code == 0, last.stderr
    made, gone_on = first.document["trials"], last.document["trials"]
    assert [each["run"] for each in gone_on[:7]] == [each["run"] for each in made]
    assert last.document["first_with"] == "build14"
    assert len(list(builds.folder.glob("results/*.json"))) == 1


def test_what_is_resumed_must_be_the_same_search(builds: Program) -> None:
    builds(*BISECT, P50, "--max-trials=1")
    others = builds(*BISECT, P50, "--resume=last", "--good=build2")
    assert others.code == 2
    assert "not those that the bisection was begun with" in others.stderr
    another = builds(*BISECT, "--metric=iops", "--resume=last")
    assert another.code == 2
    assert "begun with --metric" in another.stderr


def test_ctrl_c_saves_what_there_is(builds: Program) -> None:
    wait = "--setup=echo >> trials; while test -e hold; do sleep 0.05; done"
    running = builds.start(*BISECT, P50, wait)
    trials = builds.folder / "trials"
    while not (trials.exists() and len(trials.read_text()) >= 3):
        time.sleep(0.02)
        assert running.poll() is None, running.communicate()
    builds.folder.joinpath("hold").touch()
    running.send_signal(signal.SIGINT)
    builds.folder.joinpath("hold").unlink()
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130, stderr
    document = builds("show", "--json").document
    assert document["status"] == "interrupted"
    assert len(document["trials"]) >= 2
    assert builds(*BISECT, P50, wait, "--resume=last").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--prepare=x {rev}",), "said by --revisions or by --git"),
        (("--revisions=builds",), "nothing differs between revisions"),
        (("--revisions=builds", "--prepare=x"), "nothing differs between revisions"),
        (("--revisions=nowhere", "--prepare=x {rev}"), "nowhere cannot be read"),
        (("--revisions=builds", "--prepare=x {rev}", "--good=build99"), "has no revision build99"),
        (
            ("--revisions=builds", "--prepare=x {rev}", "--good=build9", "--bad=build3"),
            "build9 does not come before build3",
        ),
        (("--revisions=builds", "--prepare=x {rev}", "--confidence=30%"), "confidence must be"),
        (("--revisions=builds", "--prepare=x {rev}", "--metric=speed"), "no metric speed"),
        (("--git=.", "--prepare=x {rev}"), "--git needs both ends"),
        (("--revisions=builds", "--prepare=x {rev}", "--first-parent"), "is for --git"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_run(
    builds: Program, arguments: tuple[str, ...], message: str
) -> None:
    outcome = builds("bisect", "job.toml", *arguments)
    assert outcome.code == 2
    assert message in outcome.stderr
    assert not builds.folder.joinpath("built").exists()


# ---- git -------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *who, "-C", folder, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(program: Program) -> Path:
    """Six commits of a job, the fifth of which is slower; a branch is merged before it."""
    if not shutil.which("git"):
        pytest.skip("needs git")
    folder = program.folder / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    for number in range(1, 7):
        if number == 4:
            git(folder, "checkout", "-q", "-b", "side")
            git(folder, "commit", "-q", "--allow-empty", "-m", "on the side")
            git(folder, "checkout", "-q", "main")
            git(folder, "merge", "-q", "--no-ff", "-m", "merged", "side")
        latency_us = 75 if number >= 5 else 50
        folder.joinpath("job.toml").write_text(
            JOB.replace("= 50", f"= {latency_us}") + f"# {number}\n"
        )
        git(folder, "add", "job.toml")
        git(folder, "commit", "-q", "-m", f"commit {number}")
        git(folder, "tag", f"v{number}")
    return folder


def of_git(program: Program, *arguments: str) -> Outcome:
    return program(
        "bisect", "repository/job.toml", "--git=repository", P50,
        "--prepare=git -C repository checkout -q {rev}", *arguments,
    )  # fmt: skip


def test_a_commit_of_a_repository_is_found(program: Program, repository: Path) -> None:
    outcome = of_git(program, "--good=v1", "--bad=v6", "--first-parent")
    assert outcome.code == 0, outcome.stderr
    commit = git(repository, "rev-parse", "v5")
    assert outcome.stdout.startswith(f"{commit[:12]} commit 5 made it slower")
    document = program("show", "--json").document
    assert document["first_with"] == commit
    assert "on the side" not in [each["title"] for each in document["revisions"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--good=v1", "--bad=v6"), "there are 1 merges between v1 and v6"),
        (("--good=v6", "--bad=v1"), "v6 is no ancestor of v1"),
        (("--good=v9", "--bad=v1"), "--good=v9: there is no such commit"),
        (("--good=--help", "--bad=v1"), "--good=--help: there is no such commit"),
    ],
)
def test_commits_that_are_no_line_are_told(
    program: Program, repository: Path, arguments: tuple[str, ...], message: str
) -> None:
    outcome = of_git(program, *arguments)
    assert outcome.code == 2
    assert message in outcome.stderr
