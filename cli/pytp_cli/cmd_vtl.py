# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp vtl`: make and handle virtual tape libraries. Load and unload do by hand what a changer would do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.run import Run
from pytp_native.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.library import Library
    from pytp_native.vtl.views import CartridgeView, LibraryView

Dir = Annotated[str, typer.Argument(metavar="DIR", help="The library's directory.")]
Unit = Annotated[int, typer.Option("--drive", "-d", min=0, metavar="N", help="Drive number, from 0.")]
Barcode = Annotated[str, typer.Argument(metavar="BARCODE", help="The cartridge.")]
Capacity = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--capacity", metavar="SIZE", help="Bytes per cartridge: 64M, 2G, 18TB."),
]
Generation = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--generation", metavar="LTO", help="lto5 to lto10."),
]


def create(
    ctx: typer.Context,
    directory: Dir,
    drives: Annotated[int, typer.Option("--drives", min=1, metavar="N", help="Drives.")] = 2,
    slots: Annotated[int, typer.Option("--slots", min=1, metavar="N", help="Storage slots.")] = 8,
    mail_slots: Annotated[
        int, typer.Option("--mail-slots", min=0, metavar="N", help="Import/export slots; numbered after the others.")
    ] = 1,
    generation: Annotated[str, typer.Option("--generation", metavar="LTO", help="lto5 to lto10.")] = "lto9",
    capacity: Annotated[str, typer.Option("--capacity", metavar="SIZE", help="Bytes per cartridge: 64M, 2G.")] = "2G",
    cartridges: Annotated[int, typer.Option("--cartridges", min=0, metavar="N", help="Cartridges to put in.")] = 6,
    personality: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--personality",
            metavar="NAME",
            help="Whose drives: pytp, ibm, hpe or quantum. Again for the next drive; the last counts for the rest.",
        ),
    ] = None,
    changer: Annotated[
        str, typer.Option("--changer", metavar="NAME", help="How the robot presents itself: pytp, msl or ts3500.")
    ] = "pytp",
    as_json: options.Json = False,
) -> int:
    """DIR must be new or empty. The first cartridge is loaded in drive 0, so that the library can be used at once.
    Small capacities rehearse the end of a tape in seconds."""
    with Run(ctx, "vtl create", as_json=as_json) as run:
        from pytp_native.vtl.library import Library

        library = Library.create(
            Path(directory),
            drives=drives,
            slots=slots,
            mail_slots=mail_slots,
            generation=generation,
            capacity_bytes=_size(capacity),
            cartridges=cartridges,
            changer=changer,
            makers=tuple(personality or ()),
        )
        _show(run, library)
    return run.exit_code


def show(
    ctx: typer.Context,
    directory: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="DIR", help="The library's directory. Default: the default library."),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """The tapes do not move."""
    with Run(ctx, "vtl show", as_json=as_json) as run:
        from pytp_native.vtl.library import default_path

        _show(run, _library(directory or str(default_path())))
    return run.exit_code


def add(
    ctx: typer.Context,
    directory: Dir,
    barcode: Barcode,
    slot: Annotated[Optional[int], typer.Option("--slot", min=1, help="Default: the first empty one.")] = None,  # noqa: UP045
    capacity: Capacity = None,
    generation: Generation = None,
    as_json: options.Json = False,
) -> int:
    """Capacity and generation default to those of the library."""
    with Run(ctx, "vtl add", as_json=as_json) as run:
        library = _library(directory)
        library.add(
            barcode, slot=slot, capacity_bytes=None if capacity is None else _size(capacity), generation=generation
        )
        _show(run, library)
    return run.exit_code


def remove(
    ctx: typer.Context,
    directory: Dir,
    barcode: Barcode,
    erase: Annotated[bool, typer.Option("--erase", help="Delete its data too; otherwise it is kept aside.")] = False,
    as_json: options.Json = False,
) -> int:
    """A cartridge in a drive is refused."""
    with Run(ctx, "vtl remove", as_json=as_json) as run:
        library = _library(directory)
        library.remove(barcode, erase=erase)
        if not erase:
            run.note(f"{barcode}: taken out of the library, its data are kept; pytp vtl add {directory} {barcode}")
        _show(run, library)
    return run.exit_code


def protect(
    ctx: typer.Context,
    directory: Dir,
    barcode: Barcode,
    on: Annotated[bool, typer.Option("--on/--off", help="Protect, or allow writing again.")] = True,
    as_json: options.Json = False,
) -> int:
    """A drive that holds the cartridge notices when it is opened next."""
    with Run(ctx, "vtl protect", as_json=as_json) as run:
        _library(directory).protect(barcode, on)
        run.say(f"{barcode}: {'write-protected' if on else 'writable'}")
    return run.exit_code


def load(
    ctx: typer.Context,
    directory: Dir,
    slot: Annotated[str, typer.Argument(metavar="SLOT", help="Slot number, or the barcode in it.")],
    drive: Unit = 0,
    as_json: options.Json = False,
) -> int:
    """The drive must be empty."""
    with Run(ctx, "vtl load", as_json=as_json) as run:
        library = _library(directory)
        library.load(_slot(library, slot), drive)
        _show(run, library)
    return run.exit_code


