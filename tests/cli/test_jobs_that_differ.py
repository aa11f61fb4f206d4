"""Which options make a job another job for gates and comparisons, and which do not."""

import json

import pytest

from program import Program

POLICY = """
schema = 1
[gate]
[[gate.metric]]
job = "job"
name = "iops"
max_regression = 0.5
"""
RECORDED = (
    "--write-bw-log=build2", "--group-reporting", "--percentile-list=10:99.95", "--directory=.",
    "--continue-on-error=all", "--max-latency=60s",
)  # fmt: skip


def measure(program: Program, name: str, *options: str) -> str:
    outcome = program(
        "run", "--engine=null", "--number-ios=1000", f"--output={name}", "--log-dir=.", *options
    )
    assert outcome.code == 0, outcome.stderr
    return name


@pytest.mark.parametrize(
    ("options", "code", "differs"),
    [
        (RECORDED, 0, []),
        (("--poll-grow=3",), 0, []),  # without effect, since completion=poll
        (("--iodepth=2",), 5, ["job job: iodepth"]),
    ],
)
def test_only_what_changes_the_io_makes_a_mismatch(
    program: Program, options: tuple[str, ...], code: int, differs: list[str]
) -> None:
    (program.folder / "gate.toml").write_text(POLICY)
    base = measure(program, "base.json", "--write-bw-log=build1")
    new = measure(program, "new.json", *options)
    outcome = program("gate", base, new, "--json")
    assert outcome.code == code, outcome.stderr
    found = outcome.document["differences"]
    assert [each["name"] for each in found if each["hard"]] == differs


def test_a_document_of_before_is_compared_with_one_of_now(program: Program) -> None:
    """It lacks options that came later, and may have one that is no more."""
    new = measure(program, "new.json", "--write-bw-log=build1")
    document = json.loads((program.folder / new).read_text())
    options = document["jobs"][0]["options"]
    for later in ("write_bw_log", "fdmon", "group_reporting", "nowait"):
        del options[later]
    (program.folder / "old.json").write_text(json.dumps(document))
    outcome = program("compare", "old.json", new, "--json")
    assert outcome.code == 0, outcome.stderr
    assert not [each for each in outcome.document["differences"] if each["hard"]]
