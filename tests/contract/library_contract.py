# SPDX-License-Identifier: WTFPL OR MIT
"""What a library does for `pytp load` and friends: devices.library over a changer and the tapes that stand in it.

Other than changer_contract.py this goes through our own layers, and looks at the drives through st.
"""

from __future__ import annotations

import pytest

from pytp_native.devices.changer import Changer
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.library import TapeLibrary
from pytp_native.errors import DeviceBusy, LibraryError, NoMedium, UsageError
from pytp_native.ffi import lib
from pytp_native.scsi.mode_pages import DRIVE, IMPORT_EXPORT, STORAGE
from pytp_native.transport import open_tape
from pytp_native.transport.records import GMT_ONLINE


def slots(now, *, full: bool) -> list[int]:
    return [number for number, one in enumerate(now.storage, 1) if one.full == full]


def is_online(address: str) -> bool:
    tape = open_tape(address, status_only=True)
    try:
        return tape.status().has(GMT_ONLINE)
    finally:
        tape.close()


class LibraryContract:
    """Wants the fixtures `changer_address` and `drive_addresses` (by number): slots full and empty, whatever is in the
    drives came from a slot. Every test puts everything back."""

    @pytest.fixture
    def library(self, changer_address, drive_addresses):
        def port(number):
            return DrivePort(drive_addresses[number]) if number < len(drive_addresses) else None

        changer = Changer.open(changer_address)
        library = TapeLibrary(changer, port)
        before = library.inventory()
        yield library
        self.restore(library, before)
        changer.close()

    @staticmethod
    def restore(library, before) -> None:
        """Unload what is in a drive now, then bring every cartridge to where it was."""
        now = library.inventory()
        for number, element in enumerate(now.drives):
            if element.full:
                home = now.home_of(now.drive(number))
                free = home is not None and not now.at(home).full
                library.unload(number, None if free else slots(now, full=False)[0])
                now = library.inventory()
        for place, element in before.rows():
            if element.full:
                here = library.inventory().find(element.volume_tag)[0]
                if here != place:
                    library.move(
                        element.volume_tag, f"drive{place.number}" if place.kind == DRIVE else str(place.number)
                    )

    @pytest.fixture
    def emptied(self, library):
        """All drives are empty."""
        for number, element in enumerate(library.inventory().drives):
            if element.full:
                library.unload(number)
        return library

    def test_numbers_follow_the_addresses(self, library):
        now, addresses = library.inventory(), library.changer.addresses
        assert [one.address for one in now.storage] == list(addresses.storage.addresses)
        assert [one.address for one in now.drives] == list(addresses.drives.addresses)
        for place, element in now.rows():
            assert now.place_of(element.address) == place
            assert now.at(place) is element
        assert now.slot(1).kind == STORAGE
        if now.import_export:
            assert now.slot(len(now.storage) + 1).kind == IMPORT_EXPORT

    def test_cartridges_are_found_by_barcode(self, library):
        now = library.inventory()
        for number in slots(now, full=True):
            place = now.slot(number)
            assert place in now.find(now.at(place).volume_tag)
        assert now.find("NOSUCH99") == ()

    def test_the_drives_alone_tell_what_is_in_them_and_from_where(self, library):
        whole, drives = library.inventory(), library.drive_status(0)
        assert drives.drives == whole.drives
        assert drives.storage == ()
        for number, element in enumerate(whole.drives):
            home = whole.home_of(whole.drive(number))
            assert library.slot_number(element.source) == (home.number if home else None)

    def test_a_load_makes_the_drive_ready_at_the_beginning_of_the_tape(self, emptied, drive_addresses):
        slot = slots(emptied.inventory(), full=True)[0]
        moved = emptied.load(str(slot), 0)
        assert (moved.source.number, moved.moved) == (slot, True)
        tape = open_tape(drive_addresses[0], status_only=True)
        try:
            assert tape.status().has(GMT_ONLINE)
            assert (tape.status().file_number, tape.status().block_number) == (0, 0)
        finally:
            tape.close()

    def test_a_drive_that_was_not_at_the_beginning_tells_no_old_position(self, emptied, drive_addresses):
        """st must notice the new cartridge, though TEST UNIT READY came from us and not from st."""
        first = slots(emptied.inventory(), full=True)[0]
        emptied.load(str(first), 0)
        tape = open_tape(drive_addresses[0], write=True)
        tape.operate(lib.MTREW)
        tape.operate(lib.MTWEOF, 2)
        tape.close()
        emptied.unload(0)
        emptied.load(str(first), 0)
        tape = open_tape(drive_addresses[0])
        try:
            assert (tape.status().file_number, tape.status().block_number) == (0, 0)
            assert tape.read_block(memoryview(bytearray(100))) == 0, "the first of the two filemarks"
        finally:
            tape.close()

    def test_a_load_of_what_is_loaded_moves_nothing(self, emptied):
        slot = slots(emptied.inventory(), full=True)[0]
        barcode = emptied.load(str(slot), 0).barcode
        assert not emptied.load(str(slot), 0).moved
        assert not emptied.load(barcode, 0).moved

    def test_a_load_into_a_full_drive_puts_away_what_was_there(self, emptied):
        first, second = slots(emptied.inventory(), full=True)[:2]
        emptied.load(str(first), 0)
        emptied.load(str(second), 0)
        now = emptied.inventory()
        assert now.storage[first - 1].full
        assert now.home_of(now.drive(0)) == now.slot(second)

    def test_an_unload_goes_back_to_where_it_came_from(self, emptied, drive_addresses):
        slot = slots(emptied.inventory(), full=True)[-1]
        emptied.load(str(slot), 0)
        assert emptied.unload(0).target.number == slot
        assert not is_online(drive_addresses[0])
        assert emptied.inventory().storage[slot - 1].full

    def test_an_unload_into_a_named_slot(self, emptied):
        now = emptied.inventory()
        source, target = slots(now, full=True)[0], slots(now, full=False)[0]
        emptied.load(str(source), 0)
        assert emptied.unload(0, target).target.number == target
        assert emptied.inventory().storage[target - 1].full

    def test_a_slot_that_is_taken_is_never_chosen(self, emptied):
        first, second = slots(emptied.inventory(), full=True)[:2]
        emptied.load(str(first), 0)
        emptied.move(str(second), str(first))
        with pytest.raises(LibraryError, match="came from, holds"):
            emptied.unload(0)
        with pytest.raises(LibraryError, match="holds"):
            emptied.unload(0, first)
        assert emptied.inventory().drives[0].full
        emptied.unload(0, second)

    def test_an_empty_drive_is_no_library_failure(self, emptied, drive_addresses):
        with pytest.raises(NoMedium, match="nothing to unload") as caught:
            emptied.unload(0)
        assert caught.value.subject == drive_addresses[0]

    def test_a_cartridge_in_use_is_not_moved(self, emptied, drive_addresses):
        now = emptied.inventory()
        slot, free = slots(now, full=True)[0], slots(now, full=False)[0]
        emptied.load(str(slot), 0)
        tape = open_tape(drive_addresses[0])
        try:
            for order in (lambda: emptied.unload(0), lambda: emptied.move("drive0", str(free))):
                with pytest.raises(DeviceBusy):
                    order()
        finally:
            tape.close()
        assert emptied.inventory().drives[0].full

    def test_a_move_into_and_out_of_an_import_export_slot(self, library):
        now = library.inventory()
        free = [number for number, one in enumerate(now.import_export, len(now.storage) + 1) if not one.full]
        if not free:
            pytest.skip("no empty import/export slot")
        slot = slots(now, full=True)[0]
        barcode = library.move(str(slot), str(free[0])).barcode
        assert library.inventory().find(barcode) == (now.slot(free[0]),)
        library.move(str(free[0]), str(slot))
        assert library.inventory().find(barcode) == (now.slot(slot),)

    def test_what_cannot_be_is_refused_before_anything_moves(self, library):
        now = library.inventory()
        full, empty = slots(now, full=True), slots(now, full=False)
        for source, target in ((empty[0], empty[-1]), (full[0], full[1]), (full[0], full[0])):
            with pytest.raises(LibraryError):
                library.move(str(source), str(target))
        with pytest.raises(UsageError):
            library.move(str(full[0]), "9999")
        assert library.inventory() == now

    def test_an_inventory_scan_changes_nothing(self, library):
        before = library.inventory()
        library.changer.scan()
        assert library.inventory() == before

    def test_the_robot_goes_where_it_is_sent(self, library):
        now = library.inventory()
        library.changer.position(now.slot(1))
        assert library.inventory().storage == now.storage
