# SPDX-License-Identifier: WTFPL OR MIT
"""The library as its operator uses it."""

from __future__ import annotations

import errno
import os

import pytest

from pytp_native.errors import (
    BadAddress,
    DeviceBusy,
    LibraryError,
    MediumDamaged,
    NoMedium,
    Refused,
    UsageError,
    WriteProtected,
)
from pytp_native.ffi import lib
from pytp_native.transport import open_tape as open_address
from pytp_native.units import GIB, MIB
from pytp_native.vtl import library as module
from pytp_native.vtl.library import Library


def test_a_new_library_is_as_the_help_says(tmp_path):
    view = Library.create(tmp_path / "vtl").describe()
    assert [drive.barcode for drive in view.drives] == ["PYT001L9", None]
    assert [slot.barcode for slot in view.slots] == [None, *(f"PYT00{n}L9" for n in range(2, 7)), None, None, None]
    assert [slot.mail for slot in view.slots] == [False] * 8 + [True]
    assert [cartridge.capacity_bytes for cartridge in view.cartridges] == [2 * GIB] * 6
    assert (view.drives[0].source_slot, view.drives[0].ready, view.drives[0].file_number) == (1, True, 0)
    assert view.drives[1].file_number is None


def test_it_can_be_used_at_once(tmp_path):
    Library.create(tmp_path / "vtl")
    tape = open_address(f"vtl:{tmp_path}/vtl/drive0", write=True)
    assert tape.write_block(b"x" * 1000) == 1000
    tape.close()


def test_what_is_recorded_is_told(library, open_tape):
    tape = open_tape()
    tape.write_block(b"x" * 1000)
    tape.write_block(b"x" * 1000)
    tape.operate(lib.MTWEOF)
    tape.write_block(b"x" * 500)
    view = library.describe()
    assert (view.drives[0].file_number, view.drives[0].block_number, view.drives[0].logical_block) == (1, 1, 4)
    assert f"process {os.getpid()}" in view.drives[0].open_by
    tape.close()
    view = library.describe()
    assert view.drives[0].open_by is None
    one = view.cartridges[0]
    assert (one.barcode, one.blocks, one.filemarks, one.drive, one.slot) == ("PYT001L9", 3, 2, 0, None)
    assert one.used_bytes == 2500 + 2 * 4096


@pytest.mark.parametrize("generation", ["lto5", "LTO-6", "lto7", "lto8", "lto10"])
def test_every_generation_has_its_own_barcodes(tmp_path, generation):
    view = Library.create(tmp_path / "vtl", generation=generation).describe()
    media = {"lto5": "L5", "LTO-6": "L6", "lto7": "L7", "lto8": "L8", "lto10": "LA"}[generation]
    assert view.drives[0].barcode == f"PYT001{media}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"generation": "lto4"},
        {"drives": 0},
        {"slots": 0},
        {"cartridges": 9},
        {"mail_slots": -1},
        {"capacity_bytes": 1000},
    ],
)
def test_a_library_that_cannot_be_is_refused_and_nothing_is_left(tmp_path, wrong):
    with pytest.raises(UsageError):
        Library.create(tmp_path / "vtl", **wrong)
    assert not (tmp_path / "vtl").exists()


def test_what_is_there_already_is_not_overwritten(tmp_path):
    (tmp_path / "vtl").mkdir()
    (tmp_path / "vtl" / "precious").touch()
    with pytest.raises(Refused, match="no empty directory"):
        Library.create(tmp_path / "vtl")
    (tmp_path / "empty").mkdir()
    Library.create(tmp_path / "empty")


def test_a_library_that_may_not_be_read_is_not_called_missing(tmp_path, monkeypatch):
    def refuse(*_args, **_more):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(BadAddress, match="permission denied; run as the owner"):
        Library.open(tmp_path)


