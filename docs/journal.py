"""A journal that survives a crash: a change is on disk in the journal before it is made.

    python docs/journal.py FILE [NUMBER=TEXT ...]

FILE holds 64 records of up to 4,000 bytes, one in each block of 4 KiB.  Block 0
is the journal.  A changed record is written to the journal first; fdatasync makes
sure that it is on disk; only then is it written in its place.  A crash at any moment
leaves the old record or the new one, never half of each: if the place was hit, the
journal holds the whole new record, and the next to open the file completes it.
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
    """The block of a record, the same in the journal and in its place."""
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
    """Change a record.  When this returns, it is on disk."""
    entry = encode(number, data)
    await target.pwrite(0, entry)
    await target.fdatasync()  # the journal must be on disk before the place is changed
    await target.pwrite((1 + number) * BLOCK, entry)
    await target.fdatasync()  # and the place before the journal is used again


async def recover(target: Target) -> int | None:
    """Complete a change that a crash interrupted; returns the record's number, or None."""
    entry = decode(await target.pread(0, BLOCK))
    if entry is None:  # a new file, or the crash hit the journal: no place was changed
        return None
    number, data = entry
    place = (1 + number) * BLOCK
    if decode(await target.pread(place, BLOCK)) == entry:
        return None
    await target.pwrite(place, encode(number, data))
    await target.fdatasync()
    return number


async def read_records(ctx: AioContext, target: Target) -> dict[int, str]:
    """All records that were written, by number; read concurrently."""
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
