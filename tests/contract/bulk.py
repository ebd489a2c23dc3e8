# SPDX-License-Identifier: WTFPL OR MIT
"""write_from and read_into: the same tape as with single blocks, exact counts, and why they stopped."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from pytp_native.errors import BlockTooLarge, CartridgeNeeded, EndOfData, WriteProtected
from pytp_native.ffi import lib
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Stop
from pytp_native.units import KIB
from tests.contract.end_of_tape import LENGTH, most, write_into_the_zone
from tests.contract.tape_data import block, expected, numbers, read, read_files, write_files

SLOT = 16 * KIB
MORE_THAN_THERE_IS = 1000


def ring(slots: int = 8, slot_bytes: int = SLOT) -> Ring:
    return Ring(slot_bytes, slots * slot_bytes)


@contextmanager
def fed(buffer: Ring, blocks: Iterable[bytes]) -> Iterator[Ring]:
    """Put the blocks into the ring from a thread of its own, as a job does; the stream ends behind the last."""
    producer = threading.Thread(target=lambda: all(map(buffer.put, blocks)) and buffer.finish(), daemon=True)
    producer.start()
    try:
        yield buffer
    finally:
        buffer.stop()
        producer.join()


def bulk_write(tape, blocks, *, limit: int = 0):
    with fed(ring(slot_bytes=max(SLOT, *map(len, blocks), 0)), blocks) as buffer:
        return tape.write_from(buffer, limit=limit)


def bulk_read(tape, *, limit: int = MORE_THAN_THERE_IS, slot_bytes: int = SLOT):
    """Read in bulk in a thread of its own; return the blocks and what read_into said."""
    buffer, outcome, blocks = ring(slot_bytes=slot_bytes), [], []

    def produce():
        try:
            outcome.append(tape.read_into(buffer, limit=limit))
        finally:
            buffer.finish()

    producer = threading.Thread(target=produce, daemon=True)
    producer.start()
    while (data := buffer.get()) is not None:
        blocks.append(data)
    producer.join()
    return blocks, outcome[0]


class Bulk:
    def test_bulk_writing_makes_the_same_tape_as_single_writes(self, tape):
        lengths = tuple(10_000 + n for n in range(40))
        moved = bulk_write(tape, [block(length) for length in lengths])
        assert (moved.blocks, moved.data_bytes) == (40, sum(lengths))
        assert (moved.stop, moved.error) == (Stop.END_OF_STREAM, None)
        assert numbers(tape) == (0, 40)
        assert tape.position() == 40
        tape.operate(lib.MTWEOF, 1)
        assert read_files(tape) == expected(lengths, ())

    def test_closing_after_a_bulk_write_adds_a_filemark(self, tape, open_tape):
        bulk_write(tape, [block(SLOT)])
        tape.close()
        assert open_tape().position() == 2

    def test_a_bulk_write_cuts_what_follows(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        bulk_write(three_files, [block(SLOT)])
        three_files.operate(lib.MTWEOF, 1)
        assert read_files(three_files) == expected((1000, 1001, 1002), (SLOT,), ())

    def test_a_bulk_write_with_a_limit_stops_there(self, tape):
        moved = bulk_write(tape, [block(SLOT, n) for n in range(4)], limit=3)
        assert (moved.blocks, moved.stop) == (3, Stop.LIMIT)
        assert numbers(tape) == (0, 3)

    def test_a_bulk_write_takes_up_where_a_limit_stopped_it(self, tape):
        buffer = ring()
        for n in range(6):
            buffer.put(block(SLOT, n))
        buffer.finish()
        assert tape.write_from(buffer, limit=4).blocks == 4
        assert tape.write_from(buffer).blocks == 2
        tape.operate(lib.MTREW)
        assert [read(tape) for _ in range(6)] == [block(SLOT, n) for n in range(6)]

    def test_a_stopped_ring_ends_a_bulk_write(self, tape):
        buffer = ring()
        buffer.put(block(SLOT))
        buffer.stop()
        moved = tape.write_from(buffer)
        assert (moved.blocks, moved.stop) == (0, Stop.CANCELLED)
        assert numbers(tape) == (0, 0)

    def test_an_empty_stream_writes_nothing(self, three_files):
        buffer = ring()
        buffer.finish()
        moved = three_files.write_from(buffer)
        assert (moved.blocks, moved.data_bytes, moved.stop) == (0, 0, Stop.END_OF_STREAM)
        assert read(three_files) == block(1000)

    def test_a_read_only_descriptor_takes_no_bulk_write(self, three_files, open_tape):
        three_files.close()
        again = open_tape(write=False)
        moved = bulk_write(again, [block(SLOT)])
        assert (moved.blocks, moved.stop) == (0, Stop.ERROR)
        assert isinstance(moved.error, WriteProtected)
        assert read(again) == block(1000)

    def test_bulk_reading_gives_the_blocks_up_to_the_filemark(self, three_files):
        blocks, moved = bulk_read(three_files)
        assert blocks == [block(1000), block(1001), block(1002)]
        assert (moved.blocks, moved.data_bytes, moved.stop) == (3, 3003, Stop.FILEMARK)

    def test_after_a_bulk_read_the_tape_stands_behind_the_filemark(self, three_files):
        bulk_read(three_files)
        assert numbers(three_files) == (1, 0)
        assert read(three_files) == block(2000)

    def test_bulk_reads_walk_the_tape_to_the_end_of_data(self, three_files):
        outcomes = [bulk_read(three_files) for _ in range(4)]
        assert [len(blocks) for blocks, _ in outcomes] == [3, 2, 1, 0]
        assert [moved.stop for _, moved in outcomes] == [Stop.FILEMARK] * 3 + [Stop.END_OF_DATA]
        assert outcomes[3][1].error is None

    def test_a_bulk_read_at_the_end_of_data_stays_there(self, three_files):
        three_files.operate(lib.MTEOM, 1)
        for _ in range(2):
            blocks, moved = bulk_read(three_files)
            assert (blocks, moved.stop) == ([], Stop.END_OF_DATA)
        with pytest.raises(EndOfData):
            read(three_files)

    def test_a_bulk_read_of_a_blank_tape_is_the_end_of_data(self, blank_tape):
        blocks, moved = bulk_read(blank_tape)
        assert (blocks, moved.stop) == ([], Stop.END_OF_DATA)

    def test_a_bulk_read_of_an_unterminated_file_ends_at_the_end_of_data(self, tape):
        tape.write_block(block(700))
        tape.operate(lib.MTBSR, 1)
        blocks, moved = bulk_read(tape)
        assert (blocks, moved.stop) == ([block(700)], Stop.END_OF_DATA)

    def test_a_bulk_read_of_an_empty_file_is_a_filemark(self, tape):
        tape.operate(lib.MTWEOF, 2)
        tape.operate(lib.MTREW)
        blocks, moved = bulk_read(tape)
        assert (blocks, moved.stop) == ([], Stop.FILEMARK)
        assert numbers(tape) == (1, 0)

    def test_a_bulk_read_with_a_limit_stops_there(self, three_files):
        blocks, moved = bulk_read(three_files, limit=2)
        assert (len(blocks), moved.stop) == (2, Stop.LIMIT)
        assert read(three_files) == block(1002)

    def test_a_block_too_large_for_the_slots_stops_a_bulk_read(self, tape):
        write_files(tape, ((700, 20_000, 701),))
        tape.operate(lib.MTREW)
        blocks, moved = bulk_read(tape)
        assert (blocks, moved.blocks, moved.stop) == ([block(700)], 1, Stop.ERROR)
        assert isinstance(moved.error, BlockTooLarge)
        assert read(tape) == block(701)

    def test_a_stopped_ring_ends_a_bulk_read(self, three_files):
        buffer = ring()
        buffer.stop()
        moved = three_files.read_into(buffer)
        assert (moved.blocks, moved.stop) == (0, Stop.CANCELLED)
        assert read(three_files) == block(1000)

    def test_a_bulk_read_in_fixed_mode_fills_slots_with_whole_blocks(self, tape):
        tape.operate(lib.MTSETBLK, 4 * KIB)
        data = block(10 * 4 * KIB)
        tape.write_block(data)
        tape.operate(lib.MTREW)
        blocks, moved = bulk_read(tape)
        assert b"".join(blocks) == data
        assert moved.data_bytes == len(data)
        assert moved.stop is Stop.FILEMARK
        assert numbers(tape) == (1, 0)

    def test_a_bulk_write_in_fixed_mode_writes_whole_slots(self, tape):
        tape.operate(lib.MTSETBLK, SLOT)
        moved = bulk_write(tape, [block(SLOT, n) for n in range(5)])
        assert (moved.blocks, moved.stop) == (5, Stop.END_OF_STREAM)
        assert numbers(tape) == (0, 5)

    def test_early_warning_stops_a_bulk_write_with_the_block_still_in_the_ring(self, bench, tape):
        bench.skip_unless_it_fills()
        with fed(Ring(LENGTH, 8 * LENGTH), (block(LENGTH, n) for n in range(most(bench)))) as buffer:
            moved = tape.write_from(buffer)
            assert (moved.stop, moved.error) == (Stop.EARLY_WARNING, None)
            assert numbers(tape) == (0, moved.blocks)
            more = tape.write_from(buffer, limit=1)
            assert (more.blocks, more.stop) == (1, Stop.LIMIT)
        tape.operate(lib.MTREW)
        tape.operate(lib.MTFSR, moved.blocks - 1)
        assert [read(tape), read(tape)] == [block(LENGTH, moved.blocks - 1), block(LENGTH, moved.blocks)]

    def test_a_bulk_write_reaches_the_end_of_the_medium_block_by_block(self, bench, tape):
        bench.skip_unless_it_fills()
        with fed(Ring(LENGTH, 8 * LENGTH), (block(LENGTH, n) for n in range(most(bench)))) as buffer:
            outcomes = [tape.write_from(buffer)]
            while outcomes[-1].stop is Stop.EARLY_WARNING:
                outcomes.append(tape.write_from(buffer))
        assert outcomes[-1].stop is Stop.END_OF_MEDIUM
        assert outcomes[-1].blocks == 0
        assert all(moved.blocks == 1 for moved in outcomes[1:-1])
        blocks = sum(moved.blocks for moved in outcomes)
        assert tape.position() == blocks
        tape.operate(lib.MTREW)
        assert [read(tape) for _ in range(blocks + 1)] == [block(LENGTH, n) for n in range(blocks)] + [b""]

    def test_early_warning_met_by_a_single_write_is_none_the_less_early_warning_in_bulk(self, bench, tape):
        bench.skip_unless_it_fills()
        write_into_the_zone(tape, bench)
        tape.write_block(block(LENGTH))
        first = bulk_write(tape, [block(LENGTH)])
        assert (first.blocks, first.stop) == (0, Stop.EARLY_WARNING)
        second = bulk_write(tape, [block(LENGTH)])
        assert (second.blocks, second.stop) == (1, Stop.END_OF_STREAM)

    def test_early_warning_met_in_bulk_is_known_to_single_writes(self, bench, tape):
        bench.skip_unless_it_fills()
        written = write_into_the_zone(tape, bench)
        assert bulk_write(tape, [block(LENGTH, written)]).blocks == 1
        with pytest.raises(CartridgeNeeded):
            tape.write_block(block(LENGTH))
        assert tape.write_block(block(LENGTH)) == LENGTH
