"""Live comparisons on made-up runs: order, ends, failures, resuming."""

import math
from collections.abc import Callable

import pytest

from documents_of_runs import document, job
from laiobench.comparison import analysis
from laiobench.comparison import experiment as live
from laiobench.comparison.ab import ab
from laiobench.comparison.design import make_design
from laiobench.comparison.looks import looks_until_now
from laiobench.comparison.patience import Measure
from laiobench.comparison.steps import Observer, Step
from laiobench.comparison.variants import LiveVariant
from laiobench.errors import RunError, UsageError
from laiobench.jobs.options import Job
from laiobench.measurement.control import Control
from laiobench.results.comparison import Comparison, Verdict
from laiobench.results.run_result import RunResult

BASE = Job(engine="null", number_ios=10)
DEPTHS = {"iodepth": ["1", "2"]}


def result(p50_ns: float, status: str = "ok") -> RunResult:
    failures = ["job: read I/Os failed: 1 × EIO"] if status == "failed" else []
    return RunResult.model_validate(
        document(job(p50_ns=p50_ns)) | {"status": status, "failures": failures}
    )


class Device:
    """Answers in 100 µs, and at depth 2 slower by `effect`; drifts by `drift` a trial."""

    def __init__(self, effect: float = 0.0, drift: float = 0.0, noise: float = 0.0) -> None:
        self.effect, self.drift, self.noise = effect, drift, noise
        self.seen: list[str] = []

    def __call__(self, variant: LiveVariant, position: int) -> RunResult:
        self.seen.append(variant.name)
        factor = (1 + self.effect * (variant.name == "2")) * (1 + self.drift) ** position
        return result(100_000 * factor * (1 + self.noise * math.sin(position * 37)))


def measure_with(device: Measure, **more: object) -> Comparison:
    return ab(BASE, DEPTHS, measure=device, seed=1, **more)  # type: ignore[arg-type]


def test_what_differs_is_shown_and_the_first_value_is_the_baseline() -> None:
    compared = measure_with(Device(effect=0.2, noise=0.01), pairs=6).find("lat_p50_ns")[0]
    assert (compared.baseline, compared.variant) == ("1", "2")
    assert compared.verdict == Verdict.REGRESS
    assert compared.ratio == pytest.approx(1.2, rel=0.03)


