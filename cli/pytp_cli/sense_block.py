# SPDX-License-Identifier: WTFPL OR MIT
"""Sense data as mtx's programs print them: the lines that Bacula and Amanda look for, always with mtx's name."""

from __future__ import annotations

from pytp_native.errors import BadReply
from pytp_native.scsi.sense import parse_sense

_ROOM = 20
"""What mtx asks the kernel for; the lines need no more."""
KEYS = (
    "No Sense", "Recovered Error", "Not Ready", "Medium Error", "Hardware Error", "Illegal Request", "Unit Attention",
    "Data Protect", "Blank Check", "0x09", "0x0a", "Aborted Command", "0x0c", "Volume Overflow", "Miscompare", "0x0f",
)  # fmt: skip
_CODES = {0x70: "Current", 0x71: "Deferred"}
_KEY_SPECIFIC_VALID, _IN_COMMAND, _BIT_VALID = 0x80, 0x40, 0x08


def block(sense: bytes) -> str:
    """Return the lines; no sense data at all are shown as zeros, as mtx does."""
    data = _fixed(sense).ljust(_ROOM, b"\0")[:_ROOM]
    code, flags, specific = data[0] & 0x7F, data[2], data[15]
    residual = bool(data[0] & 0x80)
    lines = [
        "Long Report=yes",
        f"Valid Residual={_yes(residual)}",
        f"Error Code={code:x} ({_CODES.get(code, 'Unknown?!')})",
        f"Sense Key={KEYS[flags & 0x0F]}",
        f"FileMark={_yes(flags & 0x80)}",
        f"EOM={_yes(flags & 0x40)}",
        f"ILI={_yes(flags & 0x20)}",
    ]
    if residual:
        lines.append("Residual = " + " ".join(f"{byte:02X}" for byte in data[3:7]))
    lines += [f"Additional Sense Code = {data[12]:02X}", f"Additional Sense Qualifier = {data[13]:02X}"]
    if specific & _KEY_SPECIFIC_VALID:
        lines.append(f"Field in Error = {specific & 0x07:02X}")
    lines += [
        f"BPV={_yes(specific & _BIT_VALID)}",
        f"Error in CDB={_yes(specific & _IN_COMMAND)}",
        f"SKSV={_yes(specific & _KEY_SPECIFIC_VALID)}",
    ]
    if specific & (_KEY_SPECIFIC_VALID | _BIT_VALID):
        lines.append(f"Field Pointer = {data[16]:02X} {data[17]:02X}")
    return "".join(f"mtx: Request Sense: {line}\n" for line in lines)


def _yes(flag: int) -> str:
    return "yes" if flag else "no"


def _fixed(sense: bytes) -> bytes:
    """Return sense data in fixed format (SPC-6); mtx takes descriptor format for it and prints nonsense."""
    if not sense or sense[0] & 0x7F not in {0x72, 0x73}:
        return sense
    try:
        told = parse_sense(sense)
    except BadReply:
        return sense
    valid = told.information is not None
    first = (0x71 if told.deferred else 0x70) | valid << 7
    flags = told.filemark << 7 | told.eom << 6 | told.ili << 5 | told.key
    information = ((told.information or 0) & 0xFFFFFFFF).to_bytes(4, "big")
    specific = told.key_specific or bytes(3)
    return bytes((first, 0, flags)) + information + bytes((10, 0, 0, 0, 0, told.asc, told.ascq, told.fru)) + specific
