"""A bisection for people: what was found and how sure that is, and what was measured."""

from tabulate import tabulate

from laiobench.report.text.numbers import format_ratio, title_of
from laiobench.results.bisection import BisectionResult, Revision

HEADERS = ("revision", "trials", "change (+ is worse)", "has the change", "made it", "")
_LONGEST = 44
_SHORT_HASH = 12
_SURE = 0.9995


def render(found: BisectionResult) -> str:
    """What it came to, the revisions that were looked at, and how."""
    table = (
        ""
        if not found.trials
        else tabulate(
            rows(found),
            headers=HEADERS,
            tablefmt="simple",
            disable_numparse=True,
            colalign=("left", "right", "right", "right", "right", "left"),
        )
    )
    parts = [sentence(found), table, "\n".join(notes(found)), _method(found)]
    if found.status != "ok":
        parts.append(f"status  {found.status}")
    return "\n\n".join(part for part in parts if part)


# ---- in words --------------------------------------------------------------------


def sentence(found: BisectionResult) -> str:
    """The answer."""
    share = format_probability(found.probability)
    among = len(found.suspects)
    match found.answer:
        case "found":
            name = called(found.suspects[-1])
            return f"{name} made it {_how(found)} (probability {share}): {_change(found)}"
        case "range":
            return (
                f"one of {among} revisions made it {_how(found)} (probability {share}), after "
                f"{called(_named(found, found.last_without))} and up to "
                f"{called(found.suspects[-1])}: what is between them can't be measured; "
                f"{_change(found)}"
            )
        case "no_change":
            return (
                f"{called(found.bad)} is not known to be {_how(found)} than "
                f"{called(found.good)}; if it is, by {_change(found)}"
            )
        case _:
            return _undecided(found, share)


def _undecided(found: BisectionResult, share: str) -> str:
    suspects = found.suspects
    if found.metric is None:
        return "nothing was measured"
    if len(suspects) == 1:
        return f"not decided, but most likely {called(suspects[0])} (probability {share})"
    if len(suspects) == len(found.revisions) - 1:
        no_change = format_probability(1 - _of_change(found))
        return (
            f"not decided: any of {len(suspects)} revisions; no change at all has probability "
            f"{no_change}"
        )
    return (
        f"not decided: one of {len(suspects)} revisions, after "
        f"{called(_named(found, found.last_without))} and up to {called(suspects[-1])} "
        f"(probability {share})"
    )


def _of_change(found: BisectionResult) -> float:
    return found.bad.has_change or 0.0


def _how(found: BisectionResult) -> str:
    if found.design.direction == "any":
        return "different"
    return "slower" if found.metric and found.metric.metric != "cpu_ns_per_io" else "dearer"


def _change(found: BisectionResult) -> str:
    if found.change is None or found.metric is None:
        return ""
    change = found.change
    ends = [format_ratio(end, change.ratio) for end in (change.low, change.high)]
    return f"{title_of(found.metric.key)} × {format_ratio(change.ratio)} [{', '.join(ends)}]"


def notes(found: BisectionResult) -> list[str]:
    """What was skipped, and why it ended early."""
    skipped = [revision for revision in found.revisions if revision.skipped]
    said = [f"skipped {called(revision)}: {revision.skipped}" for revision in skipped]
    return [*said, *([f"ended early: {found.ended}"] if found.ended else [])]


def _method(found: BisectionResult) -> str:
    prepared = sum(each.failure is None for each in found.preparations)
    counts = f"{len(found.trials)} trials of {_measured(found)} of {len(found.revisions)} revisions"
    return (
        counts
        + (f", {prepared} preparations" if prepared else "")
        + (f"; good {called(found.good)}, bad {called(found.bad)}")
    )


def _measured(found: BisectionResult) -> int:
    return sum(revision.trials > 0 for revision in found.revisions)


def progress(found: BisectionResult) -> str:
    """After a trial: which one it was, and what remains."""
    last = found.trials[-1]
    trial = f"trial {len(found.trials)}  {short(last.variant)}"
    if (
        found.answer == "no_change"
        or found.probability < found.design.confidence
        or (len(found.suspects) == len(found.revisions) - 1)
    ):
        of_change = format_probability(_of_change(found))
        return f"{trial}   the ends differ: {of_change}   {len(found.suspects)} revisions left"
    return (
        f"{trial}   {len(found.suspects)} revision{'s' * (len(found.suspects) > 1)} left, "
        f"up to {short(found.first_with)}   {_change(found)}"
    )


# ---- the table -------------------------------------------------------------------


def rows(found: BisectionResult) -> list[tuple[str, ...]]:
    """A line for each revision that was measured or skipped, in their order."""
    return [
        _row(found, revision) for revision in found.revisions if revision.trials or revision.skipped
    ]


def _row(found: BisectionResult, revision: Revision) -> tuple[str, ...]:
    mark = ""
    if found.answer == "found" and revision.name == found.first_with:
        mark = "<- this one"
    if revision.skipped:
        mark = "skipped"
    elif revision is found.good or revision is found.bad:
        mark = mark or ("good end" if revision is found.good else "bad end")
    return (
        called(revision),
        str(revision.trials or ""),
        "" if revision.change is None else f"{revision.change:+.1%}",
        "" if revision.has_change is None else format_probability(revision.has_change),
        "" if revision.probability is None else format_probability(revision.probability),
        mark,
    )


def called(revision: Revision) -> str:
    """Its name, as short as people write it, and what it is."""
    text = f"{short(revision.name)} {revision.title}".rstrip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def short(name: str) -> str:
    """A commit's hash in a few characters; any other name as it is."""
    is_hash = len(name) in (40, 64) and all(letter in "0123456789abcdef" for letter in name)
    return name[:_SHORT_HASH] if is_hash else name


def format_probability(share: float) -> str:
    """`97 %`; never 100 for what is not certain."""
    if share > _SURE:
        return "> 99.9%"
    return f"{share:.0%}" if share < 0.99 else f"{share:.1%}"


def _named(found: BisectionResult, name: str) -> Revision:
    return next(revision for revision in found.revisions if revision.name == name)
