"""The gate on stored results: each session of measuring counts as one value.

Pure: runs and a policy in, a `Comparison` out.  The candidate is compared with the newest
sessions of the baseline, from the metric's last change for good on.  It is also compared
with the *reference*: the sessions that the baseline began with, or that it is pinned to.
This finds what gets a little worse each night, which is within the noise of the newest ones.
Where these are two questions they share alpha, so that both together err no more often than one.

Knows no files and no clock.  It also decides whether a candidate may join the baseline.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from laiobench.comparison import analysis, change_points
from laiobench.comparison.change_points import Point
from laiobench.comparison.gate.counting import Counting, Limit, Night
from laiobench.comparison.gate.gate import decided, judge_metric
from laiobench.comparison.gate.gated_metrics import find_keys
from laiobench.comparison.gate.policy import Gated, Policy
from laiobench.comparison.rows import session_values
from laiobench.comparison.sessions import MIN_SESSIONS, sessions
from laiobench.comparison.values import values
from laiobench.results.comparison import (
    ComparedMetric,
    Comparison,
    Difference,
    Drift,
    Verdict,
    change_of,
)
from laiobench.results.digest import RunDigest
from laiobench.results.metrics import METRICS, Key
from laiobench.results.warning import Warning

REFERENCE_SESSIONS = 8
"""The reference is the first so many sessions since the pin; more would follow a drift."""

SHARE_OF_NEWEST = 0.75
"""Of what may be wrong, where both questions are asked; the drift has the rest.  What is near the
threshold is inconclusive night by night, and a drift may be seen some nights later."""

Session = Sequence[RunDigest]
Sessions = Sequence[Session]


@dataclass(frozen=True)
class _Sides:
    """What is compared for one metric."""

    key: Key
    gated: Gated
    alpha: float
    names: tuple[str, str]
    baseline: Sessions
    """The sessions of the baseline that count."""
    kept_out: int
    """How many of them were not let in when they were judged."""
    since: str | None
    """When the metric last changed for good, which is where they begin; None: no change."""
    candidate: Sessions


@dataclass(frozen=True)
class _Baseline:
    """What there is of stored sessions, each list in the order of time."""

    joined: Sessions
    kept_out: Sessions
    pinned_at: datetime | None

    @property
    def has_reference(self) -> bool:
        """Whether the first sessions are others than the newest."""
        reference = _reference(self.joined, self.pinned_at)
        return bool(reference) and len(self.joined) > len(reference)


# ---- judging ---------------------------------------------------------------------


def judge(
    comparison: Comparison,
    baseline: Sequence[RunDigest],
    candidate: Sequence[RunDigest],
    policy: Policy,
    *,
    kept_out: Sequence[RunDigest] = (),
    pinned_at: datetime | None = None,
) -> Comparison:
    """Judge a comparison of stored results by a policy.

    Args:
        comparison: of both sides, from `laiobench.comparison.stored.uncompared`.
        baseline, candidate: the runs.
        policy: the metrics, and how much they may lose.
        kept_out: runs that were inconclusive, and so are not in the baseline.
        pinned_at: the reference begins with the first session that began then or later;
            None: with the first session of all.

    Raises:
        UsageError: the policy is about a metric that the results do not have.
    """
    old = _Baseline(sessions(baseline), sessions(kept_out), pinned_at)
    new = sessions(candidate)
    keys = find_keys(policy, (key for run in (*baseline, *candidate) for key in values(run)))
    names = (comparison.variants[0].name, comparison.variants[1].name)
    hard = _named([difference for difference in comparison.differences if difference.hard])
    of_newest = policy.alpha * (SHARE_OF_NEWEST if old.has_reference else 1.0)
    metrics = []
    for key, gated in zip(keys, policy.metric, strict=True):
        since = _last_change(old.joined[-policy.baseline.sessions :], key)
        limit = Limit(_allowed_log(key, gated), of_newest, policy.baseline.sessions)
        counting = _counting(old, key, limit)
        newest = [
            (session, joined)
            for session, joined in counting
            if since is None or session[0].started_at >= since
        ][-policy.baseline.sessions :]
        sides = _Sides(
            key, gated, of_newest, names,
            baseline=[session for session, _ in newest],
            kept_out=sum(not joined for _, joined in newest),
            since=_told(since) if since else None,
            candidate=new,
        )  # fmt: skip
        judged = _judge_one(sides, mismatch=hard)
        if hard and policy.on_fingerprint_mismatch == "error":
            judged = judged.model_copy(update={"verdict": Verdict.MISMATCH, "reason": hard})
        elif not hard and old.has_reference:
            reference = _reference([session for session, _ in counting], pinned_at)
            judged = _with_drift(
                judged, replace(sides, baseline=reference, alpha=policy.alpha - of_newest)
            )
        metrics.append(judged)
    warnings = [*comparison.warnings, *([_differs(hard)] if hard else [])]
    return decided(comparison.model_copy(update={"warnings": warnings}), metrics, policy)


def _judge_one(sides: _Sides, *, mismatch: str) -> ComparedMetric:
    return judge_metric(
        _compared(sides),
        sides.gated.max_regression,
        too_few=analysis.too_few_sessions(len(sides.baseline)),
        mismatch=mismatch,
    ).model_copy(
        update={
            "baseline_sessions": len(sides.baseline),
            "baseline_kept_out": sides.kept_out,
            "baseline_since": sides.since,
        }
    )


def _compared(sides: _Sides) -> ComparedMetric:
    found = analysis.compare_sessions(
        sides.baseline,
        sides.candidate,
        names=sides.names,
        metrics=[sides.key.metric],
        alpha=sides.alpha,
        is_table=False,
    )
    return next(metric for metric in found if metric.key == sides.key)


def begin(comparison: Comparison, candidate: Sequence[RunDigest], policy: Policy) -> Comparison:
    """The document where there is no baseline yet: nothing is judged.

    Raises:
        UsageError: the policy is about a metric that the candidate does not have.
    """
    found = [values(run) for run in candidate]
    keys = find_keys(policy, (key for run in found for key in run))
    reason = f"there is no baseline yet: it needs {MIN_SESSIONS} sessions of measuring"
    metrics = [
        ComparedMetric(
            **key._asdict(),
            better=METRICS[key.metric].better,
            baseline=comparison.variants[0].name,
            variant=comparison.variants[1].name,
            n=0,
            level=1 - policy.alpha,
            max_regression=gated.max_regression,
            baseline_sessions=0,
            verdict=Verdict.INCONCLUSIVE,
            reason=reason,
        )
        for key, gated in zip(keys, policy.metric, strict=True)
    ]
    return decided(comparison, metrics, policy)


# ---- which sessions count --------------------------------------------------------


def _counting(old: _Baseline, key: Key, limit: Limit) -> list[tuple[Session, bool]]:
    """The sessions that count, and whether each joined when it was judged."""
    both = [(session, True) for session in old.joined]
    both += [(session, False) for session in old.kept_out]
    both.sort(key=lambda one: one[0][0].started_at)
    counting = Counting(limit)
    for session, joined in both:
        counting.add(Night(_worse_log(session, key), joined))
    return [both[number] for number in counting.numbers]


def _worse_log(session: Session, key: Key) -> float | None:
    """Signed so that more is worse."""
    value = session_values(session).get(key)
    if not isinstance(value, float) or value <= 0:
        return None
    return math.log(value) if METRICS[key.metric].better == "lower" else -math.log(value)


def _allowed_log(key: Key, gated: Gated) -> float:
    """The same of what may be lost."""
    if METRICS[key.metric].better == "lower":
        return math.log1p(gated.max_regression)
    return -math.log1p(-gated.max_regression) if gated.max_regression < 1 else math.inf


def _last_change(window: Sessions, key: Key) -> datetime | None:
    """When the metric last changed for good, of those that joined: others may not make a level."""
    points: list[Point] = []
    starts: list[datetime] = []
    for session in window:
        value = session_values(session).get(key)
        if isinstance(value, float) and value > 0:
            points.append(Point(_told(session[0].started_at), value))
            starts.append(session[0].started_at)
    changes = change_points.change_points(points)
    return starts[changes[-1].index] if changes else None


def _told(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


# ---- drift -----------------------------------------------------------------------


def _reference(baseline: Sessions, pinned_at: datetime | None) -> Sessions:
    """The sessions of the reference; none as long as there are too few."""
    since = [
        session for session in baseline if pinned_at is None or session[0].started_at >= pinned_at
    ]
    return since[:REFERENCE_SESSIONS] if len(since) >= MIN_SESSIONS else ()


def _with_drift(judged: ComparedMetric, since_reference: _Sides) -> ComparedMetric:
    """What all changes since the reference come to, which may make a regression of it."""
    reference = since_reference.baseline
    compared = _compared(since_reference)
    if compared.ratio is None:
        return judged
    drift = Drift(
        since=_told(reference[0][0].started_at),
        sessions=len(reference),
        ratio=compared.ratio,
        low=compared.low,
        high=compared.high,
        max_drift=since_reference.gated.allowed_drift,
    )
    change = change_of(judged.better, drift.ratio, drift.low, drift.high)
    update: dict[str, object] = {"drift": drift}
    is_worse = change is not None and change.low > drift.max_drift
    if is_worse and judged.verdict != Verdict.REGRESS:
        update |= {
            "verdict": Verdict.REGRESS,
            "reason": "many small changes have added up to more than may be lost",
        }
    return judged.model_copy(update=update)


# ---- joining the baseline --------------------------------------------------------


def why_not_joined(judged: Comparison, *, accept: bool) -> str:
    """Why a candidate must not become a part of its baseline; empty if it may.

    An inconclusive candidate may have a regression that was not seen.  If such candidates
    joined, slow sessions would become normal night by night.  The first sessions of a
    baseline, or after a change for good, can't be judged, and join.
    """
    if judged.status != "ok":
        return "runs that failed are no baseline"
    if any(difference.hard for difference in judged.differences):
        return "it is of another machine, or of other jobs: begin another folder for it"
    if accept:
        return ""
    if judged.verdict == Verdict.REGRESS:
        return "it regressed; --accept takes it nevertheless"
    if _is_open(judged):
        return "it is inconclusive, and may be a regression; --accept takes it nevertheless"
    return ""


def is_kept_out(judged: Comparison) -> bool:
    """Whether what does not join is to be known nevertheless: it may turn out to be noise."""
    is_like_it = judged.status == "ok" and not any(each.hard for each in judged.differences)
    return is_like_it and judged.verdict != Verdict.REGRESS and _is_open(judged)


def _is_open(judged: Comparison) -> bool:
    open_ = (Verdict.INCONCLUSIVE, Verdict.NOT_MEASURABLE)
    return any(metric.verdict in open_ and not begins(metric) for metric in judged.metrics)


def begins(metric: ComparedMetric) -> bool:
    """Whether the baseline has too few sessions yet to judge this metric."""
    return metric.baseline_sessions is not None and metric.baseline_sessions < MIN_SESSIONS


# ---- other machines --------------------------------------------------------------


def _named(differences: Sequence[Difference]) -> str:
    """How the fingerprints differ, in words; empty if they do not."""
    if not differences:
        return ""
    what = ", ".join(
        f"{difference.name} ({difference.baseline} against {difference.new})"
        for difference in differences
    )
    return f"the fingerprints differ in {what}"


def _differs(reason: str) -> Warning:
    return Warning(
        id="fingerprint_mismatch",
        seen=reason,
        why="a difference may be that, and not what was changed",
        do="measure the baseline where the candidate is measured",
    )
