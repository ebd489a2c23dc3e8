# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual changer byte by byte (SPC-5, SMC-3). Offsets are written out here: no parser of ours is asked."""

from __future__ import annotations

import struct
import time

import pytest

from pytp_native.errors import DeviceError, Refused, UsageError
from pytp_native.ffi import lib
from pytp_native.transport import open_scsi
from pytp_native.units import MIB
from pytp_native.vtl.changer_state import ChangerState
from pytp_native.vtl.inventory import Inventory
from pytp_native.vtl.library import Library

READY = bytes(6)
ROBOT, DRIVE, MAIL, SLOT = 1, 256, 768, 1024


@pytest.fixture
def changer(library):
    return open_scsi(f"vtl:{library.path}/changer")


def sense_of(reply) -> tuple[int, int]:
    assert reply.status == 2
    return reply.sense[2] & 0xF, int.from_bytes(reply.sense[12:14], "big")


def move(changer, source: int, destination: int, *, robot: int = 0, timeout_s: float = 60.0):
    cdb = bytes([0xA5, 0]) + b"".join(n.to_bytes(2, "big") for n in (robot, source, destination)) + bytes(4)
    return changer.execute(cdb, timeout_s=timeout_s)


def exchange(changer, source: int, first: int, second: int):
    return changer.execute(
        bytes([0xA6, 0]) + b"".join(n.to_bytes(2, "big") for n in (0, source, first, second)) + bytes(2)
    )


def read_elements(changer, *, kind=0, start=0, count=0xFFFF, tags=True, dvcid=False, room=1 << 16) -> bytes:
    cdb = bytes([0xB8, kind | tags << 4]) + start.to_bytes(2, "big") + count.to_bytes(2, "big")
    reply = changer.execute(cdb + bytes([dvcid]) + room.to_bytes(3, "big") + bytes(2), data_in_bytes=room)
    assert reply.status == 0, reply
    return reply.data


def elements(data: bytes) -> dict[int, bytes]:
    """Descriptors by address, walking the pages as SMC lays them out."""
    found, at = {}, 8
    while at + 8 <= len(data):
        size, left = int.from_bytes(data[at + 2 : at + 4], "big"), int.from_bytes(data[at + 5 : at + 8], "big")
        at += 8
        while left >= size and at + size <= len(data):
            found[int.from_bytes(data[at : at + 2], "big")] = data[at : at + size]
            at, left = at + size, left - size
    return found


def labels(changer) -> dict[int, str]:
    """What stands where, empty elements left out."""
    everything = elements(read_elements(changer)).items()
    return {address: d[12:44].decode().rstrip() for address, d in everything if d[2] & 1}


# -- who it is ---------------------------------------------------------------------------------------


def test_inquiry_is_a_medium_changer(changer, library):
    data = changer.execute(bytes([0x12, 0, 0, 0, 96, 0]), data_in_bytes=96).data
    assert data[:8] == bytes.fromhex("08 80 05 02 35 00 00 00")
    assert data[8:36] == b"PYTP    VIRTUAL LIBRARY 0100"
    assert len(data) == 58
    serial = library.describe().serial.encode()
    assert changer.execute(bytes([0x12, 1, 0, 0, 96, 0]), data_in_bytes=96).data == bytes([8, 0, 0, 3, 0, 0x80, 0x83])
    assert changer.execute(bytes([0x12, 1, 0x80, 0, 96, 0]), data_in_bytes=96).data == b"\x08\x80\0\x0a" + serial
    page = changer.execute(bytes([0x12, 1, 0x83, 0, 96, 0]), data_in_bytes=96).data
    assert page[4:8] == bytes([2, 1, 0, 34])
    assert page[8:] == b"PYTP    VIRTUAL LIBRARY " + serial


