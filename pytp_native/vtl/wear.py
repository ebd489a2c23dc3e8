# SPDX-License-Identifier: WTFPL OR MIT
"""What a worn head and a degraded cartridge cost: data sets that have to be written or read again."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.vtl.faults import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive
    from pytp_native.vtl.memory import CartridgeMemory


DATA_SET_BYTES = 2_500_000
"""About what an LTO-5 or LTO-6 drive puts into one data set."""


class Retries(NamedTuple):
    writes: int
    reads: int


def retries_of_load(drive: VirtualDrive, memory: CartridgeMemory) -> Retries:
    """Return what the present load has cost: the fault "worn head N" of the drive and what the cartridge is degraded by
    are retries for 1000 data sets."""
    rate = worn_head(drive) + memory.degraded
    return Retries(
        *(-(-int(count) // DATA_SET_BYTES) * rate // 1000 for count in (drive.raw.load_written, drive.raw.load_read))
    )


def worn_head(drive: VirtualDrive) -> int:
    """Return the data sets of 1000 that the drive's head makes it write or read again."""
    return _number(drive, "worn head")


def repositions(drive: VirtualDrive) -> int:
    """Return how often the drive repositions for 100 MB, because the host is too slow for it."""
    return _number(drive, "starved")


def link_errors(drive: VirtualDrive) -> int:
    """Return how many words of its link were damaged."""
    return _number(drive, "link errors")


def _number(drive: VirtualDrive, kind: str) -> int:
    planned = drive.faults.reached(kind, NEVER)
    return int(planned.at) if planned is not None else 0
