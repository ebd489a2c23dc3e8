# SPDX-License-Identifier: WTFPL OR MIT
"""Bulk transfers do what single calls do, whatever comes in between."""

from __future__ import annotations

import threading

import pytest

from pytp_native.errors import (
    BlockSizeMismatch,
    BlockTooLarge,
    CartridgeNeeded,
    MediumDamaged,
    MediumError,
    NoMedium,
    WriteProtected,
)
from pytp_native.ffi import lib
from pytp_native.stream.ring import Ring
from pytp_native.transport import open_scsi
from pytp_native.transport.records import Stop
from pytp_native.units import KIB, MIB
from pytp_native.vtl.cartridge import FILEMARK_BYTES, early_warning_bytes

SLOT = 64 * KIB
SLOTS = 8


def block(number: int, length: int = SLOT) -> bytes:
    return bytes([number & 0xFF, number >> 8 & 0xFF]) * (length // 2)


def write(tape, blocks, *, limit: int = 0, ring: Ring | None = None):
    """Write `blocks` in bulk; return what was moved. The producer runs beside it and gives up when the ring is
    stopped."""
    ring = ring or Ring(SLOT, SLOT * SLOTS)

    def produce() -> None:
        for data in blocks:
            if not ring.put(data):
                return
        ring.finish()

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        return tape.write_from(ring, limit=limit)
    finally:
        ring.stop()
        producer.join()


def read(tape, *, limit: int = 0, slot: int = SLOT):
    """Read in bulk; return the blocks and what was moved."""
    ring = Ring(slot, slot * SLOTS)
    moved = []

    def consume() -> None:
        moved.append(tape.read_into(ring, limit=limit))
        ring.finish()

    reader = threading.Thread(target=consume)
    reader.start()
    blocks = []
    while (data := ring.get()) is not None:
        blocks.append(data)
    reader.join()
    return blocks, moved[0]


def where(tape):
    status = tape.status()
    return status.mt_fileno, status.mt_blkno, tape.position()


def test_what_bulk_writes_single_calls_read(tape):
    blocks = [block(n) for n in range(20)] + [block(20, 1000)]
    moved = write(tape, blocks)
    assert moved == (21, 20 * SLOT + 1000, Stop.END_OF_STREAM, None)
    assert where(tape) == (0, 21, 21)
    tape.operate(lib.MTWEOF)
    tape.operate(lib.MTREW)
    into = memoryview(bytearray(SLOT))
    assert [bytes(into[: tape.read_block(into)]) for _ in range(22)] == [*blocks, b""]


def test_what_single_calls_write_bulk_reads(tape):
    blocks = [block(n, 2000 + n * 2) for n in range(30)]
    for data in blocks:
        tape.write_block(data)
    tape.operate(lib.MTWEOF)
    tape.operate(lib.MTREW)
    assert read(tape) == (blocks, (30, sum(map(len, blocks)), Stop.FILEMARK, None))
    assert where(tape) == (1, 0, 31)


def test_reading_the_end_of_data_says_so_and_so_does_repeating_it(tape):
    write(tape, [block(1)])
    tape.operate(lib.MTWEOF)
    tape.operate(lib.MTREW)
    assert read(tape)[1].stop is Stop.FILEMARK
    assert read(tape)[1] == (0, 0, Stop.END_OF_DATA, None)
    assert read(tape)[1] == (0, 0, Stop.END_OF_DATA, None)


def test_end_of_data_without_a_filemark_says_so_too(tape):
    write(tape, [block(1), block(2)])
    tape.operate(lib.MTWEOF, 0)
    tape.operate(lib.MTSEEK, 0)
    assert read(tape) == ([block(1), block(2)], (2, 2 * SLOT, Stop.END_OF_DATA, None))


def test_writing_earlier_cuts_what_follows(tape):
    write(tape, [block(n) for n in range(10)])
    tape.operate(lib.MTWEOF)
    tape.operate(lib.MTSEEK, 4)
    assert write(tape, [block(99), block(98)]).blocks == 2
    tape.operate(lib.MTREW)
    assert read(tape)[0] == [block(n) for n in (0, 1, 2, 3, 99, 98)]
    assert read(tape)[1].stop is Stop.END_OF_DATA


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_limit_is_kept_to_the_block_both_ways(tape, limit):
    assert write(tape, [block(n) for n in range(10)], limit=limit)[:3] == (limit, limit * SLOT, Stop.LIMIT)
    assert tape.position() == limit
    tape.operate(lib.MTWEOF)
    tape.operate(lib.MTREW)
    assert read(tape, limit=limit)[1].stop is Stop.LIMIT
    assert tape.position() == limit


def test_a_stopped_ring_ends_at_a_block(tape):
    ring = Ring(SLOT, SLOT * SLOTS)
    for n in range(3):
        ring.put(block(n))
    ring.stop()
    assert tape.write_from(ring) == (0, 0, Stop.CANCELLED, None)


def test_fixed_blocks_of_a_slot_go_through(tape):
    tape.operate(lib.MTSETBLK, SLOT)
    assert write(tape, [block(n) for n in range(12)]).blocks == 12
    assert where(tape) == (0, 12, 12)
    tape.operate(lib.MTREW)
    assert read(tape)[0] == [block(n) for n in range(12)]


def test_slots_of_several_fixed_blocks_become_that_many(tape):
    tape.operate(lib.MTSETBLK, SLOT // 4)
    assert write(tape, [block(1), block(2)]).blocks == 2
    assert where(tape) == (0, 8, 8)
    tape.operate(lib.MTREW)
    assert read(tape)[0] == [block(1), block(2)]


def test_a_block_of_another_size_stops_a_fixed_transfer(tape):
    write(tape, [block(1), block(2), block(3, 1000), block(4)])
    tape.operate(lib.MTREW)
    tape.operate(lib.MTSETBLK, SLOT)
    blocks, moved = read(tape)
    assert blocks == [block(1), block(2)]
    assert moved.stop is Stop.ERROR
    assert isinstance(moved.error, BlockSizeMismatch)
    assert tape.position() == 2


def test_a_block_longer_than_a_slot_stops_reading_behind_it(tape):
    tape.write_block(block(1))
    tape.write_block(block(2, 2 * SLOT))
    tape.write_block(block(3))
    tape.operate(lib.MTREW)
    blocks, moved = read(tape)
    assert (blocks, moved.stop) == ([block(1)], Stop.ERROR)
    assert isinstance(moved.error, BlockTooLarge)
    assert where(tape) == (0, 2, 2)
    assert read(tape)[0] == [block(3)]


def test_the_tape_runs_full_in_bulk_as_it_does_block_by_block(library, open_tape):
    """EARLY_WARNING, one block a call, END_OF_MEDIUM; everything that was counted is there."""
    tape = open_tape()
    written = 0
    stops = []
    while True:
        moved = write(tape, (block(n) for n in range(written, 1000)))
        written += moved.blocks
        stops.append((moved.blocks, moved.stop))
        if moved.stop is Stop.END_OF_MEDIUM:
            break
    zone = 4 * MIB - early_warning_bytes(4 * MIB)
    first, *middle, last = stops
    assert first == (4 * MIB // SLOT - zone // SLOT, Stop.EARLY_WARNING)
    assert middle == [(1, Stop.EARLY_WARNING)] * (zone // SLOT)
    assert last == (0, Stop.END_OF_MEDIUM)
    tape.operate(lib.MTWEOF)
    tape.operate(lib.MTREW)
    assert read(tape)[0] == [block(n) for n in range(written)]
    assert written == 4 * MIB // SLOT


def test_the_refused_block_is_still_in_the_ring(library, tape):
    library.add_fault(0, "early warning at 3")
    ring = Ring(SLOT, SLOT * SLOTS)
    for n in range(6):
        ring.put(block(n))
    ring.finish()
    assert tape.write_from(ring)[:3] == (4, 4 * SLOT, Stop.EARLY_WARNING)
    assert ring.get() == block(4)


def test_an_ordinary_write_after_a_bulk_one_alternates_as_well(library, tape):
    library.add_fault(0, "early warning at 2")
    assert write(tape, [block(n) for n in range(9)]).stop is Stop.EARLY_WARNING
    assert tape.write_block(block(3)) == SLOT
    with pytest.raises(CartridgeNeeded):
        tape.write_block(block(4))
    assert tape.write_block(block(4)) == SLOT


def test_a_medium_error_stops_at_its_block(library, tape):
    library.add_fault(0, "write 5: medium error")
    moved = write(tape, [block(n) for n in range(9)])
    assert moved[:3] == (5, 5 * SLOT, Stop.ERROR)
    assert isinstance(moved.error, MediumError)
    assert tape.position() == 5


def test_a_read_error_is_passed_and_reading_goes_on_behind_it(library, tape):
    write(tape, [block(n) for n in range(9)])
    tape.operate(lib.MTREW)
    library.add_fault(0, "read 5: medium error")
    blocks, moved = read(tape)
    assert blocks == [block(n) for n in range(5)]
    assert isinstance(moved.error, MediumError)
    assert read(tape)[0] == [block(n) for n in range(6, 9)]


def test_damage_is_named_in_bulk_too(library, tape):
    write(tape, [block(n) for n in range(9)])
    data = library.path / "cartridges" / "PYT001L9" / "data"
    with data.open("r+b") as file:
        file.seek(6 * SLOT + 17)
        file.write(b"rot")
    tape.operate(lib.MTREW)
    blocks, moved = read(tape)
    assert len(blocks) == 6
    assert isinstance(moved.error, MediumDamaged)
    assert "block 6" in str(moved.error)


def test_a_fault_scripted_while_a_transfer_runs_is_noticed(library, tape):
    """The producer adds it before block 50 is in the ring."""

    def blocks():
        for n in range(100):
            if n == 50:
                library.add_fault(0, "write 55: medium error")
            yield block(n, 2000)

    moved = write(tape, blocks(), ring=Ring(10240, 10240 * 4))
    assert (moved.blocks, moved.stop) == (55, Stop.ERROR)


def test_an_operator_takes_the_cartridge_out_in_the_middle(library, tape):
    library.add_fault(0, "eject at 4")
    moved = write(tape, [block(n) for n in range(9)])
    assert moved[:3] == (4, 4 * SLOT, Stop.ERROR)
    assert isinstance(moved.error, NoMedium)
    assert library.faults(0) == ()


def test_a_descriptor_opened_for_reading_writes_nothing_in_bulk(open_tape):
    tape = open_tape(write=False)
    moved = write(tape, [block(1)])
    assert moved[:3] == (0, 0, Stop.ERROR)
    assert isinstance(moved.error, WriteProtected)


def test_a_producer_that_failed_is_no_device_error_of_ours(tape):
    ring = Ring(SLOT, SLOT * SLOTS)
    ring.put(block(1))
    ring.finish(lib.PYTP_END_OF_STREAM)
    assert tape.write_from(ring) == (1, SLOT, Stop.END_OF_STREAM, None)
    assert tape.write_from(ring) == (0, 0, Stop.END_OF_STREAM, None)


def test_bulk_transfers_are_counted_as_single_ones_are(library, tape, scsi):
    write(tape, [block(n) for n in range(5)])
    tape.write_block(block(5))
    tape.operate(lib.MTREW)
    read(tape)
    data = scsi.execute(bytes([0x4D, 0, 0x4C, 0, 0, 0, 0, 1, 0, 0]), data_in_bytes=256).data
    assert [int.from_bytes(data[at : at + 8], "big") for at in (8, 32)] == [6 * SLOT, 6 * SLOT]


def test_a_programmed_warning_stops_a_bulk_transfer_once(library, tape):
    scsi = open_scsi(tape.address)
    page = bytes([0x50, 0x01, 0, 28, 0, 0, 0, 2]) + bytes(24)
    assert scsi.execute(bytes([0x15, 0x10, 0, 0, 36, 0]), data_out=bytes([0, 0, 0x10, 0]) + page).status == 0
    scsi.close()
    first = write(tape, (block(n) for n in range(1000)))
    assert first.stop is Stop.EARLY_WARNING
    start = early_warning_bytes(4 * MIB) - 2 * 10**6
    assert start <= first.blocks * SLOT < start + SLOT
    tape.operate(lib.MTWEOF)  # st lets only every other write pass until then, whatever the drive says
    zone = write(tape, (block(n) for n in range(1000)))
    assert zone.stop is Stop.EARLY_WARNING
    total = (first.blocks + zone.blocks) * SLOT + FILEMARK_BYTES
    assert early_warning_bytes(4 * MIB) <= total < early_warning_bytes(4 * MIB) + SLOT
