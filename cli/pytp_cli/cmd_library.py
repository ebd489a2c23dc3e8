# SPDX-License-Identifier: WTFPL OR MIT
"""The commands that move cartridges: list, load, unload, move."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Optional

import typer

from pytp_cli import options
from pytp_cli.library_choice import LibraryChoice, choose, drive_number, named_drive, serving
from pytp_cli.move_log import keep_moves
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_cli.steps import Steps
from pytp_native.config import DriveConfig
from pytp_native.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.inventory import Inventory
    from pytp_native.devices.library import Moved, TapeLibrary


def list_(
    ctx: typer.Context,
    library: options.LibraryShort = None,
    scan: Annotated[bool, typer.Option("--scan", help="Have the robot look at every slot first (minutes).")] = False,
    as_json: options.Json = False,
) -> int:
    """Drives count from 0, slots from 1, import/export slots go on behind them. Nothing moves without --scan."""
    with Run(ctx, "list", as_json=as_json) as run, opened(run, library, None) as (choice, served):
        if scan:
            served.changer.scan()
        now = served.inventory()
        run.fields["elements"] = _elements(now, choice) if as_json else []
        if not as_json:
            run.say(_table(now, choice))
    return run.exit_code


def load(
    ctx: typer.Context,
    slot: Annotated[str, typer.Argument(metavar="SLOT_NUMBER", help="Slot number, or the barcode in it.")],
    library: options.LibraryShort = None,
    drive: options.Drive = None,
    unseen: options.UnseenDrive = False,
    as_json: options.Json = False,
) -> int:
    """A full drive is emptied first, into the slot its cartridge came from. Returns when the drive is ready; the first
    load of an LTO-9 cartridge can take two hours. Exit 9: the library failed; where the cartridge is now is said."""
    with Run(ctx, "load", as_json=as_json) as run, opened(run, library, drive, unseen=unseen) as (choice, served):
        unit, number = unit_of(run, choice, served, drive)
        run.fields["device"] = unit.address
        moved = served.load(slot, number)
        word = "loaded from" if moved.moved else "is in the drive already, from"
        _tell_moved(run, moved, f"{unit.address}: {_called(moved)} {word} {moved.source}")
        run.fields.update(drive=number, slot=moved.source.number if moved.source.is_slot else None)
    return run.exit_code


def unload(
    ctx: typer.Context,
    slot: Annotated[
        Optional[int],  # noqa: UP045
        typer.Argument(min=1, metavar="[SLOT_NUMBER]", help="Slot; default: where it came from."),
    ] = None,
    library: options.LibraryShort = None,
    drive: options.Drive = None,
    unseen: options.UnseenDrive = False,
    as_json: options.Json = False,
) -> int:
    """Refuses while another process has the drive open (exit 4). A drive that stands in no library ejects its
    cartridge. Without SLOT_NUMBER the library has to know where the cartridge came from, and that slot has to be
    empty."""
    with Run(ctx, "unload", as_json=as_json) as run:
        if _alone(run, library, drive):
            _eject(run, drive, slot)
        else:
            _put_away(run, library, drive, slot, unseen=unseen)
    return run.exit_code


def move(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM_SLOT", help="Slot number, driveN, or a barcode.")],
    target: Annotated[
        str, typer.Argument(metavar="TO_SLOT", help="Empty slot, or driveN; a full one with --exchange.")
    ],
    exchange: Annotated[
        bool, typer.Option("--exchange", help="Let the cartridges of the two places change places, in one go.")
    ] = False,
    library: options.LibraryShort = None,
    unseen: options.UnseenDrive = False,
    as_json: options.Json = False,
) -> int:
    """Slots, import/export slots and drives, either way. A drive that somebody uses is refused (exit 4). --exchange
    takes a robot that can do it."""
    with Run(ctx, "move", as_json=as_json) as run, opened(run, library, None, unseen=unseen) as (_choice, served):
        if exchange:
            moved, other = served.exchange(source, target)
            run.fields["exchanged"] = {
                "barcode": other.barcode or None, "source": _place(other.source), "target": _place(other.target),
            }  # fmt: skip
            run.say(f"{_called(other)} moved from {other.source} to {other.target}")
        else:
            moved = served.move(source, target)
        _tell_moved(run, moved, f"{_called(moved)} moved from {moved.source} to {moved.target}")
    return run.exit_code


# -- parts of the above ------------------------------------------------------------------------------------------------


@contextmanager
def opened(
    run: Run, library: str | None, drive: str | None, *, unseen: bool = False
) -> Iterator[tuple[LibraryChoice, TapeLibrary]]:
    """Open the library that is meant; it is closed at the end of the block. `unseen`: the consent of --unseen-drive."""
    choice = choose(library, drive, run.config, run.note)
    run.fields.update(device=choice.address, library=choice.name, changer=choice.address)
    served = choice.open(Steps(run.note), takes_unseen=unseen)
    keep_moves(run, served.changer)
    try:
        yield choice, served
    finally:
        served.changer.close()


def unit_of(run: Run, choice: LibraryChoice, served: TapeLibrary, flag: str | None) -> tuple[DriveConfig, int]:
    """Return the drive that was named, or the library's first, with its number in the library."""
    from pytp_native.devices.drive_port import DrivePort
    from pytp_native.scsi.mode_pages import DRIVE

    asked = named_drive(flag, run.config)
    if asked is None:
        first = choice.implied or choice.drive(0) or DriveConfig(f"{choice.name} drive 0", f"{choice.name} drive 0")
        if choice.implied is None and served.changer.addresses.drives.size > 1:
            run.note(f"no drive named: using drive 0 of {choice.name} ({first.name})")
        return first, choice.number_of(first) or 0
    port = DrivePort(asked.address, name=asked.name, tell=Steps(run.note))
    number = drive_number(choice, asked, served.changer.inventory((DRIVE,)), port.serial)
    served.name_drive(number, port)
    return asked, number


