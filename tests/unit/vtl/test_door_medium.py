# SPDX-License-Identifier: WTFPL OR MIT
"""Data and motion through the drive's SCSI door, byte by byte (SSC-5), on the medium that st has too."""

from __future__ import annotations

import pytest

from pytp_native.ffi import lib
from pytp_native.transport import open_scsi
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from pytp_native.vtl.target import VirtualTarget
from tests.unit.vtl.commands import (
    good,
    information,
    locate,
    marks,
    mode,
    mode_select,
    position,
    read,
    rewind,
    sense_of,
    settle,
    space,
    write,
)


@pytest.fixture
def drive(scsi):
    return settle(scsi)


def set_block(drive, size: int) -> None:
    good(mode_select(drive, bytes([0, 0, 0x10, 8, 0, 0, 0, 0, 0]) + size.to_bytes(3, "big")))


def test_what_scsi_writes_st_reads(drive, open_tape):
    good(write(drive, b"a" * 700))
    good(write(drive, b"b" * 300))
    good(marks(drive, 1))
    good(rewind(drive))
    tape, into = open_tape(), bytearray(1000)
    assert tape.read_block(memoryview(into)) == 700
    tape.operate(lib.MTFSF)
    assert tape.position() == 3


def test_what_st_writes_scsi_reads(drive, open_tape):
    tape = open_tape()
    tape.write_block(b"x" * 512)
    tape.close()
    good(rewind(drive))
    assert good(read(drive, 512)) == b"x" * 512
    assert sense_of(read(drive, 512)) == (0, 0x0001), "the filemark of the close"
    assert sense_of(read(drive, 512)) == (8, 0x0005)
    assert position(drive) == (0, 2)


def test_a_short_block_comes_with_its_residual_and_a_long_one_is_cut(drive):
    good(write(drive, bytes(range(100))))
    good(write(drive, bytes(range(100))))
    good(rewind(drive))
    short = read(drive, 150)
    assert (sense_of(short), short.sense[2], information(short)) == ((0, 0), 0x20, 50)
    assert (short.data, short.residual) == (bytes(range(100)), 50)
    long = read(drive, 40)
    assert (sense_of(long), long.sense[2], information(long)) == ((0, 0), 0x20, -60)
    assert long.data == bytes(range(40))
    assert position(drive) == (0, 2)


def test_sili_keeps_quiet_about_lengths(drive):
    good(write(drive, b"x" * 100))
    good(write(drive, b"y" * 100))
    good(rewind(drive))
    assert read(drive, 150, silent=True).residual == 50
    assert good(read(drive, 40, silent=True)) == b"y" * 40
    set_block(drive, 512)
    good(rewind(drive))
    assert sense_of(read(drive, 40, silent=True)) == (0, 0), "a block length is set: too long is told"


def test_fixed_blocks(drive):
    set_block(drive, 100)
    good(write(drive, b"abc" * 100, fixed=100))
    good(marks(drive, 1))
    good(rewind(drive))
    assert good(read(drive, 2, fixed=100)) == (b"abc" * 100)[:200]
    rest = read(drive, 3, fixed=100)
    assert (sense_of(rest), rest.sense[2], information(rest)) == ((0, 0x0001), 0x80, 2)
    assert (len(rest.data), rest.residual) == (100, 200)
    assert position(drive) == (0, 4)


@pytest.mark.parametrize(
    "cdb",
    [
        bytes([0x08, 1, 0, 0, 1, 0]),
        bytes([0x0A, 1, 0, 0, 1, 0]),
        bytes([0x08, 3, 0, 0, 1, 0]),
        bytes([0x10, 2, 0, 0, 1, 0]),
        bytes([0x11, 2, 0, 0, 1, 0]),
        bytes([0x0A, 0, 0, 0, 9, 0]),
        bytes([0x92, 0x10]) + bytes(14),
    ],
    ids=["fixed read", "fixed write", "sili with fixed", "setmarks", "sequential", "no data", "locate type 2"],
)
def test_what_cannot_be_is_an_invalid_field(drive, cdb):
    assert sense_of(drive.execute(cdb)) == (5, 0x2400)


def test_nothing_asked_is_nothing_done(drive):
    good(write(drive, b""))
    good(read(drive, 0))
    assert position(drive) == (0, 0)


def three_files(drive) -> None:
    for size in (1, 2, 3):
        for _ in range(size):
            good(write(drive, b"x" * 10))
        good(marks(drive, 1))
    good(rewind(drive))