@pytest.mark.parametrize(
    ("name", "inquiry", "addresses"),
    [
        ("pytp", b"PYTP    VIRTUAL LIBRARY 0100", "0001 0001 0400 0004 0300 0001 0100 0002"),
        ("msl", b"HP      MSL G3 Series   9.50", "0000 0001 03e9 0004 0065 0001 0001 0002"),
        ("ts3500", b"IBM     03584L32        0800", "0001 0001 0401 0004 0301 0001 0101 0002"),
    ],
)
def test_a_personality_has_its_own_names_and_addresses(tmp_path, name, inquiry, addresses):
    Library.create(tmp_path / "vtl", slots=4, cartridges=1, capacity_bytes=4 * MIB, changer=name)
    changer = open_scsi(f"vtl:{tmp_path}/vtl/changer")
    assert changer.execute(bytes([0x12, 0, 0, 0, 36, 0]), data_in_bytes=36).data[8:] == inquiry
    page = changer.execute(bytes([0x1A, 8, 0x1D, 0, 255, 0]), data_in_bytes=255).data
    assert page == bytes.fromhex("17 00 00 00 1d 12" + addresses + "0000")
    first_drive = int.from_bytes(page[18:20], "big")
    assert [d.element for d in Library.open(tmp_path / "vtl").describe().drives] == [first_drive, first_drive + 1]


def test_more_elements_than_addresses_are_refused(tmp_path):
    with pytest.raises(UsageError, match="more elements"):
        Library.create(tmp_path / "vtl", drives=101, slots=4, cartridges=0, changer="msl")


def test_all_mode_pages_in_both_lengths(changer):
    pages = bytes.fromhex(
        "1d12 0001 0001 0400 0004 0300 0001 0100 0002 0000 1e02 0000 1f12 0e00 0e0e0e0e 00000000 0e0e0e0e 00000000"
    )
    short = changer.execute(bytes([0x1A, 0, 0x3F, 0, 255, 0]), data_in_bytes=255).data
    assert short == bytes([3 + len(pages), 0, 0, 0]) + pages
    long = changer.execute(bytes([0x5A, 0, 0x3F, 0, 0, 0, 0, 1, 0, 0]), data_in_bytes=256).data
    assert long == bytes([0, 6 + len(pages), 0, 0, 0, 0, 0, 0]) + pages
    changeable = changer.execute(bytes([0x1A, 0, 0x5D, 0, 255, 0]), data_in_bytes=255).data
    assert changeable == bytes([23, 0, 0, 0, 0x1D, 0x12]) + bytes(18)
    assert sense_of(changer.execute(bytes([0x1A, 0, 0x0F, 0, 255, 0]), data_in_bytes=255)) == (5, 0x2400)
    assert sense_of(changer.execute(bytes([0x1A, 0, 0xDD, 0, 255, 0]), data_in_bytes=255)) == (5, 0x3900)


def test_there_is_one_logical_unit(changer):
    data = changer.execute(bytes([0xA0]) + bytes(8) + bytes([16, 0, 0]), data_in_bytes=16).data
    assert data == bytes.fromhex("00000008 00000000 0000000000000000")


def test_what_it_does_not_know_is_refused(changer):
    assert sense_of(changer.execute(bytes([0x1B, 0, 0, 0, 0, 0]))) == (5, 0x2000)
    assert sense_of(changer.execute(b"\xa5\0")) == (5, 0x2400)
    assert sense_of(changer.execute(bytes([0x12, 1, 0x5F, 0, 96, 0]), data_in_bytes=96)) == (5, 0x2400)
    assert sense_of(changer.execute(bytes([0xB8, 7]) + bytes(10), data_in_bytes=8)) == (5, 0x2400)


# -- elements ----------------------------------------------------------------------------------------


