"""Settings that fio reads otherwise than laiobench.

Found by running fio 3.33 to 3.42.  Not listed: what fio reads wrongly and is an error
here; the error says so.
"""

import re
from collections.abc import Iterator

from laiobench.errors import UsageError
from laiobench.jobs.options import Job, canonical, is_count, options
from laiobench.jobs.sources.settings import Draft, Setting

_DECIMAL_SIZE = re.compile(r"(?<![\d./])(\d+)\.\d+\s*[kmgtpe]?(i?b)?(?![\w%])", re.IGNORECASE)
_BINARY = re.compile(r"(?<![\w./])(\d+)([kmgtpe])ib(?!\w)", re.IGNORECASE)
_DECIMAL_TIME = re.compile(r"(\d*)\.\d+\s*[a-zµ]*", re.IGNORECASE)
_DURATIONS = ("s", "us", "ms", "ns")

# Options that have another default in fio: fio's; ours is in the option table.
DEFAULTS = {
    "direct": "0: through the page cache",
    "engine": "psync: blocking calls, one at a time whatever the iodepth",
    "max_batch": "1: each I/O in an io_submit of its own",
}

_UNITS = {option.name: option.unit for option in options()}


def difference(name: str, raw: str) -> str:
    """How fio reads `name=raw`, if it reads it otherwise; else empty."""
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


# ---- kb_base=1000, with which k is 1,000 and KiB 1,024 -----------------------------------

_DECIMAL_KILO = re.compile(r"(?<![\w./])\d+(?:\.\d+)?\s*[kmgtpe][ib]?(?!\w)", re.IGNORECASE)


def _has_decimal_kilos(draft: Draft) -> bool:
    setting = draft.settings.get("kb_base")
    return setting is not None and str(setting.value).strip() == "1000"


def same_with_decimal_kilos(draft: Draft, setting: Setting) -> bool:
    """Whether kb_base=1000 makes fio read a setting as we do, such as 4KiB."""
    is_binary = bool(_BINARY.search(str(setting.value)))
    return _has_decimal_kilos(draft) and is_binary and "it stops" not in setting.differs


def misread_kilos(draft: Draft) -> Iterator[tuple[str, UsageError]]:
    """Settings whose suffixes mean powers of 1000 in fio because of kb_base=1000.

    As in fio, kb_base in a file holds for that file, not for flags.
    """
    if not _has_decimal_kilos(draft):
        return
    is_for_flags = draft.settings["kb_base"].is_name
    for name, setting in draft.settings.items():
        if setting.is_name and not is_for_flags:
            continue
        is_size = _UNITS.get(name, "").startswith("bytes")
        if not is_size and not (name in Job.model_fields and is_count(Job.model_fields[name])):
            continue
        if found := _DECIMAL_KILO.search(setting.as_written(name)[1]):
            yield (
                name,
                UsageError(
                    f"{setting.told(name)}: with kb_base=1000, {found[0].strip()} is in powers of "
                    "1000, and suffixes are of 1024 here",
                    "write the number in full" + ", or KiB, MiB, GiB for powers of 1024" * is_size,
                ),
            )
