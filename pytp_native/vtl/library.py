# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual tape library as its operator sees it: make one, look into it, add and move cartridges, script faults."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pytp_native.errors import LibraryError, PytpError, Refused, UsageError
from pytp_native.spec import sense as codes
from pytp_native.units import GIB
from pytp_native.vtl import inventory as places
from pytp_native.vtl.bay import release_cartridge
from pytp_native.vtl.cartridge import (
    Cartridge,
    check_barcode,
    check_capacity,
    create_cartridge,
    read_label,
    write_label,
)
from pytp_native.vtl.changer import ensure_cartridge, new_label
from pytp_native.vtl.changer_faults import ChangerFaults
from pytp_native.vtl.changer_state import ChangerState, announce, changer_directory
from pytp_native.vtl.elements import DRIVE, ElementMap, Place
from pytp_native.vtl.fault_lines import parse_changer_fault, parse_fault
from pytp_native.vtl.faults import FaultScript
from pytp_native.vtl.files import Lock, host_error
from pytp_native.vtl.inventory import DriveBay, Inventory, cartridge_directory, drive_directory, library_lock
from pytp_native.vtl.memory import CartridgeMemory
from pytp_native.vtl.personality import OWN, changer_personality, personality_of
from pytp_native.vtl.state import DriveState, describe_process, drive_lock
from pytp_native.vtl.views import CartridgeView, DriveView, LibraryView, SlotView

DEFAULT_CAPACITY = 2 * GIB
MAIL_SLOT_ACCESSED = 0x2801
FILES_AT_ONCE = 100
"""A new library's cartridges beyond these get their files when they are first loaded."""


