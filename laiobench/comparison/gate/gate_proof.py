"""What a live comparison's hidden arms prove for a gate: at its level, of what it allows."""

from collections.abc import Sequence

from laiobench.comparison import proof_arms
from laiobench.comparison.gate.policy import Policy
from laiobench.comparison.looks import Looks
from laiobench.results.comparison import Comparison
from laiobench.results.comparison_proof import ARMS_OF, Proof
from laiobench.results.digest import RunDigest, digest
from laiobench.results.metrics import Key


def prove(
    comparison: Comparison, keys: Sequence[Key], policy: Policy, looks: Looks
) -> Proof | None:
    """A proof of the gated metrics alone.

    A slowness as large as is allowed must be found, wherever the spike's own size is another.

    Args:
        comparison: a live one.
        keys: what each of the policy's metrics is about.
        policy: what may be lost.
        looks: how often it is looked at.
    """
    if comparison.design is None:
        return None
    names = [variant.name for variant in comparison.variants]
    # No name has a line end: a variant that is called as an arm is stays another.
    arms = {arm: f"\n{arm}" for arm in ARMS_OF[comparison.design.proof]}
    proof = proof_arms.judge(
        _blocks(comparison, [*names, *arms.values()]),
        names,
        arms,
        comparison.design.spike,
        list(dict.fromkeys(key.metric for key in keys)),
        alpha=policy.alpha,
        looks=looks,
        needed={key: gated.max_regression for key, gated in zip(keys, policy.metric, strict=True)},
    )
    if proof is None:
        return None
    return proof.model_copy(
        update={"metrics": [each for each in proof.metrics if each.key in keys]}
    )


def _blocks(comparison: Comparison, names: Sequence[str]) -> list[dict[str, list[RunDigest]]]:
    """Those in which all sides were measured."""
    found: dict[int, dict[str, list[RunDigest]]] = {}
    sides = [
        *((trial.variant, trial) for trial in comparison.trials),
        *((f"\n{trial.variant}", trial) for trial in comparison.proof_trials),
    ]
    for name, trial in sides:
        block = found.setdefault(trial.block, {side: [] for side in names})
        block[name].append(digest(trial.run))
    return [block for _, block in sorted(found.items()) if all(block.values())]
