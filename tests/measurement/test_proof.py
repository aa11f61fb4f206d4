"""Proof rules: each holds on good numbers, and fails when its numbers do not agree."""

import copy
from collections.abc import Callable
from typing import Any, get_args

import pytest
from click.testing import CliRunner

import laiobench
from laiobench import native
from laiobench.cli.commands.run import command
from laiobench.jobs.options import Job
from laiobench.jobs.options.modes import MODES, CompletionMode
from laiobench.measurement.outcome import proof

Change = Callable[[dict[str, Any]], None]


def counters() -> dict[str, dict[str, Any]]:
    """The counters that the core has, all 0."""
    return native.empty_counters()


def worker(mode: str, **changes: Any) -> native.WorkerReport:
    """A worker that has done 100 I/Os in this mode without any fault."""
    life = counters()
    reapers = {"adaptive": "eventfd"}
    life["reaped"][reapers.get(mode, mode)] = 100
    if mode in ("eventfd", "bh", "adaptive"):
        life["eventfd"]["values"] = 98
        life["eventfd"]["reads"] = 60
    if mode == "bh":
        life["bh"]["reaps"] = 60
    values: dict[str, Any] = {
        "name": "iothread0", "window": copy.deepcopy(life), "life": life, "usage": {},
        "submitted": 100, "completed": 100, "failed": 0, "cancelled": 0,
        "leftover_events": 2, "fdmon_fell_back": False, "ready_needs_syscall": False,
        "cpus_changed": False, "failure": "",
    }  # fmt: skip
    return native.WorkerReport(**(values | changes))


def broken(mode: str, report: native.WorkerReport, **more: bool) -> list[str]:
    job = Job(engine="psync" if MODES[mode].is_for_blocking else "libaio", completion=mode)
    return [rule.rule for rule in proof.check(job, report, **more) if not rule.holds]


@pytest.mark.parametrize("mode", MODES)
def test_a_good_run_is_proven(mode: str) -> None:
    assert broken(mode, worker(mode)) == []


@pytest.mark.parametrize("mode", MODES)
def test_a_lost_request_is_seen(mode: str) -> None:
    assert "submitted = completed + failed + cancelled" in broken(mode, worker(mode, submitted=101))


@pytest.mark.parametrize("mode", MODES)
def test_a_completion_from_nowhere_is_seen(mode: str) -> None:
    report = worker(mode)
    report.life["reaped"]["nested"] += 1
    assert "reaped by all sources = completions" in broken(mode, report)


@pytest.mark.parametrize("mode", MODES)
def test_another_mode_s_reaper_is_seen(mode: str) -> None:
    other = "getevents" if mode != "getevents" else "poll"
    report = worker(mode)
    for name in ("poll", "eventfd", "bh", "getevents"):
        report.life["reaped"][name] = 0
    report.life["reaped"][other] = 100
    assert any(rule.startswith("reaped by") for rule in broken(mode, report))


@pytest.mark.parametrize(
    ("group", "name", "rule"),
    [
        ("eventfd", "reads", "eventfd reads = 0"),
        ("loop", "slept_in_flight", "sleeps with I/Os in flight = 0"),
        ("notify", "writes", "notifier writes = 0"),
    ],
)
def test_what_poll_must_not_do(group: str, name: str, rule: str) -> None:
    report = worker("poll")
    report.window[group][name] = 1
    assert broken("poll", report) == [rule]


def test_jobs_that_move_bring_notifications() -> None:
    report = worker("poll")
    report.window["notify"]["writes"] = 1
    assert broken("poll", report, is_notified=True) == []


def test_eventfd_mode_must_not_poll() -> None:
    report = worker("eventfd")
    report.window["poll"]["iterations"] = 1
    assert broken("eventfd", report) == ["poll iterations = 0"]


@pytest.mark.parametrize("mode", ["eventfd", "adaptive"])
def test_each_completion_sets_the_eventfd_once(mode: str) -> None:
    assert broken(mode, worker(mode, leftover_events=1)) == ["events in the eventfd = completions"]
    short = worker(mode, leftover_events=5)
    short.life["other"]["short_io"] = 3  # which completed four times instead of once
    assert broken(mode, short) == []


def test_bottom_halves_reap_no_oftener_than_the_eventfd_is_read() -> None:
    report = worker("bh")
    report.life["bh"]["reaps"] = 61
    assert broken("bh", report) == ["bottom halves that reaped <= eventfd reads"]


@pytest.mark.parametrize("mode", MODES)
def test_what_never_reached_the_engine_was_not_reaped(mode: str) -> None:
    report = worker(mode, submitted=110, cancelled=6, failed=4)
    report.life["submit"]["withdrawn"] = 6
    report.life["submit"]["rejected"] = 4
    assert broken(mode, report) == []


@pytest.mark.parametrize("mode", MODES)
def test_misaligned_requests_come_from_the_pool(mode: str) -> None:
    report = worker(mode, submitted=107, completed=107)
    report.life["reaped"]["pool"] = 7
    assert broken(mode, report) == []


# ---- what a broken rule means --------------------------------------------------------


@pytest.fixture
def a_broken_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = proof.Rule("this = that", holds=False, left=1234, right=5)
    monkeypatch.setattr(proof, "check", lambda *_, **__: [rule])


@pytest.mark.usefixtures("a_broken_rule")
def test_a_broken_rule_fails_the_run_and_names_both_numbers() -> None:
    result = laiobench.run(Job(name="mine", engine="null", number_ios=10))
    assert result.status == "failed"
    assert result.failures == ["mine: a proof rule does not hold: this = that: 1,234 against 5"]


@pytest.mark.usefixtures("a_broken_rule")
def test_a_broken_rule_is_exit_code_1() -> None:
    outcome = CliRunner().invoke(
        command, ["--engine=null", "--number_ios=10", "--no-save"], standalone_mode=False
    )
    assert outcome.return_value == 1
    assert "this = that: 1,234 against 5" in outcome.stderr


def test_each_mode_has_traits_to_be_proven_by_and_counters_of_its_own() -> None:
    assert set(MODES) == set(get_args(CompletionMode))
    sources = native.empty_counters()["reaped"]
    for mode in MODES.values():
        assert set(mode.reaped_by) <= set(sources)
