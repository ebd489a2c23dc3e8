# SPDX-License-Identifier: WTFPL OR MIT
"""Just enough of a medium changer to bring one cartridge into a drive and back (SMC-3), and to be sure which it is.

Written out by hand: the tests that need it must not depend on the layer they will one day test.
"""

from __future__ import annotations

from typing import NamedTuple

from pytp_native.transport import open_scsi
from pytp_native.transport.records import ScsiReply

ROBOT, SLOT, MAIL_SLOT, DRIVE = 1, 2, 3, 4
MOVE_TIMEOUT_S = 600.0
BARCODE_ATTRIBUTE = 0x0806


class Element(NamedTuple):
    kind: int
    address: int
    full: bool
    barcode: str


def execute(address: str, cdb: bytes, room: int = 0, timeout_s: float = 60.0) -> ScsiReply:
    """Send one command, again once if a unit attention was in its way."""
    scsi = open_scsi(address)
    try:
        for _ in range(3):
            reply = scsi.execute(cdb, data_in_bytes=room, timeout_s=timeout_s)
            if reply.status != 2 or len(reply.sense) < 3 or reply.sense[2] & 0xF != 6:
                break
    finally:
        scsi.close()
    return reply


def elements(changer: str) -> list[Element]:
    """READ ELEMENT STATUS with volume tags (SMC-3, 6.11), one kind at a time: tgtd mixes up the pages of several."""
    found = []
    for kind in (SLOT, MAIL_SLOT, DRIVE):
        reply = execute(changer, bytes((0xB8, 0x10 | kind, 0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0)), 0xFFFF)
        found += parse_elements(made_whole(reply.data))
    return found


def made_whole(data: bytes) -> bytes:
    """tgtd ends its answers eight bytes before what they tell, though there is room: only reserved ones are missing."""
    return data.ljust(min(0xFFFF, 8 + int.from_bytes(data[5:8], "big")), b"\0")


def parse_elements(data: bytes) -> list[Element]:
    """Element status data: an 8-byte header, then pages of descriptors, each page with its own descriptor length."""
    found, at = [], 8
    end = min(len(data), 8 + int.from_bytes(data[5:8], "big"))
    while at + 8 <= end:
        kind, tagged = data[at], data[at + 1] & 0x80
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if not length:
            break
        page_end = min(at + 8 + int.from_bytes(data[at + 5 : at + 8], "big"), end)
        for start in range(at + 8, page_end - length + 1, length):
            one = data[start : start + length]
            barcode = one[12:44].decode("ascii", "replace").strip(" \0") if tagged else ""
            found.append(Element(kind, int.from_bytes(one[:2], "big"), bool(one[2] & 1), barcode))
        at = page_end
    return found


def move(changer: str, source: int, destination: int) -> None:
    """MOVE MEDIUM with the default robot (SMC-3, 6.8)."""
    cdb = bytes((0xA5, 0, 0, 0)) + source.to_bytes(2, "big") + destination.to_bytes(2, "big") + bytes(4)
    reply = execute(changer, cdb, timeout_s=MOVE_TIMEOUT_S)
    if reply.status:
        raise RuntimeError(f"{changer}: cannot move {source} to {destination}: sense {reply.sense.hex()}")


def barcode_in_drive(drive: str) -> str:
    """The barcode in the cartridge's own memory (READ ATTRIBUTE, attribute 0806h); empty when it has none."""
    cdb = bytes((0x8C, 0, 0, 0, 0, 0, 0, 0)) + BARCODE_ATTRIBUTE.to_bytes(2, "big") + bytes((0, 0, 2, 0, 0, 0))
    return parse_barcode(execute(drive, cdb, 512).data)


def parse_barcode(data: bytes) -> str:
    """Attribute data (SPC-5, 7.4): a 4-byte length, then id, format, length and value."""
    if len(data) < 9 or int.from_bytes(data[4:6], "big") != BARCODE_ATTRIBUTE:
        return ""
    return data[9 : 9 + int.from_bytes(data[7:9], "big")].decode("ascii", "replace").strip(" \0")