def test_every_element_of_a_small_library(changer):
    data = read_elements(changer)
    tag = lambda text: text.ljust(32).encode() + bytes(4)  # noqa: E731
    assert data == b"".join(
        (
            bytes.fromhex("0001 0008 00 0001c0"),
            bytes.fromhex("01 80 0034 00000034 0001 00 00 0000 0000 00 00 0000") + bytes(36) + bytes(4),
            bytes.fromhex("04 80 0034 00000068 0100 09 00 0000 0000 00 81 0400") + tag("PYT001L9") + bytes(4),
            bytes.fromhex("0101 08 00 0000 0000 00 00 0000") + bytes(36) + bytes(4),
            bytes.fromhex("03 80 0034 00000034 0300 38 00 0000 0000 00 00 0000") + bytes(36) + bytes(4),
            bytes.fromhex("02 80 0034 000000d0 0400 08 00 0000 0000 00 00 0000") + bytes(36) + bytes(4),
            bytes.fromhex("0401 09 00 0000 0000 00 01 0000") + tag("PYT002L9") + bytes(4),
            bytes.fromhex("0402 09 00 0000 0000 00 01 0000") + tag("PYT003L9") + bytes(4),
            bytes.fromhex("0403 08 00 0000 0000 00 00 0000") + bytes(36) + bytes(4),
        )
    )


def test_without_tags_a_descriptor_is_sixteen_bytes(changer):
    data = read_elements(changer, tags=False, kind=2)
    assert data[:16] == bytes.fromhex("0400 0004 00 000048 02 00 0010 00000040")
    assert len(data) == 8 + 8 + 64


def test_one_kind_from_one_address_a_few_at_most(changer):
    data = read_elements(changer, kind=2, start=SLOT + 1, count=2)
    assert data[:8] == bytes.fromhex("0401 0002 00 000070")
    assert list(elements(data)) == [SLOT + 1, SLOT + 2]
    assert list(elements(read_elements(changer, start=DRIVE + 1, count=3))) == [DRIVE + 1, MAIL, SLOT]


def test_nothing_behind_the_last_element(changer):
    cdb = bytes([0xB8, 2]) + (2000).to_bytes(2, "big") + bytes([0, 1, 0, 0, 4, 0, 0, 0])
    assert sense_of(changer.execute(cdb, data_in_bytes=1024)) == (5, 0x2101)


@pytest.mark.parametrize(("room", "whole"), [(8, 0), (15, 0), (16, 0), (67, 0), (68, 1), (119, 1), (120, 2), (500, 4)])
def test_a_small_allocation_gets_whole_descriptors_and_the_full_counts(changer, room, whole):
    data = read_elements(changer, kind=2, room=room)
    assert data[:8] == bytes.fromhex("0400 0004 00 0000d8")
    assert len(data) == (8 if room < 16 else 16 + whole * 52)
    if room >= 16:
        assert data[8:16] == bytes.fromhex("02 80 0034 000000d0")


def test_the_header_itself_may_be_cut(changer):
    assert read_elements(changer, room=5) == bytes.fromhex("0001 0008 00")


def test_drives_are_identified_when_asked(changer, library):
    found = elements(read_elements(changer, kind=4, dvcid=True))
    for number, drive in enumerate(library.describe().drives):
        name = b"PYTP    VIRTUAL ULTRIUM9" + drive.serial.encode()
        assert found[DRIVE + number][48:] == bytes([2, 1, 0, len(name)]) + name
    assert all(len(d) == 52 for a, d in elements(read_elements(changer, dvcid=True)).items() if a >= MAIL)


def test_the_label_tells_what_sort_of_cartridge_it_is(changer, library):
    library.add("CLN001CU", slot=1)
    library.add("ARC001LZ", slot=4)
    changer.execute(READY)
    found = elements(read_elements(changer, kind=2))
    assert [found[SLOT + n][9] & 7 for n in range(4)] == [2, 1, 1, 4]


def test_fifty_thousand_slots_answer_at_once(tmp_path):
    path = tmp_path / "vtl"
    Library.create(path, drives=4, slots=50_000, mail_slots=10, cartridges=50_000, capacity_bytes=4 * MIB)
    changer = open_scsi(f"vtl:{path}/changer")
    began = time.perf_counter()
    data = read_elements(changer, kind=2, room=0xFFFFFF)
    assert time.perf_counter() - began < 3  # 0.1 s on an idle machine
    assert len(data) == 16 + 50_000 * 52
    assert data[-52:][12:20] == b"P50000L9"
    assert move(changer, SLOT + 49_999, DRIVE + 1).status == 0
    assert open_scsi(f"vtl:{path}/drive1").execute(bytes([0x1B, 0, 0, 0, 1, 0])).status in (0, 2)
    assert (path / "cartridges" / "P50000L9" / "index").exists()


