# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mtx word by word: the bytes that go to the library, and what is said when it refuses them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pytp_cli import mtx
from pytp_native.errors import DeviceError
from pytp_native.transport.records import ScsiReply
from tests.cli.scsi_bench import EMPTY, GOOD, Ended, FakeLibrary, check, put_in_place, run
from tests.unit.devices.injected import FakeTime

Mtx = Callable[..., Ended]
BLOCK = 12
"""Lines of a sense block without residual and field."""


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    unit = FakeLibrary()
    put_in_place(monkeypatch, unit)
    clock = FakeTime()
    monkeypatch.setattr("time.sleep", clock.sleep)
    monkeypatch.setattr("time.monotonic", lambda: clock.now_s)
    return unit


@pytest.fixture
def ask(library: FakeLibrary, capfd: pytest.CaptureFixture[str]) -> Mtx:
    return lambda line: run(capfd, mtx.main, "-f", "/dev/sg0", *line.split())


MOVES = {
    "load 2 1": "a5 00 0001 0401 0102 0000 00 00",
    "load 3": "a5 00 0001 0402 0101 0000 00 00",
    "invert load 2 1": "a5 00 0001 0401 0102 0000 01 00",
    "transfer 2 6": "a5 00 0001 0401 0405 0000 00 00",
    "transfer 2 9": "a5 00 0001 0401 0300 0000 00 00",
    "eepos 3 transfer 2 9": "a5 00 0001 0401 0300 0000 00 c0",
    "exchange 2 3": "a6 00 0001 0401 0402 0401 00 00",
    "exchange 2 3 6": "a6 00 0001 0401 0402 0405 00 00",
    "invert exchange 2 3": "a6 00 0001 0401 0402 0401 02 00",
    "invert2 exchange 2 3": "a6 00 0001 0401 0402 0401 01 00",
    "eepos 1 exchange 2 3": "a6 00 0001 0401 0402 0401 00 40",
    "position 3": "2b 00 0001 0402 00000000",
    "inventory": "07 00 00 00 00 00",
    "eject": "1b 00 00 00 02 00",
    "erase": "19 00 00 00 00 00",
}


@pytest.mark.parametrize("line", MOVES)
def test_the_bytes_of_a_command(library: FakeLibrary, ask: Mtx, line: str) -> None:
    ask(line)
    assert library.cdbs[-1] == bytes.fromhex(MOVES[line].replace(" ", ""))


def test_the_bytes_of_a_scan(library: FakeLibrary, ask: Mtx) -> None:
    """As mtx 1.3.12 sends them to this library, but without a LUN in byte 1."""
    ask("status")
    assert [cdb.hex() for cdb in library.cdbs] == [
        "120000003800", "1a081d008800", "b81204000008000004 6c0000".replace(" ", ""), "b813030000020000046c0000",
        "b814010100020000046c0000", "b811000100010000046c0000",
    ]  # fmt: skip


def test_a_drive_with_an_attached_changer_is_asked_its_own_way(library: FakeLibrary, ask: Mtx) -> None:
    data = bytearray(library.own(bytes((0x12,))).data)
    data[0], data[6] = 1, 8
    library.plan(0x12, ScsiReply(0, b"", bytes(data)))
    ended = ask("load 2 1")
    assert ended.code == 0
    assert (library.sent(0x1A), library.sent(0xB8), library.sent(0xA5)) == ([], [], [])
    assert len(library.sent(0xB4)) >= 3
    assert len(library.sent(0xA7)) == 1


def test_noattach_holds_for_moves_too(library: FakeLibrary, ask: Mtx) -> None:
    data = bytearray(library.own(bytes((0x12,))).data)
    data[0], data[6] = 1, 8
    library.plan(0x12, ScsiReply(0, b"", bytes(data)))
    assert ask("noattach load 2 1").code == 0
    assert (library.sent(0xB4), library.sent(0xA7)) == ([], [])


