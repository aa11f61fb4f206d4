"""Which request meets which fault: rules in one line each, without any I/O.

A rule is `operation:range:action[:every=N][:count=N]`.  The operation is read, write,
fsync or any; the range is of bytes, `first-last`, where either may be left out.  Every Nth
request that matches is hit, `count` of them at most.  The action is an errno's name,
or one of

    short=N     do N bytes of it
    zero        answer success, with no bytes
    delay=S     answer after S seconds
    hang        answer when released
"""

import errno
from dataclasses import dataclass

END = 1 << 62
OPERATIONS = ("read", "write", "fsync", "any")
ACTIONS = ("short", "zero", "delay", "hang")


@dataclass(frozen=True)
class Fault:
    """What a rule does to a request."""

    action: str
    amount: float = 0.0

    @property
    def errno(self) -> int:
        """The errno to answer; 0: the action is no error."""
        return getattr(errno, self.action, 0)


@dataclass
class Rule:
    """A rule, and how often it has matched."""

    operation: str
    first: int
    last: int
    fault: Fault
    every: int = 1
    count: int = END
    matches: int = 0
    hits: int = 0

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """The rule in `text`.

        Raises:
            ValueError: it is none.
        """
        operation, span, action, *limits = text.split(":")
        first, _, last = span.partition("-")
        action, _, amount = action.partition("=")
        if operation not in OPERATIONS or not (action in ACTIONS or hasattr(errno, action)):
            raise ValueError(f"{text!r} is no rule")
        return cls(
            operation,
            int(first or 0),
            int(last or END),
            Fault(action, float(amount or 0)),
            **{name: int(value) for name, _, value in (limit.partition("=") for limit in limits)},
        )

    def hit(self, operation: str, offset: int, size_bytes: int) -> bool:
        """Count a request that matches; returns whether the rule hits it."""
        if self.operation not in (operation, "any"):
            return False
        if offset > self.last or offset + max(size_bytes, 1) <= self.first:
            return False
        self.matches += 1
        if self.matches % self.every or self.hits >= self.count:
            return False
        self.hits += 1
        return True
