# SPDX-License-Identifier: WTFPL OR MIT
"""What a drive does with a cartridge that was put in: thread it, at once or after some questions, or be cleaned by it.

There is no clock here: getting ready and cleaning last a number of questions (TEST UNIT READY, REQUEST SENSE), so that
waiting can be rehearsed in no time.
"""

from __future__ import annotations

from pytp_native.spec import sense as codes
from pytp_native.vtl import counters, host_state, sense
from pytp_native.vtl.personality import CLEANING_PREFIX
from pytp_native.vtl.sense import Sense

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive


CLEANING_USES = 50
"""How often a cleaning cartridge cleans (Ultrium universal cleaning cartridge)."""
_CLEANING_POLLS = 3


def begin(drive: VirtualDrive) -> Sense | None:
    """Take in the cartridge that is in the drive, if any; sense data if it is none to be threaded."""
    raw, barcode = drive.raw, drive.bay.barcode
    raw.loading = raw.cleaning = raw.mounted = 0
    if barcode is None:
        return None
    if barcode.startswith(CLEANING_PREFIX):
        return _clean(drive)
    raw.mounted = 1
    counters.begin_load(drive)
    slow = drive.faults.reached("slow load", 2**63)
    if slow is not None:
        drive.faults.remove(slow)
        raw.loading = raw.loading_polls = slow.at
    if not raw.loading:
        drive.raise_attention(codes.MEDIUM_MAY_HAVE_CHANGED)
    return None


def asked(drive: VirtualDrive) -> Sense | None:
    """Answer TEST UNIT READY, and be one step further."""
    raw = drive.raw
    if drive.ready:
        return None
    problem = reason(drive)
    if raw.loading:
        raw.loading -= 1
        if not raw.loading:
            drive.raise_attention(codes.MEDIUM_MAY_HAVE_CHANGED)
    elif raw.cleaning:
        raw.cleaning -= 1
    return problem


def wait(drive: VirtualDrive, questions: int) -> bool:
    """Ask up to so many times while the drive is busy with its cartridge; tell whether it is done with it."""
    raw = drive.raw
    while questions and (raw.loading or raw.cleaning):
        asked(drive)
        questions -= 1
    return not raw.loading and not raw.cleaning


def reason(drive: VirtualDrive) -> Sense:
    """Why the drive is not ready."""
    raw = drive.raw
    if raw.mounted and raw.loading:
        return sense.becoming_ready(int(raw.loading_polls - raw.loading), int(raw.loading_polls))
    if raw.cleaning:
        return sense.CLEANING
    if is_cleaning_cartridge(drive) and drive.memory().loads > CLEANING_USES:
        return sense.CLEANING_EXPIRED
    if is_held(drive):
        return sense.MEMORY_ONLY
    return sense.NO_MEDIUM


def is_held(drive: VirtualDrive) -> bool:
    """The cartridge is seated and not threaded; its memory can be read."""
    is_there = drive.bay.barcode is not None and not drive.raw.mounted
    return is_there and host_state.is_held(drive.directory, drive.bay.loads)


def hold(drive: VirtualDrive) -> Sense | None:
    """LOAD UNLOAD with HOLD: unthread, and keep the cartridge where its memory can be read."""
    if drive.bay.barcode is None or is_cleaning_cartridge(drive):
        return sense.NO_MEDIUM
    if drive.raw.mounted:
        if drive.cartridge is not None and (problem := drive.settle()) is not None:
            return problem
        drive.unthread()
    with host_state.changed_state(drive.directory) as state:
        state.held_load = drive.bay.loads
    return None


def is_cleaning_cartridge(drive: VirtualDrive) -> bool:
    return (drive.bay.barcode or "").startswith(CLEANING_PREFIX)


def _clean(drive: VirtualDrive) -> Sense:
    """Be cleaned, and let go of the cleaning cartridge; one that is used up cleans nothing (TapeAlert 22)."""
    raw, memory = drive.raw, drive.memory()
    memory.loads += 1
    memory.save(sync=False)
    if memory.loads > CLEANING_USES:
        counters.raise_alert(drive, counters.EXPIRED_CLEANING)
        return sense.CLEANING_EXPIRED
    raw.cleaning, raw.cleaning_due = _CLEANING_POLLS, 0
    raw.life_cleanings += 1
    raw.cleaned_before[1], raw.cleaned_before[0] = raw.cleaned_before[0], raw.cleaned_moved
    raw.cleaned_moved = raw.life_written + raw.life_read
    counters.withdraw_alert(drive, counters.CLEAN_NOW, counters.CLEAN_PERIODIC)
    return sense.CLEANING


def ask_for_cleaning(drive: VirtualDrive) -> None:
    """From now on log pages 0Ch, 11h and 2Eh say that the drive wants to be cleaned; it goes on working."""
    drive.raw.cleaning_due = 1
    counters.raise_alert(drive, counters.CLEAN_PERIODIC)
