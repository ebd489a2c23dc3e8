# SPDX-License-Identifier: WTFPL OR MIT
"""What a fault script lets happen to a drive that reads or writes: hands, power cuts, resets, strangers."""

from __future__ import annotations

import os

from pytp_native.vtl import buffer, counters, loading, sense
from pytp_native.vtl.faults import Fault
from pytp_native.vtl.sense import Sense

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive


_OWN_LIFE = ("life_written", "life_read", "life_write_errors", "life_read_errors", "life_loads", "life_cleanings")
"""What a drive keeps without power."""


def met(drive: VirtualDrive, *, writing: bool) -> Sense | None:
    """Let happen what is due where the head is; return what becomes of the command. Raises what the host's disk has
    against it."""
    due = _due(drive, "cleaning")
    if due is not None:
        loading.ask_for_cleaning(drive)
    if _due(drive, "eject") is not None:
        return _taken_out(drive)
    stranger = _due(drive, "moved")
    if stranger is not None:
        drive.tape.sync()
        drive.raw.position = min(stranger.more, drive.tape.count)
    if not writing:
        return None
    if _due(drive, "blackout") is not None:
        _go_dark(drive)
    if _due(drive, "power cut") is not None:
        _lose_power(drive)
        return sense.POWER_ON
    if _due(drive, "reset") is not None:
        drive.raw.pos_unknown = 1
        drive.raw.sg_attention = sense.BUS_RESET.code
        return sense.BUS_RESET
    return told_late(drive)


def told_late(drive: VirtualDrive, *, flushing: bool = False) -> Sense | None:
    """A deferred error, if one is due: what was written from the bad block on is lost, and the tape stands there.

    `flushing` finds it as soon as the bad block was taken.
    """
    for fault in drive.faults.faults:
        if fault.kind == "deferred" and drive.position > fault.more and (flushing or drive.position >= fault.at):
            drive.tape.cut(fault.more)
            drive.raw.position = fault.more
            drive.raw.changes += 1
            drive.faults.remove(fault)
            drive.faults.save((*drive.faults.faults, Fault("write", fault.more, f"write {fault.more}: medium error")))
            counters.count_write_error(drive, deferred=True)
            return sense.DEFERRED_WRITE_ERROR
    return None


def _due(drive: VirtualDrive, kind: str) -> Fault | None:
    """The fault of that kind that happens now; it will not again."""
    found = drive.faults.reached(kind, drive.position)
    if found is not None:
        drive.faults.remove(found)
    return found


def _taken_out(drive: VirtualDrive) -> Sense:
    drive.raw.prevented = 0  # an operator's hand is stronger than the lock
    counters.raise_alert(drive, counters.FORCED_EJECT)
    drive.unthread()
    return sense.NO_MEDIUM


def _lose_buffer(drive: VirtualDrive) -> None:
    drive.tape.cut(buffer.look(drive).on_medium)
    drive.tape.sync()


def _lose_power(drive: VirtualDrive) -> None:
    """The drive comes up again with the cartridge at its beginning and tells once that it was off."""
    _lose_buffer(drive)
    drive.raw.position = drive.raw.partition = drive.raw.prevented = 0
    drive.raw.sg_attention = 0


def _go_dark(drive: VirtualDrive) -> None:
    """Drive and computer lose power: nobody is told anything."""
    _lose_buffer(drive)
    kept = {name: int(getattr(drive.raw, name)) for name in _OWN_LIFE}
    drive.state.reset()  # the next user finds a drive that has loaded its cartridge anew
    for name, value in kept.items():
        setattr(drive.raw, name, value)
    from signal import SIGKILL  # noqa: PLC0415

    os.kill(os.getpid(), SIGKILL)
