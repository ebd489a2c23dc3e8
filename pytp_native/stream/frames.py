# SPDX-License-Identifier: WTFPL OR MIT
"""Zstandard frames of an archive: where each one is, and what fills the space behind them (RFC 8878)."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right

from pytp_native.light import NamedTuple
from pytp_native.units import MIB

FRAME_BYTES = 16 * MIB
"""Content of a frame, at most: what one file that is restored costs beside itself."""
MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = struct.Struct("<II")
_SKIPPABLE_MAGIC = 0x184D2A50
"""The last four bits are free (RFC 8878 3.1.2)."""
_LONGEST_HEADER = 18
_BLOCK_LIMIT = 128 * 1024
_RESERVED = 3
_RLE = 1
_PLACE = struct.Struct("<QQ")


class FramePlace(NamedTuple):
    """Where a frame begins."""

    content: int
    """Block of the archive."""
    stored: int
    """Byte of the tape file."""


class FrameMap:
    """The frames of one archive in the order of the tape. One thread adds, others look.

    Content is counted in blocks of the archive, what is stored in bytes.
    """

    def __init__(self, first: int = 0) -> None:
        """`first`: block of the archive with which they begin."""
        self._content = array("Q", [first])
        self._stored = array("Q", [0])

    def add(self, blocks: int, stored_bytes: int) -> None:
        """The next frame has so many blocks; 0: it is a filler."""
        # In this order: who looks meanwhile finds a place for every end.
        self._content.append(self._content[-1] + blocks)
        self._stored.append(self._stored[-1] + stored_bytes)

    @property
    def stored_bytes(self) -> int:
        return self._stored[-1]

    def content_within(self, stored_bytes: int) -> int:
        """Return how many blocks of the archive are in the frames that are complete within so many bytes."""
        return self._content[bisect_right(self._stored, stored_bytes) - 1]

    def end_of_cut(self, stored_bytes: int) -> int:
        """Return where the frame ends that is cut behind so many bytes; just there if none is."""
        at = bisect_right(self._stored, stored_bytes)
        if self._stored[at - 1] == stored_bytes or at == len(self._stored):
            return stored_bytes
        return self._stored[at]

    def end_of_fillers(self, stored_bytes: int) -> int:
        """Return where the fillers end that begin at that byte; just there if there are none (yet)."""
        at = bisect_right(self._stored, stored_bytes)
        while at < len(self._stored) and self._content[at] == self._content[at - 1]:
            stored_bytes = self._stored[at]
            at += 1
        return stored_bytes

    def places(self, first: int, end: int, shift: int) -> list[FramePlace]:
        """Return where the frames with the blocks from `first` up to `end` of the archive begin, with `shift` added to
        bytes."""
        begin, stop = bisect_right(self._content, first) - 1, bisect_right(self._content, end - 1)
        return [
            FramePlace(self._content[number], self._stored[number] + shift)
            for number in range(begin, stop)
            if number + 1 < len(self._content) and self._content[number + 1] > self._content[number]
        ]


def filler(room: int) -> bytes:
    """Return a skippable frame of exactly `room` bytes, at least 8."""
    return _SKIPPABLE.pack(_SKIPPABLE_MAGIC, room - _SKIPPABLE.size) + bytes(room - _SKIPPABLE.size)


def filler_to(used: int, block_bytes: int, end: int = 0) -> bytes:
    """Return what fills a block up from `used` to `end` (0: its end), if need be over one more block."""
    room = (end - used) % block_bytes
    if room == 0:
        return b""
    return filler(room if room >= _SKIPPABLE.size else room + block_bytes)


def is_frame(data: bytes | bytearray | memoryview) -> bool:
    """Tell whether Zstandard frames begin here, skippable ones included."""
    start = bytes(data[:4])
    return start == MAGIC or (len(start) == 4 and int.from_bytes(start, "little") & ~15 == _SKIPPABLE_MAGIC)


_PACKINGS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x04\x22\x4d\x18": "lz4",
    b"LZIP": "lzip",
    b"\x89LZO": "lzop",
    b"\x1f\x9d": "compress",
}


def packing_of(start: bytes | memoryview) -> str | None:
    """Return the program that packs like this, of those that are not understood here."""
    return next((name for magic, name in _PACKINGS.items() if bytes(start[: len(magic)]) == magic), None)


def header_bytes(data: bytes | bytearray) -> int:
    """Return the length of the header of the frame at the beginning of `data` (RFC 8878 3.1.1.1)."""
    descriptor = data[4]
    single = descriptor >> 5 & 1
    content = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    return 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3] + content


def walk_blocks(data: bytes | bytearray, at: int) -> tuple[int, bool]:
    """Step from block to block of a frame, from the block header at `at` (RFC 8878 3.1.1.2), as far as `data` goes.

    Return where the next header would be, or behind the last block what comes there, and whether it was the last.
    ValueError for what is no block header.
    """
    while at + 3 <= len(data):
        word = int.from_bytes(data[at : at + 3], "little")
        kind, size = word >> 1 & 3, word >> 3
        if kind == _RESERVED or size > _BLOCK_LIMIT:
            raise ValueError(f"a block of it has no proper header ({word:06x}h)")
        at += 3 + (1 if kind == _RLE else size)
        if word & 1:
            return at, True
    return at, False


def frame_bytes(data: bytes | bytearray) -> int | None:
    """Return the length of the frame at the beginning of `data`; None if it goes on behind that, or is none."""
    if len(data) < _LONGEST_HEADER or bytes(data[:4]) != MAGIC:
        return None
    try:
        at, whole = walk_blocks(data, header_bytes(data))
    except ValueError:
        return None
    at += 4 * (data[4] >> 2 & 1)
    return at if whole and at <= len(data) else None


def pack_places(places: list[FramePlace]) -> bytes:
    """Return the table as bytes, as catalog and trailer keep it."""
    return b"".join(_PLACE.pack(*place) for place in places)


def unpack_places(data: bytes) -> list[FramePlace]:
    """Read such a table."""
    return [FramePlace(*pair) for pair in _PLACE.iter_unpack(data[: len(data) // _PLACE.size * _PLACE.size])]
