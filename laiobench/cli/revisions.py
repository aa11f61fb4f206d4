"""Lists the revisions between a good and a bad one, from a file or from a git repository.

The oldest comes first.  What the revisions are revisions of is of no matter here.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.files.reading import STDIN, read_stdin, read_text
from laiobench.results.bisection import Revision
from laiobench.words import printable, suggest

MOST_REVISIONS = 10_000


@dataclass(frozen=True)
class Asked:
    """The options of `bisect` that name revisions."""

    good: str | None
    bad: str | None
    file: str | None
    repository: Path | None
    is_first_parent: bool

    def find(self) -> list[Revision]:
        """The revisions, from the good one to the bad one.

        Raises:
            UsageError: there are none, or they do not follow each other.
        """
        if (self.file is None) == (self.repository is None):
            raise UsageError(
                "which revisions there are is said by --revisions or by --git",
                "--revisions FILE names one a line, the oldest first; --git DIR is a repository",
            )
        if self.is_first_parent and self.repository is None:
            raise UsageError("--first-parent is for --git", "give both, or neither")
        found = self._of_file() if self.file else self._of_git()
        if len(found) < 2:
            raise UsageError("a bisection needs a good revision and a bad one after it")
        if len(found) > MOST_REVISIONS:
            raise UsageError(
                f"{len(found):,} revisions are too many: at most {MOST_REVISIONS:,}",
                "name ends that are nearer to each other",
            )
        return found

    # ---- a file ----------------------------------------------------------------

    def _of_file(self) -> list[Revision]:
        assert self.file is not None
        text = read_stdin() if self.file == STDIN else read_text(Path(self.file))
        lines = [line.strip() for line in text.splitlines()]
        names = [line for line in lines if line and not line.startswith("#")]
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise UsageError(f"{self.file}: {name} is there twice", "name each revision once")
            if printable(name) != name:
                raise UsageError(f"{self.file}: {printable(name)} is no name of a revision")
            seen.add(name)
        first = self._place(self.good, names, 0)
        last = self._place(self.bad, names, len(names) - 1)
        if first >= last:
            raise UsageError(
                f"{self.file}: {names[first] if names else 'the good end'} does not come before "
                f"{names[last] if names else 'the bad one'}",
                "the oldest revision is the first line",
            )
        return [Revision(name=name) for name in names[first : last + 1]]

    def _place(self, name: str | None, names: Sequence[str], default: int) -> int:
        if name is None:
            return default
        if name not in names:
            raise UsageError(f"{self.file} has no revision {name}{suggest(name, names)}")
        return names.index(name)

    # ---- a repository ----------------------------------------------------------

    def _of_git(self) -> list[Revision]:
        if self.good is None or self.bad is None:
            raise UsageError("--git needs both ends", "name them with --good and --bad")
        good, bad = self._commit("--good", self.good), self._commit("--bad", self.bad)
        if self._git("merge-base", "--is-ancestor", good, bad, may_fail=True) is None:
            raise UsageError(
                f"{self.good} is no ancestor of {self.bad}",
                "what is between them is no line of revisions: name a good one that the bad one "
                "is made of, or make the list yourself, for --revisions",
            )
        along = ["--first-parent"] if self.is_first_parent else []
        if not along and (merges := self._lines("rev-list", "--merges", f"{good}..{bad}")):
            raise UsageError(
                f"there are {len(merges)} merges between {self.good} and {self.bad}: a commit of "
                "a branch has not what the one before it in the list has",
                "give --first-parent, to search among what was merged; then within that",
            )
        log = self._lines("log", "--reverse", "--format=%H %s", *along, f"{good}..{bad}")
        start = self._lines("log", "-1", "--format=%H %s", good)
        return [
            Revision(name=name, title=printable(title))
            for name, _, title in (line.partition(" ") for line in [*start, *log])
        ]

    def _commit(self, option: str, name: str) -> str:
        found = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}",
            may_fail=True,
        )  # fmt: skip
        if found is None:
            raise UsageError(
                f"{option}={name}: there is no such commit in {self.repository}",
                f"git -C {self.repository} log shows those that there are",
            )
        return found.strip()

    def _lines(self, *arguments: str) -> list[str]:
        return (self._git(*arguments) or "").splitlines()

    def _git(self, *arguments: str, may_fail: bool = False) -> str | None:
        """The output of a git command; None if it failed and may fail."""
        try:
            done = subprocess.run(
                ["git", "-C", str(self.repository), *arguments],
                check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="replace",
            )  # fmt: skip
        except FileNotFoundError:
            raise UsageError(
                "--git needs git: not installed", "install it, or list revisions for --revisions"
            ) from None
        if done.returncode == 0:
            return done.stdout
        if may_fail and done.returncode == 1:
            return None
        said = " ".join(done.stderr.split()) or f"it ended with {done.returncode}"
        raise UsageError(f"git cannot read {self.repository}: {said}")
