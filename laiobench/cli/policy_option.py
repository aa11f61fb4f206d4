"""`laiobench ab … --policy`: the policy that ends and judges a live comparison."""

from dataclasses import dataclass
from pathlib import Path

from laiobench.comparison.experiment import Experiment
from laiobench.comparison.gate import gate, gated_metrics, policy
from laiobench.comparison.gate.policy import Policy
from laiobench.errors import UsageError
from laiobench.results.comparison import Comparison, Verdict


def _share(looks: int) -> float:
    """The share of α that each of so many looks may use."""
    # Imported here: it needs numpy, which is slow to import.
    from laiobench.comparison.looks import RESERVE

    return (1 - RESERVE) / looks


@dataclass(frozen=True)
class PolicyOption:
    """A policy by which a live comparison ends and is judged."""

    policy: Policy

    @classmethod
    def of(
        cls, file: Path | None, pairs: int | None, until_width: float | None
    ) -> "PolicyOption | None":
        """The policy in the file of --policy; None: it was not given.

        Raises:
            UsageError: the policy is wrong, or other options contradict it.
        """
        if file is None:
            return None
        # Imported here: it needs numpy, which is slow to import.
        from laiobench.comparison import rank_tests

        if pairs is not None or until_width is not None:
            raise UsageError(
                "--policy says how many pairs there are",
                "give it without --pairs and --until-width, or change pairs in the policy",
            )
        found = policy.load(file)
        needed = rank_tests.pairs_for_interval(found.alpha * _share(1))
        if found.pairs.max < needed:
            raise UsageError(
                f"{file}: {found.pairs.max} pairs can show nothing: an interval of "
                f"{1 - found.alpha:.4g} needs at least {needed}",
                f"write pairs = {{min = {needed}, max = {3 * needed}}}, or have fewer metrics",
            )
        return cls(found)

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of pairs after which it is judged.

        The first is the least that can show anything, but not below the policy's minimum;
        the last is the policy's maximum.
        """
        # Imported here: it needs numpy, which is slow to import.
        from laiobench.comparison import rank_tests

        first = max(
            self.policy.pairs.min, rank_tests.pairs_for_interval(self.policy.alpha * _share(2))
        )
        last = self.policy.pairs.max
        return (first, last) if first < last else (last,)

    def check(self, experiment: Experiment) -> None:
        """Check, before anything is measured, that the policy can judge the comparison.

        Raises:
            UsageError: there are not two variants, or no such jobs.
        """
        gate.check_two(len(experiment.variants))
        gated_metrics.check_jobs(self.policy, [each.jobs for each in experiment.variants])

    def is_conclusive(self, comparison: Comparison) -> bool:
        """Whether the comparison already has a verdict other than inconclusive."""
        return self(comparison).verdict != Verdict.INCONCLUSIVE

    def __call__(self, comparison: Comparison) -> Comparison:
        """The comparison with its verdicts."""
        return gate.judge_live(comparison, self.policy)