# -- moving ------------------------------------------------------------------------------------------


def test_a_cartridge_goes_where_it_is_told_and_keeps_its_source(changer, library):
    assert move(changer, SLOT + 1, DRIVE + 1).status == 0
    assert labels(changer) == {DRIVE: "PYT001L9", DRIVE + 1: "PYT002L9", SLOT + 2: "PYT003L9"}
    loaded = elements(read_elements(changer, kind=4))[DRIVE + 1]
    assert (loaded[9], loaded[10:12]) == (0x81, (SLOT + 1).to_bytes(2, "big"))
    view = library.describe().drives[1]
    assert (view.barcode, view.source_slot) == ("PYT002L9", 2)
    assert move(changer, DRIVE + 1, MAIL, robot=ROBOT).status == 0
    assert labels(changer)[MAIL] == "PYT002L9"
    assert elements(read_elements(changer, kind=3))[MAIL][2] == 0x39


def test_a_drive_that_was_loaded_announces_it(changer, library):
    move(changer, SLOT + 1, DRIVE + 1)
    assert sense_of(open_scsi(f"vtl:{library.path}/drive1").execute(READY)) == (6, 0x2800)


@pytest.mark.parametrize(
    ("source", "destination", "robot", "problem"),
    [
        (SLOT, SLOT + 3, 0, (5, 0x3B0E)),
        (DRIVE + 1, SLOT, 0, (5, 0x3B0E)),
        (ROBOT, SLOT, 0, (5, 0x3B0E)),
        (SLOT + 1, SLOT + 2, 0, (5, 0x3B0D)),
        (SLOT + 1, DRIVE, 0, (5, 0x3B0D)),
        (SLOT + 1, SLOT + 1, 0, (5, 0x3B0D)),
        (SLOT + 4, SLOT, 0, (5, 0x2101)),
        (SLOT + 1, 5, 0, (5, 0x2101)),
        (SLOT + 1, SLOT, 7, (5, 0x2101)),
    ],
)
def test_a_move_that_cannot_be_changes_nothing(changer, source, destination, robot, problem):
    before = labels(changer)
    assert sense_of(move(changer, source, destination, robot=robot)) == problem
    assert labels(changer) == before


def test_the_robot_turns_nothing_over(changer):
    cdb = bytes([0xA5, 0, 0, 0, 4, 1, 4, 0, 0, 0, 1, 0])
    assert sense_of(changer.execute(cdb)) == (5, 0x2400)


def test_a_cartridge_in_use_stays(changer, open_tape):
    tape = open_tape()
    assert sense_of(move(changer, DRIVE, SLOT)) == (5, 0x5302)
    tape.operate(lib.MTLOCK)
    tape.close()
    assert sense_of(move(changer, DRIVE, SLOT)) == (5, 0x5302)
    assert labels(changer)[DRIVE] == "PYT001L9"


def test_what_was_written_is_on_the_cartridge_that_leaves(changer, open_tape):
    tape = open_tape()
    tape.write_block(b"x" * 1000)
    tape.close()
    assert move(changer, DRIVE, DRIVE + 1).status == 0
    other = open_tape(1)
    into = bytearray(2000)
    assert other.read_block(memoryview(into)) == 1000


def test_a_library_that_unloads_no_drives_wants_it_done(tmp_path):
    Library.create(tmp_path / "vtl", slots=4, cartridges=2, capacity_bytes=4 * MIB, changer="ts3500")
    changer, drive = open_scsi(f"vtl:{tmp_path}/vtl/changer"), open_scsi(f"vtl:{tmp_path}/vtl/drive0")
    assert sense_of(move(changer, 257, 1025)) == (5, 0x5303)
    assert elements(read_elements(changer, kind=4))[257][2] == 0x01, "full, not accessible"
    drive.execute(READY)
    assert drive.execute(bytes([0x1B, 0, 0, 0, 0, 0])).status == 0
    assert elements(read_elements(changer, kind=4))[257][2] == 0x09
    assert move(changer, 257, 1025).status == 0


