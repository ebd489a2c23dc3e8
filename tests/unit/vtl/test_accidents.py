# SPDX-License-Identifier: WTFPL OR MIT
"""Power cuts, deferred errors, resets and strangers, as a virtual drive acts them out."""

from __future__ import annotations

import os
import signal

import pytest

from pytp_native import mtio
from pytp_native.errors import DeviceError, MediumError
from pytp_native.ffi import lib
from pytp_native.transport.virtual import open_virtual_tape

BLOCK = bytes(range(100)) * 10
EXTENDED = bytes([0x34, 8, 0, 0, 0, 0, 0, 0, 32, 0])


def put(tape, count: int) -> None:
    for number in range(count):
        tape.write_block(number.to_bytes(4, "big") + BLOCK)


def count(tape) -> int:
    mtio.rewind(tape)
    mtio.end_of_data(tape)
    return tape.position()


def waiting(scsi) -> tuple[int, int, int]:
    """First object not on the medium, objects and bytes in the buffer."""
    data = scsi.execute(EXTENDED, data_in_bytes=32).data
    return int.from_bytes(data[16:24], "big"), int.from_bytes(data[5:8], "big"), int.from_bytes(data[24:32], "big")


def test_a_power_cut_takes_what_is_in_the_buffer_and_rewinds(library, open_tape):
    library.add_fault(0, "power cut at 5")
    tape = open_tape()
    put(tape, 3)
    tape.sync()
    with pytest.raises(DeviceError):
        put(tape, 5)
    assert tape.position() == 0, "the drive has loaded its cartridge again"
    mtio.end_of_data(tape)
    assert tape.position() == 3
    assert library.faults(0) == ()


def test_a_close_behind_a_power_cut_writes_its_filemark_where_the_tape_stands(library, open_tape):
    """As the kernel's: who does not look where the tape is loses all of it."""
    library.add_fault(0, "power cut at 3")
    tape = open_tape()
    put(tape, 2)
    tape.sync()
    with pytest.raises(DeviceError):
        put(tape, 2)
    tape.close()
    assert count(open_tape()) == 1


def test_flushed_blocks_survive_and_a_full_buffer_writes_on_by_itself(library, open_tape, scsi):
    library.add_fault(0, "buffer 3K")
    tape = open_tape()
    put(tape, 1)
    assert waiting(scsi) == (0, 1, 1004)
    put(tape, 5)
    assert waiting(scsi) == (3, 3, 3012)
    tape.sync()
    assert waiting(scsi) == (6, 0, 0)


@pytest.mark.parametrize("command", ["MTREW", "MTBSR", "MTWEOF"])
def test_what_moves_the_tape_flushes_first(open_tape, scsi, command):
    tape = open_tape()
    put(tape, 4)
    tape.operate(getattr(lib, command), 1)
    assert waiting(scsi)[1:] == (0, 0)
    assert count(tape) >= 4


def test_a_filemark_without_waiting_stays_in_the_buffer(open_tape, scsi):
    tape = open_tape()
    put(tape, 1)
    tape.operate(lib.MTWEOFI, 1)
    assert waiting(scsi) == (0, 2, 1004)


def test_a_blackout_kills_who_writes_and_leaves_what_was_on_the_medium(library):
    library.add_fault(0, "buffer 2K")
    library.add_fault(0, "blackout at 7")
    child = os.fork()
    if child == 0:
        put(open_virtual_tape(str(library.path), 0, write=True), 20)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    tape = open_virtual_tape(str(library.path), 0, write=True)
    assert (tape.status().mt_fileno, tape.position()) == (0, 0)
    assert count(tape) == 5, "nobody was left to write a filemark, and two blocks fitted into the buffer"
    tape.close()


def test_a_deferred_error_is_told_later_and_takes_all_from_the_bad_block_on(library, open_tape):
    library.add_fault(0, "write 4: deferred error after 3")
    tape = open_tape()
    put(tape, 7)
    with pytest.raises(MediumError):
        put(tape, 1)
    assert tape.position() == 4
    with pytest.raises(MediumError):
        put(tape, 1)
    assert library.faults(0) == ("write 4: medium error",), "the place stays bad"


@pytest.mark.parametrize("flush", [lambda tape: tape.sync(), mtio.write_filemarks, mtio.rewind])
def test_flushing_finds_a_deferred_error_at_once(library, open_tape, flush):
    library.add_fault(0, "write 2: deferred error after 100")
    tape = open_tape()
    put(tape, 4)
    with pytest.raises(DeviceError):
        flush(tape)
    assert tape.position() == 2


def test_a_deferred_error_has_a_response_code_of_its_own(library, scsi):
    library.add_fault(0, "write 0: deferred error after 1")
    scsi.execute(bytes(6))
    write = bytes([0x0A, 0, 0, 0, 100, 0])
    assert scsi.execute(write, data_out=bytes(100)).status == 0
    reply = scsi.execute(write, data_out=bytes(100))
    assert (reply.status, reply.sense[0] & 0x7F, reply.sense[2], reply.sense[12:14]) == (2, 0x71, 3, b"\x0c\x00")


def test_after_a_bus_reset_st_does_nothing_but_find_its_place_again(library, open_tape):
    library.add_fault(0, "reset at 2")
    tape = open_tape()
    put(tape, 2)
    with pytest.raises(DeviceError):
        put(tape, 1)
    for call in (tape.status, tape.position, lambda: put(tape, 1), lambda: mtio.write_filemarks(tape)):
        with pytest.raises(DeviceError):
            call()
    mtio.end_of_data(tape)
    assert tape.position() == 2, "nothing is lost"


def test_somebody_else_moves_the_tape(library, open_tape):
    library.add_fault(0, "moved to 1 at 4")
    tape = open_tape()
    put(tape, 5)
    assert tape.position() == 2
    assert count(tape) == 3, "what followed is gone; rewinding wrote a filemark"
