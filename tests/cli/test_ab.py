"""`laiobench ab` measures variants in turns and compares them."""

import json
import signal
import time
from pathlib import Path

import click
import pytest

from laiobench.cli.main import cli
from laiobench.comparison.trial_order import slots
from laiobench.errors import UsageError
from program import Program

NULL = ("--engine=null", "--number_ios=300", "--null_latency_us=20")
MODES = "--vary=completion=poll,eventfd"
HELD = "--prepare=echo >> trials; while test -e hold; do sleep 0.05; done"


def test_a_live_comparison_says_how_much_and_how_sure(program: Program) -> None:
    outcome = program(
        "ab", "--engine=null", "--number_ios=300", "--pairs=8", "--vary=null_latency_us=20,60"
    )
    assert outcome.code == 0
    assert "20 is " in outcome.stdout and "faster than 60 at iodepth 1, for " in outcome.stdout
    assert "needs 10,000 I/Os a trial" in outcome.stdout
    assert "(Benjamini-Hochberg)" in outcome.stdout
    assert "saved in results/" in outcome.stderr
    assert "trial 1 of" not in outcome.stderr
    assert outcome.stdout in program("show").stdout


def test_the_document_has_trials_variants_and_metrics(program: Program) -> None:
    document = program("ab", *NULL, MODES, "--pairs=3", "--seed=7", "--json").document
    assert (document["kind"], document["status"], document["method"]) == (
        "comparison",
        "ok",
        "paired",
    )
    assert document["design"]["seed"] == 7
    assert [variant["set"] for variant in document["variants"]] == [
        {"completion": "poll"},
        {"completion": "eventfd"},
    ]
    assert len(document["trials"]) == 6
    for trial in document["trials"]:
        assert trial["run"]["jobs"][0]["options"]["completion"] == trial["variant"]
    (iops,) = [metric for metric in document["metrics"] if metric["metric"] == "iops"]
    assert iops["verdict"] == "inconclusive"
    assert "n = 3: an interval of 0.95 needs at least 6 pairs" in iops["reason"]


def test_several_keys_make_their_product_and_one_job_can_be_meant(program: Program) -> None:
    program.folder.joinpath("two.toml").write_text(
        '[global]\nengine = "null"\nnumber_ios = 50\n[job.a]\n[job.b]\nstonewall = true\n'
    )
    document = program(
        "ab", "two.toml", "--vary=b.iodepth=1,4", MODES, "--pairs=1", "--json"
    ).document
    assert [variant["name"] for variant in document["variants"]] == [
        "b.iodepth=1 completion=poll",
        "b.iodepth=1 completion=eventfd",
        "b.iodepth=4 completion=poll",
        "b.iodepth=4 completion=eventfd",
    ]
    for trial in document["trials"]:
        depths = {job["name"]: job["options"]["iodepth"] for job in trial["run"]["jobs"]}
        assert depths == {"a": 1, "b": int(trial["variant"][len("b.iodepth=")])}


def test_commands_around_each_trial_get_its_value(program: Program) -> None:
    document = program(
        "ab",
        *NULL,
        "--vary=color=red,deep blue",
        "--pairs=2",
        "--prepare=echo before {color} {other} >> log",
        "--cleanup=echo after {color} >> log",
        "--json",
    ).document
    lines = program.folder.joinpath("log").read_text().splitlines()
    expected = []
    for trial in [document["trials"][0], *document["trials"]]:  # one is made before the first
        expected += [f"before {trial['variant']} {{other}}", f"after {trial['variant']}"]
    assert lines == expected


def test_a_command_that_fails_fails_the_trial_and_the_comparison(program: Program) -> None:
    outcome = program("ab", *NULL, "--vary=x=1,2", "--prepare=echo no such disk; exit {x}")
    assert outcome.code == 1
    assert "failed: trial 1 (" in outcome.stderr
    assert "the --prepare command ended with" in outcome.stderr
    assert "no such disk" in outcome.stderr


