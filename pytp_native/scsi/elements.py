# SPDX-License-Identifier: WTFPL OR MIT
"""READ ELEMENT STATUS data (SMC-3). Light and quick: a library may have 50,000 elements.

Descriptors are walked by the length that their page tells, never by an assumed one; volume tags and the device
identifier are where the flags say they are. Texts stay bytes: a drop-in prints them its own way.
"""

from __future__ import annotations

from struct import Struct

from pytp_native.errors import BadReply
from pytp_native.light import NamedTuple
from pytp_native.scsi.field import check_length, number, text

HEADER_BYTES = 8
TAG_BYTES = 36
_T10_VENDOR_ID = 1
_VENDOR_AND_PRODUCT = 24
LEAST_DESCRIPTOR = 4
"""SMC wants 12; old changers give less for elements that have no source."""
_PLAIN = Struct(">HBxBBBBxBH")
"""Address, flags, ASC, ASCQ, bus flags, bus address, source flags and medium type, source."""


class Element(NamedTuple):
    """One element: a transport, slot, mail slot or drive, as the library describes it."""

    element_type: int
    address: int
    flags: int
    """Byte 2: OIR 80h, CMC 40h, INENAB 20h, EXENAB 10h, ACCESS 08h, EXCEPT 04h, IMPEXP 02h, FULL 01h."""
    asc: int
    ascq: int
    bus_flags: int
    """Byte 6 (SCSI-2): NOT BUS 80h, ID VALID 20h, LUN VALID 10h, LUN."""
    bus_address: int
    source_flags: int
    """Byte 9: SVALID 80h, INVERT 40h, ED 08h, medium type."""
    source_address: int
    """Bytes 10-11, also while SVALID is off: use `source`."""
    primary_tag: bytes | None = None
    """36 bytes as they came; None: the page has no primary tags."""
    alternate_tag: bytes | None = None
    identifier: bytes = b""
    """Device identifier of a drive (DVCID), without its 4-byte header."""
    identifier_type: int = 0
    """Its type (0 vendor specific, 1 vendor ID, ...) b3-0; its code set b7-4 (2 ASCII)."""

    @property
    def full(self) -> bool:
        return bool(self.flags & 0x01)

    @property
    def by_operator(self) -> bool:
        """IMPEXP: an operator put the cartridge there (import/export elements)."""
        return bool(self.flags & 0x02)

    @property
    def exception(self) -> int | None:
        """ASC << 8 | ASCQ of what is wrong with it, None if nothing is."""
        return self.asc << 8 | self.ascq if self.flags & 0x04 else None

    @property
    def accessible(self) -> bool:
        """The transport can reach it; a loaded drive often cannot be reached until it has unloaded."""
        return bool(self.flags & 0x08)

    @property
    def disabled(self) -> bool:
        return bool(self.source_flags & 0x08)

    @property
    def inverted(self) -> bool:
        return bool(self.source_flags & 0x80 and self.source_flags & 0x40)

    @property
    def source(self) -> int | None:
        """Storage element that the cartridge came from, None if the library does not vouch for it (SVALID)."""
        return self.source_address if self.source_flags & 0x80 else None

    @property
    def medium_type(self) -> int:
        """0 unknown, 1 data, 2 cleaning, 3 diagnostic, 4 WORM, 5 firmware."""
        return self.source_flags & 0x07

    @property
    def volume_tag(self) -> str:
        """The barcode without its padding; "" if there is none."""
        return text(self.primary_tag[:32]) if self.primary_tag else ""

    @property
    def serial(self) -> str:
        """The drive's serial number: the last word of the identifier, which some libraries give with vendor and
        product in front (SMC-3; T10 vendor ID designator: 8 and 16 bytes, padded, so that a long product name leaves
        no blank before the serial number)."""
        named = self.identifier_type & 0x0F == _T10_VENDOR_ID and len(self.identifier) > _VENDOR_AND_PRODUCT
        words = text(self.identifier[_VENDOR_AND_PRODUCT:] if named else self.identifier).split()
        return words[-1] if words else ""


