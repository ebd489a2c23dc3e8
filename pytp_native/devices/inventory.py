# SPDX-License-Identifier: WTFPL OR MIT
"""What stands where in a library, in the operator's numbers: slots from 1, the import/export slots behind the storage
slots, drives from 0, each kind in the order of its element addresses (as mtx counts them)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
from pytp_native.scsi.elements import Element
from pytp_native.scsi.mode_pages import DRIVE, IMPORT_EXPORT, STORAGE, TRANSPORT

CLEANING_MEDIUM = 2
CLEANING_PREFIX = "CLN"
"""How labels of cleaning cartridges begin, by convention of all LTO vendors."""

_WORDS = {STORAGE: "slot", IMPORT_EXPORT: "import/export slot", DRIVE: "drive"}


class Place(NamedTuple):
    """One element by its number."""

    kind: int
    """Element type code of SMC-3: TRANSPORT, STORAGE, IMPORT_EXPORT or DRIVE."""
    number: int

    def __str__(self) -> str:
        if self.kind == TRANSPORT:
            return "the robot's gripper" if self.number == 0 else f"the gripper of robot {self.number}"
        return f"{_WORDS[self.kind]} {self.number}"

    @property
    def is_slot(self) -> bool:
        return self.kind in {STORAGE, IMPORT_EXPORT}


class Inventory(NamedTuple):
    """One answer of the library: what it had when it was asked. Kinds that were not asked for are empty."""

    transports: tuple[Element, ...] = ()
    storage: tuple[Element, ...] = ()
    import_export: tuple[Element, ...] = ()
    drives: tuple[Element, ...] = ()

    def slot(self, number: int) -> Place:
        """Return the place of slot `number`. Raises UsageError if there is none."""
        storage, slots = len(self.storage), len(self.storage) + len(self.import_export)
        if not 1 <= number <= slots:
            raise UsageError(f"slot {number}", "no such slot", f"there are 1 to {slots}" if slots else "there are none")
        return Place(STORAGE if number <= storage else IMPORT_EXPORT, number)

    def drive(self, number: int) -> Place:
        """Return the place of drive `number`. Raises UsageError if there is none."""
        if not 0 <= number < len(self.drives):
            raise UsageError(f"drive {number}", "the library has no such drive", f"it has 0 to {len(self.drives) - 1}")
        return Place(DRIVE, number)

    def at(self, place: Place) -> Element:
        """Return what the library says of a place that it has."""
        if place.kind == STORAGE:
            return self.storage[place.number - 1]
        if place.kind == IMPORT_EXPORT:
            return self.import_export[place.number - 1 - len(self.storage)]
        return (self.drives if place.kind == DRIVE else self.transports)[place.number]

    def place_of(self, address: int) -> Place | None:
        """Return the place with this element address, None if there is none."""
        kinds = (
            (TRANSPORT, self.transports, 0), (STORAGE, self.storage, 1),
            (IMPORT_EXPORT, self.import_export, 1 + len(self.storage)), (DRIVE, self.drives, 0),
        )  # fmt: skip
        for kind, elements, first in kinds:
            index = bisect_left(elements, address, key=lambda element: element.address)
            if index < len(elements) and elements[index].address == address:
                return Place(kind, first + index)
        return None

    def home_of(self, place: Place) -> Place | None:
        """Return the slot that the cartridge there came from; None unless the library vouches for it (SVALID)."""
        source = self.at(place).source
        home = self.place_of(source) if source is not None else None
        return home if home is not None and home.is_slot else None

    def rows(self) -> Iterator[tuple[Place, Element]]:
        """Everything in the order of a listing: drives, slots, import/export slots, robots."""
        for kind, elements, first in (
            (DRIVE, self.drives, 0), (STORAGE, self.storage, 1),
            (IMPORT_EXPORT, self.import_export, 1 + len(self.storage)), (TRANSPORT, self.transports, 0),
        ):  # fmt: skip
            for number, element in enumerate(elements, first):
                yield Place(kind, number), element

    def find(self, barcode: str) -> tuple[Place, ...]:
        """Return where cartridges with this barcode are; more than one: somebody copied a label."""
        if not barcode:
            return ()
        # A quick look first, at 50,000 tags; one with bytes that are no ASCII is shown with \\xNN in their place.
        begin = barcode.partition("\\")[0].encode("ascii", "replace")
        return tuple(
            place
            for place, element in self.rows()
            if element.primary_tag is not None and element.full and element.primary_tag.lstrip().startswith(begin)
            and element.volume_tag == barcode
        )  # fmt: skip

    def free_slots(self) -> list[int]:
        """Numbers of the storage slots that are empty and usable."""
        return [number for number, one in enumerate(self.storage, 1) if not one.full and not one.disabled]


def cartridge_name(element: Element) -> str:
    """Return how to call the cartridge in a message: its barcode, or that it has none that can be read."""
    return element.volume_tag or "the cartridge without a readable barcode"


def is_cleaning(element: Element) -> bool:
    """Tell whether a cleaning cartridge stands there: a drive does not get ready with it."""
    return element.medium_type == CLEANING_MEDIUM or element.volume_tag.startswith(CLEANING_PREFIX)
