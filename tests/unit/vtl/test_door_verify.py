# SPDX-License-Identifier: WTFPL OR MIT
"""VERIFY, LOG SELECT, buffers and the other commands that only ask, through the drive's SCSI door."""

from __future__ import annotations

import time

import pytest

from pytp_native.scsi import diagnostic, encryption, executor, spc, ssc, supported_commands, vpd
from pytp_native.scsi.elements import parse_element_status
from pytp_native.spec import opcodes
from pytp_native.transport import open_scsi
from pytp_native.vtl.target import _COMMANDS
from tests.unit.vtl.commands import (
    good,
    information,
    log,
    marks,
    mode_select,
    parameters,
    position,
    read,
    rewind,
    sense_of,
    settle,
    write,
)


@pytest.fixture
def drive(scsi):
    settle(scsi)
    for letter in b"abc":
        good(write(scsi, bytes([letter]) * 1000))
    good(marks(scsi, 1))
    good(write(scsi, b"d" * 1000))
    good(rewind(scsi))
    return scsi


def verify(scsi, length: int, flags: int = 0, data: bytes = b""):
    return scsi.execute(bytes([0x13, flags]) + length.to_bytes(3, "big") + b"\0", data_out=data)


def test_a_block_of_this_length(drive):
    good(verify(drive, 1000))
    assert position(drive) == (0, 1)
    assert verify(drive, 0).status == 0
    assert position(drive) == (0, 1)


def test_a_block_of_another_length_is_told_as_read_tells_it(drive):
    asked = verify(drive, 1500)
    good(rewind(drive))
    assert (sense_of(asked), information(asked)) == (sense_of(read(drive, 1500)), 500)


def test_fixed_blocks_up_to_a_filemark(drive):
    assert sense_of(verify(drive, 4, 0x01)) == (5, 0x2400)
    good(mode_select(drive, bytes([0, 0, 0x10, 8, 0, 0, 0, 0, 0]) + (1000).to_bytes(3, "big")))
    good(verify(drive, 2, 0x01))
    reply = verify(drive, 4, 0x01)
    assert (sense_of(reply), information(reply), reply.sense[2] & 0x80) == ((0, 0x0001), 3, 0x80)


def test_everything_to_the_end_of_data(drive):
    good(verify(drive, 0, 0x20))
    assert position(drive) == (0, 5)


def test_so_many_tape_files(drive):
    good(verify(drive, 1, 0x08))
    assert position(drive) == (0, 4)
    reply = verify(drive, 2, 0x08)
    assert (sense_of(reply), information(reply)) == ((8, 0x0005), 2)


def test_two_tape_files(drive):
    good(verify(drive, 0, 0x20))
    good(marks(drive, 1))
    good(write(drive, b"e"))
    good(rewind(drive))
    good(verify(drive, 2, 0x08))
    assert position(drive) == (0, 6)


def test_a_bad_block_ends_it_and_is_passed(drive, library):
    library.add_fault(0, "read 1: medium error")
    assert sense_of(verify(drive, 0, 0x20)) == (3, 0x1100)
    assert position(drive) == (0, 2)


def test_bytes_are_compared_when_asked(drive):
    good(verify(drive, 1000, 0x02, b"a" * 1000))
    assert sense_of(verify(drive, 1000, 0x02, b"b" * 999 + b"x")) == (0xE, 0x1D00)
    assert sense_of(verify(drive, 1000, 0x02, b"c")) == (5, 0x2400)


@pytest.mark.parametrize("flags", [0x10, 0x21, 0x22, 0x0A])
def test_what_verify_does_not_do(drive, flags):
    assert sense_of(verify(drive, 1, flags)) == (5, 0x2400)


def test_an_empty_drive_verifies_nothing(drive):
    good(drive.execute(bytes((0x1B, 0, 0, 0, 0, 0))))
    assert sense_of(verify(drive, 0, 0x20)) == (2, 0x3A00)


# -- LOG SELECT --------------------------------------------------------------------------------------------------------


