# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp verify`."""

from __future__ import annotations

import os
from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.catalog_choice import open_catalog
from pytp_cli.run import Run
from pytp_native.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.jobs.events import JobReport


def verify(
    ctx: typer.Context,
    session: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--session", metavar="UUID", help="Only this one; the beginning will do, or: latest."),
    ] = None,
    label: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--label", "-l", help="All of this label, or on the cartridge with this barcode."),
    ] = None,
    sample: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--sample", metavar="PERCENT", help="Read only so much, spread over all."),
    ] = None,
    against_source: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--against-source", metavar="DIR", help="Compare with what is in DIR, too."),
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Do not go on where it was stopped.")] = False,
    library: options.Library = None,
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """Without --session and --label: all that the catalog knows of the cartridge in the drive. Nothing is written to
    disk or tape; every checksum is compared while the tape streams. Stopped with Ctrl-C, or killed, the same command
    goes on there. `pytp tapes` shows the age of the last verification. --against-source: the directory that the saved
    ones are in, or one of them itself. Exit 8: something differs; 6: blocks that cannot be read; 10: a cartridge is
    missing."""
    with Run(ctx, "verify", as_json=as_json) as run:
        if against_source is not None and not os.path.isdir(against_source):
            raise UsageError(against_source, "is no directory", "name the one that the saved directories are in")
        _verify(run, (session, label), _percent(sample), against_source, restart=restart, places=(library, drive))
    return run.exit_code


def _percent(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0 < percent <= 100:
        raise UsageError("--sample", f"{text!r} is no part of all", "write a number up to 100: 5, or 0.1")
    return percent


def _verify(
    run: Run,
    which: tuple[str | None, str | None],
    sample: float | None,
    against_source: str | None,
    *,
    restart: bool,
    places: tuple[str | None, str | None],
) -> None:
    from pytp_cli.joblog import JobLog
    from pytp_cli.next_cartridge import NextCartridge, library_of
    from pytp_native.catalog.verifying import Scope
    from pytp_native.jobs.verify import VerifyRequest
    from pytp_native.jobs.verify import verify as read_back

    source = None if against_source is None else os.fsencode(against_source)
    request = VerifyRequest(Scope(*which), sample, source, restart)
    with open_catalog(run, create=False) as catalog:
        unit = run.open_drive(places[1], may_be_empty=True)
        shelves = NextCartridge(run, unit, library_of(run, unit, places[0]), None)
        log = JobLog("verify", run.config.tar_dir)
        run.fields["log"] = log.path
        try:
            report = run.job(
                lambda emit, stop: read_back(unit, catalog, request, emit, stop, supply=shelves.supply),
                verb="verify",
                log=log,
            )
        finally:
            shelves.close()
            log.close()
    run.say(_summary(report))


def _summary(report: JobReport) -> str:
    from pytp_native.units import format_size

    details = report.details
    read = format_size(sum(argument.data_bytes for argument in report.arguments))
    told = f"{details['members']} members read ({read}), {details['checked']} checksums right"
    return f"{told}, {details['damaged']} damaged"
