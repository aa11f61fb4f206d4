"""What the hidden arms of a live comparison prove for a gate: at its level, for its limits."""

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
    """The proof for the metrics of a policy; None: the comparison has no arms.

    For each metric a slowness as large as the policy allows must be found, also if the spike
    has another size.

    Args:
        comparison: a live comparison.
        keys: the key of each of the policy's metrics.
        policy: says how much each may lose.
        looks: which part of alpha this look may use.
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
