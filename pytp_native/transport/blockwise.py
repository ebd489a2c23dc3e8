# SPDX-License-Identifier: WTFPL OR MIT
"""The bulk calls of the tape contract on top of the block calls, for wrappers that must see every block."""

from __future__ import annotations

from pytp_native.errors import CartridgeNeeded, EndOfData, PytpError
from pytp_native.ffi import ffi, lib
from pytp_native.transport.records import GMT_EOD, Moved, MtStatus, Stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import BlockRing


class Blockwise:
    """Gives a class with read_block, write_block and status the calls write_from and read_into (base.py).

    One Python call per block: for tests and traces, not for speed.
    """

    _no_space = False

    def read_block(self, into: memoryview) -> int:
        raise NotImplementedError

    def write_block(self, data: bytes | memoryview) -> int:
        raise NotImplementedError

    def status(self) -> MtStatus:
        raise NotImplementedError

    def write_from(self, ring: BlockRing, *, limit: int = 0) -> Moved:
        used = ffi.new("size_t *")
        blocks = data_bytes = 0
        while not limit or blocks < limit:
            slot = lib.pytp_ring_take(ring.handle, used)
            if slot == ffi.NULL:
                return Moved(blocks, data_bytes, *_ended(ring))
            try:
                self.write_block(memoryview(ffi.buffer(slot, used[0])))
            except CartridgeNeeded:
                again, self._no_space = self._no_space, True
                return Moved(blocks, data_bytes, Stop.END_OF_MEDIUM if again else Stop.EARLY_WARNING)
            except PytpError as error:
                return Moved(blocks, data_bytes, Stop.ERROR, error)
            self._no_space = False
            blocks, data_bytes = blocks + 1, data_bytes + used[0]
            lib.pytp_ring_release(ring.handle)
        return Moved(blocks, data_bytes, Stop.LIMIT)

    def read_into(self, ring: BlockRing, *, limit: int = 0) -> Moved:
        room = _slot_bytes(ring)
        blocks = data_bytes = 0
        while not limit or blocks < limit:
            slot = lib.pytp_ring_fill(ring.handle)
            if slot == ffi.NULL:
                return Moved(blocks, data_bytes, Stop.CANCELLED)
            try:
                length = self.read_block(memoryview(ffi.buffer(slot, room)))
                if length == 0:
                    return Moved(blocks, data_bytes, self._what_zero_means())
            except EndOfData:
                return Moved(blocks, data_bytes, Stop.END_OF_DATA)
            except PytpError as error:
                return Moved(blocks, data_bytes, Stop.ERROR, error)
            blocks, data_bytes = blocks + 1, data_bytes + length
            lib.pytp_ring_commit(ring.handle, length)
        return Moved(blocks, data_bytes, Stop.LIMIT)

    def _what_zero_means(self) -> Stop:
        return Stop.END_OF_DATA if self.status().has(GMT_EOD) else Stop.FILEMARK


def _slot_bytes(ring: BlockRing) -> int:
    raw = ffi.new("pytp_ring_stats *")
    lib.pytp_ring_read_stats(ring.handle, raw)
    return int(raw.slot_bytes)


def _ended(ring: BlockRing) -> tuple[Stop, PytpError | None]:
    """Say why the ring gave no block: its stream ended, failed, or was stopped."""
    why = lib.pytp_ring_why(ring.handle)
    if why == lib.PYTP_CANCELLED:
        return Stop.CANCELLED, None
    if why == lib.PYTP_FAILED:
        return Stop.ERROR, PytpError("source", "the stream of blocks failed")
    return Stop.END_OF_STREAM, None
