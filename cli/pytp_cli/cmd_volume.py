# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp label`: what makes a cartridge ours."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.run import Run


def label(
    ctx: typer.Context,
    barcode: Annotated[str, typer.Argument(metavar="BARCODE", help="As on its sticker; up to 32 characters.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also one that is not blank: everything on it is lost.")
    ] = False,
    pool: Annotated[Optional[str], typer.Option("--pool", help="Name of the pool it belongs to.")] = None,  # noqa: UP045
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """Writes tape file 0: whose cartridge it is, and how to restore everything with mt and tar alone. `backup` does the
    same for a blank cartridge. A barcode that differs from the library's is refused (exit 7)."""
    with Run(ctx, "label", as_json=as_json) as run:
        from pytp_cli.selection import barcode as barcode_of
        from pytp_native.jobs.labelling import LabelRequest, label_cartridge

        unit = run.open_drive(drive, write=True)
        request = LabelRequest(barcode, overwrite, barcode_of(unit.address), pool)
        run.job(lambda emit, _interrupt: label_cartridge(unit, request, emit), verb="label", bar=False)
    return run.exit_code
