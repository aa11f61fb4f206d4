"""To which target, and where in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from laiobench.jobs.options.compound_types import Amount, Form, amount_of
from laiobench.jobs.options.group import Alias, OptionGroup, option
from laiobench.jobs.options.types import Flag, OffAtZero, Size, TargetPath, off_at_zero, parse_flag

if TYPE_CHECKING:
    from laiobench.jobs.options import Job


def _through_the_cache(buffered: object) -> tuple[str, object]:
    return "direct", not parse_flag(buffered)


@dataclass(frozen=True)
class _AmountForm(Form):
    """`512m` or `20%`; documents store bytes as a number."""

    kind: type[Any] = Amount
    none_at_zero: bool = False

    def parse(self, value: object) -> Any:
        if self.none_at_zero and off_at_zero(value) is None:
            return None
        return super().parse(value)

    @staticmethod
    def written(value: Any) -> Any:
        return value if value is None else str(value) if value.bytes is None else value.bytes


_Amount = Annotated[Amount | None, _AmountForm(amount_of(least=1), none_at_zero=True)]
_Offset = Annotated[Amount, _AmountForm(amount_of())]
_NOWHERE = Amount(bytes=0, percent=None)


class RegionOptions(OptionGroup):
    """To which target, and where in it."""

    TITLE: ClassVar[str] = "Target and region"

    ALIASES: ClassVar[Mapping[str, Alias]] = {
        "iomem_align": "mem_align",
        "fileoffset": "offset",
        "io_limit": "io_size",
        "buffered": _through_the_cache,
    }

    filename: TargetPath = option(
        None,
        "the file or block device; none: laiobench's own scratch file",
        changes_io=False,
    )
    directory: TargetPath = option(
        None,
        "where a filename that is no path begins; without filename: where the scratch file is",
        changes_io=False,
    )
    size: _Amount = option(
        None,
        "length of the region used, or % of the target; none: up to the target's end",
        unit="bytes",
    )
    filesize: Size | None = option(
        None,
        "where the region ends, as if the target were so large; size is then how much a pass does",
        unit="bytes",
        ge=1,
        le=1 << 60,
    )
    offset: _Offset = option(
        _NOWHERE, "where the region begins; % of the target is rounded up to bs", unit="bytes"
    )
    offset_align: Annotated[Size | None, OffAtZero] = option(
        None, "round a % of offset up to a multiple of this", unit="bytes", ge=0, le=1 << 60
    )
    offset_increment: _Offset = option(
        _NOWHERE, "each further copy of numjobs begins so much later", unit="bytes"
    )
    io_size: _Amount = option(
        None, "how much to do, or % of the region; none: each pass all of it", unit="bytes"
    )
    zonemode: Literal["none", "strided"] = option(
        "none", "strided: so much in one zone, then on to the next"
    )
    zonesize: Annotated[Size | None, OffAtZero] = option(
        None, "strided: how much is done in a zone", unit="bytes", ge=0, le=1 << 60
    )
    zonerange: Annotated[Size | None, OffAtZero] = option(
        None, "strided: length of a zone; none: zonesize", unit="bytes", ge=0, le=1 << 60
    )
    zoneskip: Size = option(
        0, "strided: what is left out between zones", unit="bytes", ge=0, le=1 << 60
    )
    create_only: Flag = option(
        False, "make the file, if it is not there, and do nothing else: the job is not run"
    )
    mem_align: Size = option(
        4096, "alignment of buffers: this, and not more", unit="bytes", ge=1, le=4096
    )
    direct: Flag = option(True, "bypass the page cache (O_DIRECT; fio's default is 0)")

    @property
    def path(self) -> str | None:
        """The target's name, if given; a relative one is below `directory`."""
        if self.filename is None:
            return None
        return str(Path(self.directory or "") / self.filename)

    @property
    def is_strided(self) -> bool:
        return self.zonemode == "strided"

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.filesize and job.size and job.size.percent is not None:
            yield "filesize needs a size in bytes, or none: of what would size be a share?"
        if job.filesize and (job.offset.percent or job.offset_increment.percent):
            yield "filesize needs offset and offset_increment in bytes"
        if job.is_strided and job.zonesize is None:
            yield "zonemode=strided needs zonesize"
        if not job.is_strided and (job.zonesize or job.zonerange or job.zoneskip):
            yield "zonesize, zonerange and zoneskip need zonemode=strided"
        if job.is_strided and job.random_distribution.kind != "random":
            yield "zonemode=strided and random_distribution cannot both say where I/Os go"
