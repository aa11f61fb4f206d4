"""The hidden arms of a live comparison, and what they prove.

Arms are measured as further sides of the experiment: in the same pairs, in the same random
order, and analysed in the same way.  The *sham* is the baseline once more: what it shows is
no difference of the variants.  The *spike* is the baseline with a slowness of known size,
which the core plants: a comparison that does not find it would not find as large a
difference of the variants either, on this machine, in these minutes.

A sham differs if the largest studentised mean of all metrics is so large that chance alone
exceeds it in 1 of 100 comparisons; so often, verdicts are withheld without a cause.  A spike
is found if the table, or the gate, calls it worse by the rule that holds for variants.

Pure: digests in, a `Proof` out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from laiobench.comparison import analysis, sign_flips
from laiobench.comparison.looks import ONCE, Looks
from laiobench.comparison.numerics import np
from laiobench.comparison.rank_tests import ALPHA
from laiobench.comparison.variants import LiveVariant
from laiobench.results.comparison import ComparedMetric, Design, Verdict
from laiobench.results.comparison_proof import (
    ARMS_OF,
    WITHHELD,
    Arm,
    ArmRatio,
    Proof,
    ProvenMetric,
)
from laiobench.results.metrics import METRICS, Key
from laiobench.words import one_line

SHAM_LEVEL = 0.01

Pairs = Mapping[Arm, Sequence[analysis.Block]]
"""The blocks of each arm: the runs of all variants and of the arm, by name."""


def arms(design: Design, baseline: LiveVariant) -> list[LiveVariant]:
    """The arms that a design asks for, made from the baseline."""
    return [
        replace(baseline, name=arm, spike=(design.spike or 0.0) if arm == "spike" else 0.0)
        for arm in ARMS_OF[design.proof]
    ]


def hidden_name(name: str) -> str:
    """A name for an arm that no variant has: it begins with a line end."""
    return f"\n{name}"


# ---- judging ---------------------------------------------------------------------


def judge(
    blocks: Sequence[analysis.Block],
    variants: Sequence[str],
    arm_names: Mapping[Arm, str],
    spike: float | None,
    metrics: Sequence[str],
    *,
    alpha: float = ALPHA,
    looks: Looks = ONCE,
    needed: Mapping[Key, float] | None = None,
) -> Proof | None:
    """What the arms showed; None where there is no arm or no complete block.

    Args:
        blocks: complete blocks of variants and arms together.
        variants: their names, the baseline's first.
        arm_names: the names of the arms in the blocks.
        spike: the slowness that was planted, as a share of each I/O's time.
        metrics: names of the metrics, from `METRICS`.
        alpha: the level of the table's or the gate's intervals is 1 − alpha.
        looks: which part of alpha this look may use.
        needed: for each metric of a gate, the slowness that must be found, which is what
            the gate allows; None: the spike itself must be found, by the table's verdict.
    """
    if not arm_names or not blocks:
        return None
    baseline, _, *others = variants
    compared: dict[Arm, dict[Key, ComparedMetric]] = {}
    for arm, name in arm_names.items():
        # In place of a variant, so that the table has as many metrics as with the variant.
        sides = [baseline, *others, name]
        table = analysis.compare_blocks(
            blocks, sides, metrics=metrics, alpha=alpha, looks=looks, is_table=needed is None
        )
        compared[arm] = {metric.key: metric for metric in table if metric.variant == one_line(name)}
    p = _sham_p(blocks, baseline, arm_names["sham"], compared["sham"]) if "sham" in compared else {}
    pairs = sum(len(block[baseline]) for block in blocks)
    can_differ = bool(p) and pairs >= sign_flips.fewest_pairs(SHAM_LEVEL)
    keys = dict.fromkeys(key for table in compared.values() for key in table)
    return Proof(
        spike=spike if "spike" in arm_names else None,
        pairs=pairs,
        level=1 - alpha,
        sham_level=SHAM_LEVEL,
        sham_differs=min(p.values()) <= SHAM_LEVEL if can_differ else None,
        metrics=[_proven(key, compared, p, spike or 0.0, (needed or {}).get(key)) for key in keys],
    )


def _proven(
    key: Key,
    compared: Mapping[Arm, Mapping[Key, ComparedMetric]],
    sham_p: Mapping[Key, float],
    spike: float,
    needed: float | None,
) -> ProvenMetric:
    seen = {arm: table[key] for arm, table in compared.items() if key in table}
    spiked = seen.get("spike")
    found = None
    if spiked is not None and spiked.ratio is not None:
        found = _would_show(spiked, spike, needed) if needed else spiked.verdict is Verdict.REGRESS
    reasons = [
        metric.reason or "it is 0 in some trials, and a spike is a share of each"
        for metric in seen.values()
        if metric.ratio is None
    ]
    return ProvenMetric(
        **key._asdict(),
        better=METRICS[key.metric].better,
        sham=_ratio(seen.get("sham")),
        sham_p=sham_p.get(key),
        spike=_ratio(spiked),
        spike_found=found,
        needed=None if found is None else needed or spike,
        reason=reasons[0] if reasons else None,
    )


def _would_show(spiked: ComparedMetric, spike: float, needed: float) -> bool:
    """Whether a slowness of `needed` instead of `spike` would be found in the same trials.

    A spike multiplies values by 1 + its share, so the interval of another spike is this one's,
    shifted.
    """
    if spiked.low is None or spiked.high is None or spiked.low <= 0:
        return False
    worse = math.log(spiked.low) if spiked.better == "lower" else -math.log(spiked.high)
    return worse + math.log1p(needed) - math.log1p(spike) > 0


def _ratio(metric: ComparedMetric | None) -> ArmRatio | None:
    if metric is None or metric.ratio is None:
        return None
    return ArmRatio(ratio=metric.ratio, low=metric.low, high=metric.high)


def _sham_p(
    blocks: Sequence[analysis.Block],
    baseline: str,
    sham: str,
    compared: Mapping[Key, ComparedMetric],
) -> dict[Key, float]:
    """The p-value of the sham for each metric with values in all trials, adjusted for all."""
    keys = [key for key, metric in compared.items() if metric.ratio is not None]
    if not keys:
        return {}
    columns = []
    for key in keys:
        old, new = analysis.pair_values(blocks, baseline, sham, key)
        columns.append([math.log(b / a) for a, b in zip(old, new, strict=True)])
    p = sign_flips.largest_t_p(np.asarray(columns, dtype=np.float64).T)
    return dict(zip(keys, map(float, p), strict=True))


# ---- verdicts --------------------------------------------------------------------


def withhold(compared: Sequence[ComparedMetric], proof: Proof | None) -> list[ComparedMetric]:
    """The compared metrics; verdicts that the proof does not support become inconclusive.

    If the sham differs, all verdicts are withheld: something other than the variants makes
    differences.  If a spike was missed, verdicts that there is no difference are withheld,
    since that is what it was to prove; a difference that was shown stands without it.
    """
    if proof is None:
        return list(compared)
    return [_withheld(metric, proof) for metric in compared]


def _withheld(metric: ComparedMetric, proof: Proof) -> ComparedMetric:
    if metric.verdict is Verdict.NOT_MEASURABLE:
        # Nothing is said of how much worse it is at least, either.
        return metric.model_copy(update={"at_least": None}) if proof.sham_differs else metric
    if proof.sham_differs:
        reason = (
            f"{WITHHELD}the sham, which is the baseline once more, differs from it; something "
            "besides the variants makes differences here: measure on a quieter machine, with "
            "longer trials or more pairs"
        )
        withheld = {"verdict": Verdict.INCONCLUSIVE, "reason": reason, "alone": False}
        return metric.model_copy(update=withheld)
    proven = proof.of(metric.key)
    shows_none = metric.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)
    if proven is None or proven.spike_found is not False or not shows_none or metric.reason:
        return metric
    missed = f"{100 * (proven.needed or 0):.3g}%"
    reason = (
        f"{WITHHELD}a spike of {missed} was missed, so that no difference was found says "
        "nothing: more pairs, longer trials or a quieter machine"
    )
    return metric.model_copy(update={"verdict": Verdict.INCONCLUSIVE, "reason": reason})
