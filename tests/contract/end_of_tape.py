# SPDX-License-Identifier: WTFPL OR MIT
"""The end of the medium as st gives it (st(4), "ENOSPC"; SSC-5, early warning and VOLUME OVERFLOW).

The write that meets early warning succeeds; from then on ENOSPC with nothing written and success alternate until the
physical end.
"""

import pytest

from pytp_native.errors import CartridgeNeeded, EndOfData
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_EOD, GMT_EOT
from pytp_native.units import KIB
from tests.contract.tape_data import block, numbers, read, write_or_0, write_to_the_end

LENGTH = 64 * KIB


def most(bench) -> int:
    return 2 * bench.capacity_bytes // LENGTH + 16


def write_into_the_zone(tape, bench) -> int:
    """Write until the first ENOSPC; return the blocks on tape. The write before met early warning."""
    for written in range(most(bench)):
        if not write_or_0(tape, block(LENGTH, written)):
            return written
    raise AssertionError("the medium has no early warning")


class EndOfTape:
    def test_the_write_that_meets_early_warning_succeeds(self, bench, long_tape):
        for written in range(most(bench)):
            assert long_tape.write_block(block(LENGTH, written)) == LENGTH
            if long_tape.status().has(GMT_EOT):
                break
        with pytest.raises(CartridgeNeeded):
            long_tape.write_block(block(LENGTH))

    def test_early_warning_comes_before_the_capacity_is_written(self, bench, long_tape):
        written = write_into_the_zone(long_tape, bench)
        assert 0.7 * bench.capacity_bytes < written * LENGTH <= 1.01 * bench.capacity_bytes + LENGTH

    def test_a_refused_write_moves_nothing(self, bench, long_tape):
        written = write_into_the_zone(long_tape, bench)
        assert numbers(long_tape) == (0, written)
        assert long_tape.position() == written

    def test_after_a_refusal_the_driver_says_end_of_data(self, bench, long_tape):
        write_into_the_zone(long_tape, bench)
        assert long_tape.status().has(GMT_EOD)
        assert not long_tape.status().has(GMT_EOT)

    def test_after_a_refusal_the_next_write_succeeds(self, bench, long_tape):
        written = write_into_the_zone(long_tape, bench)
        assert long_tape.write_block(block(LENGTH, written)) == LENGTH
        assert numbers(long_tape) == (0, written + 1)
        assert long_tape.status().has(GMT_EOT)

    def test_refusal_and_success_alternate_in_the_zone(self, bench, long_tape):
        write_into_the_zone(long_tape, bench)
        long_tape.write_block(block(LENGTH))
        with pytest.raises(CartridgeNeeded):
            long_tape.write_block(block(LENGTH))
        assert long_tape.write_block(block(LENGTH)) == LENGTH

    def test_at_the_physical_end_refusals_stay(self, bench, long_tape):
        blocks, outcomes = write_to_the_end(long_tape, LENGTH, most(bench))
        first_refusal = outcomes.index(0)
        zone = [bool(written) for written in outcomes[first_refusal:-1]]
        assert zone == [bool(n % 2) for n in range(len(zone))]
        for _ in range(4):
            with pytest.raises(CartridgeNeeded):
                long_tape.write_block(block(LENGTH))
        assert long_tape.position() == blocks

    def test_filemarks_fit_into_the_zone(self, bench, long_tape):
        write_into_the_zone(long_tape, bench)
        long_tape.operate(lib.MTWEOF, 2)
        assert numbers(long_tape) == (2, 0)

    def test_after_a_filemark_in_the_zone_the_next_write_succeeds(self, bench, long_tape):
        write_into_the_zone(long_tape, bench)
        long_tape.write_block(block(LENGTH))
        long_tape.operate(lib.MTWEOF, 1)
        assert long_tape.write_block(block(LENGTH)) == LENGTH
        with pytest.raises(CartridgeNeeded):
            long_tape.write_block(block(LENGTH))

    def test_closing_in_the_zone_adds_the_filemark(self, bench, long_tape, open_tape):
        written = write_into_the_zone(long_tape, bench)
        long_tape.write_block(block(LENGTH, written))
        long_tape.close()
        again = open_tape()
        assert numbers(again) == (1, 0)
        assert again.position() == written + 2

    def test_a_full_tape_reads_to_its_end(self, bench, long_tape):
        blocks, _ = write_to_the_end(long_tape, LENGTH, most(bench))
        long_tape.operate(lib.MTREW)
        for number in range(blocks):
            assert read(long_tape) == block(LENGTH, number)
        assert read(long_tape) == b""
        assert read(long_tape) == b""
        with pytest.raises(EndOfData):
            read(long_tape)

    def test_a_refused_block_is_not_on_the_tape(self, bench, long_tape):
        written = write_into_the_zone(long_tape, bench)
        long_tape.operate(lib.MTREW)
        with pytest.raises(EndOfData):
            long_tape.operate(lib.MTFSF, 2)
        assert long_tape.position() == written + 1

    def test_the_beginning_of_a_full_tape_can_be_written_again(self, bench, long_tape):
        write_to_the_end(long_tape, LENGTH, most(bench))
        long_tape.operate(lib.MTREW)
        assert long_tape.write_block(block(100)) == 100
        assert not long_tape.status().has(GMT_EOT)
        assert long_tape.write_block(block(101)) == 101

    def test_fixed_blocks_at_the_end_are_written_whole_and_counted(self, bench, long_tape):
        long_tape.operate(lib.MTSETBLK, 4 * KIB)
        _, outcomes = write_to_the_end(long_tape, LENGTH, most(bench))
        blocks = sum(outcomes) // (4 * KIB)
        assert long_tape.position() == blocks
        long_tape.operate(lib.MTREW)
        long_tape.operate(lib.MTFSR, blocks)
        assert read(long_tape, 4 * KIB) == b""
