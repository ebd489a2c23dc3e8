# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp retension`: wind a tape from end to end, as far as its drive does that."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.run import Run
from pytp_native.config import DriveConfig
from pytp_native.errors import PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.devices.statistics import Motion
    from pytp_native.jobs.events import JobReport


def retension(
    ctx: typer.Context,
    drive: options.Drive = None,
    library: options.LibraryShort = None,
    slot: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--slot", "-s", min=1, metavar="N", help="Load this slot first and put it back afterwards."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Add each motion and the evidence.")] = False,
    as_json: options.Json = False,
) -> int:
    """A drive that winds from end to end by itself is asked to. Most LTO drives only rewind; then the tape is wound to
    the end of its recorded data and back, and that is said. The tape is rewound afterwards. With --slot the cartridge
    goes back into its slot however it ends."""
    with Run(ctx, "retension", as_json=as_json) as run:
        if slot is None:
            _tell(run, _wind(run, run.choose(drive)), verbose=verbose)
        else:
            _borrow(run, slot, library, drive, verbose=verbose)
    return run.exit_code


def _borrow(run: Run, slot: int, library: str | None, drive: str | None, *, verbose: bool) -> None:
    from pytp_cli.cmd_library import opened, unit_of

    with opened(run, library, drive) as (choice, served), ExitStack() as stack:
        unit, number = unit_of(run, choice, served, drive)
        run.fields["device"] = unit.address
        loaded = stack.enter_context(served.borrowed(slot, number))
        run.fields.update(label=loaded.barcode or None, slot=slot, drive=number)
        _tell(run, _wind(run, unit), verbose=verbose)


def _wind(run: Run, unit: DriveConfig) -> JobReport:
    from pytp_native.devices.drive import Drive
    from pytp_native.jobs.retension import Retension

    with Drive.open(unit.address, name=unit.name) as opened:
        return run.job(
            lambda emit, interrupt: Retension(
                opened, emit, interrupt, measure=lambda: _measure(unit.address),
                native=lambda far: _native(unit.address, far), where=lambda: _position(unit.address),
            ).run(),
            verb="retension", bar=False,
        )  # fmt: skip


def _measure(address: str) -> Motion | None:
    """Ask the drive, which we have open ourselves, what it has counted; None if it cannot be asked."""
    from pytp_native.devices.statistics import read_motion
    from pytp_native.transport import open_scsi

    try:
        scsi = open_scsi(address)
        try:
            return read_motion(scsi)
        finally:
            scsi.close()
    except PytpError:
        return None


def _native(address: str, far: Callable[[float | None], None]) -> None:
    from pytp_native.devices import winding
    from pytp_native.transport import open_scsi

    scsi = open_scsi(address)
    try:
        winding.retension(scsi, on_wait=lambda waiting: far(waiting.sense.progress if waiting.sense else None))
    finally:
        scsi.close()


def _position(address: str) -> int | None:
    from pytp_native.devices import winding
    from pytp_native.transport import open_scsi

    try:
        scsi = open_scsi(address)
    except PytpError:
        return None
    try:
        return winding.position(scsi)
    finally:
        scsi.close()


def _tell(run: Run, report: JobReport, *, verbose: bool) -> None:
    if verbose:
        for step in report.details["steps"]:  # type: ignore[attr-defined]
            run.say(f"{step['step']}: {step['seconds']:.1f} s")
        run.say(f"Raw result: native {'yes' if report.details['native'] else 'no'}, {report.details['evidence']}")
    if report.exit_code == 0:
        run.say(f"{report.device}: {'retensioned' if report.details['native'] else 'wound as far as it goes'}")
