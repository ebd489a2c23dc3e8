# SPDX-License-Identifier: WTFPL OR MIT
"""Where Drive leaves the tape, on an in-memory st."""

from __future__ import annotations

import pytest

from pytp_native import errors
from pytp_native.devices import drive as drive_module
from pytp_native.devices.drive import Drive
from pytp_native.ffi import lib
from pytp_native.transport.address import Address
from pytp_native.transport.linux_st import LinuxSt
from pytp_native.transport.records import Position
from tests.unit.transport.memory_node import MemoryNode

X = b"x" * 512
Y = b"y" * 600_000
THREE_FILES = (X, X, None, X, None, X, X, X, None)


def drive_with(*objects, **options):
    node = MemoryNode(objects, **options)
    return Drive(LinuxSt("/dev/nst7", node), block_bytes=512, name="left"), node


def seek(node, block):
    """Stand at a logical block without file and block number."""
    node.operate(lib.MTSEEK, block)
    node.file = node.block = -1 if block else 0


def test_where_knows_all_three_numbers():
    drive, node = drive_with(*THREE_FILES)
    node.operate(lib.MTFSF, 2)
    node.operate(lib.MTFSR, 1)
    assert drive.where() == Position(2, 1, 6, 0)
    seek(node, 3)
    assert drive.where() == Position(None, None, 3, 0)
    assert str(drive.where()) == "logical block 3"
    node.tells = False
    assert drive.where() == Position(None, None, None, 0)


@pytest.mark.parametrize("start", [0, 1, 2, 3, 5, 7, 9])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("number", "logical"), [(0, 0), (1, 3), (2, 5), (3, 9)])
def test_go_to_file_from_anywhere(start, known, number, logical):
    drive, node = drive_with(*THREE_FILES)
    seek(node, start)
    if known:
        marks = [index for index in range(start) if THREE_FILES[index] is None]
        node.file, node.block = len(marks), start - (marks[-1] + 1 if marks else 0)
    assert drive.go_to_file(number) == Position(number, 0, logical)
    assert node.at == logical


def test_go_to_file_that_is_not_there_stands_at_the_end():
    drive, node = drive_with(*THREE_FILES)
    with pytest.raises(errors.EndOfData, match="left: end of data, the tape stands at file 3"):
        drive.go_to_file(4)
    assert node.at == 9
    with pytest.raises(errors.Refused):
        drive.go_to_file(-1)


def test_go_to_file_trusts_no_drive_that_miscounts():
    drive, node = drive_with(*THREE_FILES)
    real = node._fsf
    node._fsf = lambda count: real(count - 1)
    with pytest.raises(errors.DeviceError, match="stands at file 1 block 0 instead of file 2"):
        drive.go_to_file(2)


def test_staying_where_it_is_does_not_move_the_tape():
    drive, node = drive_with(*THREE_FILES)
    node.operate(lib.MTFSF, 1)
    node.calls.clear()
    drive.go_to_file(1)
    assert node.calls == []


def test_forward_files():
    drive, _node = drive_with(*THREE_FILES)
    assert drive.forward_files(2) == Position(2, 0, 5)
    assert drive.forward_files(0) == Position(2, 0, 5)
    assert drive.forward_files(1) == Position(3, 0, 9)
    with pytest.raises(errors.EndOfData):
        drive.forward_files(1)


@pytest.mark.parametrize(
    ("back", "expected"),
    [(0, Position(2, 0, 5)), (1, Position(1, 0, 3)), (2, Position(0, 0, 0)), (9, Position(0, 0, 0))],
)
def test_back_files(back, expected):
    drive, node = drive_with(*THREE_FILES)
    node.operate(lib.MTFSF, 2)
    node.operate(lib.MTFSR, 2)
    assert drive.back_files(back) == expected


def test_back_files_refuses_to_count_from_nowhere():
    drive, node = drive_with(*THREE_FILES)
    seek(node, 7)
    with pytest.raises(errors.Refused, match="does not know which file"):
        drive.back_files(1)
    assert node.at == 7


def test_file_start_also_without_a_file_number():
    drive, node = drive_with(*THREE_FILES)
    seek(node, 7)
    drive.to_file_start()
    assert node.at == 5
    seek(node, 1)
    assert drive.to_file_start() == Position(0, 0, 0)


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("fixed", [0, 512])
@pytest.mark.parametrize(
    ("objects", "supplied"),
    [
        ((X, None), False),
        ((X, None, X, X, None), False),
        ((None,), False),
        ((X, None, None), False),
        ((X,), True),
        ((X, None, X), True),
        ((X, None, Y), True),
    ],
)
def test_end_of_data_supplies_a_missing_filemark(objects, supplied, fixed, tells):
    drive, node = drive_with(*objects, tells=tells)
    node.block_bytes = fixed
    assert drive.to_end_of_data() is supplied
    assert node.tape == list(objects) + [None] * supplied
    assert node.at == len(node.tape)
    files = node.tape.count(None)
    assert drive.where()[:2] == (files, 0)


