"""Makes and checks designs of live comparisons: how many pairs, their order, when it ends."""

import secrets
from collections.abc import Sequence

from laiobench.comparison import rank_tests
from laiobench.errors import UsageError
from laiobench.jobs.options import LONGEST_S
from laiobench.measurement.measure import LARGEST_SPIKE
from laiobench.results.comparison import Design, TrialOrder
from laiobench.results.comparison_proof import ARMS_OF, DEFAULT_SPIKE, ProofKind
from laiobench.results.metrics import METRICS

DEFAULT_PAIRS = 10
MOST_PAIRS = 1_000


def make_design(
    *,
    pairs: int | None = None,
    until_width: float | None = None,
    max_time_s: float | None = None,
    seed: int | None = None,
    watched: Sequence[str] = ("iops",),
    prepare: str | None = None,
    cleanup: str | None = None,
    order: TrialOrder = "pairs",
    proof: ProofKind = "none",
    spike: float | None = None,
    same_offsets: bool = False,
    looks: Sequence[int] = (),
    until_decided: bool = False,
    equivalent_within: float | None = None,
    distribution: bool = False,
) -> Design:
    """A checked design; the arguments are the fields of `Design`.

    `pairs` is 10 by default, or 100 if the width or a decision ends the comparison.

    Raises:
        UsageError: a value makes no sense, or two contradict each other.
    """
    if pairs is None:
        pairs = 100 if until_width is not None or until_decided else DEFAULT_PAIRS
    if not 1 <= pairs <= MOST_PAIRS:
        raise UsageError(f"pairs must be from 1 to {MOST_PAIRS:,}, not {pairs}")
    if until_width is not None:
        if not 0 < until_width < 1:
            raise UsageError(f"a width must be between 0 and 100 %, not {until_width:.0%}")
        if pairs < rank_tests.MIN_PAIRS:
            raise UsageError(f"a width needs at least {rank_tests.MIN_PAIRS} pairs, not {pairs}")
    if until_width is not None and until_decided:
        raise UsageError(
            "a comparison ends by its width, or when it is decided",
            "give --until-width or --until-decided",
        )
    if equivalent_within is not None and not 0 < equivalent_within < 1:
        raise UsageError(
            f"what is as good must be within a share between 0 and 100 %, not "
            f"{equivalent_within:.0%}"
        )
    if max_time_s is not None and not 0 < max_time_s <= LONGEST_S:
        raise UsageError(f"the time must be above 0 and below ten years, not {max_time_s:g} s")
    if unknown := [name for name in watched if name not in METRICS]:
        raise UsageError(f"there is no metric {unknown[0]}", "these are: " + ", ".join(METRICS))
    design = Design(
        seed=secrets.randbits(32) if seed is None else seed,
        order=order,
        same_offsets=same_offsets,
        looks=list(looks),
        until_decided=until_decided,
        equivalent_within=equivalent_within,
        pairs=pairs,
        until_width=until_width,
        max_time_s=max_time_s,
        watched=list(watched),
        prepare=prepare,
        cleanup=cleanup,
        distribution=distribution,
    )
    return with_proof(design, proof, spike)


def with_proof(design: Design, proof: ProofKind, spike: float | None) -> Design:
    """The design with hidden arms.

    Args:
        design: the design.
        proof: which arms.
        spike: the size of the spike, as a share of each I/O's time; None: 0.05.

    Raises:
        UsageError: the size is out of range, or there is no spike arm.
    """
    has_spike = "spike" in ARMS_OF[proof]
    if spike is not None and not has_spike:
        raise UsageError(f"with a proof of {proof} there is no spike that could have a size")
    if spike is None:
        spike = DEFAULT_SPIKE
    if has_spike and not 0 < spike <= LARGEST_SPIKE:
        raise UsageError(
            f"a spike must be above 0 and at most {LARGEST_SPIKE:.0%}, not {spike:.0%}"
        )
    return design.model_copy(update={"proof": proof, "spike": spike if has_spike else None})