class ElementStatus(NamedTuple):
    """One READ ELEMENT STATUS answer, perhaps a part of what was asked for."""

    first: int
    """Lowest address that the library has of what was asked for."""
    available: int
    """Number of elements that meet the request."""
    byte_count: int
    """Bytes of a full answer, behind the header."""
    elements: tuple[Element, ...]
    received: int = 0
    """Bytes that came, header included."""
    cut: Element | None = None
    """The element whose descriptor is cut at the end of what came, what is missing read as zeros. It counts only if the
    device, not the allocation length, ended the answer: tgt sends eight bytes less than it tells."""

    @property
    def complete(self) -> bool:
        return len(self.elements) >= self.available


def parse_element_status(data: bytes) -> ElementStatus:
    """Read an answer, cut by the allocation length or not: the elements that came in full.

    Raises BadReply for pages that cannot be: descriptors shorter than 4 bytes, a reserved element type.
    """
    check_length(data, HEADER_BYTES, "element status")
    byte_count = number(data, 5, 3)
    end = min(len(data), HEADER_BYTES + byte_count)
    elements: list[Element] = []
    cut = None
    at = HEADER_BYTES
    while at + 8 <= end:
        page_end = at + 8 + number(data, at + 5, 3)
        elements += _read_page(data, at, min(end, page_end))
        if page_end > end:
            cut = _cut_element(data, at, end)
        at = page_end
    return ElementStatus(number(data, 0, 2), number(data, 2, 2), byte_count, tuple(elements), len(data), cut)


def _cut_element(data: bytes, at: int, end: int) -> Element | None:
    """Return the element that the end cuts, if at least its address and flags came."""
    width = number(data, at + 2, 2)
    low = at + 8 + (end - at - 8) // width * width
    if end - low < LEAST_DESCRIPTOR or end - low >= width:
        return None
    padded = data[at : at + 8] + data[low:end].ljust(width, b"\0")
    return next(iter(_read_page(padded, 0, len(padded))), None)


def _read_page(data: bytes, at: int, end: int) -> list[Element]:
    """Return the whole descriptors of the page whose header is at `at`."""
    element_type, flags, width = data[at], data[at + 1], number(data, at + 2, 2)
    if not 1 <= element_type <= 4:
        raise BadReply("", f"element status: there is no element type {element_type}")
    if width < LEAST_DESCRIPTOR:
        raise BadReply("", f"element status: descriptors of {width} bytes")
    starts = range(at + 8, end - width + 1, width)
    if width < _PLAIN.size:
        short = (bytes(data[low : low + width]).ljust(_PLAIN.size, b"\0") for low in starts)
        return [Element(element_type, *_PLAIN.unpack(padded)) for padded in short]
    primary, alternate, identifier = _layout(flags, width)
    unpack, named = _PLAIN.unpack_from, width - identifier > 4
    elements = []
    for low in starts:
        tag = data[low + primary : low + primary + TAG_BYTES] if primary else None
        other = data[low + alternate : low + alternate + TAG_BYTES] if alternate else None
        name, kind = _identifier(data[low + identifier : low + width]) if named else (b"", 0)
        elements.append(Element._make((element_type, *unpack(data, low), tag, other, name, kind)))
    return elements


def _layout(flags: int, width: int) -> tuple[int, int, int]:
    """Return where primary tag, alternate tag (0: not there) and device identifier begin in a descriptor.

    A tag that the flags promise but that does not fit into the descriptor is not there.
    """
    at, places = _PLAIN.size, []
    for flag in (0x80, 0x40):
        there = bool(flags & flag) and at + TAG_BYTES <= width
        places.append(at if there else 0)
        at += TAG_BYTES if there else 0
    return places[0], places[1], at


def _identifier(data: bytes) -> tuple[bytes, int]:
    """Return the identifier and its code set and type; what does not fit is no identifier."""
    length = data[3]
    if not length or 4 + length > len(data):
        return b"", 0
    return bytes(data[4 : 4 + length]), (data[0] & 0x0F) << 4 | data[1] & 0x0F
