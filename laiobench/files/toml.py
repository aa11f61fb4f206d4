"""TOML as others have written it: what is none is told in our words, and Python's advice is not.

Knows nothing of what is in it.
"""

import tomllib
from typing import Any

from laiobench.errors import UsageError


def parse_toml(text: str, origin: str) -> dict[str, Any]:
    """The document; `origin` is what errors call it.

    Raises:
        UsageError: it is no TOML, or has what no document needs.
    """
    try:
        text.encode()
        return tomllib.loads(text)
    except UnicodeEncodeError:
        raise UsageError(f"{origin} cannot be read: it is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{origin} is not valid TOML: {error}") from None
    except ValueError:  # of int(), for more digits than Python reads
        raise UsageError(f"{origin} cannot be read: a number in it is too long") from None
    except RecursionError:
        raise UsageError(f"{origin} cannot be read: it is nested too deeply") from None
