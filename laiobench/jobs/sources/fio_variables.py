"""Variables in job files: ${VAR}, $pagesize, $mb_memory and $ncpus.

As in fio, a value with one of the last three may be arithmetic: whole numbers with + - * /
and brackets, whose result is the value.  A variable that is not set is an error here; fio
reads it as empty.
"""

import os
import re
from collections.abc import Mapping

_MEBIBYTE = 1 << 20
_VARIABLE = re.compile(r"\$\{([^}]*)\}?")
_KEYWORD = re.compile(r"\$(pagesize|mb_memory|ncpus)")
_ARITHMETIC = re.compile(r"[0-9 \t()*/+-]+")
_TOKEN = re.compile(r"[0-9]+|[()*/+-]")
_LONGEST = 200


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with all variables replaced.

    Raises:
        ValueError: a variable is not set, or the arithmetic has no result.
    """
    filled = _VARIABLE.sub(lambda found: _variable(found, environment), text)
    try:
        return _with_keywords(filled)
    except ValueError:
        if filled == text:
            raise
        raise ValueError("with what its variables stand for it has no result") from None


def variables(text: str) -> list[str]:
    """Those that stand in `text`, as they are written: a value may be a secret, a name is none."""
    return list(dict.fromkeys(found[0] for found in _VARIABLE.finditer(text)))


def _variable(found: re.Match[str], environment: Mapping[str, str]) -> str:
    name = found[1]
    if not found[0].endswith("}"):
        raise ValueError("${ has no closing bracket")
    if name not in environment:
        raise ValueError(f"${{{name}}} is not set in the environment")
    return environment[name]


def _with_keywords(text: str) -> str:
    if not _KEYWORD.search(text):
        return text
    text = _KEYWORD.sub(lambda found: str(_keyword(found[1])), text)
    name, equals, value = text.partition("=")
    if not equals or not _ARITHMETIC.fullmatch(value) or not re.search(r"[*/+-]", value):
        return text
    return f"{name}={_Arithmetic(value).result()}"


def _keyword(name: str) -> int:
    match name:
        case "pagesize":
            return os.sysconf("SC_PAGE_SIZE")
        case "ncpus":
            return os.cpu_count() or 1
        case _:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MEBIBYTE


class _Arithmetic:
    """sum := product (+|- product)*; product := atom (*|/ atom)*; atom := number | ( sum )"""

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise ValueError("arithmetic is too long")
        self._text = text
        self._tokens = _TOKEN.findall(text)[::-1]

    def result(self) -> int:
        value = self._sum()
        if self._tokens:
            raise self._wrong()
        return value

    def _sum(self) -> int:
        value = self._product()
        while self._tokens and self._tokens[-1] in "+-":
            sign = 1 if self._tokens.pop() == "+" else -1
            value += sign * self._product()
        return value

    def _product(self) -> int:
        value = self._atom()
        while self._tokens and self._tokens[-1] in "*/":
            if self._tokens.pop() == "*":
                value *= self._atom()
            elif divisor := self._atom():
                value = abs(value) // abs(divisor) * (1 if value * divisor >= 0 else -1)
            else:
                raise ValueError(f"{self._text!r} divides by 0")
        return value

    def _atom(self) -> int:
        token = self._tokens.pop() if self._tokens else ""
        if token.isdigit():
            return int(token)
        if token != "(":
            raise self._wrong()
        value = self._sum()
        if not self._tokens or self._tokens.pop() != ")":
            raise self._wrong()
        return value

    def _wrong(self) -> ValueError:
        return ValueError(f"{self._text!r} is not arithmetic")
