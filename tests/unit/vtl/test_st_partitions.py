# SPDX-License-Identifier: WTFPL OR MIT
"""MTMKPART and MTSETPART with st's option can-partitions (st(4))."""

from __future__ import annotations

import pytest

from pytp_native.errors import DeviceError, EndOfData, NotSupported
from pytp_native.ffi import lib
from pytp_native.transport import open_scsi
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.unit.vtl.commands import attributes, settle
from tests.unit.vtl.test_bulk import SLOT, block
from tests.unit.vtl.test_bulk import read as bulk_read
from tests.unit.vtl.test_bulk import write as bulk_write


@pytest.fixture
def library(tmp_path):
    return Library.create(tmp_path / "vtl", slots=4, cartridges=2, capacity_bytes=16 * MIB)


@pytest.fixture
def tape(tape):
    """A tape with partitions of about 13 and 3 MB, in a drive that may change them."""
    tape.operate(lib.MTSETDRVBUFFER, lib.MT_ST_SETBOOLEANS | lib.MT_ST_CAN_PARTITIONS)
    tape.operate(lib.MTMKPART, 3)
    return tape


def read(tape, room: int = 100) -> bytes:
    into = bytearray(room)
    return bytes(into[: tape.read_block(memoryview(into))])


def where(tape) -> tuple[int, int, int, int]:
    """Partition, file, block, logical block."""
    status = tape.status()
    return status.mt_resid, status.mt_fileno, status.mt_blkno, tape.position()


def test_a_new_format_stands_at_its_beginning(tape):
    assert where(tape) == (0, 0, 0, 0)
    with pytest.raises(EndOfData):
        read(tape)


def test_the_change_is_made_by_what_comes_next(tape):
    tape.write_block(b"zero")
    tape.operate(lib.MTSETPART, 1)
    assert where(tape) == (1, 0, 0, 0)
    tape.write_block(b"one")
    tape.operate(lib.MTWEOF)
    tape.operate(lib.MTSETPART, 0)
    assert where(tape) == (0, -1, -1, 1), "where it was left, but the numbers are lost"
    tape.operate(lib.MTREW)
    assert read(tape) == b"zero"
    tape.operate(lib.MTSETPART, 1)
    tape.operate(lib.MTREW)
    assert read(tape) == b"one"
    assert read(tape) == b""


def test_a_seek_goes_into_the_partition_that_was_set(tape):
    tape.operate(lib.MTSETPART, 1)
    for n in range(4):
        tape.write_block(bytes([n]))
    tape.operate(lib.MTSETPART, 0)
    tape.status()
    tape.operate(lib.MTSETPART, 1)
    tape.operate(lib.MTSEEK, 2)
    assert where(tape) == (1, -1, -1, 2)
    assert read(tape) == b"\2"
    tape.operate(lib.MTSEEK, 0)
    assert where(tape) == (1, 0, 0, 0)


def test_a_close_goes_there_too_and_the_next_opener_finds_it(tape, open_tape):
    tape.operate(lib.MTSETPART, 1)
    tape.write_block(b"one")
    tape.close()
    again = open_tape()
    assert where(again) == (1, 1, 0, 2)
    again.operate(lib.MTSETPART, 0)
    again.close()
    assert where(open_tape())[::3] == (0, 0)


@pytest.mark.parametrize("number", [2, 3, 4, -1])
def test_a_partition_that_is_not_there_is_refused(tape, number):
    with pytest.raises(NotSupported):
        tape.operate(lib.MTSETPART, number)
    assert where(tape) == (0, 0, 0, 0)


def test_partitions_go_with_the_cartridge(tape, open_tape, library):
    tape.operate(lib.MTSETPART, 1)
    tape.write_block(b"one")
    tape.close()
    library.unload(0)
    library.load(1, 1)
    other = open_tape(1)
    other.operate(lib.MTSETDRVBUFFER, lib.MT_ST_SETBOOLEANS | lib.MT_ST_CAN_PARTITIONS)
    assert where(other) == (0, 0, 0, 0)
    other.operate(lib.MTSETPART, 1)
    assert read(other) == b"one"


def test_one_partition_again_and_a_first_one_by_size(tape, library):
    scsi = open_scsi(f"vtl:{library.path}/drive0")

    def size(partition: int) -> int:
        return int.from_bytes(attributes(settle(scsi), partition=partition)[0x0001], "big")

    assert (size(0), size(1)) == (13, 2)
    tape.operate(lib.MTMKPART, -5)
    assert (size(0), size(1)) == (4, 11)
    tape.write_block(b"x")
    tape.operate(lib.MTMKPART, 0)
    assert size(0) == 16
    with pytest.raises(NotSupported):
        tape.operate(lib.MTSETPART, 1)


@pytest.mark.parametrize("megabytes", [17, -17])
def test_a_partition_larger_than_the_tape_is_not_made_though_st_does_not_notice(tape, megabytes):
    """Linux 6.1: format_medium forgets the answer of FORMAT MEDIUM; seen in the guest."""
    tape.write_block(b"still here")
    tape.operate(lib.MTMKPART, megabytes)
    tape.operate(lib.MTREW)
    assert read(tape) == b"still here"


def test_bulk_transfers_stay_in_their_partition(tape):
    bulk_write(tape, [block(1), block(2)])
    tape.operate(lib.MTSETPART, 1)
    bulk_write(tape, [block(3), block(4), block(5)])
    tape.operate(lib.MTREW)
    assert bulk_read(tape)[0] == [block(3), block(4), block(5)]
    tape.operate(lib.MTSETPART, 0)
    tape.operate(lib.MTREW)
    assert bulk_read(tape)[0] == [block(1), block(2)]
    assert SLOT * 2 < 13_000_000


def test_a_write_once_cartridge_is_not_partitioned(library, open_tape):
    library.add("ARC001LZ", slot=4)
    library.load(4, 1)
    tape = open_tape(1)
    tape.operate(lib.MTSETDRVBUFFER, lib.MT_ST_SETBOOLEANS | lib.MT_ST_CAN_PARTITIONS)
    tape.operate(lib.MTMKPART, 1)  # st does not notice, and goes where nothing is
    tape.operate(lib.MTSETPART, 1)
    with pytest.raises(DeviceError):
        tape.operate(lib.MTREW)


def test_a_seek_that_failed_at_the_beginning_tells_st_where_it_is(tape):
    """With can-partitions st asks for the position then, and learns its numbers (find_partition, st.c)."""
    tape.operate(lib.MTREW)
    tape.operate(lib.MTERASE, 0)
    with pytest.raises(EndOfData):
        tape.operate(lib.MTSEEK, 5)
    assert (tape.status().file_number, tape.status().block_number) == (0, 0)


def test_the_density_is_known_after_partitions_that_could_not_be_made(tape):
    known = tape.status().density_code
    tape.operate(lib.MTMKPART, 17)
    assert tape.status().density_code == known != 0


def test_a_write_once_cartridge_through_st(library, open_tape):
    library.add("ARC001LZ", slot=4)
    library.load(4, 1)
    tape = open_tape(1)
    tape.write_block(b"first")
    tape.close()
    tape = open_tape(1)
    tape.operate(lib.MTREW)
    with pytest.raises(DeviceError):
        tape.write_block(b"over it")
    tape.operate(lib.MTEOM)
    tape.write_block(b"second")
    tape.close()
    tape = open_tape(1, write=False)
    tape.operate(lib.MTREW)
    assert read(tape) == b"first"
    tape.operate(lib.MTFSF)
    assert read(tape) == b"second"
