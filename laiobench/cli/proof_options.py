"""--proof and --spike: which hidden arms a live comparison has, and how much time they take.

By default there are both, a sham and a spike, if they can show anything and there is time:
if there are enough pairs, and --max-time, where given, leaves room for their trials.
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
"""With fewer pairs no interval of 95 % has bounds, and arms could show nothing."""

_F = TypeVar("_F", bound=Callable[..., Any])


def proof_options(command: _F) -> _F:
    """Add --proof and --spike to a command, as arguments `proof` and `spike`."""
    command = click.option(
        "--spike",
        type=ShareType(),
        metavar="SHARE",
        help="The slowness of the spike.  [default: the least loss that the policy allows, or "
        f"{DEFAULT_SPIKE:.0%}]",
    )(command)
    return click.option(
        "--proof",
        type=click.Choice(get_args(ProofKind)),
        help="What is measured besides to prove the answer: the sham, which is the baseline once "
        "more and must not differ; the spike, which is the baseline with a known slowness and must "
        "be found.  [default: both, where the time allows]",
    )(command)


@dataclass(frozen=True)
class ChosenProof:
    """Which arms there are, and how large the spike is.  `said` tells the user; may be empty."""

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
    """The arms that the user asked for; by default those for which there is time.

    Args:
        asked, spike: the values of --proof and --spike; None: not given.
        variants: the jobs of each variant, the baseline first.
        design: its `pairs` and `max_time_s` are used.
        allowed: the relative loss that the policy allows, for each of its metrics; empty:
            there is no policy.
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
        return ""  # the table tells that there are too few pairs
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
    """How long a trial of these jobs lasts; None if one ends by I/Os, not by time."""
    groups: list[float] = [0.0]
    for job in jobs:
        if job.runtime is None:
            return None
        if job.stonewall:
            groups.append(0.0)
        groups[-1] = max(groups[-1], job.ramp_time + job.runtime)
    return sum(groups)
