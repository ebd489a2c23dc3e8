# SPDX-License-Identifier: WTFPL OR MIT
"""The commands that move the tape or ask where it stands."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.run import Run

Count = Annotated[int, typer.Argument(min=0, metavar="COUNT", help="Number of tape files.")]


def position(ctx: typer.Context, drive: options.Drive = None, as_json: options.Json = False) -> int:
    """A bare integer, or "unknown" after a seek. The tape does not move."""
    with Run(ctx, "position", as_json=as_json) as run:
        where = run.open_drive(drive).where()
        run.say("unknown" if where.file is None else str(where.file))
    return run.exit_code


def goto(
    ctx: typer.Context,
    block: Annotated[
        Optional[int],  # noqa: UP045
        typer.Argument(min=0, metavar="BLOCK", help="Logical block from 0, filemarks counted."),
    ] = None,
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """Prints the logical block the tape stands at. After a seek the file number is unknown, as with mt."""
    with Run(ctx, "goto", as_json=as_json) as run:
        unit = run.open_drive(drive)
        if block is not None:
            from pytp_native import mtio

            run.note(f"moving to block {block}")
            mtio.seek(unit.tape, block)
        run.say(str(unit.tape.position()))
    return run.exit_code


def rewind(ctx: typer.Context, drive: options.Drive = None, as_json: options.Json = False) -> int:
    """The next `restore` or `ls` starts with tape file 0."""
    with Run(ctx, "rewind", as_json=as_json) as run:
        unit = run.open_drive(drive)
        from pytp_native import mtio

        run.say(f"Rewinding {unit.address}")
        mtio.rewind(unit.tape)
    return run.exit_code


def ff(ctx: typer.Context, count: Count = 1, drive: options.Drive = None, as_json: options.Json = False) -> int:
    """The tape stands at block 0 of the file COUNT further on. Past the last one it stops at the end of data
    (exit 11)."""
    with Run(ctx, "ff", as_json=as_json) as run:
        unit = run.open_drive(drive)
        if count:
            unit.forward_files(count)
        run.say(_place(unit.where()))
    return run.exit_code


def bb(ctx: typer.Context, count: Count = 1, drive: options.Drive = None, as_json: options.Json = False) -> int:
    """The tape stands at block 0 of that file; COUNT 0 is the start of this file. Past file 0 it stands at the
    beginning of the tape. While the file number is unknown it refuses (exit 7): rewind first."""
    with Run(ctx, "bb", as_json=as_json) as run:
        unit = run.open_drive(drive)
        unit.back_files(count)
        run.say(_place(unit.where()))
    return run.exit_code


def init(ctx: typer.Context, drive: options.Drive = None, as_json: options.Json = False) -> int:
    """The size comes from the configuration (default 524288 bytes) and is checked on the same descriptor."""
    with Run(ctx, "init", as_json=as_json) as run:
        unit = run.open_drive(drive)
        before = unit.tape.status().block_bytes
        unit.prepare()
        run.fields.update(block_bytes_before=before, block_bytes=unit.block_bytes)
        run.say(f"Tape drive initialized with block size {unit.block_bytes} (before: {before or 'variable'})")
    return run.exit_code


def unload(
    ctx: typer.Context,
    slot: Annotated[
        Optional[int],  # noqa: UP045
        typer.Argument(min=1, metavar="SLOT", help="Slot; default: where it came from."),
    ] = None,
    drive: options.Drive = None,
    library: options.LibraryShort = None,
    as_json: options.Json = False,
) -> int:
    """A drive without a library ejects its cartridge. A virtual drive has its own library, which puts it away."""
    with Run(ctx, "unload", as_json=as_json) as run:
        _unload(run, run.choose(drive).address, slot, library)
    return run.exit_code


def _unload(run: Run, address: str, slot: int | None, library: str | None) -> None:
    from pytp_cli.selection import virtual_drive

    place = virtual_drive(address)
    if place is None:
        _eject(run, address, slot, library)
        return
    from pathlib import Path

    from pytp_native.vtl.library import Library

    target = Library.open(Path(place[0])).unload(place[1], slot)
    run.fields["slot"] = target
    run.say(f"{address}: cartridge put into slot {target}")


def _eject(run: Run, address: str, slot: int | None, library: str | None) -> None:
    from pytp_native import mtio
    from pytp_native.errors import UsageError

    served = _library_of(run, address, library)
    if slot is not None or served is not None:
        subject = served or f"slot {slot}"
        raise UsageError(subject, "moving real cartridges arrives with a later release", "mtx does it meanwhile")
    unit = run.open_drive(address)
    mtio.offline(unit.tape)
    run.fields["position"] = None
    run.say(f"{address}: cartridge ejected")


def _library_of(run: Run, address: str, flag: str | None) -> str | None:
    """The name of the library that serves this drive, if one is named or configured."""
    if flag:
        return run.config.library(flag).name
    names = {drive.name for drive in run.config.drives if drive.address == address}
    return next((library.name for library in run.config.libraries if names & set(library.drives)), None)


def _place(where: object) -> str:
    file, block = getattr(where, "file", None), getattr(where, "block", None)
    return f"File {'unknown' if file is None else file}, block {'unknown' if block is None else block}"