def test_space_over_blocks_and_filemarks(drive):
    three_files(drive)
    good(space(drive, 1, 2))
    assert position(drive) == (0, 5)
    good(space(drive, 0, 3))
    hit = space(drive, 0, 1)
    assert (sense_of(hit), hit.sense[2], information(hit)) == ((0, 0x0001), 0x80, 1)
    end = space(drive, 1, 1)
    assert (sense_of(end), information(end)) == ((8, 0x0005), 1)
    good(space(drive, 1, -2))
    assert position(drive) == (0, 4)
    front = space(drive, 1, -9)
    assert (sense_of(front), front.sense[2], information(front)) == ((0, 0x0004), 0x40, 8)
    good(space(drive, 3, 0))
    assert position(drive) == (0, 9)
    sixteen = bytes([0x91, 1, 0, 0]) + (-3).to_bytes(8, "big", signed=True) + bytes(4)
    good(drive.execute(sixteen))
    assert position(drive) == (0, 1)


def test_locate_to_a_block_a_file_and_the_end(drive):
    three_files(drive)
    good(locate(drive, 4))
    assert position(drive) == (0, 4)
    assert sense_of(locate(drive, 100)) == (8, 0x0005)
    assert position(drive) == (0, 9)

    def locate_16(kind: int, goal: int):
        return drive.execute(bytes([0x92, kind << 3, 0, 0]) + goal.to_bytes(8, "big") + bytes(4))

    good(locate_16(0, 1))
    assert position(drive) == (0, 1)
    good(locate_16(1, 2))
    assert position(drive) == (0, 5), "the first block of file 2"
    good(locate_16(3, 0))
    assert position(drive) == (0, 9)
    assert sense_of(locate(drive, 0, partition=1)) == (5, 0x2400)


def test_erase_makes_the_end_here(drive):
    three_files(drive)
    good(locate(drive, 2))
    good(drive.execute(bytes([0x19, 1, 0, 0, 0, 0])))
    good(space(drive, 3, 0))
    assert position(drive) == (0, 2)


def test_early_warning_and_the_end(drive, library):
    size = MIB // 2
    while (reply := write(drive, bytes(size))).status == 0:
        pass
    assert (sense_of(reply), reply.sense[2] & 0x40, information(reply)) == ((0, 0x0002), 0x40, 0)
    while sense_of(reply) == (0, 0x0002):
        reply = write(drive, bytes(size))
    assert (sense_of(reply), information(reply)) == ((0xD, 0x0002), size)
    assert sense_of(marks(drive, 1)) == (0, 0x0002)


def test_programmed_early_warning_comes_once_where_its_zone_begins(drive, library):
    page = bytes([0x50, 0x01, 0, 28, 0, 0, 0, 1]) + bytes(24)
    good(mode_select(drive, bytes([0, 0, 0x10, 0]) + page))
    assert good(mode(drive, 0x10, subpage=1))[4:12] == page[:8]
    told, size = [], MIB // 4
    for _ in range(40):
        reply = write(drive, bytes(size))
        told.append(sense_of(reply) if reply.status else None)
        beyond = good(drive.execute(bytes([0x34]) + bytes(9), data_in_bytes=20))[0] & 1
        assert beyond == any(told), "BPEW"
        if reply.status:
            assert (reply.sense[2] & 0x40, information(reply)) == (0x40, 0)
        if told[-1] == (0, 0x0002):
            break
    early = told.index((0, 0x0007))
    assert told == [None] * early + [(0, 0x0007)] + [None] * (len(told) - early - 2) + [(0, 0x0002)]
    assert (len(told) - 1 - early) * size >= 10**6 - size
    good(rewind(drive))
    assert good(drive.execute(bytes([0x34]) + bytes(9), data_in_bytes=20))[0] & 1 == 0


def test_a_page_with_append_only_mode_is_refused(drive):
    page = bytes([0x50, 0x01, 0, 28, 0, 0x10, 0, 1]) + bytes(24)
    assert sense_of(mode_select(drive, bytes([0, 0, 0x10, 0]) + page)) == (5, 0x2600)


@pytest.mark.parametrize("opcode", [0x01, 0x08, 0x0A, 0x10, 0x11, 0x19, 0x1B, 0x2B, 0x04])
def test_a_tape_in_use_is_busy(drive, open_tape, opcode):
    open_tape()
    assert drive.execute(bytes([opcode, 0, 0, 0, 1, 0, 0, 0, 0, 0])[: 10 if opcode == 0x2B else 6]).status == 0x08


