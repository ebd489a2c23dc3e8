# SPDX-License-Identifier: WTFPL OR MIT
"""Sense data, fixed and descriptor format (SPC-6). Light: parsed with struct-like slices, no construct."""

from __future__ import annotations

from pytp_native.errors import BadReply
from pytp_native.light import NamedTuple
from pytp_native.scsi.field import number, signed
from pytp_native.spec import sense as codes

CURRENT, DEFERRED = (0x70, 0x72), (0x71, 0x73)
_WITH_PROGRESS = (codes.NO_SENSE, codes.NOT_READY)
_WITH_RETRIES = (codes.RECOVERED_ERROR, codes.MEDIUM_ERROR, codes.HARDWARE_ERROR)


class Sense(NamedTuple):
    """What a device says about a command, in either format."""

    key: int
    asc: int = 0
    ascq: int = 0
    deferred: bool = False
    """It belongs to an earlier command; the one that got it was not executed."""
    filemark: bool = False
    eom: bool = False
    ili: bool = False
    information: int | None = None
    """Residual or address, with its sign; None while the device does not call it valid (4.2 of SSC tells which)."""
    command_specific: int = 0
    fru: int = 0
    key_specific: bytes = b""
    """The three sense-key specific bytes if SKSV is set, else empty."""
    raw: bytes = b""
    overflow: bool = False
    """There were more sense data than fitted (SDAT_OVFL)."""
    told_progress: float | None = None
    """Of a progress indication descriptor, which may come with any sense key."""

    @property
    def code(self) -> int:
        """ASC << 8 | ASCQ."""
        return self.asc << 8 | self.ascq

    @property
    def progress(self) -> float | None:
        """How far an operation is, from 0 to 1; None if the device does not tell."""
        if len(self.key_specific) == 3 and self.key in _WITH_PROGRESS:
            return number(self.key_specific, 1, 2) / 65536
        return self.told_progress

    @property
    def retries(self) -> int | None:
        """How often the device tried."""
        if len(self.key_specific) == 3 and self.key in _WITH_RETRIES:
            return number(self.key_specific, 1, 2)
        return None

    @property
    def field_in_error(self) -> str:
        """Which byte of the command was refused: "CDB byte 4 bit 1", "parameter byte 12"; empty if it is not told."""
        if len(self.key_specific) != 3 or self.key != codes.ILLEGAL_REQUEST:
            return ""
        what = "CDB" if self.key_specific[0] & 0x40 else "parameter"
        where = f"{what} byte {number(self.key_specific, 1, 2)}"
        return f"{where} bit {self.key_specific[0] & 7}" if self.key_specific[0] & 0x08 else where


def parse_sense(data: bytes) -> Sense:
    """Read sense data in either format, however short. Raises BadReply for an unknown response code or no key."""
    response = data[0] & 0x7F if data else 0
    if response in (0x70, 0x71) and len(data) > 2:
        return _fixed(data)
    if response in (0x72, 0x73) and len(data) > 3:
        return _descriptors(data)
    raise BadReply("", f"sense data cannot be read: {data.hex(' ') or 'there are none'}")


def _fixed(data: bytes) -> Sense:
    told = data[: 8 + data[7]] if len(data) > 7 else data
    valid = data[0] & 0x80 and len(data) >= 7
    return Sense(
        key=data[2] & 0x0F,
        asc=told[12] if len(told) > 12 else 0,
        ascq=told[13] if len(told) > 13 else 0,
        deferred=data[0] & 0x7F in DEFERRED,
        filemark=bool(data[2] & 0x80),
        eom=bool(data[2] & 0x40),
        ili=bool(data[2] & 0x20),
        information=signed(data, 3, 4) if valid else None,
        command_specific=number(told, 8, 4) if len(told) >= 12 else 0,
        fru=told[14] if len(told) > 14 else 0,
        key_specific=bytes(told[15:18]) if len(told) >= 18 and told[15] & 0x80 else b"",
        raw=bytes(data),
        overflow=bool(data[2] & 0x10),
    )


def _descriptors(data: bytes) -> Sense:
    """Descriptor format: the first of each kind counts; unknown, cut and empty ones are passed over."""
    sense = Sense(data[1] & 0x0F, data[2], data[3], deferred=data[0] & 0x7F in DEFERRED, raw=bytes(data),
                  overflow=len(data) > 4 and bool(data[4] & 0x80))  # fmt: skip
    told = data[: 8 + data[7]] if len(data) > 7 else b""
    at, seen = 8, set()
    while at + 2 <= len(told):
        kind, end = told[at], at + 2 + told[at + 1]
        if kind not in seen and end <= len(told):
            sense = _described(sense, kind, told[at:end])
            seen.add(kind)
        at = end
    return sense


def _described(sense: Sense, kind: int, data: bytes) -> Sense:
    """Add one descriptor (SPC-6): information, command-specific, key-specific, FRU, stream commands, progress."""
    if kind == 0x00 and len(data) >= 12 and data[2] & 0x80:
        return sense._replace(information=signed(data, 4, 8))
    if kind == 0x01 and len(data) >= 12:
        return sense._replace(command_specific=number(data, 4, 8))
    if kind == 0x02 and len(data) >= 7 and data[4] & 0x80:
        return sense._replace(key_specific=bytes(data[4:7]))
    if kind == 0x03 and len(data) >= 4:
        return sense._replace(fru=data[3])
    if kind == 0x04 and len(data) >= 4:
        return sense._replace(filemark=bool(data[3] & 0x80), eom=bool(data[3] & 0x40), ili=bool(data[3] & 0x20))
    if kind == 0x0A and len(data) >= 8:
        return sense._replace(told_progress=number(data, 6, 2) / 65536)
    return sense


def key_name(key: int) -> str:
    return codes.KEY_NAMES[key & 0x0F]
