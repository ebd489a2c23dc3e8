# SPDX-License-Identifier: WTFPL OR MIT
"""The ring: order, limits, marks and stopping, seen through real threads."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.errors import UsageError
from pytp_native.ffi import ffi, lib
from pytp_native.stream.ring import Ring, check_block_bytes

BLOCK = 10240


@pytest.mark.parametrize("size", [10240, 65536, 524288, 8 << 20])
def test_block_sizes_that_can_be_written(size: int) -> None:
    check_block_bytes(size)


@pytest.mark.parametrize("size", [0, 512, 10239, 10241, (8 << 20) + 512])
def test_block_sizes_that_cannot(size: int) -> None:
    with pytest.raises(UsageError):
        check_block_bytes(size)


def test_slots_are_page_aligned() -> None:
    ring = Ring(BLOCK, 8 * BLOCK)
    assert int(ffi.cast("uintptr_t", lib.pytp_ring_fill(ring.handle))) % 4096 == 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=60), st.integers(4, 9), st.booleans())
def test_blocks_leave_in_the_order_they_came(blocks: list[bytes], slots: int, marks: bool) -> None:
    ring = Ring(BLOCK, slots * BLOCK)
    if marks:
        ring.set_marks(0.8, 0.2)
    seen: list[bytes] = []

    def consume() -> None:
        while (block := ring.get()) is not None:
            seen.append(block)

    consumer = threading.Thread(target=consume)
    consumer.start()
    assert all(ring.put(block) for block in blocks)
    ring.finish()
    consumer.join()
    assert seen == blocks
    stats = ring.stats()
    assert (stats.blocks_in, stats.blocks_out, stats.filled) == (len(blocks), len(blocks), 0)


def test_a_full_ring_holds_the_producer_back_until_a_block_leaves() -> None:
    ring = Ring(BLOCK, 4 * BLOCK)
    for _ in range(4):
        ring.put(b"x")
    done = threading.Event()
    producer = threading.Thread(target=lambda: (ring.put(b"last"), done.set()))
    producer.start()
    assert not done.is_set()
    assert ring.get() == b"x"
    producer.join()
    assert done.is_set()


def test_hot_slots_are_used_again_while_the_consumer_keeps_up() -> None:
    ring = Ring(BLOCK, 64 * BLOCK)
    used = set()
    for _ in range(200):
        used.add(int(ffi.cast("uintptr_t", lib.pytp_ring_fill(ring.handle))))
        ring.put(b"x")
        ring.get()
    assert len(used) == 1


def test_a_producer_that_must_stay_hot_is_only_a_few_slots_ahead() -> None:
    ring = Ring(1 << 20, 64 << 20)
    ring.stay_hot()
    for _ in range(8):
        ring.put(b"x")
    producer = threading.Thread(target=lambda: ring.put(b"ninth"))
    producer.start()
    assert ring.stats().filled == 8
    ring.get()
    producer.join()
    assert ring.stats().peak_filled == 8


def test_marks_hold_the_consumer_until_high_and_again_at_low() -> None:
    ring = Ring(BLOCK, 10 * BLOCK)
    ring.set_marks(0.5, 0.2)
    taken: list[bytes] = []
    progress = threading.Semaphore(0)

    def consume() -> None:
        while (block := ring.get()) is not None:
            taken.append(block)
            progress.release()

    consumer = threading.Thread(target=consume)
    consumer.start()
    for i in range(4):
        ring.put(bytes([i]))
    assert taken == []  # four of the five that the high mark wants
    ring.put(b"\4")
    for _ in range(3):
        progress.acquire()
    while ring.stats().restarts == 0:
        pass  # it comes back for the next block, finds the low mark of two slots, and rests
    # until five are filled again, or the stream ends
    ring.put(b"\5")
    assert len(taken) == 3
    ring.finish()
    consumer.join()
    assert taken == [bytes([i]) for i in range(6)]
    assert ring.stats().restarts >= 1


def test_stopping_frees_both_sides() -> None:
    ring = Ring(BLOCK, 4 * BLOCK)
    got: list[object] = []
    consumer = threading.Thread(target=lambda: got.append(ring.get()))
    consumer.start()
    ring.stop()
    consumer.join()
    assert got == [None]
    assert ring.put(b"x") is False


def test_reset_empties_it_for_the_next_stream() -> None:
    ring = Ring(BLOCK, 4 * BLOCK)
    ring.put(b"old")
    ring.stop()
    ring.reset()
    ring.put(b"new")
    ring.finish()
    assert [ring.get(), ring.get()] == [b"new", None]


def test_a_block_that_is_not_released_is_still_there() -> None:
    ring = Ring(BLOCK, 4 * BLOCK)
    ring.put(b"kept")
    used = ffi.new("size_t *")
    first = lib.pytp_ring_take(ring.handle, used)
    assert lib.pytp_ring_take(ring.handle, used) == first
    assert ring.get() == b"kept"


def test_a_block_larger_than_a_slot_is_refused() -> None:
    with pytest.raises(UsageError):
        Ring(BLOCK, 4 * BLOCK).put(bytes(BLOCK + 1))


def test_claimed_blocks_go_out_once_each_and_in_order_until_they_are_released() -> None:
    ring = Ring(BLOCK, 4 * BLOCK)
    for data in (b"one", b"two", b"three"):
        ring.put(data)
    used = ffi.new("size_t *")
    first, second = (lib.pytp_ring_claim(ring.handle, used) for _ in range(2))
    assert [bytes(ffi.buffer(slot, 3)) for slot in (first, second)] == [b"one", b"two"]
    lib.pytp_ring_release(ring.handle)
    lib.pytp_ring_unclaim(ring.handle)
    assert lib.pytp_ring_take(ring.handle, used) == second
    assert [ring.get(), ring.get()] == [b"two", b"three"]
