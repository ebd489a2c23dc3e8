# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag clean`: have a drive cleaned by a cleaning cartridge of its library."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.diag_device import open_history
from pytp_cli.run import Run
from pytp_native.errors import CartridgeNeeded, DeviceError, LibraryError, PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.config import DriveConfig
    from pytp_native.devices.library import TapeLibrary

_POLL_S = 5.0


def clean(
    ctx: typer.Context,
    slot: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--slot", "-s", min=1, metavar="N", help="Use the cleaning cartridge in this slot."),
    ] = None,
    if_asked: Annotated[bool, typer.Option("--if-asked", help="Only if the drive asks for it.")] = False,
    library: options.LibraryShort = None, drive: options.Drive = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Finds a cleaning cartridge in the library (its label begins with CLN), loads it, waits until the drive is clean,
    and puts it back; one that is used up is told, put back, and the next one taken. What was in the drive goes back
    into its slot first. Exit 10: no cleaning cartridge is left; 4: somebody uses the drive."""
    with Run(ctx, "diag clean", as_json=as_json) as run:
        from pytp_cli.cmd_library import opened, unit_of

        with opened(run, library, drive) as (choice, served):
            unit, number = unit_of(run, choice, served, drive)
            run.fields.update(device=unit.address, drive=number, used_up=[])
            if if_asked and not _asks(unit):
                run.fields["cleaned"] = False
                run.say(f"{unit.name}: does not ask to be cleaned")
            else:
                before = _cleanings(run, unit, "before clean")
                barcode = _clean(run, served, unit, number, slot)
                _check(run, unit, before)
                run.fields.update(cleaned=True, cartridge=barcode)
                run.say(f"{unit.name}: cleaned with {barcode}")
    return run.exit_code


def _clean(run: Run, served: TapeLibrary, unit: DriveConfig, number: int, slot: int | None) -> str:
    """Try one cleaning cartridge after the other; return the label of the one that did it."""
    from pytp_native.devices.cleaning_run import CLEANED, USED_UP

    for place, barcode in _candidates(served, slot):
        with served.borrowed(place, number):
            ended = _wait(unit)
        if ended == CLEANED:
            return barcode
        if ended != USED_UP:
            raise DeviceError(unit.name, f"cleaning with {barcode} failed", "try another cleaning cartridge")
        run.note(f"{barcode} in slot {place} is used up: take it out of the library")
        run.fields["used_up"].append(barcode)
    raise CartridgeNeeded(served.name, "has no cleaning cartridge that is not used up", "put one in: CLN...")


def _candidates(served: TapeLibrary, slot: int | None) -> list[tuple[int, str]]:
    from pytp_native.devices.inventory import cartridge_name, is_cleaning

    now = served.inventory()
    found = [
        (number, cartridge_name(one)) for number, one in enumerate(now.storage, 1) if one.full and is_cleaning(one)
    ]
    if slot is None:
        return found
    if slot not in dict(found):
        raise LibraryError(served.name, f"slot {slot} holds no cleaning cartridge", "see pytp list")
    return [one for one in found if one[0] == slot]


def _wait(unit: DriveConfig) -> str:
    from pytp_native.devices.cleaning_run import wait_cleaned
    from pytp_native.transport import open_scsi, resolve

    scsi = open_scsi(unit.address)
    try:
        return wait_cleaned(scsi, poll_s=0 if resolve(unit.address).is_virtual else _POLL_S)
    finally:
        scsi.close()


def _asks(unit: DriveConfig) -> bool:
    """Page 11h, or one of the two flags."""
    from pytp_native.devices.look import look_at_drive
    from pytp_native.devices.quiet import opened
    from pytp_native.spec.tape_alerts import CLEANING

    with opened(unit.address) as device:
        device.check_free()
        seen = look_at_drive(device)
    status = seen.status
    asked = status is not None and (status.cleaning_requested or status.cleaning_required)
    return asked or bool((seen.alerts or frozenset()) & CLEANING) or bool(seen.counters.get("cleaning_required"))


def _cleanings(run: Run, unit: DriveConfig, occasion: str) -> float | None:
    """What the drive counts, by a look that is kept; None: it does not tell, or cannot be asked now."""
    from pytp_native.devices.quiet import opened
    from pytp_native.diag.looking import take_look

    try:
        with opened(unit.address) as device, open_history(run) as history:
            device.check_free()
            counters = take_look(device, history, occasion).counters
    except PytpError as exc:
        run.note(str(exc))
        return None
    return counters.get("cleanings")


def _check(run: Run, unit: DriveConfig, before: float | None) -> None:
    """Raise DeviceError if the drive does not count a cleaning more than before."""
    after = _cleanings(run, unit, "after clean")
    run.fields["cleanings"] = after
    if before is not None and after is not None and after <= before:
        raise DeviceError(unit.name, "did not count a cleaning", "look at the drive, and at the cleaning cartridge")
