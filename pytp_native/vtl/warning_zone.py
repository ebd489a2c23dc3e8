# SPDX-License-Identifier: WTFPL OR MIT
"""How a drive tells that the end of the medium is near: early warning, and the one that hosts can program (SSC-5 4.2.7,
mode page 10h/01h), which begins before it and is told once, where its zone is entered."""

from __future__ import annotations

from pytp_native.vtl import sense
from pytp_native.vtl.cartridge import early_warning_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive
    from pytp_native.vtl.sense import Sense


def used_bytes(drive: VirtualDrive) -> int:
    """What the tape holds; 0 while it is not ready."""
    return drive.tape.used_bytes if drive.ready else 0


def met(drive: VirtualDrive, before: int) -> Sense | None:
    """What comes with the last thing written; the tape held `before` bytes before all of it."""
    tape = drive.tape
    if tape.used_bytes >= early_warning_bytes(tape.capacity_bytes):
        return sense.EARLY_WARNING
    if drive.faults.reached("early warning", drive.position - 1) is not None:
        return sense.EARLY_WARNING
    start = programmed(drive)
    return sense.PROGRAMMED_WARNING if start is not None and before < start <= tape.used_bytes else None


def programmed(drive: VirtualDrive) -> int | None:
    """Bytes at which the programmed warning begins; None: none is programmed."""
    size = int(drive.raw.programmed_warning) * 10**6
    return max(early_warning_bytes(drive.tape.capacity_bytes) - size, 0) if size else None


def is_beyond(drive: VirtualDrive) -> bool:
    """BPEW: the head stands at the end of the data, and that is in the programmed zone."""
    start = programmed(drive)
    return start is not None and drive.position == drive.tape.count and drive.tape.used_bytes >= start


def next_stop(drive: VirtualDrive) -> int:
    """Bytes at which the next of the two warnings comes."""
    tape, start = drive.tape, programmed(drive)
    early = early_warning_bytes(tape.capacity_bytes)
    return early if start is None or tape.used_bytes >= start else start
