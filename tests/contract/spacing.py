# SPDX-License-Identifier: WTFPL OR MIT
"""Spacing over files and blocks, end of data, rewind (st(4), MTIOCTOP; SSC-5, SPACE(6)).

The tape has three files of 3, 2 and 1 blocks; logical positions: file 0 at 0, file 1 at 4, file 2 at 7, end of data
at 9.
"""

import pytest

from pytp_native.errors import BeginningOfTape, EndOfData, FilemarkMet
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_BOT, GMT_EOD, GMT_EOF
from tests.contract.tape_data import BLOCKS_AND_MARKS, block, numbers, read

FILE_1, FILE_2 = 4, 7


class Spacing:
    def test_rewind_goes_to_the_beginning(self, three_files):
        read(three_files)
        three_files.operate(lib.MTREW)
        assert numbers(three_files) == (0, 0)
        assert three_files.position() == 0
        assert three_files.status().has(GMT_BOT)

    def test_rewind_at_the_beginning_stays(self, three_files):
        three_files.operate(lib.MTREW)
        assert read(three_files) == block(1000)

    def test_retension_ends_at_the_beginning(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        three_files.operate(lib.MTRETEN, 1)
        assert numbers(three_files) == (0, 0)
        assert read(three_files) == block(1000)

    def test_nop_does_nothing(self, three_files):
        read(three_files)
        three_files.operate(lib.MTNOP, 1)
        assert numbers(three_files) == (0, 1)
        assert read(three_files) == block(1001)

    def test_forward_file_goes_behind_the_filemark(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        assert numbers(three_files) == (1, 0)
        assert three_files.position() == FILE_1
        assert three_files.status().has(GMT_EOF)
        assert read(three_files) == block(2000)

    def test_forward_file_from_mid_file_goes_to_the_next(self, three_files):
        read(three_files)
        three_files.operate(lib.MTFSF, 1)
        assert numbers(three_files) == (1, 0)

    def test_forward_file_goes_over_several(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        assert numbers(three_files) == (2, 0)
        assert read(three_files) == block(3000)

    def test_forward_file_0_does_not_move(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        read(three_files)
        three_files.operate(lib.MTFSF, 0)
        assert three_files.position() == FILE_1 + 1
        assert read(three_files) == block(2001)

    def test_forward_file_past_the_last_meets_the_end_of_data(self, three_files):
        with pytest.raises(EndOfData):
            three_files.operate(lib.MTFSF, 50)
        assert three_files.position() == BLOCKS_AND_MARKS

    def test_forward_file_past_the_last_counts_the_files_there_are(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        with pytest.raises(EndOfData):
            three_files.operate(lib.MTFSF, 50)
        assert numbers(three_files) == (3, None)
        assert three_files.status().has(GMT_EOD)

    def test_forward_file_at_the_end_of_data_stays(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        with pytest.raises(EndOfData):
            three_files.operate(lib.MTFSF, 1)
        assert three_files.position() == BLOCKS_AND_MARKS

    def test_back_file_stands_before_the_filemark(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        three_files.operate(lib.MTBSF, 1)
        assert three_files.position() == FILE_2 - 1
        assert [read(three_files), read(three_files)] == [b"", block(3000)]

    def test_back_file_knows_the_file_and_not_the_block(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        three_files.operate(lib.MTBSF, 1)
        assert numbers(three_files) == (1, None)
        assert not three_files.status().has(GMT_EOF)

    def test_reading_the_filemark_after_back_file_makes_the_block_known(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        three_files.operate(lib.MTBSF, 1)
        read(three_files)
        assert numbers(three_files) == (2, 0)

    def test_back_file_goes_over_several(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        three_files.operate(lib.MTBSF, 2)
        assert numbers(three_files) == (0, None)
        assert three_files.position() == FILE_1 - 1

    def test_back_file_from_the_end_of_data_stands_before_the_last_filemark(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        three_files.operate(lib.MTBSF, 1)
        assert numbers(three_files) == (2, None)
        assert three_files.position() == BLOCKS_AND_MARKS - 1

    def test_back_file_past_the_first_meets_the_beginning(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        with pytest.raises(BeginningOfTape):
            three_files.operate(lib.MTBSF, 50)
        assert numbers(three_files) == (0, 0)
        assert three_files.status().has(GMT_BOT)
        assert read(three_files) == block(1000)

    def test_back_file_at_the_beginning_stays(self, three_files):
        with pytest.raises(BeginningOfTape):
            three_files.operate(lib.MTBSF, 1)
        assert numbers(three_files) == (0, 0)

    def test_back_file_m_goes_to_the_start_of_the_file(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        read(three_files)
        three_files.operate(lib.MTBSFM, 1)
        assert numbers(three_files) == (1, 0)
        assert read(three_files) == block(2000)

    def test_back_file_m_2_goes_to_the_start_of_the_file_before(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        three_files.operate(lib.MTBSFM, 2)
        assert numbers(three_files) == (1, 0)
        assert three_files.position() == FILE_1

    def test_back_file_m_in_the_first_file_meets_the_beginning(self, three_files):
        read(three_files)
        with pytest.raises(BeginningOfTape):
            three_files.operate(lib.MTBSFM, 1)
        assert three_files.position() == 0

    def test_forward_file_m_stands_before_the_filemark(self, three_files):
        three_files.operate(lib.MTFSFM, 1)
        assert numbers(three_files) == (0, None)
        assert three_files.position() == FILE_1 - 1
        assert read(three_files) == b""

    def test_forward_block_counts(self, three_files):
        three_files.operate(lib.MTFSR, 2)
        assert numbers(three_files) == (0, 2)
        assert read(three_files) == block(1002)

    def test_forward_block_stops_behind_a_filemark(self, three_files):
        with pytest.raises(FilemarkMet):
            three_files.operate(lib.MTFSR, 50)
        assert numbers(three_files) == (1, 0)
        assert three_files.position() == FILE_1
        assert three_files.status().has(GMT_EOF)
        assert read(three_files) == block(2000)

    def test_forward_block_onto_the_filemark_succeeds(self, three_files):
        three_files.operate(lib.MTFSR, 3)
        assert numbers(three_files) == (0, 3)
        assert read(three_files) == b""

    def test_forward_block_at_the_end_of_data_raises(self, three_files):
        three_files.operate(lib.MTFSF, 3)
        with pytest.raises(EndOfData):
            three_files.operate(lib.MTFSR, 1)
        assert three_files.position() == BLOCKS_AND_MARKS
        assert three_files.status().has(GMT_EOD)

    def test_forward_block_into_the_end_of_data_counts_what_was_there(self, tape):
        for length in (700, 701, 702):
            tape.write_block(block(length))
        tape.operate(lib.MTBSR, 2)
        with pytest.raises(EndOfData):
            tape.operate(lib.MTFSR, 5)
        assert numbers(tape) == (0, 3)
        assert tape.position() == 3

    def test_back_block_counts(self, three_files):
        three_files.operate(lib.MTFSR, 3)
        three_files.operate(lib.MTBSR, 1)
        assert numbers(three_files) == (0, 2)
        assert read(three_files) == block(1002)

    def test_back_block_stops_before_a_filemark(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        read(three_files)
        with pytest.raises(FilemarkMet):
            three_files.operate(lib.MTBSR, 5)
        assert numbers(three_files) == (0, None)
        assert three_files.position() == FILE_1 - 1
        assert read(three_files) == b""

    def test_back_block_past_the_first_meets_the_beginning(self, three_files):
        three_files.operate(lib.MTFSR, 2)
        with pytest.raises(BeginningOfTape):
            three_files.operate(lib.MTBSR, 50)
        assert numbers(three_files) == (0, 0)
        assert three_files.status().has(GMT_BOT)

    def test_back_block_with_an_unknown_number_leaves_it_unknown(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        three_files.operate(lib.MTBSF, 1)
        three_files.operate(lib.MTBSR, 1)
        assert numbers(three_files) == (1, None)
        assert read(three_files) == block(2001)

    def test_end_of_data_is_found_and_its_file_counted(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        assert numbers(three_files) == (3, None)
        assert three_files.position() == BLOCKS_AND_MARKS
        assert three_files.status().has(GMT_EOD)

    def test_end_of_data_from_a_later_file_counts_the_same(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        three_files.operate(lib.MTEOM, 1)
        assert numbers(three_files) == (3, None)

    def test_end_of_data_twice_stays(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        three_files.operate(lib.MTEOM, 1)
        assert numbers(three_files) == (3, None)
        assert three_files.position() == BLOCKS_AND_MARKS

    def test_end_of_data_with_an_unterminated_file_counts_the_marks(self, tape):
        tape.operate(lib.MTWEOF, 1)
        tape.write_block(block(700))
        tape.operate(lib.MTBSR, 1)
        tape.operate(lib.MTEOM, 1)
        assert numbers(tape) == (1, None)
        assert tape.position() == 2

    def test_reading_after_end_of_data_raises_at_once(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        with pytest.raises(EndOfData):
            read(three_files)

    def test_end_of_data_of_a_blank_tape_is_its_beginning(self, blank_tape):
        blank_tape.operate(lib.MTEOM, 1)
        assert blank_tape.position() == 0
        with pytest.raises(EndOfData):
            read(blank_tape)

    def test_asking_the_position_at_the_beginning_makes_the_numbers_known(self, blank_tape):
        # get_location() of st: BOP set in READ POSITION.
        blank_tape.operate(lib.MTEOM, 1)
        assert numbers(blank_tape) == (0, None)
        blank_tape.position()
        assert numbers(blank_tape) == (0, 0)
