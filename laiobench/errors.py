"""The errors that users see, and the exit codes that all commands share.

An error says what failed, on what, why, and what to do about it.  It is raised
where that is known, and printed in one place (`laiobench.cli.main`).
"""

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """What the program ends with; a code means the same for every command."""

    OK = 0
    RUN_FAILED = 1
    USAGE = 2
    REGRESS = 3
    INCONCLUSIVE = 4
    MISMATCH = 5
    NO_CHANGE = 6
    INTERRUPTED = 130


class LaiobenchError(Exception):
    """An error that the user is told in a sentence, without a traceback.

    Args:
        problem: what failed, on what, and why.
        remedy: what to do about it, where there is something.
    """

    exit_code = ExitCode.RUN_FAILED

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\n  {self.remedy}" if self.remedy else self.problem


class RunError(LaiobenchError):
    """The run failed, or its result cannot be trusted: exit 1."""


class NotNow(RunError):
    """What the run needs of the machine is used up: it may be there again in a moment."""


class Interrupted(LaiobenchError):
    """The user stopped the program before there was anything to save: exit 130."""

    exit_code = ExitCode.INTERRUPTED


class UsageError(LaiobenchError):
    """The command line or a job file asks for something impossible: exit 2."""

    exit_code = ExitCode.USAGE


class ExtraMissing(UsageError):
    """An optional package is needed and not installed.

    Args:
        what: what was asked for, and cannot be done without the package.
        package: the package's name, or several names.
        extra: the extra of laiobench that installs it.
    """

    def __init__(self, what: str, package: str, extra: str) -> None:
        # laiobench is on no package index: this is the one place that says how it is installed.
        super().__init__(
            f"{what} needs {package}: not installed",
            f"pip install '.[{extra}]' in a checkout of laiobench, or with its wheel: "
            f"pip install 'FILE.whl[{extra}]'",
        )


class CombinedUsageError(UsageError):
    """Several usage errors, told at once."""

    def __init__(self, problems: Sequence[UsageError]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def raise_all(problems: Sequence[UsageError]) -> None:
    """Raise nothing, the one error, or all of them as one `CombinedUsageError`."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise CombinedUsageError(problems)
