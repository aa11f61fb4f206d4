"""What a live comparison's hidden arms prove for a gate: at its level, of what it allows."""

from collections.abc import Sequence

from laiobench.comparison import proof_arms
from laiobench.comparison.blocks import complete_blocks
from laiobench.comparison.gate.policy import Policy
from laiobench.comparison.looks import Looks
from laiobench.results.comparison import Comparison
from laiobench.results.comparison_proof import ARMS_OF, Proof
from laiobench.results.digest import digest
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
    arms = {arm: proof_arms.hidden_name(arm) for arm in ARMS_OF[comparison.design.proof]}
    made = [
        *((trial.block, trial.variant, digest(trial.run)) for trial in comparison.trials),
        *(
            (trial.block, proof_arms.hidden_name(trial.variant), digest(trial.run))
            for trial in comparison.proof_trials
        ),
    ]
    proof = proof_arms.judge(
        complete_blocks(made, [*names, *arms.values()]),
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