def test_a_failed_trial_fails_the_comparison_and_says_which(
    program: Program, data_file: Path
) -> None:
    outcome = program(
        "ab", f"--filename={data_file}", "--rw=randread", "--number_ios=50", "--pairs=6",
        "--vary=size=1m,1t", "--seed=1",
    )  # fmt: skip
    assert outcome.code == 1
    assert "(1t, block 1) failed: offset 0 B + size 1 TiB goes beyond" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing varies"),
        (("--vary=completion=poll",), "it takes two values or more"),
        (("--vary=completion=poll,poll",), "a value is there twice"),
        (("--vary=completion=poll,epoll",), "it must be poll, eventfd"),
        (("--vary=competion=poll,eventfd",), "did you mean completion?"),
        (("--vary=jobs.iodepth=1,2",), "there is no job jobs; did you mean job?"),
        (("--vary=name=a,b",), "jobs are compared by their names"),
        ((MODES, MODES), "completion is given twice"),
        ((MODES, "--until-width=many"), "is no share"),
        ((MODES, "--metric=p99"), "there is no metric p99"),
        ((MODES, "--resume=last"), "goes on with the jobs"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UsageError, click.UsageError)) as caught:
        cli.main(["ab", *NULL, *arguments], standalone_mode=False)
    assert said in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_writing_job_needs_its_target_named(program: Program, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(bytes(1 << 20))
    arguments = ("ab", f"--filename={target}", "--rw=randwrite", "--number_ios=20", MODES)
    assert program(*arguments, "--pairs=1").code == 2
    assert program(*arguments, "--pairs=1", f"--allow-write={target}").code == 0


def test_ctrl_c_loses_nothing_and_resume_goes_on(program: Program) -> None:
    process = program.start(
        "ab", "--engine=null", "--null_latency_us=100", "--runtime=0.05", "--time_based",
        MODES, "--pairs=8", "--seed=3", HELD,
    )  # fmt: skip
    results = program.folder / "results"
    trials = program.folder / "trials"
    while not (trials.exists() and len(trials.read_text()) >= 10):
        time.sleep(0.02)
        assert process.poll() is None, process.communicate()
    program.folder.joinpath("hold").touch()
    process.send_signal(signal.SIGINT)
    program.folder.joinpath("hold").unlink()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "go on with: laiobench ab --resume" in said
    (path,) = results.glob("2*.json")
    before = json.loads(path.read_text())
    assert before["status"] == "interrupted" and len(before["trials"]) >= 3
    after = program("ab", HELD, "--resume=last", "--json").document
    assert (after["status"], len(after["trials"])) == ("ok", 16)
    assert after["trials"][: len(before["trials"])] == before["trials"]
    order = [("poll", "eventfd", "sham", "spike")[slot.variant] for slot in slots(4, 8, seed=3)]
    made = sorted([*after["trials"], *after["proof_trials"]], key=lambda trial: trial["position"])
    assert [trial["variant"] for trial in made] == order
    planted = {trial["variant"]: trial["run"]["spike"] for trial in after["proof_trials"]}
    assert planted == {"sham": None, "spike": 0.05}
    assert len(list(results.glob("2*.json"))) == 1


def test_two_do_not_go_on_with_one_comparison(program: Program) -> None:
    log, hold = program.folder / "log", program.folder / "hold"
    prepare = "--prepare=echo trial >> log; while test -e hold; do sleep 0.05; done"
    assert program("ab", *NULL, MODES, "--pairs=1", prepare).code == 0
    hold.touch()
    first = program.start("ab", "--resume=last", "--pairs=2", prepare)
    deadline = time.monotonic() + 60
    while len(log.read_text().split()) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    second = program("ab", "--resume=last", "--pairs=3", prepare)
    hold.unlink()
    first.communicate(timeout=60)
    assert second.code == 2
    assert "is being written by another laiobench" in second.stderr
    assert first.returncode == 0
    assert (
        len(program("ab", "--resume=last", "--pairs=2", prepare, "--json").document["trials"]) == 4
    )


def test_commands_are_never_taken_from_a_file(program: Program) -> None:
    begun = ("ab", *NULL, "--vary=x=1,2", "--pairs=2")
    assert program(*begun, "--prepare=echo {x} >> log").code == 0
    refused = program("ab", "--resume=last", "--pairs=4")
    assert refused.code == 2
    assert "commands are never taken from a file" in refused.stderr
    assert len(program.folder.joinpath("log").read_text().split()) == 1 + 4  # one before the first
    assert program("ab", "--resume=last", "--pairs=4", "--prepare=echo {x} >> log").code == 0
    assert len(program.folder.joinpath("log").read_text().split()) == 1 + 4 + 1 + 4


def test_until_width_ends_early(program: Program) -> None:
    document = program(
        "ab", "--engine=null", "--number_ios=100", "--null_latency_us=200",
        "--vary=max_batch=1,32", "--until-width=90%", "--json",
    ).document  # fmt: skip
    assert document["status"] == "ok"
    assert 12 <= len(document["trials"]) < 200


def test_lists_have_comparisons_too(program: Program) -> None:
    program("ab", *NULL, MODES, "--pairs=1")
    (row,) = json.loads(program("list", "--json").stdout)
    assert "ab-poll-eventfd" in row["id"]
    assert len(row["iops"]) == 2


def test_without_numpy_it_says_what_to_install(program: Program) -> None:
    blocked = program.folder / "blocked"
    blocked.mkdir()
    blocked.joinpath("numpy.py").write_text("raise ImportError('blocked')\n")
    without = Program(program.folder, {**program.environment, "PYTHONPATH": str(blocked)})
    assert without("run", *NULL).code == 0
    for arguments in (("ab", *NULL, MODES), ("compare", "last", "last")):
        outcome = without(*arguments)
        assert outcome.code == 2
        assert "pip install '.[stats]'" in outcome.stderr
    assert without("list").code == 0


def test_all_percentiles_are_compared_where_that_is_asked_for(program: Program) -> None:
    outcome = program(
        "ab", "--engine=null", "--completion=poll", "--number_ios=400", "--pairs=6",
        "--vary=null_latency_us=50,200", "--proof=none", "--distribution",
    )  # fmt: skip
    assert "200 against 50: slower everywhere from p25 to p75, by up to " in outcome.stdout
    assert outcome.stdout in program("show").stdout
    document = program("show", "--json").document
    (distribution,) = document["distributions"]
    assert distribution["percentiles"][0]["percentile"] == 25
    again = program("ab", "--resume=last", "--pairs=7", "--json").document
    assert again["distributions"][0]["n"] == 7