def default_path() -> Path:
    """Where the library is that everybody has: $XDG_DATA_HOME/pytp/vtl."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return Path(data) / "pytp" / "vtl"


def open_or_create_default() -> tuple[Library, bool]:
    """Open the default library, or make it; tell whether it is new."""
    path = default_path()
    if (path / places.FILE).exists():
        return Library.open(path), False
    return Library.create(path), True


class Library:
    """A library on disk. Every call reads and changes the files there, so that many processes may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._path = os.fspath(path)

    @classmethod
    def open(cls, path: Path | str) -> Library:
        """Raises BadAddress if there is none."""
        Inventory(os.fspath(path))
        return cls(Path(path))

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        drives: int = 2,
        slots: int = 8,
        mail_slots: int = 1,
        generation: str = "lto9",
        capacity_bytes: int = DEFAULT_CAPACITY,
        cartridges: int = 6,
        changer: str = "pytp",
        makers: tuple[str, ...] = (),
    ) -> Library:
        """Make a library with blank cartridges from slot 1 on; the first is loaded in drive 0, to be used at once.

        `changer` names how the robot presents itself (personality.CHANGERS), `makers` whose drives these are
        (vtl/makers.py), drive by drive; the last counts for the rest, none is our own.

        Raises UsageError for numbers that cannot be, Refused if something is at `path` already.
        """
        name = personality_of(generation)
        if drives < 1 or slots < 1 or mail_slots < 0 or not 0 <= cartridges <= slots:
            fact = (
                f"{cartridges} cartridges do not fit into {slots} slots"
                if cartridges > slots
                else "too few of something"
            )
            raise UsageError("library", fact, "it takes a drive, a slot, and a slot for each cartridge")
        check_capacity(capacity_bytes)
        where = os.fspath(path)
        if os.path.lexists(where) and not (os.path.isdir(where) and not os.listdir(where)):
            raise Refused(where, "exists and is no empty directory", "give another name, or remove it first")
        contents = Inventory.blank(
            where, drives=drives, slots=slots, mail_slots=mail_slots, generation=name.generation,
            capacity_bytes=capacity_bytes, changer=changer, makers=_checked_makers(makers, drives),
        )  # fmt: skip
        ElementMap(contents, changer_personality(changer)).check()
        try:
            os.makedirs(os.path.join(where, "cartridges"))
            for number in range(drives):
                os.makedirs(drive_directory(where, number))
        except OSError as exc:
            raise host_error(where, exc.errno or 0) from exc
        for number in range(1, cartridges + 1):
            barcode = f"PYT{number:03}{name.media}" if number < 1000 else f"P{number:05}{name.media}"
            if number <= FILES_AT_ONCE:
                create_cartridge(cartridge_directory(where, barcode), new_label(contents, barcode))
            contents.slots[number - 1] = barcode
        if cartridges:
            contents.drives[0].put(contents.slots[0], 1)
            contents.slots[0] = None
        contents.save()
        return cls(Path(path))

    # -- looking -------------------------------------------------------------------------------------------------------

    def describe(self) -> LibraryView:
        """Look at everything; disturbs nobody."""
        now = Inventory(self._path)
        elements = ElementMap(now, changer_personality(now.changer))
        slots = [
            SlotView(number, elements.slot_address(number), now.is_mail(number), barcode)
            for number, barcode in enumerate(now.slots, 1)
        ]
        return LibraryView(
            self._path, now.generation, now.serial, now.capacity_bytes,
            tuple(self._describe_drive(bay, elements.address(Place(DRIVE, bay.number))) for bay in now.drives),
            tuple(slots), tuple(self._describe_cartridge(now, barcode) for barcode in self._barcodes()),
        )  # fmt: skip

    def _describe_drive(self, bay: DriveBay, element: int) -> DriveView:
        directory = drive_directory(self._path, bay.number)
        state = DriveState(directory)
        try:
            raw = state.raw
            known = state.valid and raw.loads == bay.loads
            ready = bay.barcode is not None and (bool(raw.mounted) if known else True)
            file, block = (raw.file, raw.block) if known and not raw.st_attention else (0, 0)
            logical = int(raw.position) if known else 0
            user = int(raw.user) if state.valid else 0
        finally:
            state.close()
        return DriveView(
            bay.number, f"vtl:{self._path}/drive{bay.number}", element, bay.serial,
            bay.barcode, bay.source_slot, ready, self._user(bay, user),
            file if ready and file >= 0 else None, block if ready and block >= 0 else None, logical if ready else None,
            self.faults(bay.number), bay.maker,
        )  # fmt: skip

    def _user(self, bay: DriveBay, pid: int) -> str | None:
        try:
            self._lock_drive(bay.number).release()
        except PytpError:
            return describe_process(pid) if pid > 0 else "another process"
        return None

    def _describe_cartridge(self, now: Inventory, barcode: str) -> CartridgeView:
        bay = now.drive_of(barcode)
        where = (now.slot_of(barcode), bay.number if bay is not None else None)
        removed = where == (None, None) and now.gripped != barcode
        try:
            cartridge = Cartridge(cartridge_directory(self._path, barcode), writable=False)
        except PytpError as exc:
            return CartridgeView(barcode, now.generation, 0, 0, 0, 0, False, *where, exc.fact, removed)
        cartridge.close()
        label, marks = cartridge.label, cartridge.filemarks
        return CartridgeView(
            barcode, label.generation, label.capacity_bytes, cartridge.used_bytes, marks, cartridge.count - marks,
            label.write_protected, *where, removed=removed,
        )  # fmt: skip

    def _barcodes(self) -> list[str]:
        return sorted(name for name in os.listdir(os.path.join(self._path, "cartridges")) if not name.startswith("."))

    # -- cartridges ----------------------------------------------------------------------------------------------------

    def add(
        self, barcode: str, *, slot: int | None = None, capacity_bytes: int | None = None, generation: str | None = None
    ) -> None:
        """Put a new blank cartridge, or one that was removed, into a slot (the first free storage slot).

        Raises UsageError, Refused if the barcode is in the library, LibraryError if there is no room.
        """
        barcode = check_barcode(barcode)
        with library_lock(self._path):
            now = Inventory(self._path)
            if now.slot_of(barcode) or now.drive_of(barcode) or now.gripped == barcode:
                raise Refused(barcode, "is in the library already", "use another barcode")
            number = slot if slot is not None else now.free_slot()
            if number is None:
                raise LibraryError(self._path, "every slot is full", "remove a cartridge first")
            if now.slots[now.check_slot(number)] is not None:
                raise LibraryError(f"slot {number}", f"holds {now.slots[number - 1]}", "choose an empty one")
            self._check_door(now, number)
            directory = cartridge_directory(self._path, barcode)
            if not os.path.isdir(directory):
                label = new_label(now, barcode, generation=generation, capacity_bytes=capacity_bytes)
                create_cartridge(directory, label)
            now.slots[number - 1] = barcode
            if now.is_mail(number):
                now.from_operator.add(number)
            now.save()
            self._announce(now, number)

    def _check_door(self, now: Inventory, slot: int) -> None:
        if ChangerState(self._path).prevented:
            what = "mail slots" if now.is_mail(slot) else "magazines"
            raise Refused(f"slot {slot}", f"the host has locked the {what}", "unlock them: PREVENT ALLOW 0")

    def _announce(self, now: Inventory, slot: int) -> None:
        """An operator was at the library: its hosts are told."""
        announce(self._path, codes_of_access(mail=now.is_mail(slot)))

    def remove(self, barcode: str, *, erase: bool = False) -> None:
        """Take a cartridge out of its slot. Its files stay under cartridges/, and `add` puts it back, unless `erase`.

        Raises Refused while it is in a drive, UsageError if there is none of that name.
        """
        with library_lock(self._path):
            now = Inventory(self._path)
            barcode = self._existing(barcode)
            bay = now.drive_of(barcode)
            if bay is not None:
                raise Refused(barcode, f"is in drive {bay.number}", "unload it first")
            if now.gripped == barcode:
                raise Refused(barcode, "is in the robot's gripper", "move it out first: pytp move robot SLOT")
            slot = now.slot_of(barcode)
            if slot is not None:
                self._check_door(now, slot)
                now.slots[slot - 1] = None
                now.from_operator.discard(slot)
                now.save()
                self._announce(now, slot)
            if erase:
                shutil.rmtree(cartridge_directory(self._path, barcode))

    def protect(self, barcode: str, on: bool) -> None:
        """Slide the tab. A drive that has the cartridge notices at the next open."""
        with library_lock(self._path):
            directory = cartridge_directory(self._path, self._existing(barcode))
            write_label(directory, read_label(directory)._replace(write_protected=on))

    def _existing(self, barcode: str) -> str:
        barcode = check_barcode(barcode)
        if not os.path.isdir(cartridge_directory(self._path, barcode)):
            raise UsageError(barcode, "no such cartridge", f"there are {', '.join(self._barcodes()) or 'none'}")
        return barcode

    # -- moving --------------------------------------------------------------------------------------------------------

    def load(self, slot: int, drive: int) -> None:
        """Move the cartridge of a slot into a drive. Raises LibraryError (empty, full, wrong generation),
        DeviceBusy."""
        with library_lock(self._path), self._lock_drive(drive):
            now = Inventory(self._path)
            bay, index = now.drive(drive), now.check_slot(slot)
            barcode = now.slots[index]
            if barcode is None:
                raise LibraryError(f"slot {slot}", "is empty", "see what is where: pytp vtl show")
            if bay.barcode is not None:
                raise LibraryError(f"drive {drive}", f"holds {bay.barcode}", "unload it first")
            generation = ensure_cartridge(now, barcode).generation
            if generation not in personality_of(now.generation).reads:
                raise LibraryError(barcode, f"an {now.generation} drive does not read {generation}", "load another")
            bay.put(barcode, slot)
            now.slots[index] = None
            now.from_operator.discard(slot)
            now.save()

    def unload(self, drive: int, slot: int | None = None) -> int:
        """Move a drive's cartridge to a slot (where it came from, else the first free one); return the slot.

        If its last user was killed, its tape is closed first. Raises LibraryError (empty, full, locked), DeviceBusy.
        """
        with library_lock(self._path):
            now = Inventory(self._path)
            bay = now.drive(drive)
            if bay.barcode is None:
                raise LibraryError(f"drive {drive}", "is empty")
            target = self._target_slot(now, bay, slot)
            release_cartridge(self._path, bay)
            now.slots[target - 1] = bay.barcode
            bay.put(None, None)
            now.save()
            return target

    def eject(self, drive: int) -> int:
        """The operator takes the cartridge out, locked or not, and puts it into a slot. Refused while it is open."""
        state = DriveState(drive_directory(self._path, Inventory(self._path).drive(drive).number))
        try:
            with self._lock_drive(drive):
                state.raw.prevented = 0
        finally:
            state.close()
        return self.unload(drive)

    def _target_slot(self, now: Inventory, bay: DriveBay, slot: int | None) -> int:
        if slot is not None:
            if now.slots[now.check_slot(slot)] is not None:
                raise LibraryError(f"slot {slot}", f"holds {now.slots[slot - 1]}", "choose an empty one")
            return slot
        home = bay.source_slot
        if home is not None and home <= len(now.slots) and now.slots[home - 1] is None:
            return home
        free = now.free_slot()
        if free is None:
            raise LibraryError(self._path, "every slot is full", "remove a cartridge first")
        return free

    def _lock_drive(self, drive: int) -> Lock:
        Inventory(self._path).drive(drive)
        return drive_lock(f"vtl:{self._path}/drive{drive}", drive_directory(self._path, drive))

    # -- faults --------------------------------------------------------------------------------------------------------

    def faults(self, drive: int) -> tuple[str, ...]:
        return tuple(fault.text for fault in self._script(drive).faults)

    def add_fault(self, drive: int, text: str) -> None:
        """Script one more (faults.py has the grammar); a drive at work notices. Raises UsageError."""
        fault = parse_fault(text)
        script = self._script(drive)
        script.save((*script.faults, fault))
        self._tell(drive)

    def degrade(self, barcode: str, retries: int) -> None:
        """Let a cartridge need `retries` more attempts for 1000 data sets, in whatever drive; 0: as new."""
        with library_lock(self._path):
            directory = cartridge_directory(self._path, self._existing(barcode))
            memory = CartridgeMemory(directory, barcode)
            memory.degraded = retries
            memory.save()

    def clear_faults(self, drive: int) -> None:
        self._script(drive).save(())
        self._tell(drive)

    def changer_faults(self) -> tuple[str, ...]:
        return tuple(fault.text for fault in ChangerFaults(changer_directory(self._path)).faults)

    def add_changer_fault(self, text: str) -> None:
        """Script one more for the changer (changer_faults.py has the grammar). Raises UsageError."""
        fault = parse_changer_fault(text)
        slots = len(Inventory(self._path).slots)
        if fault.kind in {"label unreadable", "retries"} and fault.number > slots:
            raise UsageError(f"slot {fault.number}", "no such slot", f"there are 1 to {slots}")
        with library_lock(self._path):
            os.makedirs(changer_directory(self._path), exist_ok=True)
            script = ChangerFaults(changer_directory(self._path))
            script.save((*script.faults, fault))

    def clear_changer_faults(self) -> None:
        """Repair the changer. A door that is closed now makes hosts look at the inventory again."""
        with library_lock(self._path):
            script = ChangerFaults(changer_directory(self._path))
            if script.has("door open") or script.has("offline"):
                announce(self._path, codes_of_access(mail=False))
            script.save(())

    def _script(self, drive: int) -> FaultScript:
        Inventory(self._path).drive(drive)
        return FaultScript(os.path.join(drive_directory(self._path, drive), "faults"))

    def _tell(self, drive: int) -> None:
        state = DriveState(drive_directory(self._path, drive))
        state.raw.recheck = 1
        state.close()


def _checked_makers(makers: tuple[str, ...], drives: int) -> tuple[str, ...]:
    """Return a maker for each drive. Raises UsageError for one that there is not, or more of them than drives."""
    from pytp_native.vtl.makers import check_maker  # noqa: PLC0415 - only a new library needs it

    if len(makers) > drives:
        raise UsageError("personality", f"{len(makers)} for {drives} drives", "name one for all, or one for each drive")
    known = [check_maker(one) for one in makers] or [OWN]
    return (*known, *known[-1:] * (drives - len(known)))


def codes_of_access(*, mail: bool) -> int:
    """The unit attention that a person at the library causes (SPC-5 annex F)."""
    return MAIL_SLOT_ACCESSED if mail else codes.MEDIUM_MAY_HAVE_CHANGED
