# SPDX-License-Identifier: WTFPL OR MIT
"""SCSI primary commands (SPC-6): builders give CDBs, parsers take replies; nothing here talks to a device."""

from __future__ import annotations

from typing import NamedTuple

INQUIRY_BYTES = 96


class Inquiry(NamedTuple):
    """Standard INQUIRY data, texts without their padding (SPC-6 6.7.2)."""

    device_type: int
    """00h disk, 01h tape, 08h medium changer."""
    vendor: str
    product: str
    revision: str


def inquiry(*, alloc_bytes: int = INQUIRY_BYTES) -> bytes:
    """Return the CDB of a standard INQUIRY (12h)."""
    return bytes((0x12, 0, 0)) + alloc_bytes.to_bytes(2, "big") + b"\0"


def parse_inquiry(data: bytes) -> Inquiry | None:
    """Return the standard INQUIRY data, or None if it is shorter than the 36 bytes that every device must give."""
    if len(data) < 36:
        return None
    vendor, product, revision = (data[low:high].decode("ascii", "replace").strip() for low, high in _TEXTS)
    return Inquiry(data[0] & 0x1F, vendor, product, revision)


_TEXTS = ((8, 16), (16, 32), (32, 36))
