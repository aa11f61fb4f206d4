"""The gate: judges by a policy, which was written beforehand, whether a candidate got worse.

Pure: runs and a policy in, a `Comparison` out.  It has the metrics of the policy, each at
level 1 − family_alpha / m, a verdict for each, and a verdict and an exit code for all.
Knows no files and no clock.

A verdict is about the whole interval: a metric regresses if all of its interval is beyond
the limit, passes if all of it is within, and is inconclusive otherwise.  A metric that
can't be measured never passes.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from laiobench.comparison import analysis
from laiobench.comparison.blocks import complete_blocks
from laiobench.comparison.gate.gate_proof import prove
from laiobench.comparison.gate.gated_metrics import find_keys
from laiobench.comparison.gate.policy import Policy
from laiobench.comparison.looks import live_looks
from laiobench.comparison.proof_arms import withhold
from laiobench.comparison.values import values
from laiobench.errors import ExitCode, UsageError
from laiobench.results.comparison import Change, ComparedMetric, Comparison, Verdict
from laiobench.results.digest import digest

Overall = Verdict | Literal["failed", "interrupted"]


# ---- one metric ------------------------------------------------------------------


def judge(change: Change | None, max_regression: float) -> Verdict:
    """The verdict on a change by its interval.

    Args:
        change: above 0 if it is worse; None: there is no interval.
        max_regression: the change for the worse that is allowed.
    """
    if change is None:
        return Verdict.INCONCLUSIVE
    if change.low > max_regression:
        return Verdict.REGRESS
    if change.high < -max_regression:
        return Verdict.IMPROVE
    return Verdict.PASS if change.high < max_regression else Verdict.INCONCLUSIVE


def judge_metric(
    compared: ComparedMetric, max_regression: float, *, too_few: str = "", mismatch: str = ""
) -> ComparedMetric:
    """A compared metric with the gate's verdict and its reason.

    Args:
        compared: the metric, compared at the level of the gate.
        max_regression: the relative change for the worse that is allowed.
        too_few: why there are too few trials to decide; empty if there are enough.
        mismatch: why the sides differ in more than the change under test, although the
            policy has them compared; empty if they do not.
    """
    verdict, reason = compared.verdict, compared.reason
    if verdict != Verdict.NOT_MEASURABLE:
        verdict, reason = judge(compared.change, max_regression), None
        if too_few:
            verdict, reason = Verdict.INCONCLUSIVE, too_few
        elif mismatch and verdict in (Verdict.REGRESS, Verdict.IMPROVE):
            verdict, reason = Verdict.INCONCLUSIVE, mismatch
    elif compared.at_least and compared.at_least - 1 > max_regression and not (too_few or mismatch):
        verdict = Verdict.REGRESS
        reason = f"it is {compared.at_least - 1:.0%} worse at least, and {compared.reason}"
    return compared.model_copy(
        update={
            "verdict": verdict,
            "reason": reason,
            "max_regression": max_regression,
            "alone": False,
            "p_adjusted": None,  # of the exploratory table; a gate adjusts the level instead
        }
    )


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of the verdicts; improve if some metric is better and all others pass."""
    found = set(verdicts)
    for verdict in (Verdict.MISMATCH, Verdict.REGRESS):
        if verdict in found:
            return verdict
    if not found or found & {Verdict.INCONCLUSIVE, Verdict.NOT_MEASURABLE}:
        return Verdict.INCONCLUSIVE
    return Verdict.IMPROVE if Verdict.IMPROVE in found else Verdict.PASS


def exit_code(verdict: Overall, policy: Policy) -> ExitCode:
    """The exit code for a verdict under a policy."""
    match verdict:
        case "failed":
            return ExitCode.RUN_FAILED
        case "interrupted":
            return ExitCode.INTERRUPTED
        case Verdict.REGRESS:
            return ExitCode.REGRESS
        case Verdict.MISMATCH:
            return ExitCode.MISMATCH
        case Verdict.PASS | Verdict.IMPROVE:
            return ExitCode.OK
        case _:
            fails = policy.on_inconclusive == "fail"
            return ExitCode.INCONCLUSIVE if fails else ExitCode.OK


# ---- live comparisons ------------------------------------------------------------


def judge_live(comparison: Comparison, policy: Policy) -> Comparison:
    """Judge a live comparison of two variants by a policy, in pairs.

    Raises:
        UsageError: there are not two variants, or the policy is about other metrics.
    """
    check_two(len(comparison.variants))
    names = [variant.name for variant in comparison.variants]
    if comparison.status != "ok":
        return _ended_badly(comparison, policy)
    made = ((trial.block, trial.variant, digest(trial.run)) for trial in comparison.trials)
    blocks = complete_blocks(made, names)
    pairs = sum(len(block[names[0]]) for block in blocks)
    now = live_looks(comparison.design, pairs, is_end=True)
    runs = [run for block in blocks for side in block.values() for run in side]
    keys = find_keys(policy, (key for run in runs for key in values(run)))
    compared = analysis.compare_blocks(
        blocks,
        names,
        metrics=list(dict.fromkeys(key.metric for key in keys)),
        alpha=policy.alpha,
        looks=now,
        is_table=False,
    )
    too_few = analysis.too_few_pairs(pairs, policy.alpha, now)
    proof = prove(comparison, keys, policy, now)
    by_key = {metric.key: metric for metric in compared}
    judged = [
        judge_metric(by_key[key], gated.max_regression, too_few=too_few)
        for key, gated in zip(keys, policy.metric, strict=True)
    ]
    document = comparison.model_copy(update={"proof": proof, "anytime": now.is_anytime})
    return decided(document, withhold(judged, proof), policy)


def check_two(variants: int) -> None:
    """Check that there are a baseline and a candidate, and nothing else.

    Raises:
        UsageError: there are not two variants.
    """
    if variants != 2:
        raise UsageError(
            f"a gate judges a baseline and a candidate, and here are {variants} variants",
            "vary one option, with two values",
        )


def _ended_badly(comparison: Comparison, policy: Policy) -> Comparison:
    verdict: Overall = "failed" if comparison.status == "failed" else "interrupted"
    return comparison.model_copy(
        update={
            "metrics": [],
            "family": 0,
            "alpha": policy.family_alpha,
            "policy": policy.model_dump(mode="json"),
            "verdict": verdict,
            "exit_code": int(exit_code(verdict, policy)),
        }
    )


# ---- the document ----------------------------------------------------------------


def failed(comparison: Comparison, failures: Sequence[str], policy: Policy) -> Comparison:
    """The document where runs did not end well: no metric is judged."""
    return _ended_badly(
        comparison.model_copy(update={"status": "failed", "failures": list(failures)}), policy
    )


def decided(
    comparison: Comparison, metrics: Sequence[ComparedMetric], policy: Policy
) -> Comparison:
    """The document with the judged metrics, their common verdict and the exit code."""
    verdict = overall(metric.verdict for metric in metrics)
    return comparison.model_copy(
        update={
            "metrics": list(metrics),
            "family": len(metrics),
            "alpha": policy.family_alpha,
            "policy": policy.model_dump(mode="json"),
            "verdict": verdict,
            "exit_code": int(_never_green(exit_code(verdict, policy), metrics)),
        }
    )


def _never_green(code: ExitCode, metrics: Sequence[ComparedMetric]) -> ExitCode:
    """The exit code; not OK if a metric was measurable before and no longer is, by any policy."""
    if code == ExitCode.OK and any(metric.lost for metric in metrics):
        return ExitCode.INCONCLUSIVE
    return code
