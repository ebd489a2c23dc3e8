# SPDX-License-Identifier: WTFPL OR MIT
"""What a drive counts: in its state while a cartridge is threaded, then on the cartridge and in its own life."""

from __future__ import annotations

from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes
from pytp_native.vtl.incidents import note_incident
from pytp_native.vtl.memory import CartridgeMemory
from pytp_native.vtl.reply import ascii_field
from pytp_native.vtl.wear import retries_of_load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive


# TapeAlert flags (SSC-5 annex A).
HARD_ERROR, READ_FAILURE, WRITE_FAILURE, WRITE_PROTECT, NO_REMOVAL, FORCED_EJECT, WORM_OVERWRITE = (
    3,
    5,
    6,
    9,
    10,
    16,
    60,
)
CLEAN_NOW, CLEAN_PERIODIC, EXPIRED_CLEANING = 20, 21, 22


def raise_alert(drive: VirtualDrive, *flags: int) -> None:
    for flag in flags:
        drive.raw.alerts |= 1 << (flag - 1)


def withdraw_alert(drive: VirtualDrive, *flags: int) -> None:
    for flag in flags:
        drive.raw.alerts &= ~(1 << (flag - 1)) & (1 << 64) - 1


def count_write_error(drive: VirtualDrive, *, deferred: bool = False) -> None:
    drive.raw.load_write_errors += 1
    raise_alert(drive, HARD_ERROR, WRITE_FAILURE)
    note_incident(drive, codes.MEDIUM_ERROR, codes.WRITE_ERROR, opcodes.WRITE_6, deferred=deferred)


def count_read_error(drive: VirtualDrive) -> None:
    drive.raw.load_read_errors += 1
    raise_alert(drive, HARD_ERROR, READ_FAILURE)
    note_incident(drive, codes.MEDIUM_ERROR, codes.UNRECOVERED_READ_ERROR, opcodes.READ_6)


def begin_load(drive: VirtualDrive) -> None:
    """A cartridge was threaded: count it on both, forget the last one's flags, but not what the drive needs."""
    raw = drive.raw
    raw.life_loads += 1
    raw.alerts = 1 << (CLEAN_PERIODIC - 1) if raw.cleaning_due else 0
    memory = drive.memory()
    memory.note_load((ascii_field(drive.personality.vendor, 8) + drive.bay.serial.encode("ascii")).decode("ascii"))
    memory.save(sync=False)


def end_load(drive: VirtualDrive, memory: CartridgeMemory | None) -> None:
    """A cartridge was unthreaded: what was counted becomes part of its life and of the drive's."""
    raw = drive.raw
    if memory is not None:
        memory.last_written, memory.last_read = int(raw.load_written), int(raw.load_read)
        _to_cartridge(drive, memory)
        memory.changes += int(raw.changes)
        memory.alerts = int(raw.alerts)
        memory.save(sync=False)
    raw.changes = 0
    _to_life(drive)


def forget_load(drive: VirtualDrive) -> None:
    """LOG SELECT: begin to count the load anew; what was counted is not lost for the lives of cartridge and drive."""
    if drive.ready:
        memory = drive.memory()
        _to_cartridge(drive, memory)
        memory.save(sync=False)
    _to_life(drive)


def _to_cartridge(drive: VirtualDrive, memory: CartridgeMemory) -> None:
    raw, retries = drive.raw, retries_of_load(drive, memory)
    memory.written += int(raw.load_written)
    memory.read += int(raw.load_read)
    memory.write_errors += int(raw.load_write_errors)
    memory.read_errors += int(raw.load_read_errors)
    memory.write_retries += retries.writes
    memory.read_retries += retries.reads


def _to_life(drive: VirtualDrive) -> None:
    raw = drive.raw
    raw.life_written += raw.load_written
    raw.life_read += raw.load_read + raw.load_verified
    raw.life_write_errors += raw.load_write_errors
    raw.life_read_errors += raw.load_read_errors
    raw.load_written = raw.load_read = raw.load_write_errors = raw.load_read_errors = 0
    raw.load_verified = raw.load_verify_errors = 0
