# SPDX-License-Identifier: WTFPL OR MIT
"""Member records as columns, for a table that takes many rows at once: the Python face of csrc/columns.h."""

from __future__ import annotations

from typing import Any

from pytp_native.errors import MediumError
from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.units import MIB

ROOM = 2 * MIB
"""Bytes of records that are converted at once: some 12,000 members, and the longest record there is."""


_NO_LIMIT = 2**64 - 1


class Columns(NamedTuple):
    """The members of a piece of the log, one list (or text) a column, all of one length but `directories`."""

    directories: list[tuple[bytes, int]]
    """What is before the last slash of the names, and for how many members in a row."""
    names: list[bytes]
    """Behind the last slash."""
    types: str
    """tar's type flags"""
    sizes: list[int]
    mtimes_ns: list[int]
    ctimes_ns: list[int]
    modes: list[int]
    uids: list[int]
    gids: list[int]
    inodes: list[int]
    """As signed 64-bit numbers."""
    blocks: list[int]
    """Tape block of the header group, counted from the start of the tape file."""
    offsets: list[int]
    lengths: list[int]
    """Bytes of the whole member in the archive."""
    digests: list[bytes | None]
    links: list[bytes | None]


class MemberColumns:
    """Converts records; used by one thread."""

    def __init__(self) -> None:
        handle = lib.pytp_columns_new(ROOM)
        if handle == ffi.NULL:
            raise MemoryError("member columns")
        self._room = ffi.gc(handle, lib.pytp_columns_free)

    def convert(self, records: bytes, limit_bytes: int = _NO_LIMIT, block_bytes: int = 0) -> tuple[Columns, int]:
        """Return the members of at most ROOM bytes of records, and how many bytes they took; a record that is cut off
        at the end is left. Raises MediumError for what no packer writes.

        With `limit_bytes` it ends in front of the first member that ends behind so many bytes of the archive.
        """
        room, length = self._room, min(len(records), ROOM)
        if limit_bytes != _NO_LIMIT:
            length = self._within(records, length, limit_bytes, block_bytes)
        used = lib.pytp_columns_fill(room, records, length)
        if room.bad or (used == 0 and length >= ROOM):
            raise MediumError("member index", "has a record that cannot be right", "list the tape file itself")
        return _columns(room), used

    @staticmethod
    def _within(records: bytes, length: int, limit_bytes: int, block_bytes: int) -> int:
        tally, beyond = ffi.new("pytp_members_tally *"), ffi.new("int *")
        return int(lib.pytp_members_count(records, length, limit_bytes, block_bytes, tally, beyond))


def _columns(room: Any) -> Columns:
    count = room.members
    unpack = ffi.unpack
    return Columns(
        list(zip(_texts(room.directories, room.directories_bytes), unpack(room.run_members, room.runs), strict=True)),
        _texts(room.names, room.names_bytes),
        bytes(ffi.buffer(room.type, count)).decode("ascii"),
        unpack(room.size, count), unpack(room.mtime_ns, count), unpack(room.ctime_ns, count),
        unpack(room.mode, count), unpack(room.uid, count), unpack(room.gid, count), unpack(room.inode, count),
        unpack(room.block, count), unpack(room.offset, count), unpack(room.length, count),
        _digests(room, count), _links(room, count),
    )  # fmt: skip


def _texts(room: Any, length: int) -> list[bytes]:
    return bytes(ffi.buffer(room, length)).split(b"\0")[:-1]


def _digests(room: Any, count: int) -> list[bytes | None]:
    step = room.digest_bytes
    if step == 0:
        return [None] * count
    raw = bytes(ffi.buffer(room.digests, count * step))
    lengths = ffi.unpack(room.has_digest, count)
    return [raw[at : at + length] if length else None for at, length in zip(range(0, len(raw), step), lengths)]  # noqa: B905


def _links(room: Any, count: int) -> list[bytes | None]:
    links: list[bytes | None] = [None] * count
    for member, target in zip(
        ffi.unpack(room.link_member, room.linked), _texts(room.links, room.links_bytes), strict=True
    ):
        links[member] = target
    return links
