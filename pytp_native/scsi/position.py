# SPDX-License-Identifier: WTFPL OR MIT
"""READ POSITION data in their three forms, and READ BLOCK LIMITS. Light."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.scsi.field import check_length, number

SHORT, LONG, EXTENDED = 0x00, 0x06, 0x08
SHORT_BYTES, LONG_BYTES, EXTENDED_BYTES = 20, 32, 32


class TapePosition(NamedTuple):
    """Where a drive says that it stands; None is what it does not know or what this form does not tell."""

    beginning: bool
    """BOP"""
    end: bool
    """EOP: in the early-warning zone."""
    partition: int | None
    block: int | None
    """Number of the logical object (block or filemark) that is read or written next."""
    filemarks: int | None = None
    """Filemarks before it in the partition: st's file number (long form)."""
    on_medium: int | None = None
    """Every object before this one is on the medium (short and extended form)."""
    buffered_objects: int | None = None
    buffered_bytes: int | None = None
    overflow: bool = False
    """PERR: a number does not fit into this form; ask for another."""
    beyond_programmable_warning: bool = False


def parse_short(data: bytes) -> TapePosition:
    """Short form (SSC-5)."""
    check_length(data, SHORT_BYTES, "READ POSITION, short form")
    flags = data[0]
    known = not flags & 0x06  # LOLU, PERR
    return TapePosition(
        beginning=bool(flags & 0x80),
        end=bool(flags & 0x40),
        partition=data[1] if known else None,
        block=number(data, 4, 4) if known else None,
        on_medium=number(data, 8, 4) if known else None,
        buffered_objects=None if flags & 0x20 else number(data, 13, 3),
        buffered_bytes=None if flags & 0x10 else number(data, 16, 4),
        overflow=bool(flags & 0x02),
        beyond_programmable_warning=bool(flags & 0x01),
    )


def parse_long(data: bytes) -> TapePosition:
    """Long form (SSC-5): the only one that counts filemarks."""
    check_length(data, LONG_BYTES, "READ POSITION, long form")
    flags = data[0]
    known, marks_known = not flags & 0x04, not flags & 0x08
    return TapePosition(
        beginning=bool(flags & 0x80),
        end=bool(flags & 0x40),
        partition=number(data, 4, 4) if known else None,
        block=number(data, 8, 8) if known else None,
        filemarks=number(data, 16, 8) if marks_known else None,
        beyond_programmable_warning=bool(flags & 0x01),
    )


def parse_extended(data: bytes) -> TapePosition:
    """Extended form (SSC-5)."""
    check_length(data, EXTENDED_BYTES, "READ POSITION, extended form")
    flags = data[0]
    known = not flags & 0x06
    return TapePosition(
        beginning=bool(flags & 0x80),
        end=bool(flags & 0x40),
        partition=data[1] if known else None,
        block=number(data, 8, 8) if known else None,
        on_medium=number(data, 16, 8) if known else None,
        buffered_objects=None if flags & 0x20 else number(data, 5, 3),
        buffered_bytes=None if flags & 0x10 else number(data, 24, 8),
        overflow=bool(flags & 0x02),
        beyond_programmable_warning=bool(flags & 0x01),
    )


class BlockLimits(NamedTuple):
    """READ BLOCK LIMITS data (SSC-5)."""

    least: int
    most: int
    """0: the drive sets no limit."""
    granularity: int
    """A block's length is a multiple of this many bytes."""


def parse_block_limits(data: bytes) -> BlockLimits:
    check_length(data, 6, "READ BLOCK LIMITS")
    return BlockLimits(number(data, 4, 2), number(data, 1, 3), 1 << (data[0] & 0x1F))


def parse_most_object(data: bytes) -> int:
    """MLOI form: the highest logical object number."""
    check_length(data, 20, "READ BLOCK LIMITS, MLOI")
    return number(data, 12, 8)
