# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag clean`: have a drive cleaned by a cleaning cartridge of its library."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.diag_device import open_history
from pytp_cli.run import Run
from pytp_native.errors import DeviceError, PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.config import DriveConfig
    from pytp_native.devices.library import TapeLibrary


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
    from pytp_native.devices.cleaning import clean as clean_drive

    def on_used_up(place: int, barcode: str) -> None:
        run.note(f"{barcode} in slot {place} is used up: take it out of the library")
        run.fields["used_up"].append(barcode)

    return clean_drive(served, number, unit.address, slot=slot, on_used_up=on_used_up)


def _asks(unit: DriveConfig) -> bool:
    """Page 11h, or one of the two flags."""
    from pytp_native.devices.cleaning import asked_for
    from pytp_native.devices.look import look_at_drive
    from pytp_native.devices.quiet import opened

    with opened(unit.address) as device:
        device.check_free()
        return asked_for(look_at_drive(device))


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
