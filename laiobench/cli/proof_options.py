"""--proof and --spike: which hidden arms a live comparison has, and what they cost.

By default both, where the time allows: where there are pairs enough for them to show
anything, and --max-time, if there is one, is enough for them too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

import click

from laiobench.cli.params import ShareType
from laiobench.cli.time_left import roughly
from laiobench.jobs.options import Job
from laiobench.results.comparison import Design
from laiobench.results.comparison_proof import ARMS_OF, DEFAULT_SPIKE, ProofKind

_FEWEST_PAIRS = 6
"""With fewer, no interval of 95 % has an end, and arms could show nothing."""

_F = TypeVar("_F", bound=Callable[..., Any])


def proof_options(command: _F) -> _F:
    """As `proof` and `spike`."""
    command = click.option(
        "--spike",
        type=ShareType(),
        metavar="SHARE",
        help="How much slower the spike is.  [default: the least that the policy allows, or "
        f"{DEFAULT_SPIKE:.0%}]",
    )(command)
    return click.option(
        "--proof",
        type=click.Choice(get_args(ProofKind)),
        help="What is measured besides, to prove the answer: the baseline once more, the sham, "
        "which must not differ; the baseline with a known slowness, the spike, which must be "
        "found.  [default: both, where the time allows]",
    )(command)


@dataclass(frozen=True)
class ChosenProof:
    """Which arms there are, how large the spike is, and what is said of it."""

    kind: ProofKind
    spike: float | None
    said: str


def choose(
    asked: ProofKind | None,
    spike: float | None,
    *,
    variants: Sequence[Sequence[Job]],
    design: Design,
    allowed: Sequence[float],
) -> ChosenProof:
    """What was asked for, or what the time allows.

    Args:
        asked, spike: as the user gave them.
        variants: the jobs of each.
        design: how often each is measured, at most, and how long all may take.
        allowed: how much each of the policy's metrics may lose, if there is a policy.
    """
    trial_s = [_lasts_s(jobs) for jobs in variants]
    pairs = design.pairs
    kind = asked or _affordable(spike, trial_s, pairs, design.max_time_s)
    arms = ARMS_OF[kind]
    if "spike" in arms and spike is None:
        spike = min([share for share in allowed if share > 0], default=DEFAULT_SPIKE)
    if not arms:
        why = "" if asked else _why_none(pairs)
        return ChosenProof(kind, spike, why)
    count = len(arms) * pairs
    baseline_s = trial_s[0]
    time = f", about {roughly(count * baseline_s)}" if baseline_s else ""
    return ChosenProof(
        kind,
        spike,
        f"{' and '.join(_named(arm, spike) for arm in arms)}: {count} of up to "
        f"{(len(variants) + len(arms)) * pairs} trials{time}, prove what is found, or not; "
        "--proof=none leaves them out",
    )


def _named(arm: str, spike: float | None) -> str:
    return f"a spike of {100 * (spike or 0):.3g}%" if arm == "spike" else "a sham"


def _why_none(pairs: int) -> str:
    if pairs < _FEWEST_PAIRS:
        return ""  # the table says so
    return "--max-time leaves no room for a sham and a spike: nothing proves what is not found"


def _affordable(
    spike: float | None,
    trial_s: Sequence[float | None],
    pairs: int,
    max_time_s: float | None,
) -> ProofKind:
    if spike is not None:
        return "both"
    if pairs < _FEWEST_PAIRS:
        return "none"
    if max_time_s is None:
        return "both"
    known = [seconds for seconds in trial_s if seconds is not None]
    if len(known) < len(trial_s):
        return "none"
    return "both" if _FEWEST_PAIRS * (sum(known) + 2 * known[0]) <= max_time_s else "none"


def _lasts_s(jobs: Sequence[Job]) -> float | None:
    """A trial of them, as they are asked to; None where that goes by I/Os."""
    groups: list[float] = [0.0]
    for job in jobs:
        if job.runtime is None:
            return None
        if job.stonewall:
            groups.append(0.0)
        groups[-1] = max(groups[-1], job.ramp_time + job.runtime)
    return sum(groups)