@pytest.mark.parametrize("more", [{}, {"until_width": 0.0001}], ids=["plain", "until width"])
def test_the_analysis_between_trials_takes_as_long_as_a_few_at_the_end(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, float]
) -> None:
    """One takes time by the square of the pairs; what is told is of 95 % of them at least."""
    pairs, looked_at = 120, []
    real = analysis.compare_blocks

    def counting(blocks: list[analysis.Block], *args: object, **how: object) -> object:
        looked_at.append(len(blocks))
        return real(blocks, *args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "compare_blocks", counting)
    told: list[Step] = []
    made = measure_with(Device(noise=0.05), pairs=pairs, after_trial=told.append, **more)
    assert made.find("iops")[0].n == pairs
    assert sum(seen**2 for seen in looked_at) <= 30 * pairs**2
    for step in told:
        assert all(metric.n >= 0.95 * (step.number // 2) for metric in step.compared)
    assert [bool(step.compared) for step in told[:4]] == [False, True, True, True]


def test_a_steady_drift_is_no_difference() -> None:
    compared = measure_with(Device(drift=0.005), pairs=20).find("lat_p50_ns")[0]
    assert compared.verdict == Verdict.INCONCLUSIVE
    assert compared.ratio == pytest.approx(1.0, abs=0.006)


def test_a_sequential_run_ends_when_the_interval_is_narrow() -> None:
    device = Device(effect=0.2, noise=0.001)
    compared = measure_with(device, until_width=0.02)
    assert len(device.seen) == 12
    assert compared.find("iops")[0].n == 6
    assert compared.warnings == []


def test_what_does_not_get_narrow_ends_at_the_cap_and_says_so() -> None:
    compared = measure_with(Device(noise=0.2), until_width=0.01, pairs=8)
    assert compared.find("iops")[0].n == 8
    assert [warning.id for warning in compared.warnings] == ["too_wide"]


def test_what_cannot_be_measured_is_never_known_well_enough() -> None:
    compared = measure_with(Device(), until_width=0.5, pairs=8, watched=["iops", "response_p99_ns"])
    assert len(compared.trials) == 16
    assert "response p99" in compared.warnings[0].seen


def test_a_result_however_clear_ends_nothing() -> None:
    device = Device(effect=5.0, noise=0.2)
    measure_with(device, until_width=0.001, pairs=20)
    assert len(device.seen) == 40


def test_until_it_is_decided_it_is_looked_at_after_each_pair() -> None:
    device = Device(effect=0.3, noise=0.01)
    compared = measure_with(device, until_decided=True)
    (iops,) = compared.find("iops")
    assert (compared.status, iops.verdict) == ("ok", Verdict.REGRESS)
    assert compared.anytime and 7 <= iops.n <= 20
    assert iops.high is not None and iops.high < 1


def test_what_is_never_decided_ends_at_the_most_pairs() -> None:
    compared = measure_with(Device(noise=0.05), until_decided=True, pairs=12)
    assert compared.find("iops")[0].n == 12


def test_what_is_surely_within_is_as_good_and_ends_it() -> None:
    device = Device(effect=0.001, noise=0.004)
    compared = measure_with(device, until_decided=True, equivalent_within=0.05)
    assert compared.find("iops")[0].verdict == Verdict.PASS
    undecided = measure_with(Device(noise=0.2), equivalent_within=0.02)
    assert undecided.find("iops")[0].verdict == Verdict.INCONCLUSIVE
    worse = measure_with(Device(effect=0.2, noise=0.01), equivalent_within=0.02)
    assert worse.find("iops")[0].verdict == Verdict.REGRESS


def test_going_on_after_the_end_pays_for_it_and_says_so() -> None:
    first = measure_with(Device(noise=0.05), pairs=8)
    assert first.design is not None and not first.anytime
    looked = first.design.model_copy(update={"looks": looks_until_now(first), "pairs": 16})
    assert looked.looks == [8]
    device = Device(noise=0.05)
    later = live.resume(first, looked).run(device, control=Control())
    assert later.anytime and later.find("iops")[0].n == 16


def failing(after: int, make: Callable[[], RunResult]) -> Measure:
    device = Device()

    def measure(variant: LiveVariant, position: int) -> RunResult:
        return make() if position == after else device(variant, position)

    return measure


def test_a_failed_trial_fails_the_comparison_and_is_named() -> None:
    compared = measure_with(failing(4, lambda: result(1, "failed")), pairs=6)
    assert compared.status == "failed"
    name = compared.trials[4].variant
    assert compared.failures == [
        f"trial 5 ({name}, block 3) failed: job: read I/Os failed: 1 × EIO"
    ]
    assert len(compared.trials) == 5


def test_a_trial_that_cannot_be_made_is_named_too() -> None:
    def refuse() -> RunResult:
        raise RunError("the --prepare command ended with 3: false")

    compared = measure_with(failing(2, refuse), pairs=6)
    assert compared.status == "failed"
    assert "trial 3" in compared.failures[0] and "ended with 3: false" in compared.failures[0]


def test_what_was_interrupted_goes_on_in_the_same_order() -> None:
    whole, begun, rest = Device(noise=0.01), Device(noise=0.01), Device(noise=0.01)
    expected = measure_with(whole, pairs=6)
    control = Control()

    def stop_after_five(step: Step) -> None:
        if step.number == 5:
            control.request_stop()

    first = measure_with(begun, pairs=6, control=control, after_trial=stop_after_five)
    assert (first.status, len(first.trials)) == ("interrupted", 5)
    stored = Comparison.model_validate_json(first.to_json())
    assert stored.design is not None
    finished = live.resume(stored, stored.design).run(rest, control=Control())
    assert begun.seen + rest.seen == whole.seen
    assert finished.status == "ok"
    assert finished.metrics == expected.metrics


def test_an_interrupted_trial_does_not_count() -> None:
    compared = measure_with(failing(3, lambda: result(1, "interrupted")), pairs=6)
    assert (compared.status, len(compared.trials)) == ("interrupted", 3)


def test_the_document_is_saved_after_each_trial_and_is_interrupted_until_the_end() -> None:
    saved: list[Comparison] = []

    class Saving(Observer):
        def after_trial(self, experiment: live.Experiment) -> None:
            saved.append(experiment.document("interrupted"))

    experiment = live.begin(
        [LiveVariant("1", (BASE,)), LiveVariant("2", (BASE,))], make_design(pairs=6, seed=1)
    )
    last = experiment.run(Device(), control=Control(), observer=Saving())
    assert [len(document.trials) for document in saved] == list(range(1, 13))
    assert {document.status for document in saved} == {"interrupted"}
    assert last.status == "ok"


@pytest.mark.parametrize(("is_enough", "trials"), [(True, 6), (False, 12)])
def test_whether_it_is_enough_is_asked_once_after_so_many_pairs(
    is_enough: bool, trials: int
) -> None:
    asked: list[int] = []

    class Asked(Observer):
        look_after = 3

        def is_enough(self, experiment: live.Experiment) -> bool:
            asked.append(len(experiment.trials))
            return is_enough

    variants = [LiveVariant("1", (BASE,)), LiveVariant("2", (BASE,))]
    experiment = live.begin(variants, make_design(pairs=6, seed=1))
    last = experiment.run(Device(), control=Control(), observer=Asked())
    assert asked == [6]
    assert (last.status, len(last.trials)) == ("ok", trials)


def test_each_pair_has_offsets_of_its_own_and_both_sides_the_same() -> None:
    seeds: list[tuple[str, int]] = []

    def measure(variant: LiveVariant, _position: int) -> RunResult:
        seeds.append((variant.name, variant.jobs[0].seed))
        return result(100_000)

    random_job = Job(engine="null", rw="randread", number_ios=10)
    ab(random_job, DEPTHS, pairs=6, seed=1, measure=measure)
    assert len({seed for _, seed in seeds}) == 6
    assert all(first[1] == second[1] for first, second in zip(seeds[::2], seeds[1::2], strict=True))
    drawn = list(seeds)
    seeds.clear()
    ab(random_job, DEPTHS, pairs=6, seed=1, measure=measure)
    assert seeds == drawn  # they follow from the seed that is recorded
    seeds.clear()
    ab(random_job.model_copy(update={"randseed": 7}), DEPTHS, pairs=6, measure=measure)
    assert {seed for _, seed in seeds} == {7}  # it was chosen


def test_trials_of_two_kinds_are_told() -> None:
    def measure(variant: LiveVariant, position: int) -> RunResult:
        is_slow = variant.name == "2" and position % 10 < 2
        return result(100_000 * (1.3 if is_slow else 1) * (1 + 0.002 * math.sin(position * 37)))

    compared = measure_with(measure, pairs=20)
    (told,) = [warning for warning in compared.warnings if warning.id == "two_kinds"]
    assert "job: IOPS of 2: trials are of two kinds" in told.seen


def test_half_a_block_is_left_out() -> None:
    control = Control()
    compared = measure_with(
        Device(), pairs=6, control=control, after_trial=lambda _: control.request_stop()
    )
    assert len(compared.trials) == 1
    assert compared.metrics == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"pairs": 0}, "pairs must be from 1"),
        ({"until_width": 2.0}, "a width must be"),
        ({"until_width": 0.02, "pairs": 5}, "at least 6 pairs"),
        ({"max_time_s": 0.0}, "the time must be"),
        ({"watched": ["latency"]}, "there is no metric latency"),
    ],
)
def test_a_design_that_makes_no_sense_is_refused(more: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        measure_with(Device(), **more)


def test_one_variant_is_no_comparison() -> None:
    with pytest.raises(UsageError, match="two variants"):
        ab(BASE, {"iodepth": ["1"]}, measure=Device())
