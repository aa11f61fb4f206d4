"""GitHub's workflow commands: an error annotation for each regression, and for nothing else.

The runner reads them from stdout.  In a message %, CR and LF are escaped, in a
property also : and , (as its own toolkit does).
"""

from laiobench.report.text.gate_table import sentence
from laiobench.report.text.numbers import title
from laiobench.results.comparison import Comparison, Verdict
from laiobench.words import visible


def render(comparison: Comparison) -> str:
    """A line for each regression; empty if there is none."""
    return "".join(
        f"::error title={escape_property(f'laiobench: {title(metric)}')}"
        f"::{escape_data(sentence(metric))}\n"
        for metric in comparison.metrics
        if metric.verdict == Verdict.REGRESS
    )


def escape_data(text: str) -> str:
    """% is escaped first, since the other escapes contain it."""
    return visible(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def escape_property(text: str) -> str:
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")
