# SPDX-License-Identifier: WTFPL OR MIT
"""Partitions as st has them when its option can-partitions is set (st(4), MTSETPART and MTMKPART): a change is only
noted, and made by the next operation that needs the tape."""

from __future__ import annotations

import errno

from pytp_native.ffi import lib
from pytp_native.vtl.cartridge import PARTITION_UNIT, SMALLEST_PARTITION, default_partitions
from pytp_native.vtl.st_states import IDLE, NOEOF, fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.st import StDriver


_TOO_LARGE = 65535 * 1000
"""MB that st can say in units of 10^9."""


def can_partition(st: StDriver) -> bool:
    return bool(st.raw.options & lib.MT_ST_CAN_PARTITIONS)


def forget_partitions(st: StDriver) -> None:
    """A new cartridge, or a new format: nothing is known of any partition but the first."""
    st.raw.next_partition = 0
    st.raw.partitions = 1
    for left in st.raw.left:
        left.rw, left.last_block_valid = IDLE, 0


def note_partition(st: StDriver, number: int) -> None:
    """MTSETPART. Raises EINVAL for a partition that the tape does not have."""
    raw = st.raw
    if not can_partition(st) or not 0 <= number < lib.PYTP_PARTITIONS:
        fail(errno.EINVAL)
    if number >= raw.partitions:
        if not st.has_tape:
            fail(errno.EIO)
        raw.partitions = st.drive.partitions
    if number >= raw.partitions:
        fail(errno.EINVAL)
    raw.next_partition = number


def switch_partition(st: StDriver) -> None:
    """Go where MTSETPART said, to the block that was left there. Raises EIO."""
    raw = st.raw
    if not can_partition(st) or not st.has_tape or raw.partition == raw.next_partition:
        return
    left = raw.left[raw.next_partition]
    set_location(st, int(left.last_block) if left.last_block_valid else 0, int(raw.next_partition))


def set_location(st: StDriver, block: int, partition: int) -> None:
    """LOCATE, and what st knows afterwards: nothing but at the beginning. Raises EIO."""
    if not st.has_tape:
        fail(errno.EIO)
    raw, before = st.raw, int(st.raw.partition)
    if partition != before:
        leaving = raw.left[before]
        leaving.last_block, leaving.last_block_valid, leaving.rw = st.drive.position, 1, raw.rw
    problem = st.drive.locate(block, partition if partition != before else None)
    raw.file = raw.block = -1
    raw.eof = NOEOF
    entered = raw.left[int(raw.partition)]
    if raw.partition != before:
        raw.rw = entered.rw
    if problem is not None:
        if can_partition(st):
            find_partition(st)
        fail(errno.EIO)
    if partition != before and not (entered.last_block_valid and entered.last_block == block):
        raw.rw = IDLE
    raw.setmark = 0
    if block == 0:
        raw.block = raw.file = 0


def find_partition(st: StDriver) -> None:
    """READ POSITION after a seek that failed: at the beginning of the tape st learns its numbers from it."""
    if st.drive.ready and st.drive.position == 0 and st.raw.partition == 0:
        st.raw.file = st.raw.block = 0


def make_partitions(st: StDriver, megabytes: int) -> None:
    """MTMKPART: one partition for 0; for N above 0 a second one of N MB; below 0 a first one of -N MB. All data is
    gone. Raises EINVAL, EIO.

    st does not look at what became of FORMAT MEDIUM (format_medium, st.c): sizes that the drive refuses, or a tape that
    is write-protected, are success, and the tape is as it was.
    """
    if not can_partition(st):
        fail(errno.EINVAL)
    if not st.has_tape:
        fail(errno.ENOMEDIUM)
    label = st.drive.label
    if st.drive.load() is not None or label is None:
        fail(errno.EIO)
    st.check_tape()
    if abs(megabytes) >= _TOO_LARGE:
        fail(errno.EINVAL)
    if megabytes and st.drive.most_partitions < 2:
        fail(errno.EIO)
    sizes = _sizes(megabytes, label.capacity_bytes)
    if min(sizes, default=SMALLEST_PARTITION) >= SMALLEST_PARTITION:
        st.drive.format(sizes)
    forget_partitions(st)
    st.raw.partitions = max(len(sizes), 1)
    st.raw.rw, st.raw.setmark, st.raw.eof = IDLE, 0, NOEOF
    st.raw.block = st.raw.file = 0


def _sizes(megabytes: int, capacity_bytes: int) -> tuple[int, ...]:
    """1 MB is st's word for "as the drive likes"."""
    if megabytes == 0:
        return ()
    if abs(megabytes) == 1:
        return default_partitions(capacity_bytes)
    size = abs(megabytes) * PARTITION_UNIT
    rest = capacity_bytes - size
    return (rest, size) if megabytes > 0 else (size, rest)
