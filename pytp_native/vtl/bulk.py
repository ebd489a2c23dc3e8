# SPDX-License-Identifier: WTFPL OR MIT
"""Bulk transfers of the virtual st: C while nothing happens, the ordinary read or write for every block that needs
thought, so that both ways have one behaviour."""

from __future__ import annotations

import errno

from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.vtl.st_states import EOD_1, NOEOF, READING, WRITING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytp_native.vtl.st import StDriver


class Moved(NamedTuple):
    """A bulk transfer's end: slots done, lib.PYTP_* and, for PYTP_FAILED and PYTP_NO_SPACE, the errno."""

    blocks: int
    data_bytes: int
    stop: int
    error: int = 0


def write_from(st: StDriver, ring: Any, limit: int) -> Moved:
    """Write the ring's blocks until its stream ends or something stops it; a refused block stays in the ring."""
    blocks = data_bytes = 0
    moved, used = ffi.new("pytp_moved *"), ffi.new("size_t *")
    while limit == 0 or blocks < limit:
        if _writes_freely(st):
            lib.pytp_bulk_write(ring, st.drive.bulk.for_writing(), limit and limit - blocks, moved)
            blocks, data_bytes = blocks + moved.blocks, data_bytes + moved.bytes
            if not _is_event(st, moved):
                return Moved(blocks, data_bytes, moved.stop, moved.error)
        slot = lib.pytp_ring_take(ring, used)
        if slot == ffi.NULL:
            return Moved(blocks, data_bytes, lib.pytp_ring_why(ring), lib.pytp_ring_error(ring))
        error = _write_slot(st, memoryview(ffi.buffer(slot, used[0])))
        if error:
            stop = lib.PYTP_NO_SPACE if error == errno.ENOSPC else lib.PYTP_FAILED
            return Moved(blocks, data_bytes, stop, error)
        blocks, data_bytes = blocks + 1, data_bytes + used[0]
        lib.pytp_ring_release(ring)
    return Moved(blocks, data_bytes, lib.PYTP_LIMIT)


def _write_slot(st: StDriver, data: memoryview) -> int:
    """Write one slot; return 0 or an errno. Whole slots are all that is counted, so part of one is EIO."""
    try:
        return 0 if st.write(data) == len(data) else errno.EIO
    except OSError as exc:
        return exc.errno or errno.EIO


def read_into(st: StDriver, ring: Any, room: int, limit: int) -> Moved:
    """Read blocks into slots of `room` bytes until a filemark, end of data or something else."""
    blocks = data_bytes = 0
    moved = ffi.new("pytp_moved *")
    while limit == 0 or blocks < limit:
        if _reads_freely(st, room):
            lib.pytp_bulk_read(ring, st.drive.bulk.for_reading(), limit and limit - blocks, moved)
            blocks, data_bytes = blocks + moved.blocks, data_bytes + moved.bytes
            if not _is_event(st, moved):
                return Moved(blocks, data_bytes, moved.stop, moved.error)
        slot = lib.pytp_ring_fill(ring)
        if slot == ffi.NULL:
            return Moved(blocks, data_bytes, lib.PYTP_CANCELLED)
        try:
            got = st.read(memoryview(ffi.buffer(slot, room)))
        except OSError as exc:
            return Moved(blocks, data_bytes, lib.PYTP_FAILED, exc.errno or errno.EIO)
        if got == 0:
            return Moved(blocks, data_bytes, lib.PYTP_END_OF_DATA if st.raw.eof >= EOD_1 else lib.PYTP_FILEMARK)
        blocks, data_bytes = blocks + 1, data_bytes + got
        lib.pytp_ring_commit(ring, got)
    return Moved(blocks, data_bytes, lib.PYTP_LIMIT)


def _is_event(st: StDriver, moved: Any) -> bool:
    """Tell whether C stopped for us to look, rather than for good."""
    if moved.stop != lib.PYTP_FAILED:
        return False
    return bool(moved.error == lib.PYTP_EVENT or st.drive.bulk.host_error())


def _writes_freely(st: StDriver) -> bool:
    raw, tape = st.raw, st.drive.cartridge
    steady = (
        st.has_tape
        and raw.partition == raw.next_partition
        and st.writable
        and not st.write_protect
        and raw.rw == WRITING
        and raw.eof == NOEOF
    )
    return bool(steady and tape is not None and raw.position == tape.count and not st.drive.write_protected)


def _reads_freely(st: StDriver, room: int) -> bool:
    raw = st.raw
    steady = (
        st.has_tape
        and raw.partition == raw.next_partition
        and raw.rw == READING
        and raw.eof == NOEOF
        and st.drive.cartridge is not None
    )
    return bool(steady and st.block_bytes in {0, room})
