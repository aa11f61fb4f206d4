"""To which target, and where in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from laiobench.job.group import Alias, OptionGroup, option
from laiobench.values import Flag, Size, TargetPath, parse_flag


def _through_the_cache(buffered: object) -> tuple[str, object]:
    return "direct", not parse_flag(buffered)


class RegionOptions(OptionGroup):
    """To which target, and where in it."""

    TITLE: ClassVar[str] = "Target and region"

    ALIASES: ClassVar[Mapping[str, Alias]] = {
        "iomem_align": "mem_align",
        "buffered": _through_the_cache,
    }

    filename: TargetPath = option(
        None, "the file or block device; none: laiobench's own scratch file"
    )
    directory: TargetPath = option(
        None, "where a filename that is no path begins; without filename: where the scratch file is"
    )
    size: Size | None = option(
        None,
        "length of the region used; none: up to the target's end",
        unit="bytes",
        gt=0,
        le=1 << 60,
    )
    offset: Size = option(0, "where the region begins", unit="bytes", ge=0, le=1 << 60)
    mem_align: Size = option(
        4096, "alignment of buffers: this, and not more", unit="bytes", ge=1, le=4096
    )
    direct: Flag = option(True, "bypass the page cache (O_DIRECT; fio's default is 0)")

    @property
    def path(self) -> str | None:
        """The target's name, if it has one; relative ones begin at `directory`."""
        if self.filename is None:
            return None
        return str(Path(self.directory or "") / self.filename)
