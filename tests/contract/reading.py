# SPDX-License-Identifier: WTFPL OR MIT
"""Reading in variable-block mode (st(4), "Data Transfer"; SSC-5, READ(6))."""

import pytest

from pytp_native.errors import BlockTooLarge, EndOfData, NotSupported
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_BOT, GMT_EOD, GMT_EOF
from tests.contract.tape_data import (
    BLOCKS_AND_MARKS,
    block,
    expect_end_of_data,
    numbers,
    read,
    write_files,
)


class Reading:
    def test_reading_gives_the_blocks_in_order(self, three_files):
        assert [read(three_files) for _ in range(3)] == [block(1000), block(1001), block(1002)]

    def test_a_block_shorter_than_the_buffer_gives_its_own_length(self, three_files):
        into = bytearray(b"\xee" * 5000)
        assert three_files.read_block(memoryview(into)) == 1000
        assert into[:1000] == block(1000)

    def test_a_short_block_leaves_the_rest_of_the_buffer_alone(self, three_files):
        into = bytearray(b"\xee" * 5000)
        three_files.read_block(memoryview(into))
        assert into[1000:] == b"\xee" * 4000

    def test_a_buffer_of_exactly_the_block_is_enough(self, three_files):
        assert read(three_files, 1000) == block(1000)

    def test_a_block_longer_than_the_buffer_is_too_large(self, three_files):
        with pytest.raises(BlockTooLarge):
            read(three_files, 999)

    def test_after_a_block_too_large_the_tape_stands_behind_it(self, three_files):
        with pytest.raises(BlockTooLarge):
            read(three_files, 10)
        assert read(three_files) == block(1001)

    def test_a_block_too_large_is_counted(self, three_files):
        with pytest.raises(BlockTooLarge):
            read(three_files, 10)
        assert numbers(three_files) == (0, 1)

    def test_reading_counts_blocks_within_the_file(self, three_files):
        seen = []
        for _ in range(3):
            read(three_files)
            seen.append(numbers(three_files))
        assert seen == [(0, 1), (0, 2), (0, 3)]

    def test_an_empty_buffer_reads_nothing_and_moves_nothing(self, three_files):
        assert three_files.read_block(memoryview(bytearray())) == 0
        assert read(three_files) == block(1000)

    def test_a_buffer_beyond_the_drives_longest_block_is_refused_unmoved(self, three_files):
        with pytest.raises(NotSupported):
            read(three_files, 0x1000000)
        assert read(three_files) == block(1000)

    def test_a_filemark_reads_as_nothing_once(self, three_files):
        three_files.operate(lib.MTFSR, 3)
        assert read(three_files) == b""
        assert read(three_files) == block(2000)

    def test_behind_a_filemark_that_was_read_a_new_file_begins(self, three_files):
        three_files.operate(lib.MTFSR, 3)
        read(three_files)
        assert numbers(three_files) == (1, 0)
        assert three_files.status().has(GMT_EOF)

    def test_the_eof_bit_goes_away_with_the_next_block(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        read(three_files)
        assert not three_files.status().has(GMT_EOF)

    def test_the_bot_bit_goes_away_with_the_first_block(self, three_files):
        assert three_files.status().has(GMT_BOT)
        read(three_files)
        assert not three_files.status().has(GMT_BOT)

    def test_each_of_two_filemarks_reads_as_nothing(self, tape):
        tape.write_block(block(600))
        tape.operate(lib.MTWEOF, 2)
        tape.write_block(block(700))
        tape.operate(lib.MTREW)
        assert [read(tape) for _ in range(4)] == [block(600), b"", b"", block(700)]

    def test_each_of_two_filemarks_is_a_file(self, tape):
        tape.operate(lib.MTWEOF, 2)
        tape.operate(lib.MTREW)
        read(tape)
        assert numbers(tape) == (1, 0)
        read(tape)
        assert numbers(tape) == (2, 0)

    def test_the_end_of_data_behind_a_filemark_reads_as_nothing_once(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        assert [read(three_files) for _ in range(3)] == [block(3000), b"", b""]
        with pytest.raises(EndOfData):
            read(three_files)

    def test_the_first_nothing_at_the_end_of_data_shows_the_eod_bit(self, three_files):
        three_files.operate(lib.MTFSF, 2)
        read(three_files)
        read(three_files)
        assert not three_files.status().has(GMT_EOD)
        read(three_files)
        assert three_files.status().has(GMT_EOD)
        assert not three_files.status().has(GMT_EOF)

    def test_the_end_of_data_keeps_the_file_number_and_loses_the_block_number(self, three_files):
        three_files.operate(lib.MTFSF, 3)
        read(three_files)
        assert numbers(three_files) == (3, None)

    def test_the_end_of_data_stays_the_end_of_data(self, three_files):
        three_files.operate(lib.MTFSF, 3)
        expect_end_of_data(three_files)
        for _ in range(3):
            with pytest.raises(EndOfData):
                read(three_files)

    def test_reading_at_the_end_of_data_does_not_move(self, three_files):
        three_files.operate(lib.MTFSF, 3)
        expect_end_of_data(three_files)
        assert three_files.position() == BLOCKS_AND_MARKS

    def test_the_end_of_data_behind_a_block_raises_at_once(self, tape):
        tape.write_block(block(900))
        with pytest.raises(EndOfData):
            read(tape)

    def test_a_blank_tape_raises_end_of_data_at_once(self, blank_tape):
        with pytest.raises(EndOfData):
            read(blank_tape)

    def test_reading_after_a_write_gives_up_the_filemark_of_the_close(self, tape, open_tape):
        # st_read turns the driver's state from writing to reading; st_flush writes the mark only while writing.
        tape.write_block(block(900))
        with pytest.raises(EndOfData):
            read(tape)
        tape.close()
        again = open_tape()
        again.operate(lib.MTREW)
        assert read(again) == block(900)
        with pytest.raises(EndOfData):
            read(again)

    def test_after_the_end_of_data_a_write_appends(self, three_files):
        three_files.operate(lib.MTFSF, 3)
        expect_end_of_data(three_files)
        three_files.write_block(block(4000))
        three_files.operate(lib.MTWEOF, 1)
        three_files.operate(lib.MTREW)
        three_files.operate(lib.MTFSF, 3)
        assert [read(three_files), read(three_files)] == [block(4000), b""]

    def test_large_and_tiny_blocks_mix(self, tape):
        lengths = (1, 200_000, 2, 65536, 3)
        write_files(tape, (lengths,))
        tape.operate(lib.MTREW)
        assert [read(tape) for _ in lengths] == [block(length) for length in lengths]
