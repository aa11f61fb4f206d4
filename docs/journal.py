"""A journal that survives a crash: first the record, then, on disk for sure, the change itself.

    python docs/journal.py FILE [NUMBER=TEXT ...]

FILE holds 64 records of up to 4,000 bytes, one in each block of 4 KiB.  Block 0
is the journal.  To change a record, it is written to the journal first;
fdatasync makes sure that it is there; only then is it written in place.  A
crash at any moment leaves the old record or the new one, never half of each:
whoever opens the file next finds the whole record in the journal, or an old one.
"""

import struct
import sys
import zlib

from laiobench.aio import AioContext, Target

BLOCK = 4096
RECORDS = 64
HEADER = struct.Struct("<IIII")  # magic, CRC of the rest, record number, bytes
MAGIC = 0x4A524E4C
MAX_BYTES = 4000


def encode(number: int, data: bytes) -> bytes:
    """A journal entry, or a record in its place: one aligned block."""
    rest = struct.pack("<II", number, len(data)) + data
    return (struct.pack("<II", MAGIC, zlib.crc32(rest)) + rest).ljust(BLOCK, b"\0")


def decode(block: bytes) -> tuple[int, bytes] | None:
    """The number and data in a block; None if it was never written whole."""
    if len(block) < BLOCK:
        return None
    magic, checksum, number, count = HEADER.unpack_from(block)
    rest = block[8 : HEADER.size + count]
    if magic != MAGIC or count > MAX_BYTES or zlib.crc32(rest) != checksum:
        return None
    return number, rest[8:]


async def write_record(target: Target, number: int, data: bytes) -> None:
    """Change a record: when this returns, it is on disk, and was never in danger."""
    entry = encode(number, data)
    await target.pwrite(0, entry)
    await target.fdatasync()  # the record before what it describes
    await target.pwrite((1 + number) * BLOCK, entry)
    await target.fdatasync()  # ... and in place before the journal is used again


async def recover(target: Target) -> int | None:
    """Finish what a crash may have interrupted; the number of the record, if there was one."""
    entry = decode(await target.pread(0, BLOCK))
    if entry is None:  # new, or the journal itself was hit: then nothing was begun
        return None
    number, data = entry
    place = (1 + number) * BLOCK
    if decode(await target.pread(place, BLOCK)) == entry:
        return None
    await target.pwrite(place, encode(number, data))
    await target.fdatasync()
    return number


async def read_records(ctx: AioContext, target: Target) -> dict[int, str]:
    """All records that were ever written; read all at once."""
    blocks = await ctx.gather(
        *(target.pread((1 + number) * BLOCK, BLOCK) for number in range(RECORDS))
    )
    entries = filter(None, map(decode, blocks))
    return {number: data.decode() for number, data in entries}


async def main(ctx: AioContext, target: Target, changes: list[str]) -> None:
    recovered = await recover(target)
    if recovered is not None:
        print(f"recovered record {recovered}")
    for change in changes:
        number, _, text = change.partition("=")
        await write_record(target, int(number), text.encode())
    for number, text in (await read_records(ctx, target)).items():
        print(f"{number}: {text}")


if __name__ == "__main__":
    path, *changes = sys.argv[1:]
    size = (1 + RECORDS) * BLOCK
    with AioContext() as ctx, Target.open(path, writable=True, create=size) as target:
        ctx.run(main(ctx, target, changes))
