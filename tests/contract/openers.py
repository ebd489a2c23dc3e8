# SPDX-License-Identifier: WTFPL OR MIT
"""Who may open, what an open finds, what users leave behind (st(4), "open"; SSC-5, unit attention)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytp_native.errors import DeviceBusy, NoMedium, PytpError
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_BOT, GMT_DR_OPEN, GMT_EOD, GMT_EOF, GMT_ONLINE
from tests.contract.tape_data import block, expected, numbers, read, read_files, write_files

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import os, signal, sys
from pytp_native.ffi import lib
from pytp_native.transport import open_tape
from tests.contract.tape_data import block
tape = open_tape(sys.argv[1], write=True)
{work}
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_user(address: str, work: str) -> None:
    """Let another process open the tape, do `work` and die without a close."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CHILD.format(work=work), address]
    child = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()


class Openers:
    def test_a_second_opener_is_told_that_it_is_busy(self, tape, open_tape):
        with pytest.raises(DeviceBusy):
            open_tape()

    def test_a_second_reader_is_told_that_it_is_busy(self, tape, open_tape):
        with pytest.raises(DeviceBusy):
            open_tape(write=False)

    def test_asking_for_status_is_busy_too(self, tape, open_tape):
        with pytest.raises(DeviceBusy):
            open_tape(write=False, status_only=True)

    def test_the_holder_is_named(self, tape, open_tape):
        with pytest.raises(DeviceBusy, match=rf"\b{os.getpid()}\b"):
            open_tape()

    def test_a_refused_opener_disturbs_nothing(self, three_files, open_tape):
        read(three_files)
        with pytest.raises(DeviceBusy):
            open_tape()
        assert read(three_files) == block(1001)

    def test_after_a_close_it_opens_again(self, tape, open_tape):
        tape.close()
        assert open_tape().status().has(GMT_ONLINE)

    def test_the_address_opens_the_same_device(self, bench, tape):
        assert tape.address == bench.address

    def test_the_position_outlives_the_open(self, three_files, open_tape):
        three_files.operate(lib.MTFSF, 1)
        read(three_files)
        three_files.close()
        again = open_tape()
        assert numbers(again) == (1, 1)
        assert read(again) == block(2001)

    def test_unknown_numbers_outlive_the_open(self, three_files, open_tape):
        three_files.operate(lib.MTSEEK, 5)
        three_files.close()
        again = open_tape()
        assert numbers(again) == (None, None)
        assert read(again) == block(2001)

    def test_the_end_of_data_outlives_the_open(self, three_files, open_tape):
        three_files.operate(lib.MTEOM, 1)
        three_files.close()
        assert open_tape().status().has(GMT_EOD)

    def test_the_filemark_just_met_outlives_the_open(self, three_files, open_tape):
        three_files.operate(lib.MTFSF, 3)
        three_files.close()
        again = open_tape()
        assert again.status().has(GMT_EOF)
        assert read(again) == b""  # st's one 0 at the end of data behind a filemark

    def test_a_status_opener_sees_a_loaded_drive(self, three_files, open_tape):
        three_files.operate(lib.MTFSF, 1)
        three_files.close()
        again = open_tape(write=False, status_only=True)
        assert numbers(again) == (1, 0)
        assert again.status().has(GMT_ONLINE)

    def test_a_new_cartridge_starts_at_known_numbers(self, three_files, bench, open_tape):
        three_files.operate(lib.MTSEEK, 5)
        three_files.close()
        bench.reload()
        again = open_tape()
        assert numbers(again) == (0, 0)
        assert again.status().has(GMT_BOT)

    def test_a_cartridge_keeps_its_data_outside(self, three_files, bench, open_tape):
        three_files.close()
        bench.reload()
        assert read_files(open_tape()) == expected((1000, 1001, 1002), (2000, 2001), (3000,), ())

    def test_a_user_killed_after_a_write_leaves_a_filemark(self, tape, open_tape):
        tape.close()
        killed_user(tape.address, "tape.write_block(block(700)); tape.write_block(block(701))")
        again = open_tape()
        assert numbers(again) == (1, 0)
        assert read_files(again) == expected((700, 701), ())

    def test_a_user_killed_after_a_filemark_leaves_no_other(self, tape, open_tape):
        tape.close()
        killed_user(tape.address, "tape.write_block(block(700)); tape.operate(lib.MTWEOF, 1)")
        assert open_tape().position() == 2

    def test_a_user_killed_while_reading_leaves_the_position(self, three_files, open_tape):
        three_files.close()
        killed_user(three_files.address, "tape.operate(lib.MTFSF, 1); tape.read_block(memoryview(bytearray(5000)))")
        again = open_tape()
        assert numbers(again) == (1, 1)
        assert read(again) == block(2001)

    def test_what_one_process_writes_another_reads(self, tape, open_tape):
        tape.close()
        killed_user(tape.address, "tape.write_block(block(700)); tape.operate(lib.MTREW)")
        assert read(open_tape()) == block(700)

    def test_an_empty_drive_does_not_open(self, bench, open_tape):
        if bench.waits_for_medium:
            pytest.skip("st waits two minutes for a medium in an open without O_NONBLOCK")
        bench.take_out()
        with pytest.raises(NoMedium):
            open_tape()

    def test_an_empty_drive_opens_for_status(self, bench, open_tape):
        bench.take_out()
        status = open_tape(write=False, status_only=True).status()
        assert status.has(GMT_DR_OPEN)
        assert not status.has(GMT_ONLINE)
        assert not status.has(GMT_BOT)
        assert (status.file_number, status.block_number) == (None, None)
        assert (status.block_bytes, status.density_code) == (0, 0)

    def test_an_empty_drive_cannot_be_read(self, bench, open_tape):
        bench.take_out()
        with pytest.raises(NoMedium):
            read(open_tape(write=False, status_only=True))

    @pytest.mark.parametrize("operation", ["MTREW", "MTNOP", "MTFSF", "MTUNLOAD"])
    def test_an_empty_drive_cannot_be_moved(self, bench, open_tape, operation):
        bench.take_out()
        with pytest.raises(NoMedium):
            open_tape(write=False, status_only=True).operate(getattr(lib, operation), 1)

    def test_an_empty_drive_has_no_position(self, bench, open_tape):
        bench.take_out()
        with pytest.raises(PytpError):
            open_tape(write=False, status_only=True).position()

    def test_offline_takes_the_cartridge_off(self, three_files):
        three_files.operate(lib.MTOFFL, 1)
        status = three_files.status()
        assert status.has(GMT_DR_OPEN)
        assert not status.has(GMT_ONLINE)
        with pytest.raises(NoMedium):
            read(three_files)
        with pytest.raises(NoMedium):
            three_files.operate(lib.MTREW)

    def test_offline_is_still_offline_for_the_next_opener(self, three_files, open_tape):
        three_files.operate(lib.MTOFFL, 1)
        three_files.close()
        status = open_tape(write=False, status_only=True).status()
        assert status.has(GMT_DR_OPEN)
        assert status.file_number is None

    def test_offline_after_a_write_adds_a_filemark(self, tape, bench, open_tape):
        write_files(tape, ((700,),))
        tape.write_block(block(701))
        tape.operate(lib.MTOFFL, 1)
        tape.close()
        bench.reload()
        assert read_files(open_tape()) == expected((700,), (701,), ())

    def test_unload_takes_the_cartridge_off(self, three_files):
        three_files.operate(lib.MTUNLOAD, 1)
        assert three_files.status().has(GMT_DR_OPEN)
        with pytest.raises(NoMedium):
            three_files.operate(lib.MTFSF, 1)

    def test_offline_opens_a_locked_door(self, three_files):
        three_files.operate(lib.MTLOCK, 1)
        three_files.operate(lib.MTOFFL, 1)
        assert three_files.status().has(GMT_DR_OPEN)
