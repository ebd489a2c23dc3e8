# SPDX-License-Identifier: WTFPL OR MIT
"""A library as its operator uses it: a changer, and the drives that stand in it as this host knows them.

Load, unload and move look first, refuse what would disturb somebody, have the drive let go where the library needs
that, and wait until the drive can be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pytp_native.devices.changer import Changer, Step, Tell, tell_nobody
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.inventory import Inventory, Place, cartridge_name, is_cleaning
from pytp_native.errors import ConfigError, Interrupted, LibraryError, NoMedium, PytpError, Refused, UsageError
from pytp_native.light import NamedTuple
from pytp_native.scsi.mode_pages import DRIVE, TRANSPORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.scsi.elements import Element

_LONGEST_NUMBER = 9
"""Numbers with more digits than that name nothing."""

Ports = Callable[[int], "DrivePort | None"]
"""The drive with that number as this host reaches it; None: nobody has said which device it is."""


class Moved(NamedTuple):
    """A cartridge's way."""

    barcode: str
    """"" without a label that can be read."""
    source: Place
    target: Place
    moved: bool = True
    """False: it was there already."""


class TapeLibrary:
    """Over an open changer; the ports of its drives by number, from 0."""

    def __init__(self, changer: Changer, ports: Ports, *, tell: Tell = tell_nobody, takes_unseen: bool = False) -> None:
        """`takes_unseen` is the consent to take cartridges out of drives that `ports` does not know."""
        self.changer = changer
        self._ports = ports
        self._named: dict[int, DrivePort] = {}
        self._tell = tell
        self._takes_unseen = takes_unseen

    def name_drive(self, number: int, port: DrivePort) -> None:
        """Say which device a drive is, whatever the ports say."""
        self._named[number] = port

    def _port(self, number: int) -> DrivePort | None:
        return self._named.get(number) or self._ports(number)

    @property
    def name(self) -> str:
        return self.changer.name

    def drive_name(self, number: int) -> str:
        """What messages call a drive."""
        port = self._port(number)
        return port.name if port is not None else f"drive {number} of {self.name}"

    # -- finding -------------------------------------------------------------------------------------------------------

    def inventory(self) -> Inventory:
        return self.changer.inventory()

    def drive_status(self, number: int) -> Inventory:
        """Ask for the drives only: quick, however many slots there are. Sources are addresses then, not places."""
        now = self.changer.inventory((DRIVE,))
        now.drive(number)
        return now

    def slot_number(self, address: int | None) -> int | None:
        """Return the number of the slot with this element address, from the address page alone."""
        if address is None:
            return None
        storage, mail = self.changer.addresses.storage, self.changer.addresses.import_export
        if address in storage.addresses:
            return address - storage.first + 1
        return storage.size + address - mail.first + 1 if address in mail.addresses else None

    def place(self, text: str, now: Inventory) -> Place:
        """Return what "3", "slot3", "drive1", "robot" or a barcode means. A number is a slot's if there is such a slot,
        else it may be a barcode. Raises UsageError, LibraryError for what can be two things."""
        found = now.find(text)
        named = self._numbered(text, now, is_barcode=bool(found))
        if named is not None and not found:
            return named
        if not found:
            raise UsageError(text[:40], "no such slot, drive or barcode in the library", "see pytp list")
        if named is not None:
            fact = f"{text} is {named}, and the barcode in {found[0]}"
            raise LibraryError(self.name, fact, f"say slot{text}, or the slot that the barcode is in")
        if len(found) > 1:
            places = " and ".join(str(place) for place in found)
            raise LibraryError(self.name, f"{text} is in {places}: two cartridges have one barcode", "give the slot")
        return found[0]

    @staticmethod
    def _numbered(text: str, now: Inventory, *, is_barcode: bool) -> Place | None:
        """Return the place that a text names by its number, None if it does not. Raises UsageError for a number that
        no place has and no barcode is."""
        bare = text.rstrip("0123456789")
        word, number = bare.lower().rstrip(" :-"), text[len(bare) :]
        if word in {"robot", "gripper"} and not number and now.transports:
            return Place(TRANSPORT, 0)
        if word not in {"", "slot", "drive", "d"} or not number or (not word and bare):
            return None
        try:
            if len(number) > _LONGEST_NUMBER:
                raise UsageError(text[:40], "no such slot or drive", "see pytp list")
            value = int(number)
            if word in {"drive", "d"}:
                return now.drive(value)
            return now.slot(value) if word or not number.startswith("0") or not is_barcode else None
        except UsageError:
            if is_barcode:
                return None
            raise

    # -- moving --------------------------------------------------------------------------------------------------------

    def load(self, what: str, drive: int) -> Moved:
        """Bring the cartridge of a slot, or the one with that barcode, into a drive and wait until it can be used.

        A full drive is emptied first, into the slot its cartridge came from, or the first empty one where that was
        taken meanwhile; if that fails, nothing is loaded. Already there: nothing moves. Raises LibraryError,
        DeviceBusy, NotReady.
        """
        now = self.inventory()
        target, source = now.drive(drive), self.place(what, now)
        bay = now.at(target)
        if source == target or (bay.full and not now.at(source).full and now.home_of(target) == source):
            self._wait(bay, drive, delivered=False)
            return Moved(bay.volume_tag, source, target, moved=False)
        if source.kind == DRIVE:
            fact = f"{cartridge_name(now.at(source))} is in {source}"
            raise LibraryError(self.name, fact, f"unload it first, or pytp move drive{source.number} drive{drive}")
        if not now.at(source).full:
            raise LibraryError(self.name, f"{source} is empty", "see what is where: pytp list")
        if bay.full:
            self.unload(drive, self._other_slot(now, target))
            self.changer.check_move(now, source, target)  # minutes have passed
            now = self.inventory()
        return self._move(now, source, target)

    def unload(self, drive: int, slot: int | None = None) -> Moved:
        """Bring a drive's cartridge into a slot: by default the one it came from, if the library vouches for that.

        Raises NoMedium if the drive is empty, DeviceBusy while somebody uses it, LibraryError when no slot can be
        told for sure. A slot that is taken is never chosen.
        """
        now = self.inventory()
        source = now.drive(drive)
        if not now.at(source).full:
            raise NoMedium(
                self._called(drive), "the drive is empty, there is nothing to unload", "see what is where: pytp list"
            )
        target = now.slot(slot) if slot is not None else self._home(now, source)
        return self._move(now, source, target)

    def move(self, what: str, where: str) -> Moved:
        """Bring a cartridge from any place to any other: slots and drives, either way."""
        now = self.inventory()
        source, target = self.place(what, now), self.place(where, now)
        return self._move(now, source, target)

    def exchange(self, what: str, where: str) -> tuple[Moved, Moved]:
        """Let two cartridges change places: what is in `where` goes to where `what` came from. The library does it in
        one go, or says that it cannot."""
        now = self.inventory()
        source, target = self.place(what, now), self.place(where, now)
        self.changer.check_exchange(now, source, target, source)
        incoming, outgoing = now.at(source), now.at(target)
        with self._let_go(now, source), self._let_go(now, target):
            self.changer.exchange(source, target, source, now)
        for place, element in ((target, incoming), (source, outgoing)):
            if place.kind == DRIVE:
                self._wait(element, place.number)
        return Moved(incoming.volume_tag, source, target), Moved(outgoing.volume_tag, target, source)

    @contextmanager
    def borrowed(self, slot: int, drive: int) -> Iterator[Moved]:
        """Load a slot's cartridge for a while. However the block ends, it is put back into that slot; if that fails,
        too, the block's own error counts and this one is told."""
        now = self.inventory()
        place, unit = now.slot(slot), now.drive(drive)
        if not now.at(place).full and not (now.at(unit).full and now.home_of(unit) == place):
            raise LibraryError(self.name, f"{place} is empty", "see what is where: pytp list")
        barcode = now.at(place if now.at(place).full else unit).volume_tag
        loaded = None
        try:
            loaded = self.load(f"slot{slot}", drive)
            yield loaded
        except BaseException:
            try:
                self._put_back(place, drive, barcode, was_loaded=loaded is not None)
            except PytpError as exc:
                self._tell(Step(f"{self.name}: putting the cartridge back failed: {exc}"))
            raise
        self._put_back(place, drive, barcode, was_loaded=True)

    def _put_back(self, place: Place, drive: int, barcode: str, *, was_loaded: bool) -> None:
        """Unload if the drive holds that cartridge; a load may have failed before it got there. Without a barcode, and
        with a library that does not know the source, it is the one that was loaded. Raises LibraryError if its slot is
        taken."""
        now = self.inventory()
        source = now.drive(drive)
        bay, home = now.at(source), now.home_of(source)
        ours = bay.volume_tag == barcode if barcode else home == place or (home is None and was_loaded)
        if not bay.full or not ours:
            return
        if now.at(place).full:
            fact = f"{place}, where {cartridge_name(bay)} came from, holds {cartridge_name(now.at(place))} now"
            raise LibraryError(self.name, fact, f"it is in {source}; name a slot: pytp unload SLOT")
        self._move(now, source, place)

    def _other_slot(self, now: Inventory, source: Place) -> int | None:
        """Where a cartridge goes whose slot was taken while it was in a drive; None: home, or nowhere."""
        home, free = now.home_of(source), now.free_slots()
        return free[0] if home is not None and now.at(home).full and free else None

    def _home(self, now: Inventory, source: Place) -> Place:
        cartridge = cartridge_name(now.at(source))
        home = now.home_of(source)
        free = ", ".join(str(number) for number in now.free_slots()[:5])
        step = f"name a slot: pytp unload SLOT (empty: {free})" if free else "every slot is full: make room first"
        if home is None:
            raise LibraryError(self.name, f"does not know which slot {cartridge} came from", step)
        if now.at(home).full:
            fact = f"{home}, where {cartridge} came from, holds {cartridge_name(now.at(home))} now"
            raise LibraryError(self.name, fact, step)
        return home

    def _move(self, now: Inventory, source: Place, target: Place) -> Moved:
        self.changer.check_move(now, source, target)
        name = cartridge_name(now.at(source))
        try:
            with self._let_go(now, source):
                element = self.changer.move(source, target, now)
        except KeyboardInterrupt as exc:
            fact = f"interrupted before the robot had its order; {name} is still in {source}"
            raise Interrupted(self.name, fact, "") from exc
        if target.kind == DRIVE:
            self._wait(element, target.number)
        return Moved(element.volume_tag, source, target)

    @contextmanager
    def _let_go(self, now: Inventory, place: Place) -> Iterator[None]:
        """Have a drive let go of its cartridge, and nobody open it until the block ends; a slot always does.

        Raises DeviceBusy if somebody uses it, Refused if nobody can look.
        """
        port = self._port(place.number) if place.kind == DRIVE else None
        if place.kind != DRIVE or (port is None and self._takes_unseen):
            yield
        elif port is None:
            raise Refused(
                f"{self.name}: {place}", "its device is not known here, so that nobody can see whether its cartridge is"
                " in use", "list it in tape_libraries[].drives (pytp devices), or say --unseen-drive",
            )  # fmt: skip
        else:
            self._check_identity(now, place.number, port)
            with port.held(unload=self.changer.quirks.unload_before_move):
                yield

    def _check_identity(self, now: Inventory, drive: int, port: DrivePort) -> None:
        """Raise ConfigError if the device is another drive of this library by its serial number: to look at that one
        would be to unload the wrong drive, and to take a cartridge that somebody uses."""
        known = {element.serial: number for number, element in enumerate(now.drives) if element.serial}
        found = known.get(port.serial(), drive) if known else drive
        if found != drive:
            raise ConfigError(
                port.name, f"is drive {drive} of {self.name} by configuration, but drive {found} by its serial number",
                "put the names in tape_libraries[].drives into the order of the library's drives",
            )  # fmt: skip

    def _wait(self, element: Element, drive: int, *, delivered: bool = True) -> None:
        port = self._port(drive)
        if port is None:
            self._tell(Step(f"drive {drive}: its device is not known here, so nobody waits until it is ready"))
        elif is_cleaning(element):
            self._tell(Step(f"{port.name}: cleaning has begun; the drive is not ready until it is over"))
        else:
            try:
                port.wait_ready(delivered=delivered)
            except KeyboardInterrupt as exc:
                fact = f"interrupted; {cartridge_name(element)} is in drive {drive}, which is not ready yet"
                raise Interrupted(self.name, fact, "") from exc

    def _called(self, drive: int) -> str:
        """How a message calls a drive: by the address that the user gives."""
        port = self._port(drive)
        return port.address if port is not None else f"{self.name}: drive {drive}"
