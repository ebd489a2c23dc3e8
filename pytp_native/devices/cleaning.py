# SPDX-License-Identifier: WTFPL OR MIT
"""Have a drive cleaned by a cleaning cartridge of its library, and tell whether it asks for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytp_native.devices import asking
from pytp_native.devices.cleaning_run import CLEANED, USED_UP, wait_cleaned
from pytp_native.devices.inventory import cartridge_name, is_cleaning
from pytp_native.devices.look import ALERT_RESPONSE, drive_status
from pytp_native.errors import CartridgeNeeded, DeviceError, LibraryError
from pytp_native.scsi.log import tape_alerts
from pytp_native.spec.tape_alerts import CLEANING
from pytp_native.transport import open_scsi, resolve

if TYPE_CHECKING:
    from pytp_native.devices.library import TapeLibrary
    from pytp_native.devices.look import DriveLook
    from pytp_native.devices.quiet import Quiet

_POLL_S = 5.0


def asks(device: Quiet) -> bool:
    """Tell whether a drive asks, by page 11h or the flags of page 12h: nothing is cleared, nothing moves."""
    status = drive_status(device)
    if status is not None and (status.cleaning_requested or status.cleaning_required):
        return True
    page = asking.log_page_if(device.scsi, ALERT_RESPONSE)
    return page is not None and bool(tape_alerts(page) & CLEANING)


def asked_for(seen: DriveLook) -> bool:
    """Tell the same by a look."""
    status = seen.status
    asked = status is not None and (status.cleaning_requested or status.cleaning_required)
    return asked or bool((seen.alerts or frozenset()) & CLEANING) or bool(seen.counters.get("cleaning_required"))


def clean(
    served: TapeLibrary, drive: int, address: str, *, slot: int | None = None,
    on_used_up: Callable[[int, str], object] = lambda slot, barcode: None,
) -> str:  # fmt: skip
    """Try one cleaning cartridge after the other, or the one in `slot`; return the label of the one that did it. Each
    goes back into its slot, and what was in the drive stays in its own.

    Raises CartridgeNeeded when none is left, DeviceError when the cleaning failed, and what moving raises.
    """
    name = served.drive_name(drive)
    for place, barcode in _candidates(served, slot):
        with served.borrowed(place, drive):
            ended = _wait(address)
        if ended == CLEANED:
            return barcode
        if ended != USED_UP:
            raise DeviceError(name, f"cleaning with {barcode} failed", "try another cleaning cartridge")
        on_used_up(place, barcode)
    raise CartridgeNeeded(served.name, "has no cleaning cartridge that is not used up", "put one in: CLN...")


def _candidates(served: TapeLibrary, slot: int | None) -> list[tuple[int, str]]:
    now = served.inventory()
    found = [
        (number, cartridge_name(one)) for number, one in enumerate(now.storage, 1) if one.full and is_cleaning(one)
    ]
    if slot is None:
        return found
    if slot not in dict(found):
        raise LibraryError(served.name, f"slot {slot} holds no cleaning cartridge", "see pytp list")
    return [one for one in found if one[0] == slot]


def _wait(address: str) -> str:
    scsi = open_scsi(address)
    try:
        return wait_cleaned(scsi, poll_s=0 if resolve(address).is_virtual else _POLL_S)
    finally:
        scsi.close()
