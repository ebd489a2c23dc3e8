# SPDX-License-Identifier: WTFPL OR MIT
"""Mode parameters: headers, block descriptor, pages; and the few pages that the drop-ins print. Light.

MODE SENSE and MODE SELECT use the same bytes; `ModeData.select_6/select_10` give back what MODE SELECT wants.
"""

from __future__ import annotations

from pytp_native.errors import BadReply
from pytp_native.light import NamedTuple
from pytp_native.scsi.field import check_length, number

CURRENT, CHANGEABLE, DEFAULT, SAVED = range(4)
CONTROL, COMPRESSION, DEVICE_CONFIGURATION, PARTITIONS = 0x0A, 0x0F, 0x10, 0x11
EXCEPTIONS, ELEMENT_ADDRESSES, TRANSPORT_GEOMETRY, DEVICE_CAPABILITIES = 0x1C, 0x1D, 0x1E, 0x1F
MEDIUM_CONFIGURATION = 0x1D
ALL_PAGES, ALL_SUBPAGES = 0x3F, 0xFF


class BlockDescriptor(NamedTuple):
    """General mode parameter block descriptor (SSC-5)."""

    density: int
    blocks: int
    block_bytes: int
    """0: variable blocks."""

    def encode(self) -> bytes:
        return bytes((self.density,)) + self.blocks.to_bytes(3, "big") + b"\0" + self.block_bytes.to_bytes(3, "big")


class ModePage(NamedTuple):
    """One page with its header; offsets are the standard's, from the page's byte 0."""

    page: int
    subpage: int
    data: bytes
    """Header included, cut to what came."""
    saveable: bool = False

    def byte(self, at: int) -> int:
        """Return byte `at`; 0 if the page ends before, as SPC has it for pages of older devices."""
        return self.data[at] if at < len(self.data) else 0

    def number(self, at: int, size: int) -> int:
        return number(self.data.ljust(at + size, b"\0"), at, size)


class ModeData(NamedTuple):
    """A MODE SENSE answer (SPC-6, SSC-5)."""

    medium_type: int
    device_specific: int
    blocks: tuple[BlockDescriptor, ...] = ()
    pages: tuple[ModePage, ...] = ()
    truncated: bool = False
    """The device has more than fitted; ask again with more room."""

    @property
    def write_protected(self) -> bool:
        return bool(self.device_specific & 0x80)

    @property
    def buffered_mode(self) -> int:
        return self.device_specific >> 4 & 7

    @property
    def block(self) -> BlockDescriptor | None:
        return self.blocks[0] if self.blocks else None

    def page(self, page: int, subpage: int = 0) -> ModePage:
        """Return one page. Raises BadReply if the device did not give it."""
        for found in self.pages:
            if (found.page, found.subpage) == (page, subpage):
                return found
        raise BadReply("", f"mode page {page:02x}h/{subpage:02x}h was asked for and did not come")

    def select_6(self, *pages: bytes) -> bytes:
        """Return MODE SELECT(6)'s parameter list: this header with its reserved fields zero, and `pages`."""
        blocks = b"".join(block.encode() for block in self.blocks[:1])
        return bytes((0, 0, self.device_specific & 0x7F, len(blocks))) + blocks + b"".join(pages)

    def select_10(self, *pages: bytes) -> bytes:
        blocks = b"".join(block.encode() for block in self.blocks[:1])
        header = bytes((0, 0, 0, self.device_specific & 0x7F, 0, 0, 0, len(blocks)))
        return header + blocks + b"".join(pages)


def parse_mode_6(data: bytes) -> ModeData:
    check_length(data, 4, "mode parameters")
    return _mode_data(data, medium_type=data[1], device_specific=data[2], told=data[0] + 1, at=4, descriptors=data[3])


def parse_mode_10(data: bytes) -> ModeData:
    check_length(data, 8, "mode parameters")
    told = number(data, 0, 2) + 2
    return _mode_data(
        data, medium_type=data[2], device_specific=data[3], told=told, at=8, descriptors=number(data, 6, 2)
    )


def _mode_data(
    data: bytes, *, medium_type: int, device_specific: int, told: int, at: int, descriptors: int
) -> ModeData:
    """Descriptors and pages up to the end of what the device tells and what came (LONGLBA is a disk's affair)."""
    end = min(told, len(data))
    first = at + descriptors
    if first > told:
        raise BadReply("", f"mode parameters: {descriptors} bytes of block descriptors in {told} bytes")
    blocks = tuple(
        BlockDescriptor(data[low], number(data, low + 1, 3), number(data, low + 5, 3))
        for low in range(at, min(first, end) - 7, 8)
    )
    pages, cut = _pages(data[:end], first)
    return ModeData(medium_type, device_specific, blocks, pages, truncated=cut or told > len(data))


def _pages(data: bytes, at: int) -> tuple[tuple[ModePage, ...], bool]:
    pages: list[ModePage] = []
    while at + 2 <= len(data):
        code = data[at]
        long = bool(code & 0x40)
        if long and at + 4 > len(data):
            return tuple(pages), True
        end = at + 4 + number(data, at + 2, 2) if long else at + 2 + data[at + 1]
        subpage = data[at + 1] if long else 0
        pages.append(ModePage(code & 0x3F, subpage, bytes(data[at:end]), bool(code & 0x80)))
        if end > len(data):  # a vendor's page 00h need not have a length (SPC-6); tgt gives one, and gives it first
            return tuple(pages), bool(code & 0x3F)
        at = end
    return tuple(pages), at < len(data)