def test_a_cartridge_that_the_drive_cannot_read_is_refused(changer, library):
    library.add("OLD001L5", slot=4)
    changer.execute(READY)
    assert sense_of(move(changer, SLOT + 3, DRIVE + 1)) == (5, 0x3000)
    assert labels(changer)[SLOT + 3] == "OLD001L5"


def test_exchange_swaps_two_and_passes_a_third_on(changer, library):
    assert exchange(changer, SLOT + 1, SLOT + 2, SLOT + 1).status == 0
    assert labels(changer) == {DRIVE: "PYT001L9", SLOT + 1: "PYT003L9", SLOT + 2: "PYT002L9"}
    assert exchange(changer, SLOT + 1, DRIVE, SLOT).status == 0
    assert labels(changer) == {DRIVE: "PYT003L9", SLOT: "PYT001L9", SLOT + 2: "PYT002L9"}
    assert library.describe().drives[0].source_slot == 2
    assert sense_of(exchange(changer, SLOT + 1, DRIVE, SLOT + 1)) == (5, 0x3B0E)
    assert sense_of(exchange(changer, SLOT, DRIVE, SLOT + 2)) == (5, 0x3B0D)
    assert sense_of(exchange(changer, SLOT, DRIVE, 9)) == (5, 0x2101)


def test_an_exchange_takes_a_hand_and_leaves_the_robot_where_it_put_the_last_one(changer, library):
    library.add_changer_fault("move 1: stuck in gripper")
    assert sense_of(exchange(changer, SLOT + 1, SLOT + 2, SLOT + 1)) == (4, 0x1501)
    now = library.describe()
    assert (now.slots[1].barcode, now.slots[2].barcode) == (None, "PYT003L9")
    assert sense_of(exchange(changer, SLOT + 2, DRIVE, SLOT + 2)) == (4, 0x1501)
    assert library.describe().slots[2].barcode == "PYT003L9"


def test_an_exchange_moves_the_robot(changer, library):
    assert exchange(changer, SLOT + 1, SLOT + 2, SLOT + 3).status == 0
    assert ChangerState(str(library.path)).position == SLOT + 3


def test_a_library_without_exchange_does_not_know_it(tmp_path):
    Library.create(tmp_path / "vtl", slots=4, cartridges=2, capacity_bytes=4 * MIB, changer="msl")
    changer = open_scsi(f"vtl:{tmp_path}/vtl/changer")
    assert sense_of(exchange(changer, 1001, 1, 1001)) == (5, 0x2000)
    assert changer.execute(bytes([0x1A, 8, 0x1F, 0, 255, 0]), data_in_bytes=255).data[16:20] == bytes(4)


def test_position_and_initialize(changer):
    assert changer.execute(bytes([0x2B, 0, 0, 1, 4, 2, 0, 0, 0, 0])).status == 0
    assert sense_of(changer.execute(bytes([0x2B, 0, 0, 1, 9, 9, 0, 0, 0, 0]))) == (5, 0x2101)
    assert changer.execute(bytes([7, 0, 0, 0, 0, 0])).status == 0
    for opcode in (0x37, 0xE7):
        assert changer.execute(bytes([opcode, 1, 4, 0, 0, 0, 0, 2, 0, 0])).status == 0
        assert sense_of(changer.execute(bytes([opcode, 1, 9, 9, 0, 0, 0, 2, 0, 0]))) == (5, 0x2101)


# -- people and faults -------------------------------------------------------------------------------


def test_a_hand_in_the_mail_slot_is_announced_once(changer, library):
    changer.execute(READY)
    library.add("NEW001L9", slot=5)
    assert sense_of(changer.execute(READY)) == (6, 0x2801)
    assert changer.execute(READY).status == 0
    assert elements(read_elements(changer, kind=3))[MAIL][2] == 0x3B, "put there by an operator"
    assert move(changer, MAIL, SLOT).status == 0
    assert move(changer, SLOT, MAIL).status == 0
    assert elements(read_elements(changer, kind=3))[MAIL][2] == 0x39
    library.remove("PYT002L9")
    assert sense_of(changer.execute(READY)) == (6, 0x2800)


