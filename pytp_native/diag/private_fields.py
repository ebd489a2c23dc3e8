# SPDX-License-Identifier: WTFPL OR MIT
"""Where replies name somebody or something: serial numbers, barcodes, labels, worldwide names, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from pytp_native.errors import BadReply
from pytp_native.scsi.log import log_body
from pytp_native.scsi.mode import CHANGEABLE, parse_mode_6, parse_mode_10
from pytp_native.spec import opcodes
from pytp_native.spec.log_vendors import HP, IBM

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.scsi.mode import ModeData
    from pytp_native.transport.records import ScsiReply

Span = tuple[int, int]

_TEXTS = frozenset({
    0x0008, 0x020A, 0x020B, 0x020C, 0x020D, 0x0401, 0x040A, 0x0803, 0x0806, 0x0807, 0x0808, 0x0809, 0x0820, 0x0821,
    0x1000, 0x1001,
})  # fmt: skip
"""MAM attributes that name something."""
_DRIVES = frozenset({0x020A, 0x020B, 0x020C, 0x020D})
"""Those that begin with eight bytes of vendor."""
_UUID = re.compile(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_WHOLE_PAGES = frozenset({0x80, 0xB1, 0xB3})
_COMPONENTS = range(0xC2, 0xC7)
_MAM_VALUES = 0
_MODE_SENSE = {opcodes.MODE_SENSE_6: parse_mode_6, opcodes.MODE_SENSE_10: parse_mode_10}
_PHYS = (0x19, 0x01)


def private_fields(cdb: bytes, reply: ScsiReply, *, family: str = "", changer: bool = False) -> Iterator[Span]:
    """Yield where the fields of a reply begin and end that name something, as far as it goes; a failed one has none."""
    if reply.status == 0 and cdb:
        for start, end in _fields(cdb, reply.data, family=family, changer=changer):
            if start < end:
                yield start, end


def _fields(cdb: bytes, data: bytes, *, family: str, changer: bool) -> Iterator[Span]:
    if cdb[0] == opcodes.INQUIRY and cdb[1] & 1 and len(data) >= 4:
        yield from _of_vpd(data, family)
    elif cdb[0] == opcodes.LOG_SENSE and cdb[2] & 0x3F:
        yield from _of_log(data, changer=changer)
    elif cdb[0] == opcodes.READ_ATTRIBUTE and cdb[1] & 0x1F == _MAM_VALUES:
        yield from _of_memory(data)
    elif cdb[0] in _MODE_SENSE and cdb[2] >> 6 != CHANGEABLE:
        yield from _of_modes(data, _MODE_SENSE[cdb[0]])


def _of_vpd(data: bytes, family: str) -> Iterator[Span]:
    page, end = data[1], min(len(data), 4 + int.from_bytes(data[2:4], "big"))
    if page in _WHOLE_PAGES:
        yield 4, end
    elif page == 0x83:
        yield from _designators(data, 4, end)
    elif page == 0x85:
        yield from ((at + 4, until) for at, until in _rows(data, 4, end, 2, 4))
    elif page == 0x88:
        yield from _ports(data, 4, end)
    elif page == 0xC1 and family == IBM:
        yield from ((4, min(16, end)), (16, min(28, end)))
    elif page in _COMPONENTS and family not in {IBM, HP}:
        yield 4, min(16, end)


def _rows(data: bytes, at: int, end: int, size_at: int, head: int) -> Iterator[Span]:
    """Rows with a head of so many bytes, the length of the rest in the last of them; the last row may be cut."""
    while at + head <= end:
        until = at + head + int.from_bytes(data[at + size_at : at + head], "big")
        yield at, min(until, end)
        at = until


def _designators(data: bytes, start: int, end: int) -> Iterator[Span]:
    """Names of unit, port and device; a relative port number is none. Vendor and product begin a T10 name."""
    for at, until in _rows(data, start, end, 3, 4):
        kind = data[at + 1] & 0x0F
        if kind in {4, 5, 6}:
            continue
        front = (24 if until - at > 28 else 8) if kind == 1 else 0
        yield at + 4 + front, until


def _ports(data: bytes, at: int, end: int) -> Iterator[Span]:
    while at + 8 <= end:
        names = at + 8 + int.from_bytes(data[at + 6 : at + 8], "big")
        if names + 4 > end:
            return
        until = min(end, names + 4 + int.from_bytes(data[names + 2 : names + 4], "big"))
        yield at + 8, names
        yield from _designators(data, names + 4, until)
        at = until


def _of_log(data: bytes, *, changer: bool) -> Iterator[Span]:
    with suppress(BadReply):
        page, _subpage, body, _cut = log_body(data)
        find = _LOG.get(page)
        if find is None:
            return
        for at, until in _rows(data, 4, 4 + len(body), 3, 4):
            code = int.from_bytes(data[at : at + 2], "big")
            yield from ((at + 4 + first, at + 4 + last) for first, last in find(code, data[at + 4 : until], changer))


def _incident(_code: int, value: bytes, changer: bool) -> Iterator[Span]:
    if changer and len(value) >= 84:
        yield 52, 84
    elif not changer and len(value) >= 60:
        yield 28, 60


def _device(code: int, value: bytes, _changer: bool) -> Iterator[Span]:
    if code in {0x40, 0x41}:
        yield 0, len(value)


def _volume(code: int, value: bytes, _changer: bool) -> Iterator[Span]:
    """Serial number, barcode, and the drives of the last mounts, each behind its vendor."""
    if code in {0x40, 0x42}:
        yield 0, len(value)
    at = 0
    while code == 0x0300 and at + 12 <= len(value):
        until = at + 1 + value[at]
        if until < at + 12 or until > len(value):
            return
        yield at + 12, until
        at = until


def _port(_code: int, value: bytes, _changer: bool) -> Iterator[Span]:
    """The SAS addresses of each phy and of what is at the other end: the host's adapter."""
    if len(value) < 4 or value[0] & 0x0F != 0x06:
        return
    at = 4
    while at + 48 <= len(value):
        yield at + 8, at + 16
        yield at + 16, at + 24
        at += 4 + max(value[at + 3], 44)


def _port_status(code: int, value: bytes, _changer: bool) -> Iterator[Span]:
    """The SAS address of a port in page 11h."""
    if 0x100 < code < 0x200 and len(value) >= 12:
        yield 4, 12


_LOG: dict[int, Callable[[int, bytes, bool], Iterator[Span]]] = {
    0x11: _port_status, 0x14: _device, 0x16: _incident, 0x17: _volume, 0x18: _port,
}  # fmt: skip


def _of_modes(data: bytes, parse: Callable[[bytes], ModeData]) -> Iterator[Span]:
    """The SAS addresses in page 19h/01h (SPL-5, Phy Control And Discover): as in log page 18h, 48 bytes a phy."""
    with suppress(BadReply):
        for page in parse(data).pages:
            if (page.page, page.subpage) == _PHYS and page.byte(5) & 0x0F == 0x06:
                first = data.index(page.data) + 8
                for at in range(first, first + len(page.data) - 8 - 23, 48):
                    yield at + 8, at + 16
                    yield at + 16, at + 24


def _of_memory(data: bytes) -> Iterator[Span]:
    for at, until in _rows(data, 4, len(data), 3, 5):
        identifier = int.from_bytes(data[at : at + 2], "big")
        if identifier in _TEXTS:
            yield at + (13 if identifier in _DRIVES else 5), until
        else:
            yield from ((at + 5 + one.start(), at + 5 + one.end()) for one in _UUID.finditer(data[at + 5 : until]))
