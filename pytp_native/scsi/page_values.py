# SPDX-License-Identifier: WTFPL OR MIT
"""From a VPD or mode page to what it says: a record or named fields where the page is known, else its bytes."""

from __future__ import annotations

from collections.abc import Callable

from construct import ConstructError

from pytp_native.errors import BadReply
from pytp_native.scsi import layouts, vpd, vpd_ports
from pytp_native.scsi.field import text
from pytp_native.scsi.inquiry import page_body
from pytp_native.scsi.log import flags_of_bitmap
from pytp_native.scsi.mode import ModePage

_TEXTS = (0x80, 0xB1, 0xB3)
_PARSERS: dict[int, Callable[[bytes], object]] = {
    0x00: lambda data: tuple(f"{page:02x}h" for page in page_body(data, 0x00)),
    0x83: vpd.parse_device_identification,
    0x84: vpd_ports.software_identification().parse,
    0x85: vpd_ports.parse_management_addresses,
    0x86: vpd.parse_extended_inquiry,
    0x87: vpd_ports.parse_mode_page_policies,
    0x88: vpd_ports.parse_ports,
    0x90: vpd_ports.parse_protocol_information,
    0xB0: vpd.parse_tape_capabilities,
    0xB2: lambda data: tuple(sorted(flags_of_bitmap(page_body(data, 0xB2)))),
    0xB4: vpd.parse_element_address,
    0xB5: vpd.parse_block_protection,
}
_TAPE_ONLY = frozenset({0xB0, 0xB2, 0xB4, 0xB5})
_IBM: dict[int, Callable[[bytes], object]] = {0xC0: vpd.parse_ibm_firmware, 0xC1: vpd.parse_ibm_serials}
_CHANGER = {
    (0x1D, 0): layouts.ELEMENT_ADDRESSES, (0x1E, 0): layouts.TRANSPORT_GEOMETRY, (0x1F, 0): layouts.DEVICE_CAPABILITIES,
}  # fmt: skip
_HEADER = frozenset({"saveable", "spf", "page", "length", "subpage", "_io"})


def vpd_value(data: bytes, *, family: str = "", changer: bool = False) -> object:
    """Return what a VPD page (header included) says; its body as bytes where nobody knows it or it cannot be read."""
    if len(data) < 4:
        return data
    page = data[1]
    if page in _TEXTS:
        return text(page_body(data, page))
    parse = _PARSERS.get(page) if not (changer and page in _TAPE_ONLY) else None
    if parse is None and not changer:
        parse = _vendor_parser(page, family)
    try:
        return parse(data) if parse is not None else page_body(data, page)
    except BadReply:
        return page_body(data, page)


def _vendor_parser(page: int, family: str) -> Callable[[bytes], object] | None:
    if family == "IBM":
        return _IBM.get(page)
    if family == "HP" and 0xC0 <= page <= 0xC5:
        return lambda data: vpd.parse_hp_component(data, page)
    return None


def mode_value(page: ModePage, *, changer: bool = False) -> object:
    """Return the fields of a mode page by name, with the bytes behind them as `rest`; an unknown page as bytes."""
    key = (page.page, page.subpage)
    layout = _CHANGER.get(key) if changer else None
    if layout is None and not (changer and page.page >= 0x1D):
        layout = layouts.MODE_PAGES.get(key)
    if layout is None:
        return page.data
    try:
        told = layouts.parsed(layout, page.data, "mode page")
    except (BadReply, ConstructError):
        return page.data
    fields: dict[str, object] = {
        name: value for name, value in told.fields.items()
        if name not in _HEADER and not name.startswith("reserved")
    }  # fmt: skip
    if told.rest:
        fields["rest"] = bytes(told.rest)
    return fields
