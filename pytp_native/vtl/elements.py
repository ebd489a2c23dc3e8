# SPDX-License-Identifier: WTFPL OR MIT
"""Elements of the medium changer (SMC-3 4.2): which address is what, and what stands there."""

from __future__ import annotations

from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
from pytp_native.vtl.inventory import Inventory
from pytp_native.vtl.personality import ChangerPersonality

TRANSPORT, STORAGE, MAIL, DRIVE = 1, 2, 3, 4
"""Element type codes (SMC-3 table 20): medium transport, storage, import/export, data transfer."""
_HIGHEST = 0xFFFF


class Place(NamedTuple):
    """One element: its type and its number among its kind, from 0."""

    kind: int
    number: int


class Span(NamedTuple):
    """The addresses of one kind of element."""

    kind: int
    first: int
    size: int


class ElementMap:
    """Where everything is, and the inventory behind it."""

    def __init__(self, inventory: Inventory, personality: ChangerPersonality) -> None:
        self.inventory = inventory
        storage = len(inventory.slots) - inventory.mail_slots
        self.spans = tuple(
            sorted(
                (
                    Span(TRANSPORT, personality.first_transport, 1),
                    Span(STORAGE, personality.first_storage, storage),
                    Span(MAIL, personality.first_mail, inventory.mail_slots),
                    Span(DRIVE, personality.first_drive, len(inventory.drives)),
                ),
                key=lambda span: span.first,
            )
        )
        self._by_kind = {span.kind: span for span in self.spans}
        self._storage = storage

    def check(self) -> None:
        """Raise UsageError when there are more elements than addresses for them."""
        ends = [span.first + span.size for span in self.spans]
        starts = [span.first for span in self.spans[1:]]
        if any(end > start for end, start in zip(ends[:-1], starts, strict=True)) or ends[-1] > _HIGHEST + 1:
            raise UsageError("library", "has more elements than this changer has addresses", "make it smaller")

    def span(self, kind: int) -> Span:
        return self._by_kind[kind]

    def find(self, address: int) -> Place | None:
        """Return what has this address; None: nothing."""
        for span in self.spans:
            if span.first <= address < span.first + span.size:
                return Place(span.kind, address - span.first)
        return None

    def address(self, place: Place) -> int:
        return self._by_kind[place.kind].first + place.number

    def slot_number(self, place: Place) -> int:
        """Number of a storage or mail slot from 1, as the inventory counts."""
        return place.number + 1 + (self._storage if place.kind == MAIL else 0)

    def slot_address(self, slot: int) -> int:
        """Element address of slot `slot`, from 1; mail slots behind the storage slots."""
        if slot > self._storage:
            return self._by_kind[MAIL].first + slot - self._storage - 1
        return self._by_kind[STORAGE].first + slot - 1

    def content(self, place: Place) -> str | None:
        """The barcode of what stands there."""
        if place.kind == TRANSPORT:
            return self.inventory.gripped
        if place.kind == DRIVE:
            return self.inventory.drives[place.number].barcode
        return self.inventory.slots[self.slot_number(place) - 1]

    def source(self, place: Place) -> int | None:
        """The slot that a cartridge came from, as far as somebody noted it."""
        if place.kind == DRIVE:
            return self.inventory.drives[place.number].source_slot
        return self.inventory.gripped_from if place.kind == TRANSPORT else None

    def put(self, place: Place, barcode: str | None, source_slot: int | None) -> None:
        """Change the inventory, in memory."""
        if place.kind == TRANSPORT:
            self.inventory.gripped, self.inventory.gripped_from = barcode, source_slot if barcode else None
        elif place.kind == DRIVE:
            self.inventory.drives[place.number].put(barcode, source_slot if barcode else None)
        else:
            slot = self.slot_number(place)
            self.inventory.slots[slot - 1] = barcode
            self.inventory.from_operator.discard(slot)
