# SPDX-License-Identifier: WTFPL OR MIT
"""Drive on the virtual library: the same promises on a device that keeps its state in files."""

from __future__ import annotations

import pytest

from pytp_native import errors, mtio
from pytp_native.devices.drive import Drive
from pytp_native.transport import open_tape
from pytp_native.transport.records import Position
from pytp_native.units import MIB
from pytp_native.vtl.library import Library

X = b"x" * 10240
THREE_FILES = (X, X, None, X, None, X, X, X, None)


@pytest.fixture
def address(tmp_path):
    Library.create(tmp_path / "vtl", drives=1, slots=1, cartridges=1, capacity_bytes=64 * MIB)
    return f"vtl:{tmp_path}/vtl/drive0"


@pytest.fixture
def drive_with(address):
    """Write blocks and filemarks (None) to a new cartridge and open the drive at its beginning.

    The last thing written stays as it is: `sync` makes the driver forget to add a filemark at close.
    """
    opened = []

    def write(*objects):
        tape = open_tape(address, write=True)
        mtio.set_block_bytes(tape, 0)
        for thing in objects:
            mtio.write_filemarks(tape) if thing is None else tape.write_block(thing)
        tape.sync()
        tape.close()
        drive = Drive.open(address, write=True, block_bytes=10240)
        opened.append(drive)
        drive.rewind()
        return drive

    yield write
    for drive in opened:
        drive.close()


@pytest.mark.parametrize("start", [1, 9])
def test_go_to_file_from_anywhere(drive_with, start):
    drive = drive_with(*THREE_FILES)
    places = {0: 0, 1: 3, 2: 5, 3: 9}
    for number, logical in places.items():
        mtio.seek(drive.tape, start)
        assert drive.go_to_file(number) == Position(number, 0, logical)
        for there in places:
            drive.go_to_file(there)
            assert drive.go_to_file(number) == Position(number, 0, logical)


def test_go_to_file_that_is_not_there(drive_with):
    drive = drive_with(*THREE_FILES)
    with pytest.raises(errors.EndOfData, match="file 3"):
        drive.go_to_file(7)
    assert drive.where().logical_block == 9


@pytest.mark.parametrize(("back", "expected"), [(0, (2, 0, 5)), (1, (1, 0, 3)), (2, (0, 0, 0)), (5, (0, 0, 0))])
def test_back_files(drive_with, back, expected):
    drive = drive_with(*THREE_FILES)
    drive.forward_files(2)
    mtio.forward_records(drive.tape, 2)
    assert drive.back_files(back)[:3] == expected


def test_back_files_refuses_to_count_from_nowhere(drive_with):
    drive = drive_with(*THREE_FILES)
    mtio.seek(drive.tape, 7)
    with pytest.raises(errors.Refused):
        drive.back_files(1)
    assert drive.where().logical_block == 7
    drive.to_file_start()
    assert drive.where().logical_block == 5


@pytest.mark.parametrize("fixed", [0, 10240, 20480])
@pytest.mark.parametrize(
    ("objects", "supplied", "files"),
    [((), False, 0), ((X, None), False, 1), ((None,), False, 1), ((X,), True, 1), ((X, None, X), True, 2)],
)
def test_end_of_data_supplies_a_missing_filemark(drive_with, objects, supplied, files, fixed):
    drive = drive_with(*objects)
    drive.prepare(fixed)
    assert drive.to_end_of_data() is supplied
    assert drive.where() == Position(files, 0, len(objects) + supplied)
    assert drive.to_end_of_data() is False
    assert drive.where() == Position(files, 0, len(objects) + supplied)


@pytest.mark.parametrize("size", [512, 10240, 524288, 524289, 3_000_000])
@pytest.mark.parametrize("fixed", [0, 10240])
def test_block_size_is_measured_and_the_tape_stays(drive_with, size, fixed):
    drive = drive_with(X, None, bytes(size), None)
    drive.prepare(fixed)
    drive.forward_files(1)
    assert drive.detect_block_bytes() == size
    assert drive.where() == Position(1, 0, 2)
    assert drive.status().block_bytes == fixed


@pytest.mark.parametrize(("objects", "files"), [((), 0), ((X, None), 1), ((X, None, None), 1)])
def test_nothing_to_measure(drive_with, objects, files):
    drive = drive_with(*objects)
    drive.forward_files(files)
    with pytest.raises(errors.NothingHere):
        drive.detect_block_bytes()
    assert drive.where().logical_block == 2 * files


def test_an_open_drive_is_busy_and_names_its_holder(drive_with, address):
    drive_with()
    with pytest.raises(errors.DeviceBusy, match="in use by"):
        Drive.open(address)


def test_trace_of_a_job_replays(drive_with, address, tmp_path):
    drive_with(*THREE_FILES).close()

    def job(drive):
        with drive:
            drive.prepare(0)
            drive.rewind()
            seen = [drive.forward_files(1), drive.detect_block_bytes(), drive.to_end_of_data(), drive.where()]
            return [*seen, drive.has_lowest_speed]

    seen = job(Drive.open(f"trace:{tmp_path}/t:{address}", write=True))
    assert seen == [Position(1, 0, 3), 10240, False, Position(3, 0, 9), False]
    assert job(Drive.open(f"replay:{tmp_path}/t")) == seen
