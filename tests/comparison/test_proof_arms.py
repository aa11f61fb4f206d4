"""Hidden arms, on made-up runs: what they prove, and which verdicts they withhold."""

import random

import pytest

from documents_of_runs import document, job
from laiobench.comparison import experiment as live
from laiobench.comparison.ab import ab
from laiobench.comparison.design import make_design
from laiobench.comparison.gate import gate
from laiobench.comparison.gate.policy import Gated, Policy
from laiobench.comparison.variants import LiveVariant
from laiobench.errors import UsageError
from laiobench.jobs.options import Job
from laiobench.measurement.control import Control
from laiobench.report.text import comparison_table, gate_table, proof_sentences
from laiobench.results.comparison import Comparison, Verdict
from laiobench.results.comparison_proof import ProofKind, ProvenMetric
from laiobench.results.run_result import RunResult

BASE = Job(engine="null", number_ios=10)


class Device:
    """Answers in 100 µs, plus or minus `noise`; slower by `effect` as 2, by `odd` as the sham."""

    def __init__(self, *, noise: float = 0.002, effect: float = 0.0, odd: float = 0.0) -> None:
        self._generator = random.Random(1)
        self._noise, self._slower = noise, {"2": effect, "sham": odd}
        self.seen: list[tuple[str, float]] = []

    def __call__(self, variant: LiveVariant, position: int) -> RunResult:
        self.seen.append((variant.name, variant.spike))
        factor = (1 + self._slower.get(variant.name, 0.0)) * (1 + variant.spike)
        factor *= self._generator.lognormvariate(0, self._noise)
        switches = round(1_000_000 * factor)
        run = document(job(p50_ns=100_000 * factor, cpu_ns=5_000 * factor, switches=switches))
        return RunResult.model_validate(run)


def compared(
    device: Device, *, pairs: int = 10, proof: ProofKind = "both", spike: float | None = None
) -> Comparison:
    return ab(
        BASE, {"iodepth": ["1", "2"]}, pairs=pairs, seed=1, measure=device, proof=proof,
        spike=spike,
    )  # fmt: skip


def verdict(comparison: Comparison, metric: str = "iops") -> Verdict:
    return comparison.find(metric)[0].verdict


def said(comparison: Comparison) -> str:
    return "\n".join(proof_sentences.sentences(comparison))


def test_arms_are_measured_in_each_block_beside_the_variants() -> None:
    device = Device()
    document = compared(device, spike=0.1)
    assert sorted(device.seen) == sorted(
        [("1", 0.0), ("2", 0.0), ("sham", 0.0), ("spike", 0.1)] * 10
    )
    for block in range(10):
        four = device.seen[4 * block : 4 * block + 4]
        assert {name for name, _ in four} == {"1", "2", "sham", "spike"}
    assert len({name for name, _ in device.seen[::4]}) > 2  # who is first is drawn
    assert {trial.variant for trial in document.trials} == {"1", "2"}
    assert {trial.variant for trial in document.proof_trials} == {"sham", "spike"}
    assert {metric.variant for metric in document.metrics} == {"2"}


def test_no_difference_is_told_with_the_size_that_would_have_been_found() -> None:
    document = compared(Device())
    assert document.proof is not None
    assert document.proof.sham_differs is False and not document.proof.missed
    text = comparison_table.render(document)
    assert "sham: no difference, as it must be: IOPS 1.00" in text
    assert "spike of 5.0%: found, IOPS 0.95" in text and "mean 1.05" in text
    assert 'so "no difference" here means less than 5.0%' in text


def test_a_sham_that_differs_withholds_every_verdict() -> None:
    document = compared(Device(odd=0.02, effect=0.5))
    assert {metric.verdict for metric in document.metrics if metric.ratio} == {Verdict.INCONCLUSIVE}
    assert "the sham, which is the baseline once more, differs" in document.metrics[0].reason or ""
    assert "sham: DIFFERS in " in said(document) and "quieter machine" in said(document)
    assert comparison_table.sentences(document) == ""
    assert not any(metric.alone for metric in document.metrics)
    assert verdict(compared(Device(effect=0.5))) == Verdict.REGRESS


def test_a_missed_spike_withholds_that_there_is_no_difference_and_nothing_else() -> None:
    same = compared(Device(noise=0.3))
    assert "withheld: a spike of 5% was missed" in (same.find("iops")[0].reason or "")
    assert '"no difference" in IOPS' in said(same) and "is withheld" in said(same)
    other = compared(Device(noise=0.1, effect=3.0))
    assert other.proof is not None and other.proof.missed
    assert verdict(other) == Verdict.REGRESS


