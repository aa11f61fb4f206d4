"""The proof that a comparison carries: sham and spike, as users see them."""

import json

import pytest

from program import Program

NULL = ("--engine=null", "--completion=poll", "--null_latency_us=50", "--number_ios=600")
SAME = "--vary=max_batch=1,2"


def test_a_comparison_has_a_sham_and_a_spike_and_says_so(program: Program) -> None:
    outcome = program("ab", *NULL, SAME, "--pairs=8", "--spike=100%")
    assert "a sham and a spike of 100%: 16 of up to 32 trials" in outcome.stderr
    assert "--proof=none leaves them out" in outcome.stderr
    assert "spike of 100%: found, " in outcome.stdout and "p50 2.0" in outcome.stdout
    assert "sham: " in outcome.stdout
    assert outcome.stdout in program("show").stdout


def test_the_document_has_the_arms_apart_from_the_variants(program: Program) -> None:
    document = program("ab", *NULL, SAME, "--pairs=8", "--spike=100%", "--json").document
    assert {trial["variant"] for trial in document["trials"]} == {"1", "2"}
    arms = [(trial["variant"], trial["run"]["spike"]) for trial in document["proof_trials"]]
    assert sorted(arms, key=str) == [("sham", None)] * 8 + [("spike", 1.0)] * 8
    for trial in document["proof_trials"]:
        read = trial["run"]["jobs"][0]["read"]
        assert read["ios"] == (300 if trial["variant"] == "spike" else 600)
        assert trial["run"]["jobs"][0]["accounts"]["completed"] == 600
    (p50,) = [m for m in document["proof"]["metrics"] if m["metric"] == "lat_p50_ns"]
    assert p50["spike_found"] and p50["spike"]["ratio"] == pytest.approx(2.0, rel=0.2)


@pytest.mark.parametrize(
    ("arguments", "arms"),
    [
        (("--pairs=6",), {"sham", "spike"}),
        (("--pairs=6", "--proof=none"), set()),
        (("--pairs=6", "--proof=sham"), {"sham"}),
        (("--pairs=5",), set()),  # nothing could be shown
        (("--pairs=5", "--proof=spike"), {"spike"}),
        (("--pairs=6", "--max-time=1h"), set()),  # who knows how long 600 I/Os take?
        (("--pairs=6", "--runtime=0.01", "--max-time=1h"), {"sham", "spike"}),
    ],
)
def test_arms_are_there_where_the_time_allows(
    program: Program, arguments: tuple[str, ...], arms: set[str]
) -> None:
    document = program("ab", *NULL, SAME, *arguments, "--json").document
    assert {trial["variant"] for trial in document["proof_trials"]} == arms


def test_without_time_for_them_that_is_said(program: Program) -> None:
    outcome = program("ab", *NULL, SAME, "--pairs=6", "--max-time=1h")
    assert "--max-time leaves no room for a sham and a spike" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--spike=0%",), "a spike must be above 0"),
        (("--spike=much",), "is no share"),
        (("--proof=sham", "--spike=3%"), "there is no spike that could have a size"),
        (("--resume=last", "--proof=none"), "give it without SOURCE, --vary, --seed, --proof"),
    ],
)
def test_what_makes_no_sense_is_refused(
    program: Program, arguments: tuple[str, ...], said: str
) -> None:
    outcome = program("ab", *(() if "--resume=last" in arguments else (*NULL, SAME)), *arguments)
    assert outcome.code == 2
    assert said in outcome.stderr


POLICY = """\
schema = 1
[gate]
pairs = {min = 6, max = 8}
[[gate.metric]]
job = "job"
name = "lat_p50_ns"
max_regression = 0.5
"""


def test_a_gate_carries_its_proof_into_what_ci_reads(program: Program) -> None:
    program.folder.joinpath("gate.toml").write_text(POLICY)
    outcome = program(
        "ab", *NULL, SAME, "--policy=gate.toml", "--export=junit=j.xml", "--export=markdown=m.md",
        "--export=csv=c.csv", "--export=json=d.json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stdout
    document = json.loads(program.folder.joinpath("d.json").read_text())
    assert document["design"]["spike"] == 0.5  # what is allowed, unless another is asked for
    assert document["proof"]["metrics"][0]["spike_found"]
    assert "spike of 50%: found, " in outcome.stdout
    assert "spike of 50%: found" in program.folder.joinpath("j.xml").read_text()
    assert "spike of 50%: found" in program.folder.joinpath("m.md").read_text()
    head, line = program.folder.joinpath("c.csv").read_text().splitlines()[:2]
    cells = dict(zip(head.split(","), line.split(","), strict=False))
    assert (cells["spike"], cells["spike_found"]) == ("0.5", "True")