def test_no_library_is_no_library(tmp_path):
    with pytest.raises(BadAddress, match="no virtual library"):
        Library.open(tmp_path)
    (tmp_path / "library.json").write_text("[1]")
    with pytest.raises(BadAddress):
        Library.open(tmp_path)
    (tmp_path / "library.json").write_text('{"format": 99}')
    with pytest.raises(BadAddress, match="format 99"):
        Library.open(tmp_path)


def test_a_drive_that_is_not_there_is_a_bad_address(library):
    with pytest.raises(BadAddress, match="there are 0 to 1"):
        open_address(f"vtl:{library.path}/drive2")


def test_the_default_library_is_where_data_belong(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert module.default_path() == tmp_path / "pytp" / "vtl"
    library, fresh = module.open_or_create_default()
    assert (library.path, fresh) == (tmp_path / "pytp" / "vtl", True)
    assert module.open_or_create_default()[1] is False
    monkeypatch.setenv("XDG_DATA_HOME", "")
    monkeypatch.setenv("HOME", "/home/someone")
    assert str(module.default_path()) == "/home/someone/.local/share/pytp/vtl"


# -- cartridges
# ----------------------------------------------------------------------------------------------------------


def slots(library):
    return {slot.number: slot.barcode for slot in library.describe().slots if slot.barcode}


def test_a_cartridge_goes_into_the_first_free_slot_or_the_named_one(library):
    library.add("a00001l8")
    library.add("A00002L9", slot=5, capacity_bytes=8 * MIB)
    assert slots(library) == {1: "A00001L8", 2: "PYT002L9", 3: "PYT003L9", 5: "A00002L9"}
    by_name = {one.barcode: one for one in library.describe().cartridges}
    assert (by_name["A00001L8"].generation, by_name["A00002L9"].capacity_bytes) == ("lto8", 8 * MIB)


def test_adding_is_refused_where_it_cannot_be(library):
    with pytest.raises(Refused, match="already"):
        library.add("PYT001L9")
    with pytest.raises(LibraryError, match="holds PYT002L9"):
        library.add("A00001L9", slot=2)
    with pytest.raises(UsageError, match="there are 1 to 5"):
        library.add("A00001L9", slot=6)
    library.add("A00001L9")
    library.add("A00002L9")
    with pytest.raises(LibraryError, match="every slot is full"):
        library.add("A00003L9")


def test_a_removed_cartridge_keeps_its_data_and_can_come_back(library, open_tape):
    tape = open_tape()
    tape.write_block(b"x" * 77)
    tape.close()
    with pytest.raises(Refused, match="is in drive 0"):
        library.remove("PYT001L9")
    library.unload(0)
    library.remove("PYT001L9")
    assert next(one for one in library.describe().cartridges if one.barcode == "PYT001L9").slot is None
    library.add("PYT001L9", slot=4)
    library.load(4, 0)
    assert open_tape(write=False).read_block(memoryview(bytearray(100))) == 77


def test_an_erased_cartridge_is_gone(library):
    library.remove("PYT002L9", erase=True)
    assert "PYT002L9" not in {one.barcode for one in library.describe().cartridges}
    with pytest.raises(UsageError, match="no such cartridge"):
        library.remove("PYT002L9")


def test_a_protected_cartridge_takes_nothing(library, open_tape):
    library.protect("PYT001L9", True)
    with pytest.raises(WriteProtected):
        open_tape()
    assert open_tape(write=False).status().mt_gstat & 0x04000000
    library.protect("PYT001L9", False)
    assert next(one for one in library.describe().cartridges if one.barcode == "PYT001L9").write_protected is False


def test_damage_shows_and_the_cartridge_can_still_leave_the_drive(library, open_tape):
    (library.path / "cartridges" / "PYT001L9" / "index").write_bytes(b"garbage")
    assert "damaged" in library.describe().cartridges[0].damaged
    with pytest.raises(MediumDamaged):
        open_tape()
    assert library.unload(0) == 1


# -- moving
# --------------------------------------------------------------------------------------------------------------


def test_cartridges_move_and_remember_their_slot(library):
    assert library.unload(0) == 1
    library.load(2, 0)
    assert library.describe().drives[0].source_slot == 2
    assert library.unload(0, slot=5) == 5
    assert slots(library) == {1: "PYT001L9", 3: "PYT003L9", 5: "PYT002L9"}


def test_a_home_that_was_taken_meanwhile_gives_way_to_a_free_slot(library):
    library.add("A00001L9", slot=1)
    assert library.unload(0) == 4


def test_moves_that_cannot_be_are_refused(library):
    with pytest.raises(LibraryError, match="is empty"):
        library.load(1, 1)
    with pytest.raises(LibraryError, match="holds PYT001L9"):
        library.load(2, 0)
    with pytest.raises(LibraryError, match="drive 1: is empty"):
        library.unload(1)
    with pytest.raises(LibraryError, match="slot 2: holds"):
        library.unload(0, slot=2)
    with pytest.raises(UsageError):
        library.load(17, 1)
    with pytest.raises(BadAddress):
        library.load(2, 7)


def test_a_drive_in_use_keeps_its_cartridge(library, open_tape):
    open_tape()
    for move in (lambda: library.unload(0), lambda: library.eject(0)):
        with pytest.raises(DeviceBusy, match=f"process {os.getpid()}"):
            move()
    open_tape(1, write=False, status_only=True)
    with pytest.raises(DeviceBusy):
        library.load(2, 1)
    assert slots(library) == {2: "PYT002L9", 3: "PYT003L9"}


def test_an_older_generation_is_read_only_or_not_taken(tmp_path):
    library = Library.create(tmp_path / "vtl", generation="lto7", cartridges=0, capacity_bytes=2 * MIB)
    library.add("A00001L5")
    library.add("A00002L6")
    library.add("A00003L9")
    library.load(1, 0)
    library.load(2, 1)
    with pytest.raises(WriteProtected):
        open_address(f"vtl:{library.path}/drive0", write=True)
    tape = open_address(f"vtl:{library.path}/drive0")
    assert tape.status().density_code == 0x58
    tape.close()
    open_address(f"vtl:{library.path}/drive1", write=True).close()
    library.unload(0)
    with pytest.raises(LibraryError, match="does not read lto9"):
        library.load(3, 0)


def test_a_new_cartridge_starts_at_the_beginning_whatever_the_last_one_did(library, open_tape):
    tape = open_tape()
    for _ in range(5):
        tape.write_block(b"x" * 10)
    tape.close()
    library.unload(0)
    library.load(2, 0)
    tape = open_tape()
    assert (tape.status().mt_fileno, tape.status().mt_blkno, tape.position()) == (0, 0, 0)
    assert tape.status().mt_gstat == 0x41010000


def test_an_unloaded_drive_is_empty_to_a_tape_user(library, open_tape):
    library.unload(0)
    with pytest.raises(NoMedium):
        open_tape()


# -- faults
# --------------------------------------------------------------------------------------------------------------


def test_faults_are_listed_and_cleared(library):
    library.add_fault(0, "Write 120:  medium error")
    library.add_fault(0, "early warning at 50")
    assert library.faults(0) == ("write 120: medium error", "early warning at 50")
    assert library.faults(1) == ()
    assert library.describe().drives[0].faults == library.faults(0)
    library.clear_faults(0)
    assert library.faults(0) == ()


@pytest.mark.parametrize(
    "text", ["", "write x: medium error", "burn", "eject", "read 7", "early warning", "write -1: medium error"]
)
def test_a_fault_that_is_none_says_what_is_allowed(library, text):
    with pytest.raises(UsageError, match="eject at N"):
        library.add_fault(0, text)


def test_a_slid_tab_refuses_writers_until_it_is_slid_back(library, open_tape):
    library.add_fault(0, "write protect")
    with pytest.raises(WriteProtected):
        open_tape()
    library.clear_faults(0)
    open_tape()
