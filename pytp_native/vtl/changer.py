# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual changer's mechanism: one robot that moves cartridges between elements (SMC-3). How its commands look as
bytes is changer_target.py."""

from __future__ import annotations

import os

from pytp_native.errors import DeviceBusy, LibraryError, PytpError
from pytp_native.light import NamedTuple
from pytp_native.spec import opcodes
from pytp_native.vtl import sense
from pytp_native.vtl.bay import is_threaded, release_cartridge
from pytp_native.vtl.cartridge import Label, create_cartridge, read_label
from pytp_native.vtl.changer_faults import ChangerFaults
from pytp_native.vtl.changer_state import ChangerState, changer_directory
from pytp_native.vtl.element_status import Exceptions
from pytp_native.vtl.elements import DRIVE, MAIL, STORAGE, TRANSPORT, ElementMap, Place
from pytp_native.vtl.inventory import Inventory, cartridge_directory
from pytp_native.vtl.personality import OWN, WORM_MEDIA, changer_personality, face_of, generation_of, personality_of
from pytp_native.vtl.reply import ascii_field
from pytp_native.vtl.sense import Sense

_FAILURES = {
    "gripper error": sense.GRIPPER_ERROR,
    "load error": sense.LOAD_FAILED,
    "drive silent": sense.DRIVE_SILENT,
    "full target": sense.DESTINATION_FULL,
    "empty source": sense.SOURCE_EMPTY,
    "stuck in gripper": sense.GRIPPER_ERROR,
}
_ANSWERS = frozenset({"full target", "empty source"})
"""Failures that are no defect of the hardware."""
_ALERT_HARDWARE, _ALERT_PICK_RETRY, _ALERT_PLACE_RETRY, ALERT_DOOR, ALERT_LABELS = 3, 13, 14, 16, 32
"""TapeAlert flags of a changer (SMC-3 annex A)."""
_ATTEMPTS = 3
"""How often the robot tries to grip before it gives up."""


class Moved(NamedTuple):
    """How a move ended, and how long it took."""

    sense: Sense | None
    seconds: int = 0


class VirtualChanger:
    """The changer of the library at `path` as it is now. Commands that change anything need the library's lock."""

    def __init__(self, path: str) -> None:
        """Raises BadAddress if there is no library."""
        self.path = path
        self.inventory = Inventory(path)
        self.personality = changer_personality(self.inventory.changer)
        self.elements = ElementMap(self.inventory, self.personality)
        self.state = ChangerState(path)
        self.faults = ChangerFaults(changer_directory(path))

    def not_ready(self) -> Sense | None:
        """Why it takes no orders now."""
        if self.faults.has("door open"):
            self.state.raise_alert(ALERT_DOOR)
            return sense.DOOR_OPEN
        return sense.OFFLINE if self.faults.has("offline") else None

    def exceptions(self) -> Exceptions:
        """What READ ELEMENT STATUS tells besides the inventory."""
        closed = not self.faults.has("door open")
        return Exceptions(self.faults.unreadable(), lambda place: closed and self._reachable(place), self.identifier)

    def _reachable(self, place: Place) -> bool:
        if place.kind != DRIVE or self.personality.unloads_drives:
            return True
        return not is_threaded(self.path, self.inventory.drives[place.number])

    def identifier(self, drive: int) -> bytes:
        """T10 vendor ID designator of a drive: vendor, product, serial (SPC-5 7.7.6.4)."""
        bays = self.inventory.drives
        bay = bays[drive] if drive < len(bays) else None
        who = face_of(self.inventory.generation, bay.maker if bay is not None else OWN)
        serial = bay.serial if bay is not None else ""
        name = ascii_field(who.vendor, 8) + ascii_field(who.product, 16) + serial.encode("ascii")
        return bytes([0x02, 0x01, 0, len(name)]) + name

    # -- moving --------------------------------------------------------------------------------------------------------

    def position_to(self, transport: int, address: int) -> Sense | None:
        """POSITION TO ELEMENT."""
        if not self._is_transport(transport) or self.elements.find(address) is None:
            return sense.INVALID_ELEMENT
        self.state.position = address
        return None

    def move(self, transport: int, source: int, destination: int) -> Moved:
        """MOVE MEDIUM between two elements, by address. A failure leaves the cartridge where it was, unless the robot
        cannot let go of it: then the transport element has it."""
        begin, end = self.elements.find(source), self.elements.find(destination)
        if not self._is_transport(transport) or begin is None or end is None:
            return Moved(sense.INVALID_ELEMENT)
        if self.elements.content(begin) is None:
            return Moved(sense.SOURCE_EMPTY)
        if self.elements.content(end) is not None or (begin.kind == end.kind == TRANSPORT):
            return Moved(sense.DESTINATION_FULL)
        if begin.kind != TRANSPORT and self.inventory.gripped is not None:
            return Moved(sense.GRIPPER_ERROR)  # its hand is full
        return self._carry(begin, end)

    def _carry(self, begin: Place, end: Place) -> Moved:
        barcode = self.elements.content(begin)
        if barcode is not None and (problem := self._refusal(barcode, begin, end)) is not None:
            return Moved(problem)
        failure, seconds = self.faults.next_move()
        if failure is not None and failure != "stuck in gripper":
            return Moved(self._failed(failure, begin, end), seconds)
        if (problem := self._take_out(begin)) is not None:
            return Moved(problem, seconds)
        source = self._source_of(begin)
        self.elements.put(begin, None, None)
        goal = Place(TRANSPORT, 0) if failure else end
        self.elements.put(goal, barcode, source)
        self.inventory.save()
        self.state.position = self.elements.address(end)
        self._count(begin, place=False)
        if failure:
            return Moved(self._failed(failure, begin, end), seconds)
        self._count(end, place=True)
        self.state.moves += 1
        return Moved(None, seconds)

    def _count(self, place_of: Place, *, place: bool) -> None:
        """What the robot did at an element; a slot that is hard to reach costs attempts and raises a flag."""
        retries = self.faults.retries(self.elements.slot_number(place_of)) if place_of.kind in {STORAGE, MAIL} else 0
        self.state.count(self.elements.address(place_of), place=place, retries=retries)
        if retries:
            self.state.raise_alert(_ALERT_PLACE_RETRY if place else _ALERT_PICK_RETRY)

    def _failed(self, failure: str, begin: Place, end: Place) -> Sense:
        self.state.failed_moves += 1
        if failure not in _ANSWERS:
            told = _FAILURES[failure]
            addresses = self.elements.address(begin), self.elements.address(end)
            self.state.note(told.code, opcodes.MOVE_MEDIUM, *addresses)
        if failure == "gripper error":
            self.state.count(self.elements.address(begin), place=False, retries=_ATTEMPTS, done=False)
        if failure not in _ANSWERS:
            self.state.raise_alert(_ALERT_HARDWARE)
        if failure == "gripper error":
            self.state.raise_alert(_ALERT_PICK_RETRY)
        return _FAILURES[failure]

    def exchange(self, transport: int, source: int, first: int, second: int) -> Moved:
        """EXCHANGE MEDIUM: what is in `first` goes to `second`, what is in `source` to `first`; `source` and `second`
        may be one."""
        places = [self.elements.find(address) for address in (source, first, second)]
        if not self._is_transport(transport) or None in places:
            return Moved(sense.INVALID_ELEMENT)
        begin, middle, end = (place for place in places if place is not None)
        incoming, outgoing = self.elements.content(begin), self.elements.content(middle)
        if incoming is None or outgoing is None:
            return Moved(sense.SOURCE_EMPTY)
        if middle in {begin, end} or (end != begin and self.elements.content(end) is not None):
            return Moved(sense.DESTINATION_FULL)
        if self.inventory.gripped is not None:
            return Moved(sense.GRIPPER_ERROR)  # its hand is full
        problem = self._refusal(incoming, begin, middle) or self._refusal(outgoing, middle, end)
        if problem is not None:
            return Moved(problem)
        failure, seconds = self.faults.next_move()
        if failure is not None and failure != "stuck in gripper":
            return Moved(self._failed(failure, begin, middle), seconds)
        problem = self._take_out(begin) or (self._take_out(middle) if failure is None else None)
        if problem is not None:
            return Moved(problem, seconds)
        sources = self._source_of(begin), self._source_of(middle)
        self.elements.put(begin, None, None)
        if failure is not None:  # it took the first one, and cannot let go of it
            self.elements.put(Place(TRANSPORT, 0), incoming, sources[0])
        else:
            self.elements.put(middle, None, None)
            self.elements.put(middle, incoming, sources[0])
            self.elements.put(end, outgoing, sources[1])
        self.inventory.save()
        self.state.position = self.elements.address(middle if failure else end)
        self._count(begin, place=False)
        if failure is not None:
            return Moved(self._failed(failure, begin, middle), seconds)
        self._count(middle, place=True)
        self._count(middle, place=False)
        self._count(end, place=True)
        self.state.moves += 1
        return Moved(None, seconds)

    def _is_transport(self, address: int) -> bool:
        """0 is the default transport (SMC-3 6.5)."""
        return address in {0, self.elements.span(TRANSPORT).first}

    def _source_of(self, place: Place) -> int | None:
        if place.kind in {DRIVE, TRANSPORT}:
            return self.elements.source(place)
        return self.elements.slot_number(place)

    def _refusal(self, barcode: str, begin: Place, end: Place) -> Sense | None:
        """Why a move cannot be, without anything having moved."""
        if begin.kind == DRIVE and not self._reachable(begin):
            return sense.REMOVAL_PREVENTED_BY_DRIVE
        if end.kind != DRIVE:
            return None
        try:
            label = ensure_cartridge(self.inventory, barcode)
        except PytpError:
            return sense.LOAD_FAILED
        if label.generation not in personality_of(self.inventory.generation).reads:
            return sense.INCOMPATIBLE_MEDIUM
        return None

    def _take_out(self, place: Place) -> Sense | None:
        """Have a drive let go. In use or locked: MEDIUM REMOVAL PREVENTED."""
        if place.kind != DRIVE:
            return None
        try:
            release_cartridge(self.path, self.inventory.drives[place.number])
        except DeviceBusy:
            return sense.REMOVAL_PREVENTED
        except LibraryError as exc:
            return sense.LOAD_FAILED if exc.__cause__ is not None else sense.REMOVAL_PREVENTED
        except PytpError:
            return sense.LOAD_FAILED
        return None


def ensure_cartridge(inventory: Inventory, barcode: str) -> Label:
    """Return a cartridge's label. One that no drive has seen yet has no files: it is blank, and gets them now."""
    directory = cartridge_directory(inventory.path, barcode)
    if not os.path.isdir(directory):
        create_cartridge(directory, new_label(inventory, barcode))
    return read_label(directory)


def new_label(
    inventory: Inventory, barcode: str, *, generation: str | None = None, capacity_bytes: int | None = None
) -> Label:
    """What a blank cartridge with this barcode is: its ending tells the generation and whether it is write-once."""
    wanted = personality_of(generation or generation_of(barcode) or inventory.generation).generation
    size = capacity_bytes if capacity_bytes is not None else inventory.capacity_bytes
    return Label(barcode, wanted, size, worm=barcode[-2:] in WORM_MEDIA)
