# SPDX-License-Identifier: WTFPL OR MIT
"""What vital product data and mode pages are called (SPC-6, SSC-5, SMC-3, ADC-4; IBM's and HP's own)."""

from __future__ import annotations

_VPD = {
    0x00: "supported pages", 0x80: "unit serial number", 0x83: "device identification",
    0x84: "software interface identification", 0x85: "management network addresses", 0x86: "extended INQUIRY data",
    0x87: "mode page policy", 0x88: "SCSI ports", 0x90: "protocol-specific logical unit information",
    0xB0: "sequential-access device capabilities", 0xB1: "manufacturer-assigned serial number",
    0xB2: "supported TapeAlert flags", 0xB3: "automation device serial number",
    0xB4: "data transfer device element address", 0xB5: "logical block protection",
}  # fmt: skip
_VPD_VENDORS = {
    "IBM": {0xC0: "firmware", 0xC1: "serial numbers"},
    "HP": {0xC0: "firmware", 0xC1: "hardware", 0xC2: "PCA", 0xC3: "mechanism", 0xC4: "head", 0xC5: "ACI"},
}
_MODE = {
    (0x01, 0x00): "read-write error recovery", (0x02, 0x00): "disconnect-reconnect", (0x0A, 0x00): "control",
    (0x0A, 0x01): "control extension", (0x0A, 0xF0): "control data protection", (0x0F, 0x00): "data compression",
    (0x10, 0x00): "device configuration", (0x10, 0x01): "device configuration extension",
    (0x11, 0x00): "medium partition", (0x18, 0x00): "protocol-specific logical unit",
    (0x19, 0x00): "protocol-specific port", (0x1A, 0x00): "power condition",
    (0x1C, 0x00): "informational exceptions control",
}  # fmt: skip
_MODE_TAPE = {(0x1D, 0x00): "medium configuration"}
_MODE_CHANGER = {
    (0x1D, 0x00): "element address assignment", (0x1E, 0x00): "transport geometry",
    (0x1F, 0x00): "device capabilities",
}  # fmt: skip
_MODE_IBM = {(0x23, 0x00): "medium sense", (0x24, 0x00): "initiator-specific extensions",
             (0x25, 0x00): "read/write control", (0x2F, 0x00): "behaviour configuration"}  # fmt: skip


def vpd_page_name(page: int, family: str = "") -> str:
    """Return the name of a VPD page; an unknown one is named by its number."""
    return _VPD.get(page) or _VPD_VENDORS.get(family, {}).get(page) or f"page {page:02x}h"


def mode_page_name(page: int, subpage: int = 0, *, changer: bool = False, family: str = "") -> str:
    """Return the name of a mode page; an unknown one is named by its number."""
    key = (page, subpage)
    known = _MODE.get(key) or (_MODE_CHANGER if changer else _MODE_TAPE).get(key)
    if known is None and family == "IBM" and not changer:
        known = _MODE_IBM.get(key)
    return known or f"page {page:02x}h" + (f"/{subpage:02x}h" if subpage else "")
