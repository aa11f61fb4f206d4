"""GitHub's workflow commands: an error for each regression or mismatch, a warning for each metric
that could not be judged and so is skipped, with the reason, and what the hidden arms proved.

That verdicts were withheld is a warning; that they were not, and by what, a notice.  Where there
were no arms and all passed there is nothing to annotate.

The runner reads them from stdout.  In a message %, CR and LF are escaped, in a
property also : and , (as its own toolkit does).
"""

from laiobench.report.text import proof_sentences
from laiobench.report.text.gate_table import sentence
from laiobench.report.text.numbers import title
from laiobench.results.comparison import Comparison, Verdict
from laiobench.words import visible

_ANNOTATIONS = {
    Verdict.REGRESS: ("error", ""),
    Verdict.MISMATCH: ("error", ": not judged"),
    Verdict.INCONCLUSIVE: ("warning", ": skipped"),
    Verdict.NOT_MEASURABLE: ("warning", ": skipped"),
}


def render(comparison: Comparison) -> str:
    """A line for each metric that did not pass, and one for the proof; empty if there are none."""
    lines = [
        _line(command, f"laiobench: {title(metric)}{besides}", sentence(metric))
        for metric in comparison.metrics
        if (annotation := _ANNOTATIONS.get(metric.verdict))
        for command, besides in [annotation]
    ]
    if proof := proof_sentences.sentences(comparison):
        is_withheld = any(metric.is_withheld for metric in comparison.metrics)
        command, name = ("warning", "verdicts withheld") if is_withheld else ("notice", "proof")
        lines.append(_line(command, f"laiobench: {name}", "\n".join(proof)))
    return "".join(lines)


def _line(command: str, name: str, message: str) -> str:
    return f"::{command} title={escape_property(name)}::{escape_data(message)}\n"


def escape_data(text: str) -> str:
    """% is escaped first, since the other escapes contain it."""
    return visible(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def escape_property(text: str) -> str:
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")