def test_a_locked_drive_says_so_until_it_is_unlocked(drive):
    good(drive.execute(bytes([0x1E, 0, 0, 0, 1, 0])))
    assert sense_of(drive.execute(bytes([0x1B, 0, 0, 0, 0, 0]))) == (5, 0x5302)
    good(drive.execute(bytes([0x1E, 0, 0, 0, 0, 0])))
    good(drive.execute(bytes([0x1B, 0, 0, 0, 0, 0])))


@pytest.mark.parametrize("opcode", [0x01, 0x08, 0x0A, 0x10, 0x11, 0x19, 0x2B, 0x34, 0x04])
def test_an_empty_drive_has_no_medium(library, opcode):
    empty = open_scsi(f"vtl:{library.path}/drive1")
    cdb = bytes([opcode, 0, 0, 0, 1, 0, 0, 0, 0, 0])[: 10 if opcode in (0x2B, 0x34) else 6]
    assert sense_of(empty.execute(cdb, data_out=b"x" if opcode == 0x0A else b"")) == (2, 0x3A00)


def test_a_bad_block_is_a_medium_error(drive, library):
    good(write(drive, b"x" * 10))
    good(write(drive, b"x" * 10))
    good(rewind(drive))
    library.add_fault(0, "read 1: medium error")
    good(read(drive, 10))
    assert sense_of(read(drive, 10)) == (3, 0x1100)
    library.add_fault(0, "write 2: medium error")
    assert sense_of(write(drive, b"x" * 10)) == (3, 0x0C00)


def test_a_protected_cartridge_is_not_written(drive, library):
    library.protect("PYT001L9", True)
    for reply in (write(drive, b"x"), marks(drive, 1), drive.execute(bytes([0x19, 0, 0, 0, 0, 0]))):
        assert sense_of(reply) == (7, 0x2700)


def test_a_write_once_cartridge_is_only_added_to(tmp_path):
    library = Library.create(tmp_path / "vtl", cartridges=0, capacity_bytes=4 * MIB)
    library.add("ARC001LZ", slot=1)
    library.load(1, 0)
    drive = settle(open_scsi(f"vtl:{library.path}/drive0"))
    for _ in range(2):
        good(write(drive, b"x" * 10))
        good(marks(drive, 1))
    good(marks(drive, 1))
    for at in (0, 1, 2):
        good(locate(drive, at))
        assert sense_of(write(drive, b"y")) == (7, 0x300C)
        assert sense_of(drive.execute(bytes([0x19, 0, 0, 0, 0, 0]))) == (7, 0x300C)
    good(rewind(drive))
    assert sense_of(drive.execute(bytes([0x04, 0, 0, 0, 0, 0]))) == (5, 0x3006)
    good(locate(drive, 4))
    good(write(drive, b"z" * 20))
    assert position(drive) == (0, 5), "filemarks at the end but the first may be written over"
    good(rewind(drive))
    assert good(read(drive, 10)) == b"x" * 10


def test_the_first_filemark_of_a_write_once_cartridge_stays(tmp_path):
    library = Library.create(tmp_path / "vtl", cartridges=0, capacity_bytes=4 * MIB)
    library.add("ARC001LZ", slot=1)
    library.load(1, 0)
    drive = settle(open_scsi(f"vtl:{library.path}/drive0"))
    good(marks(drive, 2))
    good(locate(drive, 0))
    assert sense_of(write(drive, b"y")) == (7, 0x300C)
    good(locate(drive, 1))
    good(write(drive, b"y"))


def test_a_held_drive_is_quick_and_lets_go_when_unloaded(library, open_tape):
    target = VirtualTarget(str(library.path), 0, hold=True)
    target.execute(bytes(6))
    assert target.execute(bytes([0x0A, 0, 0, 0, 3, 0]), b"abc").status == 0
    with pytest.raises(Exception, match="in use"):
        open_tape()
    assert target.execute(bytes([0x1B, 0, 0, 0, 0, 0])).status == 0
    assert library.unload(0) == 1
    library.load(1, 0)
    assert sense_of(target.execute(bytes(6))) == (6, 0x2800)
    assert target.execute(bytes([0x08, 0, 0, 0, 3, 0])).data == b"abc"
    target.release()
    assert open_tape().position() == 1
    target.close()
