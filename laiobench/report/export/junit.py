"""JUnit XML: a test case for each metric of a gate, for whatever shows test reports.

regress is a failure, inconclusive and not measurable are skipped, mismatch is an
error.  A run that failed is an error in a case of its own.  What the hidden arms proved is each
case's output, and what follows from it a property of the suite.
"""

from laiobench.errors import ExtraMissing
from laiobench.report.text import proof_sentences
from laiobench.report.text.gate_table import sentence
from laiobench.results.comparison import ComparedMetric, Comparison, Verdict
from laiobench.words import one_line

try:
    from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
except ImportError:
    raise ExtraMissing("JUnit XML", "junitparser", "ci") from None

_RESULTS = {
    Verdict.REGRESS: Failure,
    Verdict.INCONCLUSIVE: Skipped,
    Verdict.NOT_MEASURABLE: Skipped,
    Verdict.MISMATCH: Error,
}


def render(comparison: Comparison) -> str:
    """A suite, `laiobench`, with a case for each metric."""
    suite = TestSuite("laiobench")
    suite.timestamp = comparison.started_at
    for name, value in _properties(comparison).items():
        suite.add_property(name, value)
    for metric in comparison.metrics:
        suite.add_testcase(_case(comparison, metric))
    for failure in comparison.failures:
        suite.add_testcase(_wrong(failure, "failed"))
    if comparison.status == "interrupted":
        suite.add_testcase(_wrong("the comparison was interrupted", "interrupted"))
    report = JUnitXml("laiobench gate")
    report.add_testsuite(suite)
    text: bytes = report.tostring()  # type: ignore[no-untyped-call]
    return text.decode() + "\n"


def _properties(comparison: Comparison) -> dict[str, str]:
    """What the arms proved, and how many verdicts were withheld for it; empty without arms."""
    proof = proof_sentences.sentences(comparison)
    if not proof:
        return {}
    withheld = sum(metric.is_withheld for metric in comparison.metrics)
    return {"proof": _printable("; ".join(proof)), "withheld": str(withheld)}


def _case(comparison: Comparison, metric: ComparedMetric) -> TestCase:
    direction = f"{metric.direction} " if metric.direction else ""
    case = TestCase(_printable(f"{direction}{metric.metric}"), classname=_printable(metric.job))
    if metric.verdict in _RESULTS:
        text = _printable(sentence(metric))
        case.result = [_RESULTS[metric.verdict](text, metric.verdict.value)]
    proof = comparison.proof
    if proven := proof_sentences.of_metric(proof, proof.of(metric.key) if proof else None):
        case.system_out = _printable(proven)
    return case


def _wrong(text: str, kind: str) -> TestCase:
    case = TestCase("the runs", classname="laiobench")
    case.result = [Error(_printable(text), kind)]
    return case


def _printable(text: str) -> str:
    """Text without characters that XML can't have."""
    return one_line(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
