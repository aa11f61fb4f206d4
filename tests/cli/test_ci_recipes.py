"""The workflows of docs/ci: their steps are run in a shell, as a CI runner runs them.

The slow-down is a true one: the candidate's device is throttled, by `throttle_iops` of
the null engine.  Nothing here depends on how fast this machine is.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from faults.control_groups import joining, read_limit

ROOT = Path(__file__).parent.parent.parent
GITHUB = yaml.safe_load((ROOT / "docs/ci/github.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "docs/ci/gitlab.yml").read_text())

STORAGE = """
[global]
engine = "null"
null_latency_us = 2000
rw = "randread"
iodepth = 16
runtime = 0.15
time_based = true
completion = "eventfd"
[job.storage]
"""
POLICY = """
schema = 1
[gate]
pairs = {min = 6, max = 8}
[[gate.metric]]
job = "storage"
name = "iops"
max_regression = 0.5
"""


class Runner:
    """A checkout, and the variables that a runner sets."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "checkout"
        (self.work / "ci").mkdir(parents=True)
        (self.work / "ci/storage.toml").write_text(STORAGE)
        (self.work / "gate.toml").write_text(POLICY)
        use = self.work / "ci/use"
        use.write_text('#!/bin/sh\nexec test -n "$1"\n')
        use.chmod(0o755)
        tools = folder / "tools"
        tools.mkdir()
        program = tools / "laiobench"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m laiobench "$@"\n')
        program.chmod(0o755)
        self.summary = folder / "summary.md"
        self.summary.write_text("# what stood there before\n")
        (folder / "temp").mkdir()
        self.baseline = folder / "baseline"
        self.variables = {
            **{name: value for name, value in os.environ.items()
               if not name.startswith("LAIOBENCH_")},
            "PATH": f"{tools}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "CI_PROJECT_DIR": str(self.work),
            "BASELINE": str(self.baseline),
        }  # fmt: skip

    def put(self, name: str, text: str) -> None:
        """A file of the checkout."""
        (self.work / name).write_text(text)

    def __call__(
        self, script: str, prefix: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """As both runners do it: bash, which ends with the first command that fails."""
        return subprocess.run(
            [*prefix, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.work, env=self.variables, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    assert shutil.which("bash")
    return Runner(tmp_path)


def step(workflow: dict[str, Any], job: str, name: str) -> str:
    steps = workflow["jobs"][job]["steps"]
    return str(next(each["run"] for each in steps if each.get("name") == name))


JUDGE = step(GITHUB, "change", "Measure in turns, and judge")


def slowed(script: str) -> str:
    """The candidate throttled to a small part of what the device gives; the base not."""
    assert "build=base,candidate" in script
    return script.replace(
        "--vary build=base,candidate --prepare 'ci/use {build}'", "--vary throttle_iops=0,500"
    )


def test_nothing_changed_passes_on_github(runner: Runner) -> None:
    done = runner(JUDGE)
    assert done.returncode == 0, done.stderr
    assert "pass (exit 0)" in done.stdout
    assert "::error" not in done.stdout
    assert runner.summary.read_text().startswith("# what stood there before\n## ✅ laiobench gate")


def test_a_slow_down_fails_on_github_and_is_annotated(runner: Runner) -> None:
    done = runner(slowed(JUDGE))
    assert done.returncode == 3, done.stderr
    assert "::error title=laiobench%3A storage read IOPS::" in done.stdout
    assert "❌" in runner.summary.read_text()
    (suite,) = JUnitXml.fromfile(str(runner.work / "gate.xml"))
    assert suite.failures == 1


@pytest.mark.parametrize(("is_slow", "code"), [(False, 0), (True, 3)])
def test_gitlab_judges_alike(runner: Runner, is_slow: bool, code: int) -> None:
    (script,) = GITLAB["change"]["script"]
    done = runner(slowed(script) if is_slow else script)
    assert done.returncode == code, done.stderr
    (suite,) = JUnitXml.fromfile(str(runner.work / "gate.xml"))
    assert (suite.tests, suite.failures) == (1, int(is_slow))
    assert ("**regress" in (runner.work / "summary.md").read_text()) == is_slow


def test_nights_become_a_baseline_and_another_machine_exits_5(runner: Runner) -> None:
    measure = step(GITHUB, "nightly", "Measure")
    judge = step(GITHUB, "nightly", "Judge, and add the night to the baseline")
    assert runner(measure).returncode == 0
    tonight = Path(runner.variables["RUNNER_TEMP"]) / "tonight.json"
    measured = json.loads(tonight.read_text())
    for night in range(1, 3):  # each its own: the same is not added twice
        tonight.write_text(json.dumps(measured | {"started_at": f"2026-01-0{night}T02:17:00Z"}))
        done = runner(judge)
        assert done.returncode == 0, done.stderr
        assert len(list(runner.baseline.iterdir())) == night
    machine = measured["machine"] | {"cpu": {"model": "Another CPU"}}
    tonight.write_text(json.dumps(measured | {"machine": machine}))
    done = runner(judge)
    assert done.returncode == 5, done.stderr
    assert len(list(runner.baseline.iterdir())) == 2
    done = runner(step(GITHUB, "nightly", "Look for changes that no single night shows"))
    assert done.returncode == 0, done.stderr
    summary = runner.summary.read_text()
    assert "```\nstorage read IOPS: 2 sessions" in summary
    assert summary.endswith("\n```\n")


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_what_init_writes_is_a_gate_that_runs_as_it_stands(runner: Runner, ci: str) -> None:
    """From jobs alone to a verdict; `ci/use` is then the sample, for which both are the same."""
    (runner.work / "gate.toml").unlink()
    (runner.work / "ci/use").unlink()
    runner.variables["XDG_STATE_HOME"] = str(runner.work.parent / "state")
    done = runner(f"laiobench gate --init --ci {ci} --max-threshold=100000%")
    assert done.returncode == 0, done.stderr
    folder = {"github": ".github/workflows/storage.yml", "gitlab": ".gitlab-ci.yml"}[ci]
    workflow = yaml.safe_load((runner.work / folder).read_text())
    assert workflow == {"github": GITHUB, "gitlab": GITLAB}[ci]
    script = JUDGE if ci == "github" else GITLAB["change"]["script"][0]
    done = runner(script)
    assert done.returncode == 0, done.stderr
    assert "(exit 0)" in done.stdout + runner.summary.read_text()


def test_the_samples_run(runner: Runner) -> None:
    for name in ("storage.toml", "use"):
        shutil.copy(ROOT / "docs/ci" / name, runner.work / "ci" / name)
    assert runner("ci/use base && ci/use candidate").returncode == 0
    assert runner("ci/use other").returncode == 2
    shown = runner("laiobench explain ci/storage.toml --engine=null --json")
    assert [job["name"] for job in json.loads(shown.stdout)["jobs"]] == ["qd1", "qd32"]


def test_install_steps_ask_for_the_extras_that_the_others_need() -> None:
    assert "$LAIO_SOURCE[stats,ci]" in step(GITHUB, "change", "Install")
    assert "$LAIO_SOURCE[stats,ci]" in step(GITHUB, "nightly", "Install")
    assert any("$LAIO_SOURCE[stats,ci]" in line for line in GITLAB[".laiobench"]["before_script"])


@pytest.mark.root
@pytest.mark.cgroup
def test_a_device_that_is_throttled_for_the_candidate_fails_the_workflow_as_it_stands(
    runner: Runner, zram: str
) -> None:
    """The kernel itself slows the reads of the candidate; `ci/use` is what a user provides."""
    with read_limit(zram, 1_000_000) as group:
        limit = group / "blkio.throttle.read_iops_device"
        device = limit.read_text().split()[0]
        runner.put(
            "ci/storage.toml",
            STORAGE.replace('engine = "null"', f'filename = "{zram}"')
            .replace("null_latency_us = 2000\n", "")
            .replace("iodepth = 16", "iodepth = 1"),
        )
        use = f'[ "$1" = candidate ] && rate=100 || rate=1000000; echo "{device} $rate" > {limit}'
        runner.put("ci/use", f"#!/bin/sh\n{use}\n")
        done = runner(JUDGE, joining(group))
    assert done.returncode == 3, done.stderr
    assert "::error title=laiobench%3A storage read IOPS::" in done.stdout