def test_nobody_is_told_who_never_asked(changer, library):
    library.add("NEW001L9", slot=5)
    assert changer.execute(READY).status == 0


def test_request_sense_takes_the_attention(changer, library):
    changer.execute(READY)
    library.add("NEW001L9", slot=5)
    told = changer.execute(bytes([3, 0, 0, 0, 18, 0]), data_in_bytes=18).data
    assert (told[2], told[12:14]) == (6, b"\x28\x01")
    assert changer.execute(READY).status == 0


def test_a_locked_library_lets_nobody_in(changer, library):
    assert changer.execute(bytes([0x1E, 0, 0, 0, 1, 0])).status == 0
    with pytest.raises(Refused, match="locked the mail slots"):
        library.add("NEW001L9", slot=5)
    with pytest.raises(Refused, match="locked the magazines"):
        library.remove("PYT002L9")
    changer.execute(bytes([0x1E, 0, 0, 0, 0, 0]))
    library.add("NEW001L9", slot=5)


def test_an_open_door_stops_the_robot_and_not_the_questions(changer, library):
    library.add_changer_fault("door open")
    assert sense_of(changer.execute(READY)) == (2, 0x0418)
    assert sense_of(move(changer, SLOT + 1, SLOT)) == (2, 0x0418)
    assert sense_of(changer.execute(bytes([0xB8]) + bytes(11))) == (2, 0x0418)
    assert changer.execute(bytes([0x12, 0, 0, 0, 36, 0]), data_in_bytes=36).status == 0
    alerts = changer.execute(bytes([0x4D, 0, 0x6E, 0, 0, 0, 0, 4, 0, 0]), data_in_bytes=1024).data
    assert alerts[:4] == bytes([0x2E, 0, 1, 64])
    assert alerts[4 + 15 * 5 : 4 + 16 * 5] == bytes([0, 16, 3, 1, 1]), "door"
    library.clear_changer_faults()
    assert sense_of(changer.execute(READY)) == (6, 0x2800)
    assert changer.execute(READY).status == 0
    again = changer.execute(bytes([0x4D, 0, 0x6E, 0, 0, 0, 0, 4, 0, 0]), data_in_bytes=1024).data
    assert not any(again[8 + 5 * n] for n in range(64)), "reading has cleared the flags"


def test_a_library_that_is_offline(changer, library):
    library.add_changer_fault("Offline")
    assert sense_of(changer.execute(READY)) == (2, 0x0412)


@pytest.mark.parametrize(
    ("fault", "problem"), [("gripper error", (4, 0x1501)), ("load error", (4, 0x5300)), ("drive silent", (4, 0x0800))]
)
def test_the_second_move_fails_once_and_nothing_has_moved(changer, library, fault, problem):
    library.add_changer_fault(f"move 2: {fault}")
    assert move(changer, SLOT + 1, SLOT).status == 0
    before = labels(changer)
    assert sense_of(move(changer, SLOT, SLOT + 1)) == problem
    assert labels(changer) == before
    assert move(changer, SLOT, SLOT + 1).status == 0
    assert library.changer_faults() == ()


def test_a_cartridge_stuck_in_the_gripper_can_be_put_away(changer, library):
    library.add_changer_fault("move 1: stuck in gripper")
    assert sense_of(move(changer, SLOT + 1, SLOT)) == (4, 0x1501)
    assert labels(changer) == {ROBOT: "PYT002L9", DRIVE: "PYT001L9", SLOT + 2: "PYT003L9"}
    assert elements(read_elements(changer, kind=1))[ROBOT][9:12] == bytes([0x81, 4, 1])
    assert sense_of(move(changer, SLOT + 2, SLOT)) == (4, 0x1501), "its hand is full"
    assert move(changer, ROBOT, SLOT + 1).status == 0
    assert labels(changer) == {DRIVE: "PYT001L9", SLOT + 1: "PYT002L9", SLOT + 2: "PYT003L9"}


