# SPDX-License-Identifier: WTFPL OR MIT
"""Standard INQUIRY data and the unit serial number: what tells one device from another. Light."""

from __future__ import annotations

from pytp_native.errors import BadReply
from pytp_native.light import NamedTuple
from pytp_native.scsi.field import check_length, number, text

TAPE, CHANGER = 0x01, 0x08
DEVICE_TYPES = {
    0x00: "disk", 0x01: "tape", 0x02: "printer", 0x03: "processor", 0x04: "write-once", 0x05: "CD/DVD",
    0x07: "optical memory", 0x08: "medium changer", 0x0C: "storage array", 0x0D: "enclosure", 0x12: "automation drive",
    0x1F: "no device",
}  # fmt: skip
LEAST_BYTES = 36


class Inquiry(NamedTuple):
    """Standard INQUIRY data (SPC-6), texts without their padding."""

    device_type: int
    """00h disk, 01h tape, 08h medium changer."""
    vendor: str
    product: str
    revision: str
    qualifier: int = 0
    """0: connected; 3: this logical unit cannot exist."""
    removable: bool = False
    version: int = 0
    protect: bool = False
    attached_changer: bool = False
    """MChngr (SPC-2): a changer answers through this drive."""
    vendor_specific: bytes = b""
    """Bytes 36-55, as they came."""
    bar_codes: bool | None = None
    """A changer's byte 55 bit 0 (Exabyte's convention); None if the data end before."""

    @property
    def device_type_name(self) -> str:
        return DEVICE_TYPES.get(self.device_type, f"type {self.device_type:02x}h")


def parse_inquiry(data: bytes) -> Inquiry:
    """Raises BadReply if it is shorter than the 36 bytes that every device must give."""
    check_length(data, LEAST_BYTES, "INQUIRY data")
    return Inquiry(
        device_type=data[0] & 0x1F,
        vendor=text(data[8:16]),
        product=text(data[16:32]),
        revision=text(data[32:36]),
        qualifier=data[0] >> 5,
        removable=bool(data[1] & 0x80),
        version=data[2],
        protect=bool(data[5] & 0x01),
        attached_changer=bool(data[6] & 0x08),
        vendor_specific=bytes(data[36:56]),
        bar_codes=bool(data[55] & 1) if len(data) > 55 else None,
    )


def page_body(data: bytes, page: int) -> bytes:
    """Return what follows the 4-byte header of VPD page `page`, cut to the length that the page tells."""
    check_length(data, 4, f"VPD page {page:02x}h")
    if data[1] != page:
        raise BadReply("", f"VPD page {page:02x}h was asked for, {data[1]:02x}h came")
    return bytes(data[4 : 4 + number(data, 2, 2)])


def parse_unit_serial(data: bytes) -> str:
    """VPD page 80h (SPC-6)."""
    return text(page_body(data, 0x80))