def _put_away(run: Run, library: str | None, drive: str | None, slot: int | None, *, unseen: bool) -> None:
    with opened(run, library, drive, unseen=unseen) as (choice, served):
        unit, number = unit_of(run, choice, served, drive)
        run.fields["device"] = unit.address
        moved = served.unload(number, slot)
        _tell_moved(run, moved, f"{unit.address}: {_called(moved)} put into {moved.target}")
        run.fields.update(drive=number, slot=moved.target.number)


def _alone(run: Run, library: str | None, drive: str | None) -> bool:
    """Tell whether the drive stands in no library that anybody knows of."""
    if library or os.environ.get("PYTP_LIB"):
        return False
    asked = named_drive(drive, run.config) or next(iter(run.config.drives), None)
    return asked is not None and serving(asked, run.config) is None


def _eject(run: Run, drive: str | None, slot: int | None) -> None:
    from pytp_native import mtio

    if slot is not None:
        raise UsageError(f"slot {slot}", "the drive stands in no library that is configured", "name it: --library")
    unit = run.open_drive(drive)
    mtio.offline(unit.tape)
    run.fields["position"] = None
    run.say(f"{unit.address}: cartridge ejected")


def _tell_moved(run: Run, moved: Moved, text: str) -> None:
    run.fields.update(
        label=moved.barcode or None, barcode=moved.barcode or None, moved=moved.moved,
        source=_place(moved.source), target=_place(moved.target),
    )  # fmt: skip
    run.say(text)


def _called(moved: Moved) -> str:
    return printable(moved.barcode) or "cartridge without a readable barcode"


def _place(place: Any) -> dict[str, Any]:
    return {"kind": _KINDS[place.kind], "number": place.number}


_KINDS = {1: "robot", 2: "slot", 3: "mail slot", 4: "drive"}
_TITLES = {1: "Robot", 2: "Slot", 3: "I/E Slot", 4: "Drive"}
_HEAD = ("ELEMENT", "STATUS", "SLOT LOADED", "VOLUME TAG", "DRIVE NAME")


def _table(now: Inventory, choice: LibraryChoice) -> str:
    from pytp_cli.tables import aligned

    rows = [_HEAD]
    for place, element in now.rows():
        if place.kind == 1 and not element.full:
            continue
        home, name = "", ""
        if place.kind in {1, 4} and element.full:
            source = now.home_of(place)
            home = str(source.number) if source else "unknown"
        if place.kind == 4:
            drive = choice.drive(place.number)
            name = printable(drive.name) if drive else "unknown"
        title = f"{_TITLES[place.kind]} {place.number}"
        rows.append((title, _status(element), home, printable(element.volume_tag), name))
    return aligned(rows)


def _status(element: Any) -> str:
    """Full or empty, and what is the matter with the element."""
    words = ["Full" if element.full else "Empty"]
    if element.exception is not None:
        from pytp_native.spec.sense_codes import standard_meaning

        words.append(standard_meaning(element.exception)[0])
    if element.disabled:
        words.append("disabled")
    return ", ".join(words)


def _elements(now: Inventory, choice: LibraryChoice) -> list[dict[str, Any]]:
    return [_element(now, choice, place, element) for place, element in now.rows()]


def _element(now: Inventory, choice: LibraryChoice, place: Any, element: Any) -> dict[str, Any]:
    found = {
        **_place(place), "element": element.address, "full": element.full, "barcode": element.volume_tag or None,
        "accessible": element.accessible, "disabled": element.disabled,
        "exception": f"{element.exception:04x}" if element.exception is not None else None,
    }  # fmt: skip
    if place.kind in {1, 4}:
        home = now.home_of(place) if element.full else None
        found["source_slot"] = home.number if home else None
    if place.kind == 4:
        drive = choice.drive(place.number)
        found.update(name=drive.name if drive else None, address=drive.address if drive else None)
        found["serial"] = element.serial or None
    return found
