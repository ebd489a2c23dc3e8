# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp resume`: go on with what a crash or an interrupt has ended."""

from __future__ import annotations

import typer

from pytp_cli import backup_options as given
from pytp_cli import options
from pytp_cli.catalog_choice import open_catalog
from pytp_cli.cmd_backup import flush_bytes, memory_bytes
from pytp_cli.run import Run


def resume(
    ctx: typer.Context,
    library: options.Library = None,
    drive: options.Drive = None,
    memory_buffer: given.MemoryBuffer = None,
    flush_every: given.FlushEvery = None,
    volume: given.Volume = None,
    volumes: given.Volumes = None,
    as_json: options.Json = False,
) -> int:
    """Takes the last session on the cartridge in the drive that did not come to its end: after a crash, a power cut,
    Ctrl-C, an error of the drive, or because the cartridge was full: that goes on on the next one, from the library or
    the blank one in the drive. Where no session waits on the cartridge in the drive, or the drive is empty, the
    cartridge of the latest one that waits is fetched. The end of the tape is repaired, what is safe is listed, and the
    rest is saved behind it, from the member on that was cut. Exit 11: nothing waits to be resumed."""
    with Run(ctx, "resume", as_json=as_json) as run:
        from pytp_cli.next_cartridge import NextCartridge, library_of
        from pytp_cli.selection import choose_library
        from pytp_cli.tables import summary
        from pytp_native.jobs.resume import ResumeRequest
        from pytp_native.jobs.resume import resume as go_on

        choose_library(library, run.config)
        with open_catalog(run, create=False) as catalog:
            unit = run.open_drive(drive, write=True, may_be_empty=True)
            source = NextCartridge(run, unit, library_of(run, unit, library), volumes)
            try:
                request = ResumeRequest(
                    volume, source.loaded_barcode(), memory_bytes(memory_buffer), flush_bytes(run, flush_every),
                    source.is_silent,
                )  # fmt: skip
                report = run.job(
                    lambda emit, interrupt: go_on(unit, request, catalog, emit, interrupt, supply=source.supply),
                    verb="resume",
                )
            finally:
                source.close()
            run.say(summary(report.arguments))
    return run.exit_code
