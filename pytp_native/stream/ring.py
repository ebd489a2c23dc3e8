# SPDX-License-Identifier: WTFPL OR MIT
"""The buffer between the side that reads files and the side that moves the tape (csrc/ring.h has the contract)."""

from __future__ import annotations

from typing import Any

from pytp_native.errors import UsageError
from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.units import MIB, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport
    from pytp_native.transport.records import Moved

LARGEST_BLOCK = 8 * MIB
SMALLEST_BLOCK = 10240
HOT_BYTES = 8 * MIB
"""What a shared last-level cache holds beside everything else; measured, see tests/bench."""
LARGEST_READ = 16 * MIB
"""Foreign tapes: the transfer length of READ(6) has 24 bits (SSC-5)."""


class RingStats(NamedTuple):
    """Counters since the ring was made; slots are tape blocks, waits are seconds."""

    slots: int
    slot_bytes: int
    filled: int
    peak_filled: int
    blocks_in: int
    bytes_in: int
    blocks_out: int
    bytes_out: int
    producer_wait_s: float
    consumer_wait_s: float
    underruns: int
    restarts: int

    @property
    def fill(self) -> float:
        return self.filled / self.slots


def check_block_bytes(block_bytes: int, *, reading: bool = False) -> None:
    """Raise UsageError unless `block_bytes` can be a tape block: a multiple of 512 from 10240 to 8 MiB.

    What is only read may have any size up to 16 MiB.
    """
    if reading and 0 < block_bytes <= LARGEST_READ:
        return
    if block_bytes % 512 or not SMALLEST_BLOCK <= block_bytes <= LARGEST_BLOCK:
        raise UsageError("block size", f"{block_bytes} bytes is not a multiple of 512 from 10240 to {LARGEST_BLOCK}")


class Ring:
    """Page-aligned slots of exactly one tape block; one producer, one consumer, waits that block.

    Any thread may `stop`; after that both sides get nothing until `reset`.
    """

    def __init__(self, block_bytes: int, ring_bytes: int, *, reading: bool = False) -> None:
        """Reserve about `ring_bytes`, at least four slots; memory is touched only as slots are first used."""
        check_block_bytes(block_bytes, reading=reading)
        self.block_bytes = block_bytes
        self.slots = max(4, ring_bytes // block_bytes)
        handle = lib.pytp_ring_new(block_bytes, self.slots)
        if handle == ffi.NULL:
            raise UsageError("memory buffer", f"cannot reserve {format_size(ring_bytes)}", "ask for less")
        self._handle = ffi.gc(handle, lib.pytp_ring_free)

    @property
    def handle(self) -> Any:
        """The C ring, for transports and the tar engine; valid as long as this object lives."""
        return self._handle

    def set_marks(self, high: float, low: float) -> None:
        """Hold the consumer back between two fill levels, 0.0 to 1.0; high 0 hands every block over at once."""
        lib.pytp_ring_marks(self._handle, int(high * self.slots), int(low * self.slots))

    def stay_hot(self) -> None:
        """Let the producer be only a few slots ahead, for a device that needs no reserve: they stay in the cache."""
        lib.pytp_ring_ahead(self._handle, max(4, HOT_BYTES // self.block_bytes))

    def write_to(self, tape: TapeTransport, limit: int) -> Moved:
        """Consumer: have the tape take blocks, as TapeTransport.write_from."""
        return tape.write_from(self, limit=limit)

    def reset(self) -> None:
        """Empty the ring for the next stream; nobody may be using it."""
        lib.pytp_ring_reset(self._handle)

    def stop(self) -> None:
        """Make both sides get nothing from now on, until `reset`."""
        lib.pytp_ring_stop(self._handle)

    @property
    def stopped(self) -> bool:
        return bool(lib.pytp_ring_why(self._handle) == lib.PYTP_CANCELLED)

    def finish(self, why: int | None = None, error: int = 0) -> None:
        """Producer: say that no more blocks come (lib.PYTP_END_OF_STREAM unless told otherwise)."""
        lib.pytp_ring_finish(self._handle, lib.PYTP_END_OF_STREAM if why is None else why, error)

    def put(self, data: bytes | memoryview) -> bool:
        """Producer: add one block of Python bytes (tests, trailers); False when the consumer has stopped."""
        if len(data) > self.block_bytes:
            raise UsageError("block", f"{len(data)} bytes do not fit a slot of {self.block_bytes}")
        slot = lib.pytp_ring_fill(self._handle)
        if slot == ffi.NULL:
            return False
        ffi.memmove(slot, data, len(data))
        lib.pytp_ring_commit(self._handle, len(data))
        return True

    def get(self) -> bytes | None:
        """Consumer: take the oldest block as bytes (tests, small streams); None at the end or when stopped."""
        used = ffi.new("size_t *")
        slot = lib.pytp_ring_take(self._handle, used)
        if slot == ffi.NULL:
            return None
        data = bytes(ffi.buffer(slot, used[0]))
        lib.pytp_ring_release(self._handle)
        return data

    def look(self) -> memoryview | None:
        """Consumer: the oldest block where it lies, valid until `release`; None at the end or when stopped."""
        used = ffi.new("size_t *")
        slot = lib.pytp_ring_take(self._handle, used)
        return None if slot == ffi.NULL else memoryview(ffi.buffer(slot, used[0]))

    def release(self) -> None:
        """Consumer: give the oldest block's slot back."""
        lib.pytp_ring_release(self._handle)

    def stats(self) -> RingStats:
        raw = ffi.new("pytp_ring_stats *")
        lib.pytp_ring_read_stats(self._handle, raw)
        return RingStats(
            raw.slots, raw.slot_bytes, raw.filled, raw.peak_filled,
            raw.blocks_in, raw.bytes_in, raw.blocks_out, raw.bytes_out,
            raw.producer_wait_ns / 1e9, raw.consumer_wait_ns / 1e9, raw.underruns, raw.restarts,
        )  # fmt: skip
