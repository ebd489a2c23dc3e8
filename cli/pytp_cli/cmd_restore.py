# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp restore`, `ls` and `cat`: what reads tape files."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated, BinaryIO, Optional

import typer

from pytp_cli import options
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_cli.sink import unwritable
from pytp_native.errors import NothingHere, PytpError, UsageError


def restore(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Directory; made if missing.")] = ".",
    patterns: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="PATTERN", help="Members, directories or globs to restore. Default: all."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    volumes: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--volumes", metavar="BARCODE,...", help="Where an archive goes on. Default: found in the library."
        ),
    ] = None,
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """Afterwards the tape stands at the next tape file. Files that exist are kept and listed (exit 1). Nothing is
    ever written outside TARGET, whatever the archive says. An archive that goes on on another cartridge is followed
    there: in the drive's library, or by asking at the terminal."""
    with Run(ctx, "restore", as_json=as_json) as run:
        from pytp_cli.joblog import JobLog
        from pytp_cli.next_cartridge import NextCartridge, library_of
        from pytp_native.jobs.restore import RestoreRequest
        from pytp_native.jobs.restore import restore as extract

        unit = run.open_drive(drive)
        request = RestoreRequest(
            target=os.fsencode(target),
            patterns=tuple(os.fsencode(pattern) for pattern in patterns or ()),
            overwrite=overwrite,
        )
        source = NextCartridge(run, unit, library_of(run, unit, None), volumes)
        log = JobLog("restore", run.config.tar_dir)
        run.fields["log"] = log.path
        try:
            report = run.job(
                lambda emit, interrupt: extract(unit, request, emit, interrupt, source.supply), verb="restore", log=log
            )
        finally:
            source.close()
            log.close()
        if report.exit_code != NothingHere.exit_code:
            run.say(f"{sum(argument.files for argument in report.arguments)} files restored into {printable(target)}")
    return run.exit_code


def ls(
    ctx: typer.Context,
    sample: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--sample", min=1, metavar="N", help="Stop after N members and return to the file's start."),
    ] = None,
    all_files: Annotated[bool, typer.Option("--all", help="Rewind and list every tape file.")] = False,
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """Run it again for the tape file behind; at the end of data the exit code is 11."""
    with Run(ctx, "ls", as_json=as_json) as run:
        from pytp_native.jobs.listing import ListRequest, list_members

        unit = run.open_drive(drive)
        request = ListRequest(sample=sample, all_files=all_files)
        run.fields["members"] = []
        run.job(lambda emit, interrupt: list_members(unit, request, emit, interrupt), verb="list", bar=as_json)
    return run.exit_code


def cat(
    ctx: typer.Context,
    file: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--file", "-f", min=0, metavar="N", help="Tape file, counted from 0. Default: the one here."),
    ] = None,
    output: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--output", "-o", metavar="FILE", help="Write into FILE instead of standard output."),
    ] = None,
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """The bytes are those between two filemarks, padding included. --json needs --output."""
    with Run(ctx, "cat", as_json=as_json) as run:
        if as_json and output is None:
            raise UsageError("--json", "standard output carries the tape file", "add --output FILE")
        if output is None and sys.stdout.isatty():
            raise UsageError("cat", "a terminal cannot show an archive", "pipe it, or add --output FILE")
        _cat(run, drive, file, output)
    return run.exit_code


def _cat(run: Run, drive: str | None, file: int | None, output: str | None) -> None:
    from pytp_native.jobs.cat import cat as copy

    unit = run.open_drive(drive)
    with _sink(output) as sink:

        def write(data: memoryview) -> None:
            try:
                _write_all(sink, data)
            except BrokenPipeError:
                run.reader_gone()
            except OSError as exc:
                raise unwritable(exc, output or "standard output") from exc

        report = run.job(lambda _emit, interrupt: copy(unit, file, write, interrupt), verb="cat", bar=False)
    if output is not None and report.exit_code == NothingHere.exit_code:
        os.unlink(output)  # there is no such tape file


def _write_all(sink: BinaryIO, data: memoryview) -> None:
    """With PYTHONUNBUFFERED standard output is a raw file, which may take a part only."""
    while data:
        data = data[sink.write(data) :]


def _sink(output: str | None) -> AbstractContextManager[BinaryIO]:
    if output is None:
        return nullcontext(sys.stdout.buffer)
    try:
        return open(output, "xb")
    except FileExistsError as exc:
        raise UsageError(output, "exists", "name another file or remove it") from exc
    except OSError as exc:
        raise PytpError(output, f"cannot be created ({exc.strerror})", "name another file") from exc
