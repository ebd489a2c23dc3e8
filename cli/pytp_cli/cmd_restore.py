# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp restore`, `ls` and `cat`: what reads tape files."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated, BinaryIO, Optional

import typer

from pytp_cli import options
from pytp_cli import restore_options as given
from pytp_cli.restoring import Order, from_catalog, from_head
from pytp_cli.run import Run
from pytp_cli.sink import unwritable
from pytp_native.errors import NothingHere, PytpError, UsageError


def restore(
    ctx: typer.Context,
    target: given.Target = ".",
    patterns: given.Patterns = None,
    session: given.Session = None,
    job: given.Job = None,
    label: given.Label = None,
    as_of: given.AsOf = None,
    keep: given.Keep = False,
    overwrite: given.Overwrite = False,
    newer: given.Newer = False,
    strip: given.Strip = 0,
    to_stdout: given.ToStdout = False,
    dry_run: given.DryRun = False,
    volumes: given.Volumes = None,
    library: options.Library = None,
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """Without --session, --job, --label and --as-of: the tape file at the head; afterwards the tape stands at the next
    one, and an archive that goes on on another cartridge is followed there. With any of them: from the catalog, a full
    backup with all that later ones changed and deleted, or only what matches, each file with one locate; cartridges
    are fetched from the drive's library, or asked for at the terminal. Checksums are compared (exit 8), and a damaged
    file is left as NAME.damaged. Files that exist are kept and listed (exit 1). Nothing is ever written outside
    TARGET, whatever the archive says."""
    with Run(ctx, "restore", as_json=as_json) as run:
        order = Order(
            target=os.fsencode(target),
            patterns=tuple(os.fsencode(pattern) for pattern in patterns or ()),
            existing=_existing(keep=keep, overwrite=overwrite, newer=newer),
            strip=strip,
            to_stdout=to_stdout,
            library=library,
            drive=drive,
            volumes=volumes,
        )
        if to_stdout and as_json:
            raise UsageError("--json", "standard output carries the files", "leave out one of the two")
        if to_stdout and not patterns and target != ".":
            advice = f"say: pytp restore . {target} --to-stdout"
            raise UsageError(target, "is TARGET, and nothing is written there with --to-stdout", advice)
        if dry_run or session or job or label or as_of:
            from pytp_cli.moments import moment

            when = None if as_of is None else moment(as_of, "--as-of", end_of_day=True)
            from_catalog(run, order, (session, job, label, when), dry_run=dry_run)
        else:
            from_head(run, order)
    return run.exit_code


def _existing(*, keep: bool, overwrite: bool, newer: bool) -> str:
    if keep + overwrite + newer > 1:
        raise UsageError("--keep, --overwrite, --newer", "contradict each other", "give one of them")
    return "overwrite" if overwrite else "newer" if newer else "keep"


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
    decompress: Annotated[
        bool, typer.Option("--decompress", help="Give what is compressed with zstd as the tar that is in it.")
    ] = False,
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """The bytes are those between two filemarks, padding included. --json needs --output."""
    with Run(ctx, "cat", as_json=as_json) as run:
        if as_json and output is None:
            raise UsageError("--json", "standard output carries the tape file", "add --output FILE")
        if output is None and sys.stdout.isatty():
            raise UsageError("cat", "a terminal cannot show an archive", "pipe it, or add --output FILE")
        _cat(run, drive, file, output, decompress=decompress)
    return run.exit_code


def _cat(run: Run, drive: str | None, file: int | None, output: str | None, *, decompress: bool) -> None:
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

        report = run.job(
            lambda _emit, interrupt: copy(unit, file, write, interrupt, decompress=decompress), verb="cat", bar=False
        )
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
