# SPDX-License-Identifier: WTFPL OR MIT
"""INQUIRY data as mtx, tapeinfo and loaderinfo print them."""

from __future__ import annotations

from pytp_cli.generic_device import Refused
from pytp_cli.mtx_failure import Failure
from pytp_cli.raw_output import as_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytp_cli.generic_device import GenericDevice

CHANGER = 0x08
_ROOM = 56
_TIMEOUT_S = 30.0
_TYPES = (
    "Disk Drive", "Tape Drive", "Printer", "Processor", "Write-once", "CD-ROM", "Scanner", "Optical",
    "Medium Changer", "Communications", "ASC IT8", "ASC IT8", "RAID Array", "Enclosure Services",
    "RBC Simplified Disk", "OCR/W", "Bridging Expander",
)  # fmt: skip
_NONE = 0x1F


class InquiryData:
    """The 56 bytes that mtx asks for; what does not come is zero."""

    def __init__(self, data: bytes) -> None:
        self.data = data.ljust(_ROOM, b"\0")
        self.device_type = self.data[0] & 0x1F
        self.attached_changer = bool(self.data[6] & 0x08)
        """MChngr: a tape drive that takes the changer's commands too (SPC-2)."""
        self.vendor = as_bytes(self.data[8:16])
        self.product = as_bytes(self.data[16:32])
        self.revision = as_bytes(self.data[32:36])

    @property
    def type_name(self) -> str:
        if self.device_type < len(_TYPES):
            return _TYPES[self.device_type]
        return "Unknown" if self.device_type == _NONE else "Reserved"

    @property
    def bar_codes(self) -> bool | None:
        """Exabyte's flag for a barcode reader; None if the data say that they end before."""
        return bool(self.data[55] & 1) if self.data[4] > 50 else None

    def text(self, *, changer: str) -> str:
        """Return the five lines; `changer` is what the last one begins with."""
        return (
            f"Product Type: {self.type_name}\nVendor ID: '{self.vendor}'\nProduct ID: '{self.product}'\n"
            f"Revision: '{self.revision}'\n{changer}: {'Yes' if self.attached_changer else 'No'}\n"
        )

    def fields(self) -> dict[str, Any]:
        """What --json adds; padding is left out."""
        return {
            "device_type": self.type_name,
            "vendor": printable(self.data[8:16]),
            "product": printable(self.data[16:32]),
            "revision": printable(self.data[32:36]),
            "attached_changer": self.attached_changer,
        }


def printable(data: bytes) -> str:
    """Return a padded field as text."""
    return data.split(b"\0", 1)[0].strip().decode("ascii", "backslashreplace")


def ask(device: GenericDevice, *, failed: str = "INQUIRY Command Failed\n") -> InquiryData:
    """Send INQUIRY. Raises Failure."""
    try:
        data = device.send("INQUIRY", bytes((0x12, 0, 0, 0, _ROOM, 0)), _ROOM, timeout_s=_TIMEOUT_S)
    except Refused as refused:
        raise Failure.of_command(refused, failed) from refused
    told = InquiryData(data)
    device.vendor = printable(told.data[8:16])
    return told