REFUSED = {
    "inquiry": (0x12, "INQUIRY Command Failed\n"),
    "status": (0x12, "INQUIRY command Failed\n"),
    "load 2 1": (0xA5, "MOVE MEDIUM from Element Address 1025 to 258 Failed\n"),
    "transfer 2 6": (0xA5, "MOVE MEDIUM from Element Address 1025 to 1029 Failed\n"),
    "exchange 2 3": (0xA6, "EXCHANGE MEDIUM from Element Address 1025 to 1026 Failed\n"),
    "inventory": (0x07, "Initialize Element Status (0x07) failed\nmtx:inventory failed\n"),
    "erase": (0x19, ""),
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_check_condition_is_shown_and_explained(library: FakeLibrary, ask: Mtx, line: str) -> None:
    opcode, last = REFUSED[line]
    library.plan(opcode, check(4, 0x15, 0x01, valid=False))
    ended = ask(line)
    block = [row for row in ended.lines if row.startswith("mtx: Request Sense: ")]
    assert ended.code == 1
    assert len(block) == BLOCK
    assert "mtx: Request Sense: Sense Key=Hardware Error" in block
    assert "mtx: Request Sense: Additional Sense Code = 15" in block
    assert ended.err.startswith("\n".join(block) + "\n" + last)
    further = ended.err[len("\n".join(block)) + 1 + len(last) :]
    assert further.startswith("mtx: /dev/sg0: ")
    assert "(sense 4/15/01)" in further
    assert further.count("\n") == 1


def test_unload_says_which_slot_and_drive(library: FakeLibrary, ask: Mtx) -> None:
    ask("load 2 1")
    library.plan(0xA5, check(4, 0x15, 0x01))
    ended = ask("unload 2 1")
    assert (ended.code, ended.out) == (1, "Unloading drive 1 into Storage Element 2...")
    assert "drive 1 (element 258) to slot 2 (element 1025)" in ended.lines[-1]


def test_a_position_that_fails_shows_no_sense_block(library: FakeLibrary, ask: Mtx) -> None:
    ended = ask("position 3")
    assert (ended.code, ended.lines[0], len(ended.lines)) == (1, "Could not position transport", 2)
    assert "slot 3 (element 1026)" in ended.lines[1]


def test_an_eject_that_fails_ends_nothing(library: FakeLibrary, ask: Mtx) -> None:
    ended = ask("eject inquiry")
    assert ended.code == 0
    assert "Eject (0x1B) failed\nmtx:eject failed\nmtx: /dev/sg0: LOAD UNLOAD: " in ended.err
    assert ended.out.startswith("Product Type: ")


TOLD = {
    (0x30, 0x03): "Cleaning Cartridge Installed and Ejected",
    (0x3A, 0x00): "Drive needs offline before move",
    (0x3B, 0x0D): "Destination Element Address 258 is Already Full",
    (0x3B, 0x0E): "Source Element Address 1025 is Empty",
}


@pytest.mark.parametrize("code", TOLD)
def test_a_code_that_mtx_knows_has_a_line_of_its_own(library: FakeLibrary, ask: Mtx, code: tuple[int, int]) -> None:
    library.plan(0xA5, check(5, *code))
    ended = ask("load 2 1")
    assert (ended.code, ended.lines[0], len(ended.lines)) == (1, TOLD[code], 2)


def test_element_status_that_fails_twice_shows_the_second_answer(library: FakeLibrary, ask: Mtx) -> None:
    """mtx asks again without barcodes, whatever the reason."""
    library.plan(0xB8, check(4, 0x40, 0x01), check(4, 0x40, 0x02))
    ended = ask("status")
    assert ended.code == 1
    assert "mtx: Request Sense: Additional Sense Qualifier = 02" in ended.lines
    assert ended.lines[-2] == "READ ELEMENT STATUS Command Failed"
    assert [cdb[1] & 0x10 for cdb in library.sent(0xB8)] == [0x10, 0]


def test_a_library_without_a_barcode_reader(library: FakeLibrary, ask: Mtx) -> None:
    library.reads_labels = False
    ended = ask("status")
    assert "Storage Element 1:Full \n" in ended.out
    assert (ended.code, ended.err) == (0, "")


def test_a_library_without_page_1d_is_read_whole(library: FakeLibrary, ask: Mtx) -> None:
    """mtx takes it to have 64 slots from address 0 on."""
    library.plan(0x1A, check(5, 0x24, 0))
    ended = ask("status")
    assert ended.code == 0
    assert "2 Drives, 10 Slots ( 2 Import/Export )" in ended.out
    assert ended.lines[-1] == "Mode sense (0x1A) for Page 0x1D failed"


def test_a_unit_attention_does_not_cost_the_barcodes(library: FakeLibrary, ask: Mtx) -> None:
    library.plan(0xB8, check(6, 0x28, 0x00), check(6, 0x29, 0x00))
    assert ":VolumeTag=VT0001L6" in ask("status").out


@pytest.mark.parametrize(
    ("sense", "code"),
    [("70000100000000 0a 00000000 1500 0000 0000", 0), ("71000100000000 0a 00000000 1500 0000 0000", 1),
     ("7201150000000000", 0), ("7301150000000000", 1), ("7204010000000000", 1)],
)  # fmt: skip
def test_only_a_recovered_error_of_this_very_move_is_success(
    library: FakeLibrary, ask: Mtx, sense: str, code: int
) -> None:
    """A deferred error is another command's: this one was not done. In descriptor format byte 2 is no key."""
    library.plan(0xA5, ScsiReply(0x02, bytes.fromhex(sense), b""))
    ended = ask("load 2 1")
    assert (ended.code, ended.out.endswith("done\n")) == (code, code == 0)


def test_after_a_unit_attention_nothing_is_erased(library: FakeLibrary, ask: Mtx) -> None:
    """The tape may be at its beginning, or be another one."""
    library.plan(0x19, check(6, 0x29, 0x00))
    assert ask("erase").code == 1
    assert len(library.sent(0x19)) == 1


@pytest.mark.parametrize(("asc", "ascq"), [(0x28, 0), (0x28, 1), (0x29, 0), (0x2A, 1)])
@pytest.mark.parametrize("line", ["load 2 1", "transfer 2 6", "load 1 0 unload 1 0 load 2 0"])
def test_a_move_is_sent_again_after_a_unit_attention_behind_a_look_at_its_elements(
    library: FakeLibrary, ask: Mtx, line: str, asc: int, ascq: int
) -> None:
    library.plan(0xA5, check(6, asc, ascq), check(6, 0x29, 0))
    assert ask(line).code == 0
    order = [cdb[0] for cdb in library.cdbs]
    first = order.index(0xA5)
    second = order.index(0xA5, first + 1)
    third = order.index(0xA5, second + 1)
    assert 0xB8 in order[first:second]
    assert 0xB8 in order[second:third]
    assert library.sent(0xA5)[0] == library.sent(0xA5)[1] == library.sent(0xA5)[2]


def other_cartridge(library: FakeLibrary) -> None:
    library.slots[1025] = "OTHER1L6"


def nothing_there(library: FakeLibrary) -> None:
    library.slots[1025] = EMPTY


def full_drive(library: FakeLibrary) -> None:
    library.drives[258] = "OTHER1L6"


@pytest.mark.parametrize(
    ("meanwhile", "fact"),
    [(other_cartridge, "slot 2 (element 1025) holds OTHER1L6 now, and no longer VT0002L6"),
     (nothing_there, "slot 2 (element 1025) is empty now"), (full_drive, "drive 1 (element 258) is full now")],
)  # fmt: skip
@pytest.mark.parametrize("told", [check(6, 0x28, 0x01), check(2, 0x04, 0x01)])
def test_what_somebody_changed_behind_a_unit_attention_is_not_moved(
    library: FakeLibrary, ask: Mtx, meanwhile: Callable[[FakeLibrary], None], fact: str, told: ScsiReply
) -> None:
    own = library.own

    def execute(cdb: bytes) -> ScsiReply:
        if cdb[0] != 0xA5:
            return own(cdb)
        meanwhile(library)
        return told

    library.own = execute  # type: ignore[method-assign]
    ended = ask("load 2 1")
    assert (ended.code, len(library.sent(0xA5))) == (1, 1)
    assert ended.lines[-2] == "MOVE MEDIUM from Element Address 1025 to 258 Failed"
    assert fact in ended.lines[-1]
    assert ended.lines[3].startswith("mtx: Request Sense: Sense Key=")


def test_an_exchange_looks_at_all_its_elements_again(library: FakeLibrary, ask: Mtx) -> None:
    library.plan(0xA6, check(6, 0x28, 0x01), GOOD)
    assert ask("exchange 2 3 6").code == 0
    library.plan(0xA6, check(6, 0x28, 0x01))
    own = library.own

    def changed(cdb: bytes) -> ScsiReply:
        if len(library.sent(0xA6)) == 3:
            library.slots[1029] = "OTHER1L6"
        return own(cdb)

    library.own = changed  # type: ignore[method-assign]
    ended = ask("exchange 2 3 6")
    assert (ended.code, len(library.sent(0xA6))) == (1, 3)
    assert "slot 6 (element 1029) is full now" in ended.lines[-1]


def test_behind_an_exchange_it_is_read_again_what_is_where(library: FakeLibrary, ask: Mtx) -> None:
    library.plan(0xA6, GOOD)
    ask("exchange 2 3 6 load 2 1")
    after = library.cdbs[[cdb[0] for cdb in library.cdbs].index(0xA6) :]
    assert 0xB8 in [cdb[0] for cdb in after]


def test_moves_before_a_json_object_print_nothing(library: FakeLibrary, ask: Mtx) -> None:
    ended = ask("load 2 1 status --json")
    assert ended.code == 0
    assert json.loads(ended.out)["drives"][1]["full"]


@pytest.mark.parametrize("opcode", [0xA5, 0xB8, 0x1A])
def test_a_library_that_is_becoming_ready_is_waited_for(library: FakeLibrary, ask: Mtx, opcode: int) -> None:
    library.plan(opcode, *[check(2, 0x04, 0x01)] * 3)
    ended = ask("load 2 1")
    assert (ended.code, ended.err) == (0, "")
    assert len(library.sent(opcode)) >= 4


def test_a_command_that_was_not_carried_is_a_failure_without_a_sense_block(library: FakeLibrary, ask: Mtx) -> None:
    """mtx prints "done"; and Amanda would take a block of zeros, "No Sense", for a reason to move again."""
    library.plan(0xA5, DeviceError("/dev/sg0", "command a5h was not carried: timed out", "look at dmesg"))
    ended = ask("load 2 1")
    assert (ended.code, ended.out) == (1, "Loading media from Storage Element 2 into drive 1...")
    assert ended.err == (
        "MOVE MEDIUM from Element Address 1025 to 258 Failed\n"
        "mtx: /dev/sg0: command a5h was not carried: timed out; look at dmesg\n"
    )


def test_a_command_that_the_kernel_refuses_shows_zeros_and_its_reason(library: FakeLibrary, ask: Mtx) -> None:
    error = DeviceError("/dev/sg0", "command a5h was not carried: Cannot allocate memory")
    error.__cause__ = OSError(12, "Cannot allocate memory")
    library.plan(0xA5, error)
    ended = ask("load 2 1")
    assert "mtx: Request Sense: Error Code=0 (Unknown?!)\nmtx: Request Sense: Sense Key=No Sense\n" in ended.err
    assert ended.lines[-1].endswith("Cannot allocate memory")


def test_a_reservation_of_another_host_is_named(library: FakeLibrary, ask: Mtx) -> None:
    library.plan(0xA5, ScsiReply(0x18, b"", b""))
    assert "reserved" in ask("load 2 1").lines[-1]


def test_a_host_adapter_with_small_transfers_is_asked_for_less(library: FakeLibrary, ask: Mtx) -> None:
    page = bytearray(library.page)
    page[12:14] = (5000).to_bytes(2, "big")
    library.page = bytes(page)
    refusal = DeviceError("/dev/sg0", "command b8h was not carried: Invalid argument")
    refusal.__cause__ = OSError(22, "Invalid argument")
    library.plan(0xB8, refusal)
    assert ask("status").code == 0
    rooms = [int.from_bytes(cdb[7:10], "big") for cdb in library.sent(0xB8)]
    assert rooms[0] > 65536
    assert rooms[1] == 65536


def test_a_recovered_error_is_success(library: FakeLibrary, ask: Mtx) -> None:
    library.plan(0xA5, check(1, 0x00, 0x00))
    assert ask("load 2 1").out.endswith("done\n")


@pytest.mark.parametrize(
    ("sources", "flags", "expected"),
    [
        ({257: 1025, 258: 1026}, 0x80, [(0, 2), (1, 3)]),
        ({257: 1025, 258: 1026}, 0x00, [(0, 2), (1, 3)]),  # nobody vouches, but it may be
        ({257: 1026, 258: 1026}, 0x80, [(0, 3), (1, 2)]),  # one slot for two: the second gets another
        ({257: 1031, 258: 1025}, 0x80, [(0, 3), (1, 2)]),  # slot 8 is full
        ({}, 0x00, [(0, 2), (1, 3)]),
    ],
)
def test_where_loaded_cartridges_came_from(
    library: FakeLibrary, ask: Mtx, sources: dict[int, int], flags: int, expected: list[tuple[int, int]]
) -> None:
    library.slots[1025] = library.slots[1026] = ""
    library.drives = {257: "VT0002L6", 258: "VT0003L6"}
    library.sources, library.source_flags = sources, flags
    out = ask("status").out
    for drive, slot in expected:
        assert f"Data Transfer Element {drive}:Full (Storage Element {slot} Loaded):VolumeTag = VT000" in out


def test_more_drives_than_empty_slots(library: FakeLibrary, ask: Mtx) -> None:
    library.slots = dict.fromkeys(library.slots, "X00001L6")
    library.drives = {257: "VT0002L6", 258: ""}
    assert "Data Transfer Element 0:Full (Unknown Storage Element Loaded):VolumeTag = " in ask("status").out
    assert ask("unload").lines[0] == "No Source for tape in drive 0!"
    assert ask("load 1 0").lines[0] == "Drive 0 Full (Storage Element 0 loaded)"


def test_short_descriptors_have_no_tags(library: FakeLibrary, ask: Mtx) -> None:
    library.short = True
    out = ask("status").out
    assert "Storage Element 1:Full \n" in out
    assert "VolumeTag" not in out


@pytest.mark.parametrize(
    ("planned", "line"),
    [
        (bytes((4, 0, 0, 1, 0, 0, 0, 16, 2, 0, 0, 0, 0, 0, 0, 8)) + bytes(8), "Descriptor Length too short: 0"),
        (bytes((4, 0, 0, 1, 0, 0, 0, 16, 9, 0, 0, 52, 0, 0, 0, 8)) + bytes(8), "READ ELEMENT STATUS Command Failed"),
        (b"\0\0", "READ ELEMENT STATUS Command Failed"),
    ],
)
def test_an_answer_that_cannot_be_is_told(library: FakeLibrary, ask: Mtx, planned: bytes, line: str) -> None:
    library.plan(0xB8, ScsiReply(0, b"", planned))
    ended = ask("status")
    assert ended.code == 1
    assert line in ended.lines[0]
    assert len(ended.lines) == 2


def test_a_library_without_drives_and_one_without_slots(library: FakeLibrary, ask: Mtx) -> None:
    page = bytearray(library.page)
    page[20:22] = bytes(2)
    library.page = bytes(page)
    assert ask("status").lines[0] == "no Data Transfer Element reported"
    page[20:22], page[12:14], page[16:18] = b"\0\2", bytes(2), bytes(2)
    library.page = bytes(page)
    assert ask("status").lines[0] == "no Storage Elements reported"


def test_slots_that_are_not_installed_are_left_out(library: FakeLibrary, ask: Mtx) -> None:
    whole = library._elements(bytes.fromhex("b8120400000800000fff0000")).data
    missing = bytearray(whole)
    missing[16 + 52 + 4 : 16 + 52 + 6] = bytes((0x83, 0x02))
    library.plan(0xB8, ScsiReply(0, b"", bytes(missing)))
    out = ask("status").out
    assert "2 Drives, 9 Slots ( 2 Import/Export )" in out
    assert "Storage Element 2:Full :VolumeTag=VT0003L6" in out
    assert "Storage Element 8 IMPORT/EXPORT:Empty" in out


def test_another_device_on_the_line_is_read_anew(library: FakeLibrary, ask: Mtx) -> None:
    assert ask("status -f /dev/sg0 status").code == 0
    assert (len(library.sent(0x12)), library.closed) == (2, 2)


def test_all_types_at_once(library: FakeLibrary, ask: Mtx) -> None:
    """altres: the answers go on until nothing new comes."""
    parts = [
        library._elements(bytes.fromhex(f"b8{kind:02x}{first:04x}0008000004000000")).data
        for kind, first in ((0x11, 1), (0x14, 257), (0x13, 768), (0x12, 1024))
    ]
    library.plan(0xB8, *[ScsiReply(0, b"", part) for part in parts], check(5, 0x21, 0x01), check(5, 0x21, 0x01))
    ended = ask("altres status")
    assert ended.code == 0
    assert ended.out == ask("status").out
    assert [int.from_bytes(cdb[2:4], "big") for cdb in library.sent(0xB8)[:5]] == [0, 2, 259, 770, 1032]


def test_an_answer_that_is_eight_bytes_short(library: FakeLibrary, ask: Mtx) -> None:
    """As tgt's are; without tags the last element has only its address and flags left."""
    whole = ask("nobarcode status").out
    real = library.own
    library.own = lambda cdb: real(cdb)._replace(data=real(cdb).data[:-8]) if cdb[0] == 0xB8 else real(cdb)
    assert ask("nobarcode status").out == whole


def test_a_drive_is_no_library_and_says_why(library: FakeLibrary, ask: Mtx) -> None:
    """A tape drive has another page 1Dh."""
    library.page = bytes((23, 0, 0, 0, 0x1D, 18)) + bytes(18)
    library.plan(0xB8, check(5, 0x20, 0), check(5, 0x20, 0))
    assert ask("status").lines[-2] == "READ ELEMENT STATUS Command Failed"
