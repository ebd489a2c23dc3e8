# SPDX-License-Identifier: WTFPL OR MIT
"""How a tape file came out: what kept it from being complete, and whose fault that is."""

from __future__ import annotations

from pytp_native.devices.drive import Drive
from pytp_native.errors import (
    CartridgeNeeded,
    DeviceError,
    Interrupted,
    MediumDamaged,
    MediumError,
    NotReady,
    PytpError,
)
from pytp_native.jobs.events import Part
from pytp_native.jobs.pipeline import Outcome
from pytp_native.transport.records import Moved, Stop


def judge(drive: Drive, outcome: Outcome) -> PytpError | None:
    """Return what keeps a tape file from being complete."""
    moved = outcome.moved
    if moved.error is not None and moved.stop is Stop.ERROR:
        return _behind(moved.blocks, moved.error)
    if moved.stop in (Stop.EARLY_WARNING, Stop.END_OF_MEDIUM):
        fact = f"the cartridge is full; {_how_it_ends(moved)}"
        return CartridgeNeeded(drive.address, fact, "load another cartridge")
    if outcome.producer_error is not None:
        return outcome.producer_error
    if moved.stop is Stop.END_OF_STREAM:
        return None
    if moved.error is not None:
        return moved.error
    return Interrupted(drive.address, f"interrupted; {_how_it_ends(moved)}", "pytp resume, or back up again")


def status_of(failure: PytpError | None, closed: bool, *, problems: bool, is_empty: bool) -> str:
    """Return the status of the argument for its report."""
    if isinstance(failure, Interrupted):
        return "interrupted"
    if failure is None and not closed and is_empty:
        return "partial" if problems else "unchanged"
    if failure is not None or not closed:
        return "failed"
    return "partial" if problems else "saved"


def drive_failed(failure: PytpError | None) -> bool:
    """Tell whether it is the drive that keeps a tape file from being complete, rather than its end, a user, a disk."""
    return isinstance(failure, (DeviceError, NotReady))


def is_bad_place(failure: PytpError | None) -> bool:
    """Tell whether it is the medium that has failed: another one may do."""
    return isinstance(failure, MediumError) and not isinstance(failure, MediumDamaged)


def closed_behind(part: Part, lost: int) -> str:
    """Say where a tape file ends that was cut off."""
    gone = f"; {lost} blocks behind it are lost" if lost else ""
    return f"tape file {part.tape_file} is closed behind its block {part.on_tape - 1}{gone}"


def _behind(blocks: int, error: PytpError) -> PytpError:
    """Say how much of the tape file was written before; st itself has lost count of the blocks then."""
    told = type(error)(error.subject, f"{error.fact}, behind {blocks} blocks of this tape file", error.next_step)
    told.sense, told.__cause__ = error.sense, error.__cause__
    return told


def _how_it_ends(moved: Moved) -> str:
    """Say what is left of a tape file that was cut off."""
    return "its last tape file is cut off" if moved.blocks else "nothing of the next tape file was written"
