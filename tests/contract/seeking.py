# SPDX-License-Identifier: WTFPL OR MIT
"""Logical positions: MTSEEK, MTIOCPOS, and numbers that become unknown and known again (SSC-5, LOCATE(10))."""

import pytest

from pytp_native.errors import BeginningOfTape, EndOfData, FilemarkMet
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_BOT, GMT_EOD
from tests.contract.tape_data import BLOCKS_AND_MARKS, block, numbers, read, read_files


class Seeking:
    def test_seek_goes_to_a_block(self, three_files):
        three_files.operate(lib.MTSEEK, 5)
        assert three_files.position() == 5
        assert read(three_files) == block(2001)

    def test_seek_goes_backwards(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        three_files.operate(lib.MTSEEK, 1)
        assert read(three_files) == block(1001)

    def test_seek_to_a_filemark_reads_it(self, three_files):
        three_files.operate(lib.MTSEEK, 3)
        assert read(three_files) == b""
        assert three_files.position() == 4

    def test_seek_makes_the_numbers_unknown(self, three_files):
        three_files.operate(lib.MTSEEK, 5)
        assert numbers(three_files) == (None, None)

    def test_seek_to_the_beginning_makes_the_numbers_known(self, three_files):
        three_files.operate(lib.MTSEEK, 5)
        three_files.operate(lib.MTSEEK, 0)
        assert numbers(three_files) == (0, 0)
        assert three_files.status().has(GMT_BOT)

    def test_rewind_makes_the_numbers_known(self, three_files):
        three_files.operate(lib.MTSEEK, 5)
        three_files.operate(lib.MTREW)
        assert numbers(three_files) == (0, 0)

    def test_a_filemark_read_after_a_seek_makes_only_the_block_known(self, three_files):
        three_files.operate(lib.MTSEEK, 3)
        read(three_files)
        assert numbers(three_files) == (None, 0)

    def test_forward_file_after_a_seek_makes_only_the_block_known(self, three_files):
        three_files.operate(lib.MTSEEK, 5)
        three_files.operate(lib.MTFSF, 1)
        assert numbers(three_files) == (None, 0)
        assert read(three_files) == block(3000)

    def test_end_of_data_after_a_seek_leaves_the_file_unknown(self, three_files):
        three_files.operate(lib.MTSEEK, 5)
        three_files.operate(lib.MTEOM, 1)
        assert numbers(three_files) == (None, None)
        assert three_files.position() == BLOCKS_AND_MARKS

    def test_meeting_the_beginning_after_a_seek_makes_the_numbers_known(self, three_files):
        # Backwards with unknown numbers st itself computes nonsense; the transport asks the drive where it stands.
        for operation in (lib.MTBSF, lib.MTBSR):
            three_files.operate(lib.MTSEEK, 2)
            with pytest.raises(BeginningOfTape):
                three_files.operate(operation, 5)
            assert numbers(three_files) == (0, 0)

    def test_a_filemark_met_backwards_at_the_beginning_is_a_filemark(self, tape):
        tape.operate(lib.MTWEOF, 1)
        tape.operate(lib.MTSEEK, 1)
        with pytest.raises(FilemarkMet):
            tape.operate(lib.MTBSR, 1)
        assert tape.position() == 0

    def test_blocks_read_after_a_seek_are_not_counted(self, three_files):
        three_files.operate(lib.MTSEEK, 1)
        read(three_files)
        assert numbers(three_files) == (None, None)
        assert three_files.position() == 2

    def test_seek_to_the_end_of_data_is_no_error(self, three_files):
        three_files.operate(lib.MTSEEK, BLOCKS_AND_MARKS)
        assert three_files.position() == BLOCKS_AND_MARKS

    def test_seek_past_the_end_of_data_fails_there(self, three_files):
        with pytest.raises(EndOfData):
            three_files.operate(lib.MTSEEK, 1_000_000)
        assert three_files.position() == BLOCKS_AND_MARKS
        assert numbers(three_files) == (None, None)

    def test_a_write_after_a_seek_goes_there(self, three_files):
        three_files.operate(lib.MTSEEK, 1)
        three_files.write_block(block(800))
        three_files.operate(lib.MTWEOF, 1)
        assert read_files(three_files) == [[block(1000), block(800)], []]

    def test_asking_the_position_moves_nothing(self, three_files):
        read(three_files)
        assert [three_files.position() for _ in range(3)] == [1, 1, 1]
        assert read(three_files) == block(1001)

    def test_asking_the_status_moves_nothing(self, three_files):
        read(three_files)
        assert three_files.status() == three_files.status()
        assert read(three_files) == block(1001)

    def test_seek_clears_the_end_of_data(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        three_files.operate(lib.MTSEEK, 0)
        assert not three_files.status().has(GMT_EOD)
        assert read(three_files) == block(1000)