def test_counters_of_the_load_are_set_back_and_those_of_lives_are_not(drive):
    before = [parameters(log(drive, 0x17))[code] for code in (0x0002, 0x0007)]
    assert [int.from_bytes(one, "big") for one in before] == [1, 0]
    assert int.from_bytes(parameters(log(drive, 0x0C))[0], "big") == 4000
    executor.run(drive, spc.log_select(reset=True, page=0x0C))
    assert int.from_bytes(parameters(log(drive, 0x0C))[0], "big") == 0
    assert [parameters(log(drive, 0x17))[code] for code in (0x0002, 0x0007)] == before
    good(write(drive, b"x" * 500))
    assert int.from_bytes(parameters(log(drive, 0x0C))[0], "big") == 500


@pytest.mark.parametrize(
    ("cdb", "data", "code"),
    [
        ("4c 02 57 00 00 00 00 00 00 00", b"", 0x2400),
        ("4c 03 40 00 00 00 00 00 00 00", b"", 0x2400),
        ("4c 02 40 00 00 00 00 00 04 00", b"\x02\0\0\0", 0x1A00),
        ("4c 00 40 00 00 00 00 00 04 00", b"\x02\0\0\0", 0x2600),
    ],
)
def test_what_log_select_refuses(drive, cdb, data, code):
    assert sense_of(drive.execute(bytes.fromhex(cdb), data_out=data)) == (5, code)


def test_log_select_of_nothing_changes_nothing(drive):
    good(drive.execute(bytes.fromhex("4c 00 40 00 00 00 00 00 00 00")))
    assert int.from_bytes(parameters(log(drive, 0x0C))[0], "big") == 4000


# -- what only asks ----------------------------------------------------------------------------------------------------


def test_the_clock(drive):
    told = executor.run(drive, diagnostic.report_timestamp())
    assert told.origin == diagnostic.SET_OTHERWISE
    assert abs(told.milliseconds / 1000 - time.time()) < 60


def test_a_dump_in_pieces(drive):
    size = executor.run(drive, diagnostic.read_buffer_size(1)).capacity
    whole = executor.run(drive, diagnostic.read_buffer(2, 1, length=size))
    assert len(whole) == size
    assert whole.startswith(b'{"serial": "PYTP')
    assert executor.run(drive, diagnostic.read_buffer(2, 1, offset=size - 3, length=100)) == whole[-3:]
    assert sense_of(drive.execute(bytes.fromhex("3c 02 77 00 00 00 00 00 10 00"), data_in_bytes=16)) == (5, 0x2400)


def test_the_cartridges_memory_as_an_image(drive):
    assert b'"serial"' in executor.run(drive, diagnostic.read_buffer(2, 0x10, length=65536))


def test_diagnostic_pages_and_protocols(drive):
    assert executor.run(drive, diagnostic.receive_diagnostic_results(0)) == (0, b"\0")
    assert executor.run(drive, encryption.supported_protocols()) == (0, 0x20)


def test_the_drive_knows_its_library_and_its_element(drive, library):
    changer = open_scsi(f"vtl:{library.path}/changer")
    cdb = bytes.fromhex("b8 04 00 00 ff ff 02 00 ff ff 00 00")
    elements = parse_element_status(settle(changer).execute(cdb, data_in_bytes=0xFFFF).data).elements
    assert executor.run(drive, vpd.element_address()) == elements[0].address
    assert executor.run(drive, vpd.automation_serial()) == executor.run(changer, spc.unit_serial())
    assert executor.run(drive, vpd.extended_inquiry()).self_test_minutes == 30
    assert executor.run(drive, ssc.read_block_limits()).least == 1


def test_every_command_that_it_has_is_in_its_list(drive):
    told = executor.run(drive, supported_commands.report_supported_operation_codes())
    assert {command.opcode for command in told} == set(_COMMANDS)
    assert all(command.recommended_s for command in told)
    actions = {command.service_action for command in told if command.opcode == opcodes.MAINTENANCE_IN}
    assert actions == {opcodes.REPORT_SUPPORTED_OPERATION_CODES, opcodes.REPORT_TIMESTAMP}
    for action, there in ((opcodes.REPORT_TIMESTAMP, True), (0x05, False)):
        one = executor.run(drive, supported_commands.report_supported_operation_code(opcodes.MAINTENANCE_IN, action))
        assert one.supported is there
