# SPDX-License-Identifier: WTFPL OR MIT
"""Writing in variable-block mode, filemarks, and the filemark that a close leaves (st(4); SSC-5, WRITE FILEMARKS)."""

import pytest

from pytp_native.errors import EndOfData, NotSupported, WriteProtected
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_BOT, GMT_EOF, GMT_WR_PROT
from tests.contract.tape_data import BLOCKS_AND_MARKS, block, expect_end_of_data, expected, numbers, read, read_files


def after_close(tape, open_tape):
    """Close, open again and read the whole tape."""
    tape.close()
    return read_files(open_tape())


class Writing:
    def test_a_write_returns_its_length(self, tape):
        assert tape.write_block(block(1234)) == 1234

    def test_a_write_takes_a_memoryview(self, tape):
        tape.write_block(memoryview(block(1234)))
        tape.operate(lib.MTREW)
        assert read(tape) == block(1234)

    def test_writing_counts_blocks_within_the_file(self, tape):
        tape.write_block(block(700))
        tape.write_block(block(701))
        assert numbers(tape) == (0, 2)

    def test_the_position_counts_blocks_and_filemarks(self, tape):
        tape.write_block(block(700))
        tape.write_block(block(701))
        tape.operate(lib.MTWEOF, 2)
        assert tape.position() == 4

    def test_an_empty_write_writes_nothing(self, tape):
        assert tape.write_block(b"") == 0
        assert numbers(tape) == (0, 0)

    def test_a_block_beyond_the_drives_longest_is_refused_unmoved(self, tape):
        with pytest.raises(NotSupported):
            tape.write_block(bytes(0x1000000))
        assert numbers(tape) == (0, 0)

    def test_writing_at_the_beginning_cuts_everything(self, three_files):
        three_files.write_block(block(800))
        three_files.operate(lib.MTWEOF, 1)
        assert read_files(three_files) == expected((800,), ())

    def test_writing_in_mid_file_cuts_what_follows(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        three_files.operate(lib.MTFSR, 1)
        three_files.write_block(block(800))
        three_files.operate(lib.MTWEOF, 1)
        assert read_files(three_files) == expected((1000, 1001, 1002), (2000, 800), ())

    def test_the_end_of_data_is_right_behind_a_write(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        three_files.write_block(block(800))
        with pytest.raises(EndOfData):
            three_files.operate(lib.MTFSR, 1)

    def test_a_write_after_reads_goes_behind_the_last_block_read(self, three_files):
        read(three_files)
        three_files.write_block(block(800))
        three_files.operate(lib.MTWEOF, 1)
        assert read_files(three_files) == expected((1000, 800), ())

    def test_a_filemark_begins_a_file(self, tape):
        tape.write_block(block(700))
        tape.operate(lib.MTWEOF, 1)
        assert numbers(tape) == (1, 0)
        assert tape.status().has(GMT_EOF)

    def test_several_filemarks_are_written_at_once(self, tape):
        tape.operate(lib.MTWEOF, 3)
        assert numbers(tape) == (3, 0)
        assert tape.position() == 3

    def test_an_immediate_filemark_is_a_filemark(self, tape):
        tape.write_block(block(700))
        tape.operate(lib.MTWEOFI, 1)
        assert numbers(tape) == (1, 0)
        assert read_files(tape) == expected((700,), ())

    def test_a_filemark_cuts_what_follows(self, three_files):
        read(three_files)
        three_files.operate(lib.MTWEOF, 1)
        assert read_files(three_files) == expected((1000,), ())

    def test_sync_keeps_position_and_data(self, tape):
        tape.write_block(block(700))
        tape.sync()
        assert tape.position() == 1
        tape.write_block(block(701))
        tape.operate(lib.MTWEOF, 1)
        assert read_files(tape) == expected((700, 701), ())

    def test_sync_in_mid_tape_cuts_nothing(self, three_files):
        read(three_files)
        three_files.sync()
        assert three_files.position() == 1
        assert read(three_files) == block(1001)
        assert three_files.operate(lib.MTFSF, 3) is None

    def test_weof_0_writes_no_filemark(self, tape):
        tape.write_block(block(700))
        tape.operate(lib.MTWEOF, 0)
        assert tape.position() == 1

    def test_weof_0_makes_st_count_blocks_from_0(self, tape):
        # st sets its block number to 0 for any count: the number is the driver's, the position is the drive's.
        tape.write_block(block(700))
        tape.operate(lib.MTWEOF, 0)
        assert numbers(tape) == (0, 0)
        assert tape.status().has(GMT_BOT)
        tape.write_block(block(701))
        assert numbers(tape) == (0, 1)

    def test_closing_after_a_write_adds_a_filemark(self, tape, open_tape):
        tape.write_block(block(700))
        assert after_close(tape, open_tape) == expected((700,), ())

    def test_the_filemark_of_a_close_is_counted(self, tape, open_tape):
        tape.write_block(block(700))
        tape.close()
        again = open_tape()
        assert numbers(again) == (1, 0)
        assert again.position() == 2

    def test_closing_twice_adds_one_filemark(self, tape, open_tape):
        tape.write_block(block(700))
        tape.close()
        tape.close()
        assert open_tape().position() == 2

    def test_closing_after_a_filemark_adds_none(self, tape, open_tape):
        tape.write_block(block(700))
        tape.operate(lib.MTWEOF, 1)
        tape.close()
        assert open_tape().position() == 2

    def test_closing_after_an_immediate_filemark_adds_none(self, tape, open_tape):
        tape.write_block(block(700))
        tape.operate(lib.MTWEOFI, 1)
        tape.close()
        assert open_tape().position() == 2

    def test_closing_after_weof_0_adds_none(self, tape, open_tape):
        tape.write_block(block(700))
        tape.operate(lib.MTWEOF, 0)
        tape.close()
        assert open_tape().position() == 1

    def test_closing_after_a_read_adds_none(self, three_files, open_tape):
        read(three_files)
        three_files.close()
        again = open_tape()
        assert read(again) == block(1001)
        assert again.operate(lib.MTFSF, 3) is None

    def test_closing_after_no_work_adds_none(self, three_files, open_tape):
        three_files.close()
        assert read_files(open_tape()) == expected((1000, 1001, 1002), (2000, 2001), (3000,), ())

    def test_asking_for_status_and_position_keeps_the_filemark_of_the_close(self, tape, open_tape):
        tape.write_block(block(700))
        tape.status()
        tape.position()
        tape.close()
        assert open_tape().position() == 2

    def test_setting_the_block_size_keeps_the_filemark_of_the_close(self, tape, open_tape):
        tape.write_block(block(700))
        tape.operate(lib.MTSETBLK, 512)
        tape.operate(lib.MTSETBLK, 0)
        tape.close()
        assert open_tape().position() == 2

    def test_rewinding_after_a_write_adds_a_filemark(self, tape):
        tape.write_block(block(700))
        tape.operate(lib.MTREW)
        assert [read(tape), read(tape)] == [block(700), b""]
        assert tape.position() == 2

    def test_seeking_after_a_write_adds_a_filemark(self, tape):
        tape.write_block(block(700))
        tape.operate(lib.MTSEEK, 0)
        assert [read(tape), read(tape)] == [block(700), b""]

    def test_spacing_back_over_files_after_a_write_adds_a_filemark(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        three_files.write_block(block(700))
        three_files.operate(lib.MTBSF, 1)
        assert numbers(three_files) == (0, None)
        assert read_files(three_files) == expected((1000, 1001, 1002), (700,), ())

    def test_spacing_back_over_blocks_after_a_write_adds_no_filemark(self, tape, open_tape):
        tape.write_block(block(700))
        tape.write_block(block(701))
        tape.operate(lib.MTBSR, 1)
        tape.close()
        again = open_tape()
        assert again.position() == 1
        assert read(again) == block(701)
        expect_end_of_data(again)

    def test_going_to_the_end_of_data_after_a_write_adds_no_filemark(self, tape, open_tape):
        tape.write_block(block(700))
        tape.operate(lib.MTEOM, 1)
        tape.close()
        assert open_tape().position() == 1

    def test_a_tape_file_may_be_empty(self, tape):
        tape.operate(lib.MTWEOF, 1)
        tape.write_block(block(700))
        tape.operate(lib.MTWEOF, 1)
        assert read_files(tape) == expected((), (700,), ())

    def test_appending_at_the_end_of_data_keeps_what_is_there(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        three_files.write_block(block(4000))
        three_files.operate(lib.MTWEOF, 1)
        assert read_files(three_files) == expected((1000, 1001, 1002), (2000, 2001), (3000,), (4000,), ())

    def test_a_read_only_descriptor_takes_no_write(self, three_files, open_tape):
        three_files.close()
        again = open_tape(write=False)
        with pytest.raises(WriteProtected):
            again.write_block(block(10))
        assert read(again) == block(1000)

    def test_a_read_only_descriptor_takes_no_filemark(self, three_files, open_tape):
        three_files.close()
        again = open_tape(write=False)
        with pytest.raises(WriteProtected):
            again.operate(lib.MTWEOF, 1)
        assert read(again) == block(1000)

    def test_a_read_only_descriptor_takes_no_erase(self, three_files, open_tape):
        three_files.close()
        again = open_tape(write=False)
        with pytest.raises(WriteProtected):
            again.operate(lib.MTERASE, 0)
        assert read(again) == block(1000)

    def test_a_read_only_descriptor_reads_and_spaces(self, three_files, open_tape):
        three_files.close()
        again = open_tape(write=False)
        again.operate(lib.MTFSF, 2)
        assert read(again) == block(3000)
        again.operate(lib.MTEOM, 1)
        assert again.position() == BLOCKS_AND_MARKS

    def test_a_protected_cartridge_does_not_open_for_writing(self, three_files, bench, open_tape):
        three_files.close()
        bench.protect(True)
        with pytest.raises(WriteProtected):
            open_tape()

    def test_a_protected_cartridge_reads_and_says_so(self, three_files, bench, open_tape):
        three_files.close()
        bench.protect(True)
        again = open_tape(write=False)
        assert again.status().has(GMT_WR_PROT)
        assert read(again) == block(1000)

    def test_a_protected_cartridge_takes_no_filemark(self, three_files, bench, open_tape):
        three_files.close()
        bench.protect(True)
        with pytest.raises(WriteProtected):
            open_tape(write=False).operate(lib.MTWEOF, 1)

    def test_an_open_cartridge_shows_no_protection_to_a_reader(self, three_files, open_tape):
        three_files.close()
        assert not open_tape(write=False).status().has(GMT_WR_PROT)