def unload(
    ctx: typer.Context,
    directory: Dir,
    slot: Annotated[Optional[int], typer.Argument(min=1, metavar="SLOT", help="Default: where it came from.")] = None,  # noqa: UP045
    drive: Unit = 0,
    as_json: options.Json = False,
) -> int:
    """The drive must not be in use."""
    with Run(ctx, "vtl unload", as_json=as_json) as run:
        library = _library(directory)
        library.unload(drive, slot)
        _show(run, library)
    return run.exit_code


def fault(
    ctx: typer.Context,
    directory: Dir,
    faults: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="FAULT", help='Such as "write 120: medium error". None: list what is planned.'),
    ] = None,
    drive: Unit = 0,
    clear: Annotated[bool, typer.Option("--clear", help="Forget all planned faults first, also the robot's.")] = False,
    as_json: options.Json = False,
) -> int:
    """Faults of a drive, N is a logical block: "write N: medium error", "write N: deferred error after D" (found when D
    more blocks are taken, or flushed), "read N: medium error", "early warning at N", "write protect", "eject at N",
    "cleaning at N" (it asks to be cleaned), "power cut at N" (what is in the drive's buffer is gone), "blackout at N"
    (the computer's power, too: the process is killed), "reset at N" (of the bus), "moved to B at N" (by somebody else);
    "buffer SIZE": of the drive; "slow load N": ready after N questions only. Faults of the robot, N counts moves from
    now: "move N: gripper error" (or "stuck in gripper", "load error", "drive silent", "full target", "empty source"),
    "move N: slow SECONDS"; until they are cleared: "door open", "offline", "slot N: barcode unreadable",
    "slot N: retries M". What wears: "worn head N" of the drive, "cartridge BARCODE: degraded N" (0: as new); of 1000
    data sets N have to be written or read again. "self-test failure"; "adapter SIZE": the host moves no more at once;
    "link errors N": on the way between host and drive.
    "starved N": the host is too slow, the drive repositions N times for
    100 MB, which a drive with --personality hpe up to LTO-6 tells."""
    with Run(ctx, "vtl fault", as_json=as_json) as run:
        from pytp_native.vtl.changer_faults import is_changer_fault
        from pytp_native.vtl.fault_lines import parse_degraded

        library = _library(directory)
        if clear:
            library.clear_faults(drive)
            library.clear_changer_faults()
        for text in faults or ():
            degraded = parse_degraded(text)
            if degraded is not None:
                library.degrade(*degraded)
            elif is_changer_fault(text):
                library.add_changer_fault(text)
            else:
                library.add_fault(drive, text)
        planned, of_robot = library.faults(drive), library.changer_faults()
        run.fields.update(faults=planned, changer_faults=of_robot)
        run.say("\n".join((*planned, *of_robot)) or f"drive {drive}: no faults planned")
    return run.exit_code


def _library(directory: str) -> Library:
    from pytp_native.vtl.library import Library

    return Library.open(Path(directory))


def _slot(library: Library, text: str) -> int:
    """Return the number of a slot given by number or by the barcode in it."""
    if text.isdecimal():
        return int(text)
    for slot in library.describe().slots:
        if slot.barcode == text:
            return slot.number
    raise UsageError(text, "no such slot or cartridge in a slot", "see pytp vtl show")


def _size(text: str) -> int:
    from pytp_native.units import parse_size

    try:
        return parse_size(text)
    except ValueError as exc:
        raise UsageError("--capacity", str(exc), "write 64M, 2G or 18TB") from exc


def _show(run: Run, library: Library) -> None:
    view = library.describe()
    run.fields.update(asdict(view))
    run.say(_text(view))


def _text(view: LibraryView) -> str:
    from pytp_cli.tables import aligned
    from pytp_native.units import format_size

    drives = [("DRIVE", "ADDRESS", "CARTRIDGE", "FROM SLOT", "USED BY")]
    for unit in view.drives:
        slot = str(unit.source_slot or "-")
        drives.append((str(unit.number), unit.address, unit.barcode or "-", slot, unit.open_by or "-"))
    slots = [("SLOT", "CARTRIDGE")]
    slots += [(f"{s.number}{' mail' if s.mail else ''}", s.barcode or "-") for s in view.slots]
    head = ("CARTRIDGE", "TYPE", "CAPACITY", "USED", "FILEMARKS", "STATE")
    cartridges: list[tuple[str, ...]] = [head]
    for item in view.cartridges:
        figures = (format_size(item.capacity_bytes), format_size(item.used_bytes), str(item.filemarks))
        cartridges.append((item.barcode, item.generation, *figures, _state(item)))
    return "\n\n".join((aligned(drives), aligned(slots), aligned(cartridges, right=(2, 3, 4))))


def _state(cartridge: CartridgeView) -> str:
    words = ["taken out of the library; vtl add puts it back"] if cartridge.removed else []
    if cartridge.write_protected:
        words.append("write-protected")
    if cartridge.damaged:
        words.append(f"damaged: {cartridge.damaged}")
    return ", ".join(words) or "ok"
