# SPDX-License-Identifier: WTFPL OR MIT
"""The changer and the drives' ports when devices answer what the virtual library never would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.devices.changer import Changer, Step
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.inventory import Inventory, Place
from pytp_native.devices.library import TapeLibrary
from pytp_native.errors import (
    BadAddress,
    DeviceBusy,
    DeviceError,
    LibraryError,
    Refused,
    UsageError,
)
from pytp_native.scsi.mode_pages import DRIVE, STORAGE
from pytp_native.transport import open_tape
from pytp_native.transport.records import ScsiReply
from pytp_native.vtl.library import Library
from tests.unit.devices.injected import FakeTime, Injected
from tests.unit.scsi.answers import RESERVATION_CONFLICT, check

TEST_UNIT_READY, LOAD_UNLOAD, MODE_SENSE, MOVE, EXCHANGE = 0x00, 0x1B, 0x1A, 0xA5, 0xA6
READ_ELEMENT_STATUS, INITIALIZE, POSITION = 0xB8, 0x07, 0x2B
NOT_READY, HARDWARE, ATTENTION = 2, 4, 6
IMPORT_ACCESSED = 0x2801

SLOT_2, SLOT_4, SLOT_5, DRIVE_0 = Place(STORAGE, 2), Place(STORAGE, 4), Place(STORAGE, 5), Place(DRIVE, 0)


def test_a_device_that_is_no_changer_is_refused(path: Path) -> None:
    with pytest.raises(BadAddress, match="no medium changer"):
        Changer.open(f"vtl:{path}/drive0")


def test_a_library_that_starts_is_waited_for_with_its_progress(
    device: Injected, changer: Changer, steps: list[Step]
) -> None:
    starting = check(NOT_READY, 0x0401, specific=b"\x80\x40\x00")
    device.plans[TEST_UNIT_READY] = [starting, starting, starting]
    changer.inventory()
    assert [(step.text, step.progress) for step in steps] == [("shelf: becoming ready", 0.25)] * 3
    assert [step.elapsed_s for step in steps] == [0.0, 2.0, 4.0]


def test_a_library_that_never_starts_is_given_up_after_half_an_hour(
    device: Injected, changer: Changer, steps: list[Step]
) -> None:
    device.plans[TEST_UNIT_READY] = [check(NOT_READY, 0x0401)] * 901
    with pytest.raises(LibraryError, match="becoming ready"):
        changer.inventory()
    assert 1700 < steps[-1].elapsed_s <= 1800


def test_a_move_that_met_a_unit_attention_looks_again_and_is_sent_once_more(device: Injected, changer: Changer) -> None:
    device.plans[MOVE] = [check(ATTENTION, IMPORT_ACCESSED)]
    assert changer.move(SLOT_2, SLOT_4).volume_tag == "PYT002L9"
    assert device.sent.count(MOVE) == 2
    between = device.sent[device.sent.index(MOVE) + 1 :]
    assert READ_ELEMENT_STATUS in between[: between.index(MOVE)]
    assert changer.inventory().find("PYT002L9") == (SLOT_4,)


def test_a_second_unit_attention_is_no_reason_to_go_on(device: Injected, changer: Changer) -> None:
    device.plans[MOVE] = [check(ATTENTION, IMPORT_ACCESSED)] * 2
    with pytest.raises(LibraryError, match="PYT002L9 is still in slot 2"):
        changer.move(SLOT_2, SLOT_4)
    assert device.sent.count(MOVE) == 2


def test_an_operator_who_took_the_cartridge_meanwhile_is_noticed(
    path: Path, device: Injected, changer: Changer
) -> None:
    known = changer.inventory()
    Library.open(path).remove("PYT002L9")
    with pytest.raises(LibraryError, match="slot 2 is empty"):
        changer.move(SLOT_2, SLOT_4, known)
    assert MOVE not in device.sent


def test_another_cartridge_in_the_source_is_not_moved_in_place_of_the_one_that_was_meant(
    path: Path, device: Injected, changer: Changer
) -> None:
    """The operator opened the door: the robot does nothing at first, and tells of it."""
    original = device.execute

    def execute(cdb: bytes, **more: object) -> ScsiReply:
        if cdb[0] == MOVE and MOVE not in device.sent:
            device.sent.append(MOVE)
            shelf = Library.open(path)
            shelf.remove("PYT002L9")
            shelf.add("OTHER1L9", slot=2)
            return check(ATTENTION, IMPORT_ACCESSED)
        return original(cdb, **more)  # type: ignore[arg-type]

    device.execute = execute  # type: ignore[method-assign, assignment]
    with pytest.raises(LibraryError, match="slot 2 holds OTHER1L9, and no longer PYT002L9"):
        changer.move(SLOT_2, SLOT_4)
    assert device.sent.count(MOVE) == 1


def test_another_cartridge_in_a_slot_is_not_exchanged(path: Path, changer: Changer) -> None:
    known = changer.inventory()
    shelf = Library.open(path)
    shelf.remove("PYT002L9")
    shelf.add("OTHER1L9", slot=2)
    with pytest.raises(LibraryError, match="slot 2 holds OTHER1L9"):
        changer.exchange(SLOT_2, Place(STORAGE, 3), SLOT_2, known)


def test_a_failed_move_is_never_repeated(device: Injected, changer: Changer) -> None:
    device.plans[MOVE] = [check(HARDWARE, 0x1501)]
    with pytest.raises(LibraryError, match=r"mechanical positioning error.*PYT002L9 is still in slot 2") as caught:
        changer.move(SLOT_2, SLOT_4)
    assert device.sent.count(MOVE) == 1
    assert caught.value.sense[2] == HARDWARE


def test_a_move_that_ended_where_nobody_sent_it_is_told(path: Path, device: Injected, changer: Changer) -> None:
    """The robot put it into another slot before it failed."""
    other = Changer.open(f"vtl:{path}/changer")
    original = device.execute

    def execute(cdb: bytes, **more: object) -> ScsiReply:
        if cdb[0] == MOVE:
            other.move(SLOT_2, SLOT_5)
            return check(HARDWARE, 0x1501)
        return original(cdb, **more)  # type: ignore[arg-type]

    device.execute = execute  # type: ignore[method-assign, assignment]
    with pytest.raises(LibraryError, match="PYT002L9 is now in slot 5"):
        changer.move(SLOT_2, SLOT_4)
    other.close()


def test_a_move_that_was_not_carried_is_the_librarys_failure(device: Injected, changer: Changer) -> None:
    device.plans[MOVE] = [DeviceError("/dev/sch0", "command a5h was not carried: timed out", "look at dmesg")]
    with pytest.raises(LibraryError, match="timed out; PYT002L9 is still in slot 2; look at dmesg"):
        changer.move(SLOT_2, SLOT_4)


def test_when_even_the_inventory_fails_that_is_said(device: Injected, changer: Changer) -> None:
    device.plans[MOVE] = [check(HARDWARE, 0x1501)]
    changer.inventory()
    device.plans[READ_ELEMENT_STATUS] = [None, None, check(HARDWARE, 0x4400)]
    with pytest.raises(LibraryError, match="where the cartridge is could not be found out"):
        changer.move(SLOT_2, SLOT_4, changer_inventory(device, changer))


def changer_inventory(device: Injected, changer: Changer) -> Inventory:
    """An inventory that uses up none of the plans."""
    plans, device.plans = device.plans, type(device.plans)(list)
    try:
        return changer.inventory()
    finally:
        device.plans = plans


def test_a_cartridge_that_is_nowhere_is_said_to_be(path: Path, device: Injected, changer: Changer) -> None:
    device.plans[MOVE] = [DeviceError("x", "gone")]
    original = device.execute

    def execute(cdb: bytes, **more: object) -> ScsiReply:
        if cdb[0] == MOVE:
            Library.open(path).remove("PYT002L9")
        return original(cdb, **more)  # type: ignore[arg-type]

    device.execute = execute  # type: ignore[method-assign, assignment]
    with pytest.raises(LibraryError, match="PYT002L9 is nowhere in the library's inventory"):
        changer.move(SLOT_2, SLOT_4)


def test_a_reservation_by_another_host_is_busy_and_no_failure(device: Injected, changer: Changer) -> None:
    device.plans[MOVE] = [ScsiReply(RESERVATION_CONFLICT, b"", b"")]
    with pytest.raises(DeviceBusy, match="another host"):
        changer.move(SLOT_2, SLOT_4)


def test_an_exchange_changes_two_places_at_once(device: Injected, changer: Changer) -> None:
    changer.exchange(SLOT_2, Place(STORAGE, 3), SLOT_2)
    now = changer.inventory()
    assert (now.find("PYT002L9"), now.find("PYT003L9")) == ((Place(STORAGE, 3),), (SLOT_2,))
    assert MOVE not in device.sent


@pytest.mark.parametrize(
    ("places", "fact"),
    [((SLOT_4, SLOT_2, SLOT_5), "slot 4 is empty"), ((SLOT_2, SLOT_4, SLOT_5), "slot 4 is empty"),
     ((SLOT_2, Place(STORAGE, 3), DRIVE_0), "drive 0 holds PYT001L9")],
)  # fmt: skip
def test_an_exchange_that_cannot_be_moves_nothing(
    device: Injected, changer: Changer, places: tuple[Place, Place, Place], fact: str
) -> None:
    with pytest.raises(LibraryError, match=fact):
        changer.exchange(*places)
    assert EXCHANGE not in device.sent


def test_a_failed_exchange_says_where_both_are(device: Injected, changer: Changer) -> None:
    device.plans[EXCHANGE] = [check(HARDWARE, 0x1501)]
    with pytest.raises(LibraryError, match="PYT002L9 is still in slot 2, PYT003L9 is still in slot 3"):
        changer.exchange(SLOT_2, Place(STORAGE, 3), SLOT_2)


@pytest.mark.parametrize(
    ("opcode", "order"),
    [
        (POSITION, lambda changer: changer.position(SLOT_2)),
        (INITIALIZE, lambda changer: changer.scan()),
        (0x37, lambda changer: changer.scan(1025, 2)),
        (MODE_SENSE, lambda changer: changer.addresses),
        (READ_ELEMENT_STATUS, lambda changer: changer.inventory((STORAGE,))),
    ],
)
def test_a_check_condition_is_a_library_failure_in_words(
    device: Injected, changer: Changer, opcode: int, order: Callable[[Changer], object]
) -> None:
    device.plans[opcode] = [check(HARDWARE, 0x4400)]
    if opcode in {POSITION, READ_ELEMENT_STATUS}:
        _ = changer.addresses
    with pytest.raises(LibraryError, match=r"^shelf: .*hardware error.*4/44/00") as caught:
        order(changer)
    assert caught.value.exit_code == 9


# -- sources -----------------------------------------------------------------------------------------------------------


def without_sources(reply: ScsiReply) -> ScsiReply:
    """The same answer of a library that does not keep sources: SVALID off, the address left as it was."""
    data = bytearray(reply.data)
    if len(data) > 16 and data[8] == DRIVE:
        width = int.from_bytes(data[10:12], "big")
        for at in range(16, len(data), width):
            data[at + 9] &= 0x7F
    return reply._replace(data=bytes(data))


def test_a_source_that_the_library_does_not_vouch_for_is_not_used(device: Injected, changer: Changer) -> None:
    device.edit[READ_ELEMENT_STATUS] = without_sources
    now = changer.inventory()
    assert now.drives[0].source_address == now.storage[0].address
    assert now.home_of(DRIVE_0) is None
    library = TapeLibrary(changer, lambda _number: None)
    with pytest.raises(LibraryError, match=r"does not know which slot PYT001L9 came from.*empty: 1, 4, 5"):
        library.unload(0)
    with pytest.raises(LibraryError, match="does not know"):
        library.load("2", 0)
    assert MOVE not in device.sent


def test_a_full_library_has_no_slot_to_name(path: Path, changer: Changer) -> None:
    for barcode in ("NEW001L9", "NEW002L9", "NEW003L9"):
        Library.open(path).add(barcode)
    with pytest.raises(LibraryError, match="slot 1, where PYT001L9 came from, holds NEW001L9 now; every slot is full"):
        TapeLibrary(changer, lambda _number: None).unload(0)


def test_a_load_makes_room_although_the_slot_was_taken_meanwhile(path: Path, changer: Changer) -> None:
    """A job must not end because somebody has put another cartridge there."""
    Library.open(path).add("NEW001L9")
    library = TapeLibrary(changer, lambda number: DrivePort(f"vtl:{path}/drive{number}"))
    before = library.inventory()
    library.load("2", 0)
    assert library.inventory().storage[before.free_slots()[0] - 1].volume_tag == "PYT001L9"


def test_no_cartridge_is_taken_from_a_drive_that_nobody_can_look_at(device: Injected, changer: Changer) -> None:
    library = TapeLibrary(changer, lambda _number: None)
    for order in (lambda: library.unload(0), lambda: library.load("2", 0), lambda: library.move("drive0", "4"),
                  lambda: library.exchange("2", "drive0")):  # fmt: skip
        with pytest.raises(Refused, match=r"shelf: drive 0: its device is not known here.*--unseen-drive"):
            order()
    assert not {MOVE, EXCHANGE} & set(device.sent)


def test_with_consent_it_is_taken(changer: Changer, steps: list[Step]) -> None:
    library = TapeLibrary(changer, lambda _number: None, tell=steps.append, takes_unseen=True)
    library.unload(0)
    library.load("2", 0)
    assert [step.text for step in steps if "not known" in step.text] == [
        "drive 0: its device is not known here, so nobody waits until it is ready"
    ]


def test_a_drive_that_was_named_is_known(path: Path, changer: Changer) -> None:
    library = TapeLibrary(changer, lambda _number: None)
    library.name_drive(0, DrivePort(f"vtl:{path}/drive0"))
    assert library.unload(0).target.number == 1


def test_an_exchange_with_a_drive_has_it_let_go_and_waits(path: Path, changer: Changer, steps: list[Step]) -> None:
    library = TapeLibrary(changer, lambda number: DrivePort(f"vtl:{path}/drive{number}", tell=steps.append))
    library.exchange("2", "drive0")
    now = changer.inventory()
    assert (now.find("PYT001L9"), now.find("PYT002L9")) == ((SLOT_2,), (DRIVE_0,))
    assert "unloading" in steps[0].text
    tape = open_tape(f"vtl:{path}/drive0")
    try:
        with pytest.raises(DeviceBusy):
            library.exchange("3", "drive0")
    finally:
        tape.close()
    assert changer.inventory().find("PYT002L9") == (DRIVE_0,)


def test_st_is_told_of_a_new_cartridge_by_a_rewind(port: DrivePort, monkeypatch: pytest.MonkeyPatch) -> None:
    """TEST UNIT READY has taken the unit attention that st would have noticed it by."""
    rewound: list[str] = []
    monkeypatch.setattr(mtio, "rewind", lambda tape: rewound.append(tape.address))
    port.wait_ready()
    assert rewound == [port.address]


def test_a_cartridge_that_the_drive_has_unloaded_is_threaded_again(path: Path, changer: Changer) -> None:
    address = f"vtl:{path}/drive0"
    tape = open_tape(address)
    mtio.offline(tape)
    tape.close()
    library = TapeLibrary(changer, lambda _number: DrivePort(address, clock=FakeTime().clock))
    assert not library.load("1", 0).moved
    tape = open_tape(address)
    assert tape.status().file_number == 0
    tape.close()


@pytest.mark.parametrize(
    "text", ["0", "6", "drive2", "drive", "-1", "slot 9", "slot", "", "²", "9" * 5000, "drive" + "9" * 5000, "1" * 10]
)
def test_places_that_are_none_are_a_mistake_in_the_command(changer: Changer, text: str) -> None:
    with pytest.raises(UsageError):
        TapeLibrary(changer, lambda _number: None).move(text, "4")


@pytest.mark.parametrize("barcode", ["123456", "000002", "drive7", "slot9"])
def test_a_barcode_of_digits_is_found_where_no_slot_has_that_number(path: Path, changer: Changer, barcode: str) -> None:
    Library.open(path).add(barcode.upper(), slot=4)
    library = TapeLibrary(changer, lambda _number: None)
    assert library.move(barcode.upper(), "slot5").source == SLOT_4
    assert library.move("slot 5", "4").barcode == barcode.upper()


def test_a_text_that_is_a_slot_and_a_barcode_is_refused(device: Injected, changer: Changer) -> None:
    device.edit[READ_ELEMENT_STATUS] = lambda reply: reply._replace(data=reply.data.replace(b"PYT002L9", b"3       "))
    with pytest.raises(LibraryError, match="3 is slot 3, and the barcode in slot 2; say slot3"):
        TapeLibrary(changer, lambda _number: None).move("3", "5")
    assert MOVE not in device.sent


def damaged_tag(reply: ScsiReply) -> ScsiReply:
    return reply._replace(data=reply.data.replace(b"PYT002L9", b"PYT\xff02L9"))


def test_a_label_with_bytes_that_are_no_text_is_shown_found_and_followed(device: Injected, changer: Changer) -> None:
    device.edit[READ_ELEMENT_STATUS] = damaged_tag
    name = r"PYT\xff02L9"
    assert changer.inventory().find(name) == (SLOT_2,)
    assert TapeLibrary(changer, lambda _number: None).move(name, "4").barcode == name
    device.plans[MOVE] = [check(HARDWARE, 0x1501)]
    with pytest.raises(LibraryError, match=r"PYT\\xff02L9 is still in slot 4"):
        changer.move(SLOT_4, SLOT_5)


def test_a_barcode_that_looks_like_a_drive_or_number_word_is_found(path: Path, changer: Changer) -> None:
    Library.open(path).add("D12345L9", slot=4)
    assert TapeLibrary(changer, lambda _number: None).move("D12345L9", "5").barcode == "D12345L9"
