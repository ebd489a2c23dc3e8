# SPDX-License-Identifier: WTFPL OR MIT
"""What mtx knows of a library: its slots and drives by number, with what is in them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.scsi.elements import Element

_SLOT_MISSING, _DRIVE_MISSING = (0x83, 0x02), (0x83, 0x04)
"""ASC and ASCQ with which ATL and Exabyte libraries report elements that are not installed."""
_TAG_ENDS = bytes(code if 0x20 <= code <= 0x7F else 0 for code in range(256))


class Place:
    """A slot or a drive."""

    __slots__ = ("address", "alternate", "element", "full", "mail", "source", "tag")

    def __init__(self, element: Element, *, mail: bool = False) -> None:
        self.element = element
        self.address = element.address
        self.full = element.full
        self.mail = mail
        """An import/export element."""
        self.tag = _tag(element.primary_tag)
        """The barcode as it came, padded; empty for none."""
        self.alternate = _tag(element.alternate_tag)
        self.source: int | None = None
        """Drives: index of the slot that the cartridge came from or may go back to."""


def _tag(data: bytes | None) -> bytes:
    """A volume tag ends at the first byte that is no ASCII text, as mtx reads it."""
    return data.translate(_TAG_ENDS).split(b"\0", 1)[0] if data else b""


class Library:
    """Slots from index 0, import/export slots behind the others; drives from 0, in the order of their elements."""

    def __init__(self, slots: list[Element], mail: list[Element], drives: list[Element], transport: int) -> None:
        self.slots = [Place(one) for one in slots if (one.asc, one.ascq) != _SLOT_MISSING]
        self.storage = len(self.slots)
        """How many are not for import and export."""
        self.slots += [Place(one, mail=True) for one in mail]
        self.drives = [Place(one) for one in drives if (one.asc, one.ascq) != _DRIVE_MISSING]
        self.transport = transport
        self.moved = False
        """Something was moved since: what is known is where things should be now."""
        self._find_sources()

    @property
    def mail_slots(self) -> int:
        return len(self.slots) - self.storage

    def _find_sources(self) -> None:
        """Find the slot of each loaded drive: what the library vouches for; else what it says beside that; else the
        first empty storage slot. No slot that is full or another drive's."""
        by_address = {slot.address: index for index, slot in enumerate(self.slots) if not slot.full}
        taken: set[int] = set()
        loaded = [drive for drive in self.drives if drive.full]
        for vouched in (True, False):
            for drive in loaded:
                known = drive.element.source is not None
                if drive.source is None and known is vouched and (vouched or drive.element.source_address):
                    self._claim(drive, by_address.get(drive.element.source_address), taken)
        free = iter([index for index in range(self.storage) if not self.slots[index].full and index not in taken])
        for drive in loaded:
            if drive.source is None:
                drive.source = next(free, None)

    @staticmethod
    def _claim(drive: Place, slot: int | None, taken: set[int]) -> None:
        if slot is not None and slot not in taken:
            drive.source = slot
            taken.add(slot)

    # -- after a move that the library has done --------------------------------------------------------------------

    def loaded(self, slot: int, drive: int) -> None:
        self._carried(self.slots[slot], self.drives[drive])
        self.drives[drive].source = slot

    def unloaded(self, drive: int, slot: int) -> None:
        self._carried(self.drives[drive], self.slots[slot])
        self.drives[drive].source = None

    def transferred(self, source: int, destination: int) -> None:
        self._carried(self.slots[source], self.slots[destination])

    def _carried(self, source: Place, destination: Place) -> None:
        source.full, destination.full = False, True
        source.tag, destination.tag = b"", source.tag
        self.moved = True

    def at(self, address: int) -> Place | None:
        """Return the slot or drive with this element address."""
        return next((place for place in (*self.slots, *self.drives) if place.address == address), None)
