# SPDX-License-Identifier: WTFPL OR MIT
"""What the robot asks of a drive before it takes the cartridge out: to finish what a killed user left, and let go."""

from __future__ import annotations

from pytp_native.errors import DeviceBusy, LibraryError, MediumDamaged
from pytp_native.ffi import lib
from pytp_native.vtl.inventory import DriveBay, drive_directory
from pytp_native.vtl.personality import CLEANING_PREFIX
from pytp_native.vtl.state import DriveState


def is_threaded(path: str, bay: DriveBay) -> bool:
    """Tell whether the cartridge is still threaded, without disturbing anybody. A new one threads itself."""
    if bay.barcode is None or bay.barcode.startswith(CLEANING_PREFIX):
        return False
    state = DriveState(drive_directory(path, bay.number))
    try:
        return bool(state.raw.mounted) if state.valid and state.raw.loads == bay.loads else True
    finally:
        state.close()


def _has_let_go(path: str, bay: DriveBay) -> bool:
    state = DriveState(drive_directory(path, bay.number))
    try:
        return state.valid and state.raw.loads == bay.loads and not state.raw.mounted and not state.raw.prevented
    finally:
        state.close()


def release_cartridge(path: str, bay: DriveBay) -> None:
    """Have the drive close what was left open, put all on disk and unthread. Raises DeviceBusy, LibraryError.

    A drive that has unloaded its cartridge lets go of it, whoever has the drive open: the robot asks the drive, not
    the hosts.
    """
    from pytp_native.vtl.st import StDriver  # noqa: PLC0415 - a changer that only looks does without it

    try:
        st = StDriver(path, bay.number, write=False, nonblock=True)
    except DeviceBusy:
        if _has_let_go(path, bay):
            return
        raise
    except MediumDamaged:
        return  # nothing of it can be saved here; it may leave the drive all the same
    try:
        if st.drive.raw.prevented:
            raise LibraryError(f"drive {bay.number}", "its door is locked", "unlock it: pytp-mt unlock")
        if st.has_tape:
            st.operate(lib.MTUNLOAD, 1)
    except OSError as exc:
        raise LibraryError(f"drive {bay.number}", "cannot unload its cartridge") from (st.drive.trouble or exc)
    finally:
        st.close()
