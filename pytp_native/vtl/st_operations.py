# SPDX-License-Identifier: WTFPL OR MIT
"""MTIOCTOP as st does it: st_ioctl's rules first (`operate`), then one command and its effect on the counters
(`int_ioctl`)."""

from __future__ import annotations

import errno

from pytp_native.ffi import lib
from pytp_native.spec import sense as codes
from pytp_native.vtl import st_modes, st_partitions
from pytp_native.vtl.sense import Sense
from pytp_native.vtl.st_options import set_options
from pytp_native.vtl.st_states import (
    EOD,
    EOD_1,
    EOM_OK,
    FM,
    FM_HIT,
    IDLE,
    LOCKED_EXPLICIT,
    NOEOF,
    UNLOCKED,
    WRITING,
    fail,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.vtl.st import StDriver


# What follows keeps the state "writing", and with it the filemark at close.
_KEEP_WRITING = {lib.MTNOP, lib.MTSETBLK, lib.MTSETDENSITY, lib.MTWSM, lib.MTSETDRVBUFFER, lib.MTSETPART}
_SEEKS_NEXT = {
    lib.MTREW, lib.MTOFFL, lib.MTRETEN, lib.MTEOM, lib.MTLOCK, lib.MTLOAD, lib.MTFSF, lib.MTFSFM, lib.MTBSF,
    lib.MTBSFM, lib.MTCOMPRESSION, lib.MTSEEK,
}  # fmt: skip
_ENDS_WRITING = {lib.MTREW, lib.MTOFFL, lib.MTSEEK, lib.MTBSF, lib.MTBSFM}
_FORWARD_FILES = {lib.MTFSF, lib.MTFSFM, lib.MTEOM}
_BACK_FILES = {lib.MTBSF, lib.MTBSFM}
_WRITES_MARKS = {lib.MTWEOF, lib.MTWEOFI}
_FAR = 0x7FFFFF
_FIND_THEMSELVES = {lib.MTREW, lib.MTOFFL, lib.MTRETEN, lib.MTERASE, lib.MTSEEK, lib.MTEOM}
"""All that st does after a bus reset; then it goes on as before."""


def operate(st: StDriver, operation: int, count: int) -> None:
    """Do one MTIOCTOP. Raises OSError with st's errno."""
    if st.raw.pos_unknown:
        if operation not in _FIND_THEMSELVES:
            fail(errno.EIO)
        raw = st.raw
        raw.pos_unknown = raw.rw = raw.partition = 0
        raw.eof, raw.file, raw.block = NOEOF, -1, -1  # reset_state() asks for the partition only
    count = _adjust_for_filemark(st, operation, count)
    st.flush_buffer(seek_next=_seeks_next(st, operation))
    count = _end_writing(st, operation, count)
    try:
        if operation not in _KEEP_WRITING | _WRITES_MARKS:
            st.raw.rw = IDLE
        _dispatch(st, operation, count)
    finally:
        # Only afterwards: a user killed here has either its filemark or a state that asks for one.
        if operation in _WRITES_MARKS:
            st.raw.rw = IDLE


def _seeks_next(st: StDriver, operation: int) -> bool:
    """With partitions a seek within one needs no old position."""
    if operation == lib.MTSEEK and st_partitions.can_partition(st):
        return bool(st.raw.next_partition != st.raw.partition)
    return operation in _SEEKS_NEXT


def _adjust_for_filemark(st: StDriver, operation: int, count: int) -> int:
    """A fixed-block read that met a filemark stands behind it already."""
    if st.raw.eof != FM_HIT or operation not in _FORWARD_FILES | _BACK_FILES:
        return count
    if st.raw.file >= 0:
        st.raw.file += 1
    return count - 1 if operation in _FORWARD_FILES else count + 1


def _end_writing(st: StDriver, operation: int, count: int) -> int:
    if st.raw.rw != WRITING or operation not in _ENDS_WRITING:
        return count
    int_ioctl(st, lib.MTWEOF, 1)
    st.raw.rw = IDLE
    return count + 1 if operation in _BACK_FILES else count


def _dispatch(st: StDriver, operation: int, count: int) -> None:
    if operation == lib.MTOFFL and st.raw.door:
        _lock(st, False)
    if operation == lib.MTSETDRVBUFFER and count & lib.MT_ST_OPTIONS:
        set_options(st, count)
    elif operation == lib.MTSETPART:
        st_partitions.note_partition(st, count)
    elif operation == lib.MTMKPART:
        st_partitions.make_partitions(st, count)
    elif operation == lib.MTSEEK:
        st_partitions.set_location(st, count & 0xFFFFFFFF, int(st.raw.next_partition))
    elif operation in {lib.MTUNLOAD, lib.MTOFFL}:
        _unload(st)
    elif operation == lib.MTLOAD:
        _load(st)
    elif operation in {lib.MTLOCK, lib.MTUNLOCK}:
        _lock(st, operation == lib.MTLOCK)
    elif operation == lib.MTCOMPRESSION:
        st_partitions.switch_partition(st)
        if not st.has_tape:
            fail(errno.EIO)
        st.drive.set_compression(bool(count & 1))
    else:
        st_partitions.switch_partition(st)
        int_ioctl(st, operation, count)


def _lock(st: StDriver, on: bool) -> None:
    st.drive.prevent_removal(on)
    st.raw.door = LOCKED_EXPLICIT if on else UNLOCKED


def _unload(st: StDriver) -> None:
    if not st.has_tape:
        fail(errno.ENOMEDIUM)
    if st.drive.unload() is not None:
        st.raw.file = st.raw.block = -1
        fail(errno.EIO)
    st.has_tape = False


def _load(st: StDriver) -> None:
    if st.drive.load() is not None:
        st.raw.file = st.raw.block = -1
        fail(errno.EIO)
    st.check_tape()


# -- one command
# ---------------------------------------------------------------------------------------------------------


def int_ioctl(st: StDriver, operation: int, count: int) -> None:
    """Do one command and keep the counters. Raises OSError."""
    if not st.has_tape:
        fail(errno.ENOMEDIUM)
    if operation == lib.MTNOP:
        return
    action = _ACTIONS.get(operation)
    if action is None:
        fail(errno.ENOSYS)
    action(st, operation, count)


def _settle(st: StDriver, file: int, block: int, eof: int) -> None:
    raw = st.raw
    raw.file, raw.block, raw.eof, raw.setmark = file, block, eof, 0


def _signed24(count: int) -> int:
    """The count as it gets through a SPACE CDB."""
    count &= 0xFFFFFF
    return count - 0x1000000 if count & 0x800000 else count


def _space_files_forward(st: StDriver, operation: int, count: int) -> None:
    raw = st.raw
    file = raw.file + count if raw.file >= 0 else raw.file
    problem = st.drive.space_filemarks(_signed24(count)).sense
    if problem is None:
        _settle(st, file, 0, FM if operation == lib.MTFSF else raw.eof)
        if operation == lib.MTFSFM:
            int_ioctl(st, lib.MTBSF, 1)
        return
    raw.file = file - (problem.information or 0) if file >= 0 else file
    raw.block = -1
    raw.eof = EOD if problem.key == codes.BLANK_CHECK else NOEOF
    fail(errno.EIO)


def _space_files_back(st: StDriver, operation: int, count: int) -> None:
    raw = st.raw
    file = raw.file - count if raw.file >= 0 else raw.file
    problem = st.drive.space_filemarks(_signed24(-count)).sense
    if problem is None:
        _settle(st, file, -1, NOEOF if operation == lib.MTBSF else raw.eof)
        if operation == lib.MTBSFM:
            int_ioctl(st, lib.MTFSF, 1)
        return
    if raw.file >= 0:
        raw.file = file + (problem.information or 0)
    raw.block = 0
    _note_blank(st, problem, NOEOF)
    fail(errno.EIO)


def _space_blocks_forward(st: StDriver, _operation: int, count: int) -> None:
    raw = st.raw
    block = raw.block + count if raw.block >= 0 else raw.block
    problem = st.drive.space_blocks(_signed24(count)).sense
    if problem is None:
        _settle(st, raw.file, block, NOEOF)
        return
    undone = problem.information or 0
    if problem.filemark:
        if raw.file >= 0:
            raw.file += 1
        raw.block, raw.eof = 0, FM
    else:
        raw.block = block - undone if block >= undone else -1
        raw.eof = EOM_OK if problem.eom else NOEOF
        _note_blank(st, problem, NOEOF)
    fail(errno.EIO)


def _space_blocks_back(st: StDriver, _operation: int, count: int) -> None:
    raw = st.raw
    block = raw.block - count if raw.block >= 0 else raw.block
    problem = st.drive.space_blocks(_signed24(-count)).sense
    if problem is None:
        _settle(st, raw.file, block, NOEOF)
        return
    if problem.filemark:
        raw.file -= 1
        raw.block = -1
    elif problem.eom or raw.block >= 0:
        # At the beginning st adds the residual to its number without asking whether it knew one.
        raw.block = block + (problem.information or 0)
    _note_blank(st, problem, NOEOF)
    fail(errno.EIO)


def _note_blank(st: StDriver, problem: Sense, otherwise: int) -> None:
    st.raw.eof = EOD if problem.key == codes.BLANK_CHECK else otherwise


def _no_setmarks(st: StDriver, operation: int, count: int) -> None:
    """LTO has none: the drive refuses the command (ILLEGAL REQUEST)."""
    if operation == lib.MTWSM and st.write_protect:
        fail(errno.EACCES)
    st.raw.eof = NOEOF
    fail(errno.EIO)


def _write_filemarks(st: StDriver, operation: int, count: int) -> None:
    if st.write_protect:
        fail(errno.EACCES)
    raw = st.raw
    file = raw.file + count if raw.file >= 0 else raw.file
    # The CDB takes 24 bits of it: -1 asks for 16,777,215, and the tape is full before.
    problem = st.drive.write_filemarks(count & 0xFFFFFF, immediate=operation == lib.MTWEOFI).sense
    if problem is None or (problem.eom and problem.key == codes.NO_SENSE):
        _settle(st, file, 0, NOEOF)
        return
    if problem.eom:
        raw.block = 0
        raw.file = file - (problem.information or 0) if file >= 0 else file
        # st counts without a sign here.
        raw.eof = NOEOF if count < 0 or (problem.information or 0) < count else EOM_OK
    else:
        raw.eof = NOEOF
    fail(errno.EIO)


def _rewind(st: StDriver, _operation: int, _count: int) -> None:
    if st.drive.rewind() is not None:
        st.raw.eof = NOEOF
        fail(errno.EIO)
    _settle(st, 0, 0, NOEOF)


def _to_end(st: StDriver, _operation: int, _count: int) -> None:
    raw = st.raw
    file = -1
    if not raw.options & lib.MT_ST_FAST_MTEOM:
        try:
            int_ioctl(st, lib.MTFSF, _FAR)
        except OSError:
            if raw.eof >= EOD_1:
                return
        file = raw.file
    if st.drive.space_to_end() is not None:
        raw.file = raw.block = -1
        raw.eof = EOD
        fail(errno.EIO)
    _settle(st, file, -1, EOD)


def _erase(st: StDriver, _operation: int, _count: int) -> None:
    if st.write_protect:
        fail(errno.EACCES)
    if st.drive.erase() is not None:
        st.raw.eof = NOEOF
        fail(errno.EIO)
    _settle(
        st, st.raw.file, st.raw.block, NOEOF
    )  # as Linux 6.1 does; older ones took every erase for one at the beginning


def _set_modes(st: StDriver, operation: int, count: int) -> None:
    if operation == lib.MTSETBLK:
        st_modes.set_block_size(st, count & lib.MT_ST_BLKSIZE_MASK)
    elif operation == lib.MTSETDENSITY:
        st_modes.set_density(st, count & 0xFF)
    else:
        st.drive.set_mode(buffered=count & 7)


_ACTIONS: dict[int, Callable[[StDriver, int, int], None]] = {
    lib.MTFSF: _space_files_forward,
    lib.MTFSFM: _space_files_forward,
    lib.MTBSF: _space_files_back,
    lib.MTBSFM: _space_files_back,
    lib.MTFSR: _space_blocks_forward,
    lib.MTBSR: _space_blocks_back,
    lib.MTFSS: _no_setmarks,
    lib.MTBSS: _no_setmarks,
    lib.MTWSM: _no_setmarks,
    lib.MTWEOF: _write_filemarks,
    lib.MTWEOFI: _write_filemarks,
    lib.MTREW: _rewind,
    lib.MTRETEN: _rewind,
    lib.MTEOM: _to_end,
    lib.MTERASE: _erase,
    lib.MTSETBLK: _set_modes,
    lib.MTSETDENSITY: _set_modes,
    lib.MTSETDRVBUFFER: _set_modes,
}
