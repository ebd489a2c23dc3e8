# SPDX-License-Identifier: WTFPL OR MIT
"""The image of a cartridge's memory that IBM's mechanisms give (READ BUFFER, buffer 10h): what is on each wrap.

The memory begins with four bytes and their exclusive or; from byte 36 on there is a table of pages: 4 bits of version,
12 bits of page number, 16 bits of offset. The entry FFFh ends it and points to a second table. Sources: ECMA-319 for
the layout, LTFSCopyGUI for the tape directory of LTO-3 and later.
"""

from __future__ import annotations

from pytp_native.errors import BadReply
from pytp_native.light import NamedTuple
from pytp_native.scsi.field import number
from pytp_native.spec import wraps as spec

BUFFER = 0x10
_TABLES = 2


class Wrap(NamedTuple):
    """One pass over the tape from end to end; even ones go forward."""

    number: int
    data_sets: int
    lost_percent: float | None
    """Of what fits on it; None: it is the last one and not full, or nobody knows how much fits."""


class MemoryImage(NamedTuple):
    generation: int
    wraps: tuple[Wrap, ...]
    """Of partition 0, up to its end of data."""


def parse_image(data: bytes) -> MemoryImage:
    """Raises BadReply for what is no such image, or one without a valid tape directory."""
    if len(data) < spec.PAGE_TABLE_AT or data[0] ^ data[1] ^ data[2] ^ data[3] != data[4]:
        raise BadReply("", "not an image of a cartridge's memory: its checksum is wrong")
    pages = _pages(data)
    kind = _word(data, pages, spec.MAKER_PAGE, 22, 2)
    generation = spec.MEMORY_TYPES.get(kind)
    if generation is None:
        raise BadReply("", f"the cartridge's memory is of type {kind:04x}h: no tape for data that is known")
    last = _word(data, pages, spec.END_OF_DATA_PAGE, 28, 4)
    if not _word(data, pages, spec.END_OF_DATA_PAGE, 32, 2):
        raise BadReply("", "the cartridge's memory does not know where its data end")
    return MemoryImage(generation, tuple(_wraps(data, pages, generation, last)))


def _pages(data: bytes) -> dict[int, int]:
    """Return page numbers with their offsets."""
    found: dict[int, int] = {}
    at = spec.PAGE_TABLE_AT
    for _ in range(_TABLES):
        while at + 4 <= len(data):
            page, offset = number(data, at, 2) & 0xFFF, number(data, at + 2, 2)
            at += 4
            if page == spec.END_OF_TABLE:
                at = offset
                break
            if page not in spec.PADDING:
                found.setdefault(page, offset)
    return found


def _word(data: bytes, pages: dict[int, int], page: int, at: int, size: int) -> int:
    start = pages.get(page)
    if start is None or start + at + size > len(data):
        raise BadReply("", f"the cartridge's memory has no page {page:03x}h")
    return number(data, start + at, size)


def _wraps(data: bytes, pages: dict[int, int], generation: int, last: int) -> list[Wrap]:
    """An entry holds the number of the last data set on its wrap, at byte 4."""
    found, before = [], 0
    fits = spec.DATA_SETS_OF_A_WRAP[generation]
    head = spec.directory_header_bytes(generation)
    for wrap in range(min(last + 1, spec.WRAPS[generation])):
        until = _word(data, pages, spec.DIRECTORY_PAGE, head + wrap * spec.DIRECTORY_ENTRY_BYTES + 4, 4)
        if until < before:
            raise BadReply("", f"the cartridge's memory contradicts itself at wrap {wrap}")
        sets, before = until - before, until
        lost = None if wrap == last else round(max(100 - 100 * sets / fits, 0.0), 2)
        found.append(Wrap(wrap, sets, lost))
    return found
