# SPDX-License-Identifier: WTFPL OR MIT
"""INQUIRY, mode and log pages of the changer (SPC-5 7, SMC-3 7.3)."""

from __future__ import annotations

import struct

from pytp_native.spec.sense import HARDWARE_ERROR
from pytp_native.vtl.changer import ALERT_LABELS, VirtualChanger
from pytp_native.vtl.elements import DRIVE, MAIL, STORAGE, TRANSPORT
from pytp_native.vtl.reply import ascii_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_STORES = 0x0E
"""Data transfer, import/export and storage elements hold media; the transport only carries them."""


def standard_inquiry(changer: VirtualChanger) -> bytes:
    """SPC-5 6.7.2: a removable medium changer, 58 bytes; byte 55 bit 0 tells of a barcode reader, as IBM has it."""
    who = changer.personality
    head = bytes([0x08, 0x80, 0x05, 0x02, 58 - 5, 0, 0, 0])
    body = head + ascii_field(who.vendor, 8) + ascii_field(who.product, 16) + ascii_field(who.revision, 4)
    return body + bytes(55 - len(body)) + b"\x01\0\0"


def vital_page(changer: VirtualChanger, page: int) -> bytes | None:
    """A vital product data page with its header; None: there is no such page."""
    build = _VITAL.get(page)
    if build is None:
        return None
    body = build(changer)
    return bytes([0x08, page]) + len(body).to_bytes(2, "big") + body


def _supported(_changer: VirtualChanger) -> bytes:
    return bytes(sorted(_VITAL))


def _serial(changer: VirtualChanger) -> bytes:
    return changer.inventory.serial.encode("ascii")


def _identification(changer: VirtualChanger) -> bytes:
    who = changer.personality
    name = ascii_field(who.vendor, 8) + ascii_field(who.product, 16) + _serial(changer)
    return bytes([0x02, 0x01, 0, len(name)]) + name


_VITAL: dict[int, Callable[[VirtualChanger], bytes]] = {0x00: _supported, 0x80: _serial, 0x83: _identification}


# -- mode pages ------------------------------------------------------------------------------------------------------


def _element_addresses(changer: VirtualChanger) -> bytes:
    """Element address assignment (SMC-3 7.3.4)."""
    pairs = b""
    for kind in (TRANSPORT, STORAGE, MAIL, DRIVE):
        span = changer.elements.span(kind)
        pairs += struct.pack(">HH", span.first if span.size else 0, span.size)
    return b"\x1d\x12" + pairs + bytes(2)


def _transport_geometry(_changer: VirtualChanger) -> bytes:
    """One robot that cannot turn a cartridge over (SMC-3 7.3.5)."""
    return b"\x1e\x02\0\0"


def _capabilities(changer: VirtualChanger) -> bytes:
    """Every move is possible, from the transport element too (SMC-3 7.3.2)."""
    exchange = _STORES if changer.personality.exchanges else 0
    moves = bytes([_STORES] * 4)
    return bytes([0x1F, 0x12, _STORES, 0]) + moves + bytes(4) + bytes([exchange] * 4) + bytes(4)


_MODE: dict[int, Callable[[VirtualChanger], bytes]] = {
    0x1D: _element_addresses,
    0x1E: _transport_geometry,
    0x1F: _capabilities,
}


def mode_pages(changer: VirtualChanger, page: int, subpage: int, control: int) -> bytes | None:
    """The page, or all for 3Fh; nothing in them can be changed (page control 1: zeros). None: no such page."""
    if subpage not in ({0, 0xFF} if page == 0x3F else {0}):
        return None
    wanted = sorted(_MODE) if page == 0x3F else [page]
    pages = [_MODE[number](changer) for number in wanted if number in _MODE]
    if control == 1:
        pages = [body[:2] + bytes(len(body) - 2) for body in pages]
    return b"".join(pages) if pages else None


# -- log pages ---------------------------------------------------------------------------------------------------------


def _supported_logs(_changer: VirtualChanger) -> bytes:
    return bytes(sorted(_LOG))


def _tape_alert(changer: VirtualChanger) -> bytes:
    """64 flags; being asked for clears them (SMC-3 annex A; SSC-5 8.2.6)."""
    if changer.faults.unreadable():
        changer.state.raise_alert(ALERT_LABELS)
    flags = changer.state.alerts
    changer.state.alerts = 0
    return b"".join(struct.pack(">HBBB", flag, 0x03, 1, flags >> (flag - 1) & 1) for flag in range(1, 65))


def _statistics(changer: VirtualChanger) -> bytes:
    """Page 14h (SMC-3, Media Changer Statistics)."""
    state = changer.state
    places, place_retries, picks, pick_retries = state.totals()
    counts = (state.moves, picks, pick_retries, places, place_retries)
    return b"".join(struct.pack(">HBBI", code, 0x03, 4, count) for code, count in enumerate(counts))


def _element_statistics(changer: VirtualChanger) -> bytes:
    """Page 15h (SMC-3, Element Statistics): a parameter for each element where the robot was."""
    rows = sorted((int(address), counts) for address, counts in changer.state.elements.items())
    return b"".join(struct.pack(">HBB6I", address, 0x03, 24, *counts, 0, 0) for address, counts in rows)


def _diagnostic_data(changer: VirtualChanger) -> bytes:
    """Page 16h (SMC-3, Media Changer Diagnostic Data): moves that failed, the newest first."""
    return b"".join(_incident(changer, number, row) for number, row in enumerate(changer.state.incidents))


def _incident(changer: VirtualChanger, number: int, row: list[int]) -> bytes:
    code, opcode, source, destination, milliseconds, moves, *totals = row
    places, place_retries, picks, pick_retries = totals or (0, 0, 0, 0)
    value = bytes([0, HARDWARE_ERROR]) + code.to_bytes(2, "big") + bytes(4)
    counts = (moves, picks, pick_retries, places, place_retries, 0, 0)
    value += ascii_field(changer.personality.revision, 4) + struct.pack(">7I", *counts)
    transport = changer.elements.span(TRANSPORT).first
    value += bytes([opcode, 0, 0, 0x0D]) + struct.pack(">4H", transport, source, 0, destination) + bytes(36)
    value += bytes([2, 0]) + milliseconds.to_bytes(6, "big")
    return struct.pack(">HBB", number, 0x03, len(value)) + value


_LOG: dict[int, Callable[[VirtualChanger], bytes]] = {
    0x00: _supported_logs, 0x14: _statistics, 0x15: _element_statistics, 0x16: _diagnostic_data, 0x2E: _tape_alert,
}  # fmt: skip


def log_page(changer: VirtualChanger, page: int, subpage: int) -> bytes | None:
    """A log page with its header; None: no such page."""
    if subpage or page not in _LOG:
        return None
    body = _LOG[page](changer)
    return bytes([page, 0]) + len(body).to_bytes(2, "big") + body
