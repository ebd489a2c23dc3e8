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


def _place(where: object) -> str:
    file, block = getattr(where, "file", None), getattr(where, "block", None)
    return f"File {'unknown' if file is None else file}, block {'unknown' if block is None else block}"
