# SPDX-License-Identifier: WTFPL OR MIT
"""READ ELEMENT STATUS data, byte by byte (SMC-3 6.11). One pass over the inventory's lists: a library of 50,000 slots
answers in a fraction of a second and opens no cartridge."""

from __future__ import annotations

import struct

from pytp_native.light import NamedTuple
from pytp_native.vtl.elements import DRIVE, MAIL, STORAGE, TRANSPORT, ElementMap, Place, Span
from pytp_native.vtl.personality import CLEANING_PREFIX, WORM_MEDIA
from pytp_native.vtl.reply import ascii_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TAG_BYTES = 36
_HEADER_BYTES = _PAGE_HEADER_BYTES = 8
_FULL, _PUT_BY_OPERATOR, _EXCEPT, _ACCESS, _EXPORT, _IMPORT = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_SOURCE_VALID = 0x80
_NO_TAG = bytes(TAG_BYTES)
_DATA, _CLEANING, _WORM = 1, 2, 4
_LABEL_MISSING = (0x53, 0x06)
"""ASC and ASCQ of an element whose label cannot be read: volume identifier missing."""


class Request(NamedTuple):
    """What a READ ELEMENT STATUS asks for."""

    kind: int
    """Element type code; 0: all."""
    start: int
    most: int
    """Elements at most."""
    tags: bool
    identifiers: bool
    """DVCID: tell which drive stands in a data transfer element."""
    allocated: int


class Exceptions(NamedTuple):
    """What the inventory does not know: faults and the drives' own state."""

    unreadable: frozenset[int]
    """Slots whose label cannot be read, from 1."""
    reachable: Callable[[Place], bool]
    """Whether the robot may take from or put into an element now."""
    identifier: Callable[[int], bytes]
    """Designator of drive number N, with its 4 bytes of header (SPC-5 7.7.6.1)."""


def report(elements: ElementMap, request: Request, exceptions: Exceptions) -> bytes | None:
    """Return the data, cut behind the last whole descriptor that fits; None if no element is asked for.

    The counts in the headers are those of everything asked for, however little was allocated.
    """
    spans = list(_asked(elements, request))
    if not spans:
        return None
    sizes = [_descriptor_bytes(request, span.kind, exceptions) for span in spans]
    pages = sum(_PAGE_HEADER_BYTES + size * span.size for size, span in zip(sizes, spans, strict=True))
    total = sum(span.size for span in spans)
    parts = [struct.pack(">HHI", spans[0].first, total, pages)]
    room = request.allocated - _HEADER_BYTES
    for span, size in zip(spans, sizes, strict=True):
        if room < _PAGE_HEADER_BYTES:
            break
        flags = 0x80 if request.tags else 0
        parts.append(struct.pack(">BBHI", span.kind, flags, size, size * span.size))
        room -= _PAGE_HEADER_BYTES
        fitting = min(span.size, room // size)
        parts.extend(_descriptors(elements, span._replace(size=fitting), request, exceptions))
        room -= fitting * size
        if fitting < span.size:
            break
    return b"".join(parts)[: request.allocated]


def _asked(elements: ElementMap, request: Request) -> Iterator[Span]:
    """The elements from `start` on, at most `most` of them, by address."""
    left = request.most
    for span in elements.spans:
        first = max(span.first, request.start)
        count = min(span.first + span.size - first, left)
        if count > 0 and request.kind in {0, span.kind}:
            yield Span(span.kind, first, count)
            left -= count


def _descriptor_bytes(request: Request, kind: int, exceptions: Exceptions) -> int:
    """One length for a page: identifiers are padded to the longest, which is drive 0's."""
    identifier = len(exceptions.identifier(0)) if request.identifiers and kind == DRIVE else 4
    return 12 + (TAG_BYTES if request.tags else 0) + identifier


def _descriptors(elements: ElementMap, span: Span, request: Request, exceptions: Exceptions) -> Iterable[bytes]:
    if span.kind in {STORAGE, MAIL}:
        return _slot_descriptors(elements, span, request, exceptions)
    return [_descriptor(elements, span.kind, address, request, exceptions) for address in _addresses(span)]


def _addresses(span: Span) -> range:
    return range(span.first, span.first + span.size)


def _slot_descriptors(elements: ElementMap, span: Span, request: Request, exceptions: Exceptions) -> Iterator[bytes]:
    place = elements.find(span.first)
    if place is None:
        return
    number = elements.slot_number(place)
    always = _ACCESS if exceptions.reachable(place) else 0
    if span.kind == MAIL:
        always |= _EXPORT | _IMPORT
    pack = struct.Struct(">HBBBBHBBH").pack
    empty_tail = bytes(TAG_BYTES if request.tags else 0) + bytes(4)
    contents = elements.inventory.slots[number - 1 : number - 1 + span.size]
    operators = elements.inventory.from_operator
    for slot, (address, barcode) in enumerate(zip(_addresses(span), contents, strict=True), number):
        if barcode is None:
            yield pack(address, always, 0, 0, 0, 0, 0, 0, 0) + empty_tail
            continue
        flags, code, qualifier, tag = always | _FULL, 0, 0, barcode
        if slot in operators:
            flags |= _PUT_BY_OPERATOR
        if slot in exceptions.unreadable:
            flags, (code, qualifier), tag = flags | _EXCEPT, _LABEL_MISSING, ""
        head = pack(address, flags, 0, code, qualifier, 0, 0, _medium_type(tag), 0)
        yield head + (_tag(tag) if request.tags else b"") + bytes(4)


def _descriptor(elements: ElementMap, kind: int, address: int, request: Request, exceptions: Exceptions) -> bytes:
    """A transport's or a drive's, which may tell where its cartridge came from."""
    place = Place(kind, address - elements.span(kind).first)
    barcode, source = elements.content(place), elements.source(place)
    flags = (_FULL if barcode else 0) | (_ACCESS if kind == DRIVE and exceptions.reachable(place) else 0)
    valid = _SOURCE_VALID if barcode and source else 0
    medium = _medium_type(barcode) if barcode else 0
    head = struct.pack(
        ">HBBBBHBBH", address, flags, 0, 0, 0, 0, 0, valid | medium,
        elements.slot_address(source) if valid and source else 0,
    )  # fmt: skip
    tag = _tag(barcode or "") if request.tags else b""
    identifier = bytes(4)
    if request.identifiers and kind == DRIVE:
        identifier = exceptions.identifier(place.number).ljust(len(exceptions.identifier(0)), b"\0")
    return head + tag + identifier


def _tag(barcode: str) -> bytes:
    """Primary volume tag: 32 bytes of text, 2 reserved, 2 of sequence number; all zero without one."""
    return ascii_field(barcode, 32) + bytes(4) if barcode else _NO_TAG


def _medium_type(barcode: str) -> int:
    """What the label says: the robot sees no more."""
    if barcode.startswith(CLEANING_PREFIX):
        return _CLEANING
    if barcode[-2:] in WORM_MEDIA:
        return _WORM
    return _DATA if barcode else 0


ALL_KINDS = frozenset({0, TRANSPORT, STORAGE, MAIL, DRIVE})
