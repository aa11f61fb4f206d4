"""Where a setting is read otherwise than fio reads it.

fio 3.33 to 3.42 were run to see it.  What is wrong in fio and an error here is not
listed: it is told as an error.
"""

import re

from laiobench.job import canonical, options

_DECIMAL_SIZE = re.compile(r"(?<![\d./])(\d+)\.\d+\s*[kmgtpe]?(i?b)?(?![\w%])", re.IGNORECASE)
_BINARY = re.compile(r"(?<![\w./])(\d+)([kmgtpe])ib(?!\w)", re.IGNORECASE)
_DECIMAL_TIME = re.compile(r"(\d*)\.\d+\s*[a-zµ]*", re.IGNORECASE)
_DURATIONS = ("s", "us", "ms", "ns")

# What fio takes where a job does not say; ours is in the option table.
DEFAULTS = {
    "direct": "0: through the page cache",
    "engine": "psync: blocking calls, one at a time whatever the iodepth",
    "filename": "a file that it lays out, or empties and fills, in the current folder",
    "max_batch": "1: each I/O in an io_submit of its own",
}

_UNITS = {option.name: option.unit for option in options()}


def difference(name: str, raw: str) -> str:
    """What fio makes of `name=raw`, if it is something else; else empty."""
    try:
        unit = _UNITS.get(canonical(name, raw)[0], "")
    except ValueError:
        return ""
    if unit in _DURATIONS:
        return _of_duration(raw, unit)
    if unit.startswith("bytes"):
        return _of_size(raw)
    return ""


def _of_duration(raw: str, unit: str) -> str:
    found = _DECIMAL_TIME.fullmatch(raw.strip())
    return f"fio reads {found[1] or 0} {unit}: it stops at the point" if found else ""


def _of_size(raw: str) -> str:
    if found := _DECIMAL_SIZE.search(raw):
        return f"fio reads {found[1]} bytes for {found[0]}: it stops at the point"
    if found := _BINARY.search(raw):
        exponent = "kmgtpe".index(found[2].lower()) + 1
        return f"fio reads {int(found[1]) * 1000**exponent:,} bytes for {found[0]}"
    if re.match(r"\s+\d+[kmgtpe]", raw, re.IGNORECASE):
        return f"fio reads {int(re.findall(r'[0-9]+', raw)[0]):,} bytes: after a blank, no suffix"
    return ""
