# SPDX-License-Identifier: WTFPL OR MIT
"""Getting past a block that cannot be read."""

from __future__ import annotations

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.errors import EndOfData, FilemarkMet, MediumError, PytpError


def is_unreadable(error: PytpError | None) -> bool:
    """Tell whether the block is bad, and not the drive or the way to it."""
    return isinstance(error, MediumError)


def step_over(drive: Drive, logical_block: int) -> bool:
    """Stand behind logical block `logical_block`, which could not be read; False where the drive cannot get there, or
    where it is no block of this tape file.

    Drives stop before or behind such a block. Spacing keeps st's file number, a locate is what is left.
    """
    try:
        here = drive.tape.position()
        if here == logical_block:
            mtio.forward_records(drive.tape)
            here = drive.tape.position()
    except (FilemarkMet, EndOfData):
        return False
    except PytpError:
        here = -1
    try:
        if here != logical_block + 1:
            mtio.seek(drive.tape, logical_block + 1)
            here = drive.tape.position()
    except PytpError:
        return False
    return here == logical_block + 1
