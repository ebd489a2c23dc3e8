# SPDX-License-Identifier: WTFPL OR MIT
"""Getting past a block that cannot be read."""

from __future__ import annotations

from enum import Enum

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.errors import EndOfData, FilemarkMet, MediumError, PytpError


class Step(Enum):
    """Where the tape stands after stepping over a block."""

    BEHIND = "behind"
    FILEMARK = "filemark"
    """There was no block: behind the filemark."""
    STUCK = "stuck"
    """Anywhere: the drive could not get there."""


def is_unreadable(error: PytpError | None) -> bool:
    """Tell whether the block is bad, and not the drive or the way to it."""
    return isinstance(error, MediumError)


def step_over(drive: Drive, logical_block: int) -> Step:
    """Go behind logical block `logical_block`, which could not be read.

    Drives stop before or behind such a block. Spacing keeps st's file number, a locate is what is left.
    """
    here = -1
    try:
        here = drive.tape.position()
        if here == logical_block:
            mtio.forward_records(drive.tape)
            here = drive.tape.position()
    except FilemarkMet:
        return Step.FILEMARK
    except EndOfData:
        return Step.STUCK
    except PytpError:
        here = -1
    try:
        if here != logical_block + 1:
            mtio.seek(drive.tape, logical_block + 1)
            here = drive.tape.position()
    except PytpError:
        return Step.STUCK
    return Step.BEHIND if here == logical_block + 1 else Step.STUCK
