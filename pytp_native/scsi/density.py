# SPDX-License-Identifier: WTFPL OR MIT
"""REPORT DENSITY SUPPORT (SSC-5): the formats, or kinds of medium, that a drive or the loaded cartridge has."""

from __future__ import annotations

from construct import Bytes, GreedyRange, If, Int8ub, Int16ub, Int24ub, Int32ub, Padding, Struct, this

from pytp_native.errors import BadReply
from pytp_native.light import NamedTuple
from pytp_native.scsi.command import Command, packed
from pytp_native.scsi.field import check_length, number, text
from pytp_native.scsi.layouts import parsed
from pytp_native.spec import opcodes

ROOM = 4096
_DENSITY_BYTES = 52

_DENSITY = Struct(
    "primary" / Int8ub, "secondary" / Int8ub, "flags" / Int8ub, "length" / Int16ub, "bits_per_mm" / Int24ub,
    "width" / Int16ub, "tracks" / Int16ub, "capacity_mb" / Int32ub, "organisation" / Bytes(8), "name" / Bytes(8),
    "description" / Bytes(20), "more" / If((this.flags & 1) == 1, Bytes(lambda it: max(0, it.length - _DENSITY_BYTES))),
)  # fmt: skip
_MEDIUM = Struct(
    "kind" / Int8ub, Padding(1), "length" / Int16ub, "code_count" / Int8ub, "codes" / Bytes(9), "width" / Int16ub,
    "metres" / Int16ub, Padding(2), "organisation" / Bytes(8), "name" / Bytes(8), "description" / Bytes(20),
)  # fmt: skip


class Density(NamedTuple):
    """One format (SSC-5, density support data block descriptor)."""

    primary: int
    secondary: int
    writable: bool
    duplicate: bool
    default: bool
    bits_per_mm: int
    width_tenth_mm: int
    tracks: int
    capacity_mb: int
    """Decimal megabytes."""
    organisation: str
    name: str
    description: str


class MediumKind(NamedTuple):
    """One kind of medium (SSC-5, medium type descriptor)."""

    kind: int
    codes: tuple[int, ...]
    """Density codes that it can have."""
    width_tenth_mm: int
    metres: int
    organisation: str
    name: str
    description: str


def _cdb(*, media: bool, kinds: bool, room: int) -> bytes:
    head = bytes((opcodes.REPORT_DENSITY_SUPPORT, kinds << 1 | media)) + bytes(5)
    return head + packed(room, 2, "allocation length") + b"\0"


def report_density_support(*, loaded: bool = False, alloc_bytes: int = ROOM) -> Command[tuple[Density, ...]]:
    """Formats of the drive, or of the loaded cartridge."""
    cdb = _cdb(media=loaded, kinds=False, room=alloc_bytes)
    return Command("REPORT DENSITY SUPPORT", cdb, parse_densities, alloc_bytes, repeatable=True)


def report_medium_types(*, loaded: bool = False, alloc_bytes: int = ROOM) -> Command[tuple[MediumKind, ...]]:
    """Kinds of medium that the drive takes, or the kind of the loaded cartridge."""
    cdb = _cdb(media=loaded, kinds=True, room=alloc_bytes)
    return Command("REPORT DENSITY SUPPORT", cdb, parse_media, alloc_bytes, repeatable=True)


def _body(data: bytes) -> bytes:
    """The length behind byte 1 counts from byte 2 on."""
    check_length(data, 4, "density support data")
    if number(data, 0, 2) < 2:
        raise BadReply("", f"density support data: a length of {number(data, 0, 2)}")
    return data[4 : 2 + number(data, 0, 2)]


def parse_densities(data: bytes) -> tuple[Density, ...]:
    """Whole descriptors only."""
    return tuple(
        Density(
            one.primary, one.secondary, bool(one.flags & 0x80), bool(one.flags & 0x40), bool(one.flags & 0x20),
            one.bits_per_mm, one.width, one.tracks, one.capacity_mb, text(one.organisation), text(one.name),
            text(one.description),
        )
        for one in parsed(GreedyRange(_DENSITY), _body(data), "density support data")
    )  # fmt: skip


def parse_media(data: bytes) -> tuple[MediumKind, ...]:
    """Whole descriptors only; a count of codes beyond the nine that fit is cut to nine."""
    return tuple(
        MediumKind(
            one.kind, tuple(one.codes[: one.code_count]), one.width, one.metres, text(one.organisation), text(one.name),
            text(one.description),
        )
        for one in parsed(GreedyRange(_MEDIUM), _body(data), "medium type data")
    )  # fmt: skip