def test_a_spike_that_was_found_by_luck_proves_no_less_than_its_interval_is_wide() -> None:
    def proven(low: float, high: float) -> float | None:
        known = {"job": "job", "metric": "lat_p99_ns", "better": "lower", "needed": 0.05}
        arm = {"ratio": 1.1, "low": low, "high": high}
        return ProvenMetric.model_validate(known | {"spike": arm, "spike_found": low > 1}).proven

    assert proven(1.02, 1.08) == 0.05
    assert proven(1.02, 1.2) == pytest.approx(0.0847, abs=0.001)
    assert proven(0.99, 1.2) is None


def test_too_few_pairs_prove_nothing_and_say_so() -> None:
    document = compared(Device(odd=0.5), pairs=7)
    assert document.proof is not None and document.proof.sham_differs is None
    assert "sham: n = 7 could not show a difference at 1%" in said(document)


@pytest.mark.parametrize(
    ("proof", "names"), [("none", []), ("sham", ["sham"]), ("spike", ["spike"])]
)
def test_arms_are_those_that_were_asked_for(proof: ProofKind, names: list[str]) -> None:
    document = compared(Device(), proof=proof)
    assert [trial.variant for trial in document.proof_trials] == names * 10
    assert (document.proof is None) == (proof == "none")
    assert ("sham:" in said(document)) == ("sham" in names)
    assert ("spike of" in said(document)) == ("spike" in names)


def test_a_variant_may_be_called_as_an_arm_is() -> None:
    variants = [LiveVariant("sham", (BASE,)), LiveVariant("spike", (BASE,))]
    design = make_design(pairs=8, seed=1, proof="both")
    document = live.begin(variants, design).run(Device(), control=Control())
    assert document.proof is not None and document.proof.sham_differs is False
    assert document.find("iops")[0].n == 8


def test_more_variants_have_the_same_arms() -> None:
    variants = [LiveVariant(name, (BASE,)) for name in ("1", "2", "3")]
    design = make_design(pairs=10, seed=1, proof="both")
    document = live.begin(variants, design).run(Device(effect=0.1), control=Control())
    assert {m.variant: m.verdict for m in document.find("iops")} == {
        "2": Verdict.REGRESS, "3": Verdict.INCONCLUSIVE,
    }  # fmt: skip
    assert document.proof is not None and not document.proof.missed


def test_what_was_interrupted_goes_on_with_its_arms() -> None:
    whole = compared(Device(), pairs=6)
    made = sorted([*whole.trials, *whole.proof_trials], key=lambda trial: trial.position)
    begun = whole.model_copy(
        update={
            "trials": [trial for trial in made[:10] if trial in whole.trials],
            "proof_trials": [trial for trial in made[:10] if trial in whole.proof_trials],
        }
    )
    assert whole.design is not None
    read = Comparison.model_validate_json(begun.to_json())
    device = Device()
    again = live.resume(read, whole.design).run(device, control=Control())
    assert [name for name, _ in device.seen] == [trial.variant for trial in made[10:]]
    assert len(again.proof_trials) == 12


def test_a_document_of_before_has_no_proof_and_is_read() -> None:
    old = compared(Device(), proof="none").model_dump(mode="json", by_alias=True)
    del old["proof"], old["proof_trials"], old["design"]["proof"], old["design"]["spike"]
    read = Comparison.model_validate(old)
    assert read.proof is None and read.design is not None and read.design.proof == "none"
    assert said(read) == ""


@pytest.mark.parametrize("spike", [0.0, -0.1, 11.0])
def test_a_spike_has_a_size(spike: float) -> None:
    with pytest.raises(UsageError, match="a spike must be above 0"):
        make_design(proof="both", spike=spike)
    with pytest.raises(UsageError, match="there is no spike"):
        make_design(proof="sham", spike=spike)


# ---- gates -----------------------------------------------------------------------


def policy(allowed: float) -> Policy:
    metrics = (Gated(job="job", name="iops", max_regression=allowed),)
    return Policy(metric=metrics)


def test_a_gate_passes_with_a_proof_of_what_it_allows() -> None:
    judged = gate.judge_live(compared(Device(), spike=0.02), policy(0.05))
    assert judged.verdict == Verdict.PASS
    assert judged.proof is not None
    assert [(m.metric, m.spike_found, m.needed) for m in judged.proof.metrics] == [
        ("iops", True, 0.05)
    ]
    assert 'so "no difference" here means less than 5.0%' in gate_table.render(judged)


def test_a_gate_passes_nothing_when_its_sham_differs() -> None:
    judged = gate.judge_live(compared(Device(odd=0.02)), policy(0.05))
    assert judged.verdict == Verdict.INCONCLUSIVE
    assert "withheld" in gate_table.render(judged)


def test_a_gate_passes_nothing_when_its_spike_is_missed() -> None:
    """Its own size is missed, and so would be what is allowed."""
    document = compared(Device(noise=0.002), spike=0.0001)
    assert gate.judge_live(document, policy(0.0001)).verdict == Verdict.INCONCLUSIVE
    assert gate.judge_live(document, policy(0.05)).verdict == Verdict.PASS
