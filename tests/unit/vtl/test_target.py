# SPDX-License-Identifier: WTFPL OR MIT
"""The drive's SCSI door byte by byte (SPC-5, SSC-5)."""

from __future__ import annotations

import pytest

from pytp_native.ffi import lib
from pytp_native.transport.virtual_scsi import open_virtual_scsi

READY = bytes(6)
LOAD, UNLOAD = bytes([0x1B, 0, 0, 0, 1, 0]), bytes([0x1B, 0, 0, 0, 0, 0])


def sense_of(reply) -> tuple[int, int]:
    """Key and ASC << 8 | ASCQ."""
    assert reply.status == 2
    return reply.sense[2] & 0xF, int.from_bytes(reply.sense[12:14], "big")


def test_a_new_cartridge_is_announced_once(scsi):
    assert sense_of(scsi.execute(READY)) == (6, 0x2800)
    assert scsi.execute(READY).status == 0


def test_inquiry_and_request_sense_do_not_wait_for_attention(scsi):
    inquiry = scsi.execute(bytes([0x12, 0, 0, 0, 96, 0]), data_in_bytes=96)
    assert inquiry.data[:8] == bytes.fromhex("01 80 05 02 1f 00 00 00")
    assert inquiry.data[8:36] == b"PYTP    VIRTUAL ULTRIUM90100"
    assert inquiry.residual == 60
    told = scsi.execute(bytes([3, 0, 0, 0, 18, 0]), data_in_bytes=18).data
    assert (told[0], told[2], told[12:14]) == (0x70, 6, b"\x28\x00")
    assert scsi.execute(READY).status == 0


def test_what_st_was_told_is_not_told_again(open_tape, scsi):
    open_tape()
    assert scsi.execute(READY).status == 0


def test_what_sg_was_told_st_still_finds_out(library, open_tape, scsi):
    scsi.execute(READY)
    assert open_tape().status().mt_gstat == 0x41010000


def test_the_serial_number_is_the_drives_own(library, scsi):
    pages = scsi.execute(bytes([0x12, 1, 0, 0, 96, 0]), data_in_bytes=96).data
    assert pages == bytes([1, 0, 0, 9, 0x00, 0x80, 0x83, 0x86, 0xB0, 0xB1, 0xB2, 0xB3, 0xB4])
    serial = library.describe().drives[0].serial
    page = scsi.execute(bytes([0x12, 1, 0x80, 0, 96, 0]), data_in_bytes=96).data
    assert page == bytes([1, 0x80, 0, len(serial)]) + serial.encode()
    page = scsi.execute(bytes([0x12, 1, 0x83, 0, 96, 0]), data_in_bytes=96).data
    assert page[4:8] == bytes([2, 1, 0, 24 + len(serial)])
    assert page.endswith(serial.encode())


@pytest.mark.parametrize(
    "cdb", [bytes([0x12, 1, 0x77, 0, 96, 0]), bytes([0x12, 0, 0x80, 0, 96, 0]), bytes([0x05, 1, 0, 0, 0, 0]), b"\x12"]
)
def test_a_field_that_cannot_be_is_refused(scsi, cdb):
    scsi.execute(READY)
    assert sense_of(scsi.execute(cdb, data_in_bytes=96)) == (5, 0x2400)


def test_an_unknown_command_is_refused(scsi):
    scsi.execute(READY)
    assert sense_of(scsi.execute(bytes([0xC5]) + bytes(11))) == (5, 0x2000)


def test_the_allocation_length_cuts_the_answer(scsi):
    reply = scsi.execute(bytes([0x12, 0, 0, 0, 8, 0]), data_in_bytes=96)
    assert (len(reply.data), reply.residual) == (8, 88)


def test_block_limits_are_a_byte_and_eight_mebibytes(scsi):
    scsi.execute(READY)
    assert scsi.execute(bytes([5, 0, 0, 0, 0, 0]), data_in_bytes=6).data == bytes.fromhex("00 800000 0001")


def test_the_position_beside_a_user_of_the_tape(open_tape, scsi):
    tape = open_tape()
    for _ in range(3):
        tape.write_block(b"x" * 100)
    tape.operate(lib.MTWEOF)
    tape.write_block(b"x" * 100)
    short = scsi.execute(bytes([0x34]) + bytes(9), data_in_bytes=20).data
    assert short == bytes.fromhex("00000000 00000005 00000004 00000001 00000064"), "the last block is in the buffer"
    long = scsi.execute(bytes([0x34, 6]) + bytes(8), data_in_bytes=32).data
    assert long == bytes.fromhex("00000000 00000000 0000000000000005 0000000000000001 0000000000000000")
    extended = scsi.execute(bytes([0x34, 8, 0, 0, 0, 0, 0, 0, 32, 0]), data_in_bytes=32).data
    assert extended == bytes.fromhex("0000001c 00000001 0000000000000005 0000000000000004 0000000000000064")


def test_a_form_of_the_position_that_is_none_is_refused(scsi):
    scsi.execute(READY)
    assert sense_of(scsi.execute(bytes([0x34, 5]) + bytes(8), data_in_bytes=20)) == (5, 0x2400)


def test_unload_and_load(library, scsi, open_tape):
    scsi.execute(READY)
    assert scsi.execute(UNLOAD).status == 0
    assert sense_of(scsi.execute(READY)) == (2, 0x3A00)
    assert sense_of(scsi.execute(bytes([0x34]) + bytes(9), data_in_bytes=20)) == (2, 0x3A00)
    assert library.describe().drives[0].ready is False
    assert scsi.execute(LOAD).status == 0
    assert sense_of(scsi.execute(READY)) == (6, 0x2800)
    assert open_tape().position() == 0


def test_an_empty_drive_has_nothing_to_load(library):
    scsi = open_virtual_scsi(str(library.path), 1)
    assert sense_of(scsi.execute(LOAD)) == (2, 0x3A00)
    assert sense_of(scsi.execute(UNLOAD)) == (2, 0x3A00)
    told = scsi.execute(bytes([3, 0, 0, 0, 18, 0]), data_in_bytes=18).data
    assert (told[2], told[12]) == (2, 0x3A)


def test_moving_the_medium_under_a_user_is_busy(open_tape, scsi):
    open_tape()
    assert scsi.execute(UNLOAD).status == 0x08


def test_a_locked_drive_does_not_unload(open_tape, scsi):
    tape = open_tape()
    tape.operate(lib.MTLOCK)
    tape.close()
    assert sense_of(scsi.execute(UNLOAD)) == (5, 0x5302)


def test_a_closed_door_answers_nothing(scsi):
    scsi.close()
    with pytest.raises(Exception, match="closed"):
        scsi.execute(READY)
