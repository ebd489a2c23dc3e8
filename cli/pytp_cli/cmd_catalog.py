# SPDX-License-Identifier: WTFPL OR MIT
"""The commands that ask the catalog and look after it: find, sessions, tapes, catalog ..."""

from __future__ import annotations

import os
import time
from typing import IO, Annotated, Any, Optional

import typer

from pytp_cli import options
from pytp_cli.catalog_choice import open_catalog
from pytp_cli.moments import moment
from pytp_cli.run import Run
from pytp_native.errors import NothingHere, Refused, UsageError, VerifyFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.catalog.records import Cartridge, Found, Session, TapeFile

_JOB = "Only of this job."


def find(
    ctx: typer.Context,
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="Part of the name, or a glob; with a / in it, of the whole path.")
    ],
    job: Annotated[Optional[str], typer.Option("--job", "-j", help=_JOB)] = None,  # noqa: UP045
    label: Annotated[Optional[str], typer.Option("--label", help="Only of this label or barcode.")] = None,  # noqa: UP045
    since: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--since", metavar="DATE", help="Only what was saved then or later: 2026-11-23, or 30d ago."),
    ] = None,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Only what a later incremental backup found deleted or renamed.")
    ] = False,
    ignore_case: Annotated[bool, typer.Option("--ignore-case", "-i", help="A is a.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="At most so many; 0: all.")] = 1000,
    as_json: options.Json = False,
) -> int:
    """Every saved version is a line, the latest first, with the place on tape. Only what is known to be on a medium is
    listed; no tape moves. Exit 11: nothing found."""
    with Run(ctx, "find", as_json=as_json) as run:
        from itertools import islice

        from pytp_native.catalog.search import Wanted

        wanted = Wanted(job, label, None if since is None else moment(since, "--since"), deleted)
        with open_catalog(run, create=False) as catalog:
            behind = catalog.unindexed()
            if behind > _WORTH_INDEXING:
                run.note(f"{behind} names are not in the search index yet; adding them")
                catalog.extend_index()
            hits = catalog.find(os.fsencode(pattern), wanted, ignore_case=ignore_case)
            found = list(islice(hits, limit + 1 if limit else None))
            more = bool(limit) and len(found) > limit
            found = found[:limit] if limit else found
        run.fields.update(matches=[_found_object(one) for one in found] if as_json else [], more=more)
        if not found:
            raise NothingHere("find", f"nothing saved matches {pattern!r}", "see pytp sessions for what is there")
        run.say(_found_table(found))
        if more:
            run.note(f"there are more than {limit}; see --limit")
    return run.exit_code


_WORTH_INDEXING = 200_000
"""Members outside of the search index that a search can look through in a moment."""


def sessions(
    ctx: typer.Context,
    job: Annotated[Optional[str], typer.Option("--job", "-j", help=_JOB)] = None,  # noqa: UP045
    label: Annotated[Optional[str], typer.Option("--label", help="Only of this label.")] = None,  # noqa: UP045
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Add a line for each tape file.")] = False,
    as_json: options.Json = False,
) -> int:
    """Latest first. "open" is a session that runs now, or died: what it had brought to a medium for certain is listed
    by find."""
    with Run(ctx, "sessions", as_json=as_json) as run, open_catalog(run, create=False) as catalog:
        found = catalog.sessions(job=job, label=label)
        run.fields["sessions"] = [_session_object(one) for one in found]
        run.say(_sessions_table(found, verbose=verbose) if found else "no sessions")
    return run.exit_code


def tapes(ctx: typer.Context, as_json: options.Json = False) -> int:
    """Each with what is on it, its free space as the drive told last, and how long ago it was written and verified."""
    with Run(ctx, "tapes", as_json=as_json) as run, open_catalog(run, create=False) as catalog:
        found = catalog.cartridges()
        run.fields["cartridges"] = [one._asdict() for one in found]
        run.say(_tapes_table(found) if found else "no cartridges")
    return run.exit_code


def check(ctx: typer.Context, as_json: options.Json = False) -> int:
    """Reads all of it and looks whether it fits together; no tape moves. Exit 8: it does not. Lists what
    is on cartridges that it has not been told of, too."""
    with Run(ctx, "catalog check", as_json=as_json) as run, open_catalog(run, create=False) as catalog:
        troubles = catalog.check()
        run.fields["catalog"] = catalog.path
        run.fields["troubles"] = [one._asdict() for one in troubles]
        run.fields["elsewhere"] = elsewhere = catalog.elsewhere()
        for one in troubles:
            run.say(f"{one.subject}: {one.fact}")
        for gap in elsewhere:
            run.say(f"{gap}: pytp catalog rebuild")
        if troubles:
            fact = f"{len(troubles)} things do not fit together"
            raise VerifyFailed(catalog.path, fact, "move it away and use pytp catalog rebuild")
        run.say(f"{catalog.path}: all of it fits together")
    return run.exit_code


def rebuild(ctx: typer.Context, drive: options.Drive = None, as_json: options.Json = False) -> int:
    """Takes over all sessions of the cartridge in the drive from their trailers: a few seeks. What the catalog knew of
    them is replaced. Exit 1: there are tape files that no trailer tells of; they are named."""
    with Run(ctx, "catalog rebuild", as_json=as_json) as run, open_catalog(run) as catalog:
        from pytp_native.jobs.rebuild import rebuild as read_trailers

        unit = run.open_drive(drive)
        report = run.job(
            lambda emit, interrupt: read_trailers(unit, catalog, emit, interrupt), verb="catalog rebuild", bar=False
        )
        catalog.extend_index()
        count, members = len(report.details["sessions"]), report.details["members"]  # type: ignore[arg-type]
        run.say(f"{catalog.path}: {count} sessions with {members} members")
    return run.exit_code


def forget(
    ctx: typer.Context,
    cartridge: Annotated[str, typer.Argument(metavar="CARTRIDGE", help="Its barcode, serial number or uuid.")],
    confirm: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--confirm", metavar="CARTRIDGE", help="The same again: yes, what is on it is lost."),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """For a cartridge that is destroyed, lost or given away: its files are not offered any more, incremental backups
    save them again, and another one may have its barcode. Lists what was on it; without --confirm that is all (exit
    7). If it turns up again: pytp catalog rebuild."""
    with Run(ctx, "catalog forget", as_json=as_json) as run, open_catalog(run, create=False) as catalog:
        from pytp_cli.names import printable

        found = catalog.cartridges_called(cartridge)
        if not found:
            raise NothingHere(cartridge, "the catalog knows nothing that is on such a cartridge", "see pytp tapes")
        if len(found) > 1:
            serials = ", ".join(str(one.serial or one.uuid) for one in found)
            raise UsageError(cartridge, "several cartridges are called so", f"name one by its serial number: {serials}")
        for one in catalog.needed(found[0], 0):
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.started))
            run.note(f"tape file {one.number}: {printable(one.path)} of {when}, {one.members} members")
        if confirm != cartridge:
            raise Refused(cartridge, "that is what would be lost", f"if it is: add --confirm {cartridge}")
        run.fields.update(cartridge=cartridge, tape_files=catalog.give_up(found[0]))
        run.say(f"{cartridge}: forgotten, {run.fields['tape_files']} tape files")
    return run.exit_code


def export(
    ctx: typer.Context,
    file: Annotated[Optional[str], typer.Argument(metavar="[FILE]", help="Default: standard output.")] = None,  # noqa: UP045
    as_json: options.Json = False,
) -> int:
    """One JSON object a line, `table` in it says of which; all that the catalog knows, members last. With --json the
    summary is one too, and FILE is needed."""
    with Run(ctx, "catalog export", as_json=as_json) as run:
        if as_json and file is None:
            raise UsageError("--json", "needs a FILE for the export itself", "pytp catalog export FILE --json")
        with open_catalog(run, create=False) as catalog, _output(file) as out:
            count = _write_lines(catalog.export(), out, file or "standard output")
        run.fields.update(file=file, rows=count)
        if file:
            run.say(f"{file}: {count} rows")
    return run.exit_code


def import_json(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="*_backup.json of the original pytp.")],
    job: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--job", "-j", help="The job of these files: JOB_NAME_backup.json. Default: none."),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Takes over the sessions of the original pytp. What is there already is left alone, so that it may be repeated."""
    with Run(ctx, "catalog import-json", as_json=as_json) as run, open_catalog(run) as catalog:
        counts = {}
        for file in files:
            counts[file] = catalog.import_original(file, job)
            run.say(f"{file}: {counts[file]} sessions taken over")
        catalog.extend_index()
        run.fields.update(catalog=catalog.path, imported=counts)
    return run.exit_code


# -- parts of the above ------------------------------------------------------------------------------------------------


def _output(file: str | None) -> IO[str]:
    if file is None:
        return os.fdopen(os.dup(1), "w", encoding="ascii")
    try:
        return open(file, "w", encoding="ascii")
    except OSError as exc:
        raise UsageError(file, f"cannot be written ({exc.strerror})", "name another") from exc


def _write_lines(rows: Any, out: IO[str], name: str) -> int:
    import json

    from pytp_cli.sink import unwritable

    count = 0
    try:
        for row in rows:
            out.write(json.dumps(row) + "\n")
            count += 1
        out.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise unwritable(exc, name) from exc
    return count


def _when(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    from datetime import datetime

    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _age(seconds: int | None) -> str:
    if seconds is None:
        return "never"
    import time

    days = max(0, int(time.time()) - seconds) // 86400
    return "today" if days == 0 else f"{days} days ago" if days > 1 else "1 day ago"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def _found_table(found: list[Found]) -> str:
    from pytp_cli.names import printable
    from pytp_cli.tables import aligned
    from pytp_native.units import format_size

    rows = [("SAVED", "SIZE", "CARTRIDGE", "TAPE FILE", "BLOCK", "PATH")]
    for one in found:
        gone = f" (deleted by {_when(one.deleted)})" if one.deleted is not None else ""
        gone += " (doubtful: its session differed when it was read back)" if one.doubtful else ""
        place = (_or_dash(one.tape_file), _or_dash(one.block))
        rows.append((_when(one.saved), format_size(one.size), one.barcode or "-", *place, printable(one.path) + gone))
    return aligned(rows, right=(1, 3, 4))


def _found_object(one: Found) -> dict[str, Any]:
    return {**one._asdict(), "digest": one.digest.hex() if one.digest else None}


def _session_object(one: Session) -> dict[str, Any]:
    return {**one._asdict(), "tape_files": [file._asdict() for file in one.tape_files]}


def _sessions_table(found: list[Session], *, verbose: bool) -> str:
    from pytp_cli.names import printable
    from pytp_cli.tables import aligned
    from pytp_native.units import format_size

    rows: list[tuple[str, ...]] = [
        ("STARTED", "STATE", "KIND", "JOB", "LABEL", "CARTRIDGES", "FILES", "DATA", "ARGUMENTS")
    ]
    for one in found:
        every = [file for file in one.tape_files if file.kind == "data"]
        data = [file for file in every if file.state != "overwritten"]
        lost = "" if len(data) == len(every) else ", partly written over" if data else ", written over"
        cartridges = dict.fromkeys(file.cartridge or "-" for file in data)
        rows.append(
            (
                _when(one.started), one.state + lost, one.kind, _or_dash(one.job), _or_dash(one.label),
                ",".join(cartridges) or "-", str(sum(file.members for file in data)),
                format_size(sum(file.data_bytes for file in data)),
                " ".join(dict.fromkeys(printable(file.path) for file in every)),
            )
        )  # fmt: skip
        rows += [_file_row(file) for file in one.tape_files] if verbose else []
    return aligned(rows, right=(6, 7))


def _file_row(file: TapeFile) -> tuple[str, ...]:
    from pytp_cli.names import printable
    from pytp_native.units import format_size

    place = f"{file.cartridge or '-'}:{_or_dash(file.number)}"
    return (
        "  tape file", file.state, file.kind, "", "", place, str(file.members),
        format_size(file.tape_bytes), printable(file.path),
    )  # fmt: skip


def _tapes_table(found: list[Cartridge]) -> str:
    from pytp_cli.tables import aligned
    from pytp_native.units import format_size

    rows = [("CARTRIDGE", "STATE", "SESSIONS", "FILES", "ON TAPE", "FREE", "WRITTEN", "VERIFIED", "ERRORS")]
    for one in found:
        free = "-" if one.remaining_bytes is None else format_size(one.remaining_bytes)
        verified = _age(one.last_verified) + (", damaged" if one.damaged else "")
        rows.append(
            (
                one.barcode or one.serial or "-", one.state, str(one.sessions), str(one.members),
                format_size(one.tape_bytes), free, _age(one.last_written), verified, str(one.errors),
            )
        )  # fmt: skip
    return aligned(rows, right=(2, 3, 4, 5, 8))
