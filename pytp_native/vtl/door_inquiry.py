# SPDX-License-Identifier: WTFPL OR MIT
"""What the drive says of itself: INQUIRY, REPORT LUNS, READ BLOCK LIMITS, REPORT DENSITY SUPPORT (SPC-5, SSC-5)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from pytp_native.vtl import sense
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.elements import DRIVE, ElementMap
from pytp_native.vtl.formats import FORMATS, Format
from pytp_native.vtl.inventory import Inventory
from pytp_native.vtl.personality import changer_personality
from pytp_native.vtl.reply import TargetReply, answer, ascii_field, check

_TAPE = 0x01


def inquiry(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    allocated = int.from_bytes(cdb[3:5], "big")
    if not cdb[1] & 1:
        return check(sense.INVALID_FIELD) if cdb[2] else answer(_standard(drive), allocated)
    page = _pages_of(drive).get(cdb[2])
    if page is None:
        return check(sense.INVALID_FIELD)
    body = page(drive)
    return answer(bytes([_TAPE, cdb[2]]) + len(body).to_bytes(2, "big") + body, allocated)


def _standard(drive: VirtualDrive) -> bytes:
    """SPC-5 6.7.2: a removable sequential-access device of SPC-3, response format 2."""
    who = drive.personality
    head = bytes([_TAPE, 0x80, 0x05, 0x02, 36 - 5, 0, 0, 0])
    return head + ascii_field(who.vendor, 8) + ascii_field(who.product, 16) + ascii_field(who.revision, 4)


def _pages_of(drive: VirtualDrive) -> dict[int, Callable[[VirtualDrive], bytes]]:
    if not drive.personality.family:
        return _PAGES
    from pytp_native.vtl.door_pages_vendor import VPD_PAGES  # noqa: PLC0415 - our own drives do without

    return {**_PAGES, **VPD_PAGES[drive.personality.family]}


def _supported(drive: VirtualDrive) -> bytes:
    return bytes(sorted(_pages_of(drive)))


def _serial(drive: VirtualDrive) -> bytes:
    return drive.bay.serial.encode("ascii")


def _identification(drive: VirtualDrive) -> bytes:
    """One T10 vendor ID designator: vendor, product, serial (SPC-5 7.7.6.4)."""
    who = drive.personality
    name = ascii_field(who.vendor, 8) + ascii_field(who.product, 16) + _serial(drive)
    return bytes([0x02, 0x01, 0, len(name)]) + name


def _capabilities(_drive: VirtualDrive) -> bytes:
    """Sequential-access device capabilities (SSC-5 8.6.2): WORM."""
    return b"\x01\0\0\0"


def _alert_flags(_drive: VirtualDrive) -> bytes:
    """TapeAlert supported flags (SSC-5 8.6.4): 1 to 61."""
    return ((1 << 61) - 1 << 3).to_bytes(8, "big")


def _extended(_drive: VirtualDrive) -> bytes:
    """Extended INQUIRY data (SPC-5 7.7.7): an extended self-test takes half an hour."""
    return bytes(6) + (30).to_bytes(2, "big") + bytes(52)


def _library_serial(drive: VirtualDrive) -> bytes:
    """Automation device serial number (SSC-5 8.6.5): of the library around it."""
    return Inventory(drive.path).serial.encode("ascii")


def _element(drive: VirtualDrive) -> bytes:
    """Data transfer device element address (SSC-5 8.6.6)."""
    inventory = Inventory(drive.path)
    elements = ElementMap(inventory, changer_personality(inventory.changer))
    return (elements.span(DRIVE).first + drive.number).to_bytes(2, "big")


_PAGES: dict[int, Callable[[VirtualDrive], bytes]] = {
    0x00: _supported,
    0x80: _serial,
    0x83: _identification,
    0x86: _extended,
    0xB3: _library_serial,
    0xB4: _element,
    0xB0: _capabilities,
    0xB1: _serial,
    0xB2: _alert_flags,
}


def report_luns(_drive: VirtualDrive, cdb: bytes) -> TargetReply:
    return answer(b"\0\0\0\x08" + bytes(12), int.from_bytes(cdb[6:10], "big"))


def read_block_limits(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    if cdb[1] & 1:
        return check(sense.INVALID_FIELD)
    limits = drive.personality
    return answer(b"\0" + limits.most_block.to_bytes(3, "big") + limits.least_block.to_bytes(2, "big"), 6)


def report_density_support(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    """SSC-5 7.8: the formats of the drive, or with MEDIA of the cartridge. Medium types are not told."""
    if cdb[1] & 2:
        return check(sense.INVALID_FIELD)
    generations: tuple[str, ...] = drive.personality.reads
    if cdb[1] & 1:
        label = drive.label
        if label is None:
            return check(sense.NO_MEDIUM)
        generations = (label.generation,)
    body = b"".join(_density(drive, FORMATS[name]) for name in sorted(generations, key=lambda n: FORMATS[n].density))
    return answer((len(body) + 2).to_bytes(2, "big") + bytes(2) + body, int.from_bytes(cdb[7:9], "big"))


def _density(drive: VirtualDrive, known: Format) -> bytes:
    flags = 0x80 if known.generation in drive.personality.writes else 0
    flags |= 0x20 if known.density == drive.personality.density else 0
    return (
        struct.pack(
            ">BBBH", known.density, known.density, flags, 0
        ) + known.bits_per_mm.to_bytes(3, "big")
        + struct.pack(">HHI", 127, known.tracks, known.capacity_mb)
        + ascii_field("LTO-CVE", 8) + ascii_field(known.name, 8) + ascii_field(known.description, 20)
    )  # fmt: skip
