# SPDX-License-Identifier: WTFPL OR MIT
"""A user that is killed leaves the tape as st would: closed, with its filemark, before anybody else does anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from pytp_native.ffi import lib
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Stop
from pytp_native.vtl.state import DriveState

KIB = 1024


def die_after(library, actions: str) -> None:
    """Run `actions` on drive 0 in a process that then kills itself."""
    script = f"""
import os, signal
from pytp_native.ffi import lib
from pytp_native.transport.virtual import open_virtual_tape
tape = open_virtual_tape({str(library.path)!r}, 0, write=True)
{actions}
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def layout(library, open_tape) -> str:
    """What is on the tape: b for a block, f for a filemark."""
    tape = open_tape(write=False)
    tape.operate(lib.MTREW)
    into = memoryview(bytearray(64 * KIB))
    text = ""
    while True:
        got = tape.read_block(into)
        if got == 0 and tape.status().mt_gstat & 0x08000000:
            tape.close()
            return text
        text += "b" if got else "f"


def state_of(library) -> DriveState:
    return DriveState(str(library.path / "drive0"))


def test_after_blocks_there_is_a_filemark(library, open_tape):
    die_after(library, "tape.write_block(b'x' * 100)\ntape.write_block(b'y' * 100)")
    assert layout(library, open_tape) == "bbf"


def test_the_next_opener_stands_behind_it(library, open_tape):
    die_after(library, "tape.write_block(b'x' * 100)\ntape.write_block(b'y' * 100)")
    tape = open_tape()
    assert (tape.status().mt_fileno, tape.status().mt_blkno, tape.position()) == (1, 0, 3)


def test_after_a_filemark_there_is_no_other(library, open_tape):
    die_after(library, "tape.write_block(b'x')\ntape.operate(lib.MTWEOF)")
    assert layout(library, open_tape) == "bf"


def test_reading_leaves_nothing_behind_and_the_position(library, open_tape):
    tape = open_tape()
    for _ in range(3):
        tape.write_block(b"x" * 100)
    tape.operate(lib.MTWEOF)
    tape.close()
    die_after(library, "tape.operate(lib.MTREW)\ntape.read_block(memoryview(bytearray(200)))")
    tape = open_tape()
    assert tape.position() == 1
    tape.close()
    assert layout(library, open_tape) == "bbbf"


def test_even_someone_who_only_looks_sees_it_closed(library, open_tape):
    die_after(library, "tape.write_block(b'x' * 100)")
    assert open_tape(write=False, status_only=True).status().mt_fileno == 1


def test_a_filemark_is_missing_only_where_data_are(library, open_tape):
    """Killed after the driver noted that it writes, before the first block was there."""
    die_after(library, "tape.write_block(b'x')\ntape.operate(lib.MTWEOF)")
    state = state_of(library)
    state.raw.rw = lib.PYTP_ST_WRITING
    state.close()
    assert layout(library, open_tape) == "bf"


def test_a_block_that_was_written_but_not_noted_stays(library, open_tape):
    """Killed between the block and the note of the position."""
    die_after(library, "tape.write_block(b'x' * 50)\ntape.write_block(b'y' * 50)")
    state = state_of(library)
    state.raw.position -= 1
    state.raw.block -= 1
    state.close()
    tape = open_tape()
    assert (tape.status().mt_fileno, tape.status().mt_blkno, tape.position()) == (1, 0, 3)
    tape.close()
    assert layout(library, open_tape) == "bbf"


def test_a_note_ahead_of_what_is_there_is_corrected(library, open_tape):
    """Power loss took the tail of the cartridge, not the state."""
    die_after(library, "tape.write_block(b'x' * 50)\ntape.write_block(b'y' * 50)")
    index = library.path / "cartridges" / "PYT001L9" / "index"
    os.truncate(index, lib.PYTP_CARTRIDGE_HEADER + lib.PYTP_CARTRIDGE_RECORD)
    tape = open_tape()
    assert (tape.status().mt_fileno, tape.position()) == (1, 2)
    tape.close()
    assert layout(library, open_tape) == "bf"


def test_a_killed_bulk_write_keeps_every_block_it_counted(library, open_tape):
    die_after(
        library,
        """
import threading
from pytp_native.stream.ring import Ring
ring = Ring(16384, 16384 * 8)
def feed():
    for n in range(40):
        ring.put(bytes([n]) * 16384)
feeder = threading.Thread(target=feed)
feeder.start()
moved = tape.write_from(ring, limit=33)
feeder.join()
assert moved.blocks == 33
""",
    )
    tape = open_tape()
    assert (tape.status().mt_fileno, tape.position()) == (1, 34)
    tape.operate(lib.MTREW)
    ring = Ring(16 * KIB, 16 * KIB * 40)
    assert tape.read_into(ring)[:3] == (33, 33 * 16384, Stop.FILEMARK)
    assert [ring.get() for _ in range(33)] == [bytes([n]) * 16384 for n in range(33)]


def test_the_library_closes_the_tape_before_it_takes_it_out(library, open_tape):
    die_after(library, "tape.write_block(b'x' * 100)")
    assert library.unload(0) == 1
    library.load(1, 0)
    assert layout(library, open_tape) == "bf"


def test_an_automatic_lock_dies_with_its_user(library):
    die_after(library, "tape.operate(lib.MTSETDRVBUFFER, 0x30000040)\ntape.write_block(b'x')")
    assert state_of(library).raw.prevented == 1
    assert library.unload(0) == 1


def test_a_lock_of_ones_own_stays(library):
    die_after(library, "tape.operate(lib.MTLOCK)")
    with pytest.raises(Exception, match="locked"):
        library.unload(0)
    assert library.eject(0) == 1


@pytest.mark.parametrize("operation", ["lib.MTBSR", "lib.MTBSF", "lib.MTFSF", "lib.MTREW", "lib.MTEOM"])
def test_killed_between_moving_and_counting_the_numbers_belong_to_the_position(library, open_tape, operation):
    """Found by the kill campaign: the head had moved over a filemark, the file number had not, and every later tape
    file was reported one too high."""
    tape = open_tape()
    for _ in range(3):
        tape.write_block(b"x" * 100)
        tape.operate(lib.MTWEOF)
    tape.operate(lib.MTBSF, 2)
    tape.close()
    die_in_the_middle = f"""
from pytp_native.vtl.drive import VirtualDrive
for name in ('rewind', 'space_filemarks', 'space_blocks', 'space_to_end'):
    def half(self, *arguments, whole=getattr(VirtualDrive, name)):
        whole(self, *arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(VirtualDrive, name, half)
tape.operate({operation})
"""
    die_after(library, die_in_the_middle)
    tape = open_tape()
    status, position = tape.status(), tape.position()
    assert (status.mt_fileno, status.mt_blkno) == (position // 2, position % 2)