def test_an_unreadable_label_leaves_a_full_element_without_a_tag(changer, library):
    library.add_changer_fault("slot 2: label unreadable")
    found = elements(read_elements(changer, kind=2))[SLOT + 1]
    assert (found[2], found[4:6], found[9], found[12:48]) == (0x0D, b"\x53\x06", 0, bytes(36))


def test_a_slow_move_outlives_its_timeout(changer, library):
    library.add_changer_fault("move 1: slow 90")
    library.add_changer_fault("move 2: slow 90")
    with pytest.raises(DeviceError, match="timed out"):
        move(changer, SLOT + 1, SLOT, timeout_s=60)
    assert labels(changer)[SLOT] == "PYT002L9"
    reply = move(changer, SLOT, SLOT + 1, timeout_s=120)
    assert (reply.status, reply.duration_ms) == (0, 90_000)


@pytest.mark.parametrize("text", ["move 0: gripper error", "move 1: sulk", "door ajar", "slot x: label unreadable", ""])
def test_a_fault_that_is_none_is_refused(library, text):
    with pytest.raises(UsageError, match="none of the changer"):
        library.add_changer_fault(text)


def test_a_fault_of_a_slot_that_is_none_is_refused_and_one_is_told_as_it_is_said(library):
    with pytest.raises(UsageError, match="slot 99: no such slot"):
        library.add_changer_fault("slot 99: barcode unreadable")
    library.add_changer_fault("slot 1: barcode unreadable")
    assert library.changer_faults() == ("slot 1: barcode unreadable",)


def test_moves_are_counted(changer, library):
    library.add_changer_fault("move 2: gripper error")
    for _ in range(3):
        move(changer, SLOT + 1, SLOT)
        move(changer, SLOT, SLOT + 1)
    state = ChangerState(str(library.path))
    assert (state.moves, state.failed_moves) == (4, 1)


def test_a_library_of_an_older_pytp_is_read(library):
    raw = Inventory(str(library.path))
    assert (raw.changer, raw.gripped, raw.from_operator) == ("pytp", None, set())


def log_parameters(changer, page):
    data = changer.execute(bytes([0x4D, 0, 0x40 | page, 0, 0, 0, 0, 0x40, 0, 0]), data_in_bytes=0x4000).data
    found, at = {}, 4
    while at < len(data):
        found[int.from_bytes(data[at : at + 2], "big")] = data[at + 4 : at + 4 + data[at + 3]]
        at += 4 + data[at + 3]
    return found


def test_a_slot_that_the_robot_misses_is_seen_in_its_counts_only(changer, library):
    library.add_changer_fault("slot 2: retries 3")
    assert library.changer_faults() == ("slot 2: retries 3",)
    for source, target in ((SLOT + 1, SLOT), (SLOT, SLOT + 1)):
        assert move(changer, source, target).status == 0
    elements = {address: struct.unpack(">6I", value) for address, value in log_parameters(changer, 0x15).items()}
    assert elements == {SLOT: (1, 0, 1, 0, 0, 0), SLOT + 1: (1, 3, 1, 3, 0, 0)}
    totals = {code: int.from_bytes(value, "big") for code, value in log_parameters(changer, 0x14).items()}
    assert totals == {0: 2, 1: 2, 2: 3, 3: 2, 4: 3}
    assert log_parameters(changer, 0x16) == {}


def test_a_failed_move_is_in_the_library_s_own_log(changer, library):
    library.add_changer_fault("move 1: gripper error")
    move(changer, SLOT + 1, SLOT)
    (incident,) = log_parameters(changer, 0x16).values()
    assert len(incident) == 96
    assert (incident[1], incident[40], incident[43]) == (4, 0xA5, 0x0D)
    assert struct.unpack(">4H", incident[44:52])[1::2] == (SLOT + 1, SLOT)
    assert struct.unpack(">6I", log_parameters(changer, 0x15)[SLOT + 1])[2:4] == (0, 3)
