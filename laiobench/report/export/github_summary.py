"""GitHub's step summary: the gate in Markdown, below a heading."""

from laiobench.report.export import markdown
from laiobench.results.comparison import Comparison, Verdict

_MARKS = {Verdict.PASS: "✅", Verdict.IMPROVE: "🎉", Verdict.REGRESS: "❌"}


def render(comparison: Comparison) -> str:
    """To be appended to the file that $GITHUB_STEP_SUMMARY names."""
    mark = next((mark for verdict, mark in _MARKS.items() if verdict == comparison.verdict), "⚠️")
    return f"## {mark} laiobench gate\n\n{markdown.gate(comparison)}\n"
