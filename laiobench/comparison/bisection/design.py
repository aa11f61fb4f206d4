"""What is asked of a bisection, checked: numbers that make sense, and metrics that there are."""

from laiobench.errors import UsageError, raise_all
from laiobench.results.bisection import BisectionDesign
from laiobench.results.metrics import METRICS


def check_design(design: BisectionDesign) -> None:
    """Check the numbers.

    Raises:
        UsageError: some make no sense; it names all of them.
    """
    problems = []
    if not 0.5 <= design.confidence < 1:
        problems.append(
            UsageError(
                f"the confidence must be from 50% to below 100%, not {design.confidence:.2%}"
            )
        )
    if not 0 <= design.threshold < 10:
        problems.append(
            UsageError(f"a threshold of {design.threshold:.4g} is no change to look for")
        )
    if design.max_trials is not None and design.max_trials < 1:
        problems.append(UsageError(f"the most trials must be above 0, not {design.max_trials}"))
    if design.max_time_s is not None and design.max_time_s <= 0:
        problems.append(UsageError("the longest time must be above 0"))
    if unknown := [name for name in design.metrics if name not in METRICS]:
        problems.append(
            UsageError(f"there is no metric {unknown[0]}", "these are: " + ", ".join(METRICS))
        )
    raise_all(problems)
