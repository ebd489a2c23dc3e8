# SPDX-License-Identifier: WTFPL OR MIT
"""Partitions as st has them when its option can-partitions is set (st(4), MTSETPART and MTMKPART): a change is only
noted, and made by the next operation that needs the tape."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pytp_native.ffi import lib
from pytp_native.units import parse_size
from pytp_native.vtl.st_states import IDLE, NOEOF, fail

if TYPE_CHECKING:
    from pytp_native.vtl.st import StDriver

MEGABYTE = parse_size("1MB")


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
        fail(errno.EIO)
    if partition != before and not (entered.last_block_valid and entered.last_block == block):
        raw.rw = IDLE
    raw.setmark = 0
    if block == 0:
        raw.block = raw.file = 0


def make_partitions(st: StDriver, megabytes: int) -> None:
    """MTMKPART: one partition for 0; for N above 0 a second one of N MB; below 0 a first one of -N MB. All data is
    gone. Raises EINVAL, EIO."""
    if not can_partition(st):
        fail(errno.EINVAL)
    # Imported late: st_operations dispatches here.
    from pytp_native.vtl.st_operations import int_ioctl  # noqa: PLC0415

    int_ioctl(st, lib.MTREW, 0)
    label = st.drive.label
    if label is None:
        fail(errno.EIO)
    size = abs(megabytes) * MEGABYTE
    if megabytes and (size >= label.capacity_bytes or st.drive.most_partitions < 2):
        fail(errno.EIO)
    rest = label.capacity_bytes - size
    sizes = () if megabytes == 0 else (rest, size) if megabytes > 0 else (size, rest)
    if st.drive.format(sizes) is not None:
        fail(errno.EIO)
    forget_partitions(st)
    st.raw.rw, st.raw.setmark = IDLE, 0
    st.raw.block = st.raw.file = 0