@pytest.mark.parametrize("tells", [True, False])
def test_end_of_data_of_a_blank_tape_is_its_beginning(tells):
    drive, node = drive_with(tells=tells)
    assert drive.to_end_of_data() is False
    assert node.tape == []
    assert drive.where()[:2] == (0, 0)


def test_end_of_data_on_a_protected_tape_needs_no_writing():
    drive, _node = drive_with(X, None, protected=True)
    assert drive.to_end_of_data() is False
    drive, _node = drive_with(X, protected=True)
    with pytest.raises(errors.WriteProtected):
        drive.to_end_of_data()


def test_write_filemark_is_synchronous():
    drive, node = drive_with()
    drive.write_filemark()
    assert node.calls == [(lib.MTWEOF, 1)]
    assert drive.where() == Position(1, 0, 1)


def test_prepare_checks_that_the_size_took():
    drive, node = drive_with()
    drive.prepare()
    assert node.block_bytes == 512
    drive.prepare(0)
    assert node.block_bytes == 0
    node._setblk = lambda count: None
    with pytest.raises(errors.NotSupported, match="block size 1024 was set, but the drive has 0"):
        drive.prepare(1024)


@pytest.mark.parametrize("size", [100, 512, 10240, 524288, 524289, 3_000_000, 8_388_608, 12_000_000])
@pytest.mark.parametrize("fixed", [0, 512])
def test_block_size_is_measured_and_the_tape_stays(size, fixed):
    drive, node = drive_with(X, None, b"z" * size, X, largest=1 << 24)
    node.block_bytes = fixed
    node.operate(lib.MTFSF, 1)
    assert drive.detect_block_bytes() == size
    assert drive.where() == Position(1, 0, 2)
    assert node.block_bytes == fixed


def test_a_block_beyond_the_drives_limit_is_reported():
    drive, node = drive_with(b"z" * 3_000_000, largest=1 << 20)
    with pytest.raises(errors.BlockTooLarge, match="longer than 1048576 bytes"):
        drive.detect_block_bytes()
    assert node.at == 0


@pytest.mark.parametrize(
    ("objects", "start", "expected"),
    [
        ((), 0, errors.NothingHere),
        ((X, None), 2, errors.EndOfData),
        ((X, None, None), 2, errors.NothingHere),
        ((None,), 0, errors.NothingHere),
    ],
)
def test_nothing_to_measure(objects, start, expected):
    drive, node = drive_with(*objects)
    if start:
        node.operate(lib.MTFSF, 1)
    node.block_bytes = 512
    with pytest.raises(expected):
        drive.detect_block_bytes()
    assert node.at == start
    assert node.block_bytes == 512


def test_compression_that_the_drive_has_not_got():
    drive, _node = drive_with()
    with pytest.raises(errors.NotSupported):
        drive.set_compression(True)


def test_close_error_does_not_hide_the_error_of_the_job():
    drive, node = drive_with()
    node.close = lambda: (_ for _ in ()).throw(OSError(5, ""))
    with pytest.raises(KeyError), drive:
        raise KeyError
    with pytest.raises(errors.MediumError), drive:
        pass


@pytest.fixture
def node_kind(monkeypatch):
    """Let every address resolve to what the test says; opening gives an in-memory tape."""

    def install(**facts):
        monkeypatch.setattr(
            drive_module, "resolve", lambda text: Address(text, **{"kind": "st", "path": text, **facts})
        )
        for name in ("open_tape", "open_patiently"):
            monkeypatch.setattr(drive_module, name, lambda text, **rest: LinuxSt(text, MemoryNode()))

    return install


def test_rewinding_nodes_are_refused_and_the_right_one_named(node_kind):
    node_kind(rewinds=True, no_rewind_node="/dev/nst3")
    with pytest.raises(errors.Refused, match=r"/dev/st3: .*; use /dev/nst3"):
        Drive.open("/dev/st3")
    with Drive.open("/dev/st3", status_only=True) as drive:
        assert drive.status().file_number == 0


def test_only_real_drives_have_a_lowest_speed(node_kind):
    node_kind()
    with Drive.open("/dev/nst3", name="left") as drive:
        assert (drive.has_lowest_speed, drive.name, drive.address) == (True, "left", "/dev/nst3")
    node_kind(kind="vtl drive")
    with Drive.open("vtl:x/drive0") as drive:
        assert (drive.has_lowest_speed, drive.name) == (False, "vtl:x/drive0")
