# SPDX-License-Identifier: WTFPL OR MIT
"""What is known to be missing of a saved argument: tape files that were written over, parts on cartridges of which the
catalog has not been told, the rest of a session that did not come to its end. Nobody knows what was in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from pytp_native.catalog.database import Database
from pytp_native.light import NamedTuple

_ENDED = ("complete", "partial")
_WHOLE = ("saved", "partial")
_TOLD_BY_TAPES = ("trailer", "scan")
_FILES = (
    "SELECT t.number, c.barcode, c.uuid, t.skipped, t.durable_blocks, t.state, c.state FROM tape_file t"
    " JOIN cartridge c ON c.id = t.cartridge WHERE t.session = ? AND t.path = ? AND t.kind = 'data'"
    " ORDER BY t.part, t.id"
)


class _File(NamedTuple):
    number: int | None
    barcode: str | None
    uuid: str | None
    skipped: int
    end: int
    """Of the archive, up to where it is on a medium."""
    state: str
    cartridge: str
    """Its state."""

    @property
    def loss(self) -> str:
        return "given up with its cartridge" if self.cartridge == "given up" else "written over"

    @property
    def where(self) -> str:
        number = "a tape file" if self.number is None else f"tape file {self.number}"
        return f"{number} of cartridge {self.barcode or self.uuid or '?'}"


def gaps(database: Database, session: int, path: bytes) -> list[str]:
    """Say what is missing of an argument as a session saved it; nothing where all of it is known."""
    files = _files(database, session, path)
    asked = "SELECT started, state, origin FROM session WHERE id = ?"
    started, state, origin = database.row(asked, (session,)) or (0, "", "")
    if not files:
        return [f"what the session of {when(started)} has of it is on a cartridge that the catalog does not know"]
    found = [f"{file.where} was {file.loss}" for file in files if file.state == "overwritten"]
    found += _elsewhere(files, origin)
    goes_on = files[-1].state == "continues" and origin in _TOLD_BY_TAPES
    if state not in _ENDED and files[-1].state not in (*_WHOLE, "overwritten") and not goes_on:
        found.append(f"{files[-1].where} is not complete: {unfinished(started, state)}")
    return found


def _files(database: Database, session: int, path: bytes) -> list[_File]:
    """All of them but those that were begun, broken off with nothing of the archive on the medium, and begun again."""
    files = [_File._make(row) for row in database.rows(_FILES, (session, path))]
    again = {file.skipped for file in files if file.skipped and file.end > file.skipped}
    return [file for file in files if file.end > file.skipped or file.skipped not in again]


def _elsewhere(files: list[_File], origin: str) -> list[str]:
    """Say what of an argument is on cartridges that the catalog does not know; what was recorded while it was written
    goes on nowhere else."""
    found = []
    for before, file in zip([None, *files], files, strict=False):
        joins = before is not None and (before.state == "overwritten" or before.end == file.skipped)
        if file.skipped and not joins:
            found.append(f"what is in front of {file.where} is on a cartridge that the catalog does not know")
    if files[-1].state == "continues" and origin in _TOLD_BY_TAPES:
        found.append(f"{files[-1].where} goes on on a cartridge that the catalog does not know")
    return found


def unfinished(started: int, state: str) -> str:
    """Describe a session that did not come to its end."""
    return f"the session of {when(started)} is {state if state != 'open' else 'not at its end'}"


def not_reached(database: Database, session: int) -> list[str]:
    """Say that a session may lack arguments, if it did not come to its end."""
    started, state = database.row("SELECT started, state FROM session WHERE id = ?", (session,)) or (0, "complete")
    return [] if state in _ENDED else [f"{unfinished(started, state)}: what it did not get to is not in it"]


def untold(database: Database, session: int) -> list[str]:
    """Say which cartridges of a session nobody has told of, where it was tapes that told: arguments may be wholly on
    them."""
    started, origin = database.row("SELECT started, origin FROM session WHERE id = ?", (session,)) or (0, "backup")
    if origin not in _TOLD_BY_TAPES:
        return []
    parts = {part for (part,) in database.rows("SELECT DISTINCT part FROM tape_file WHERE session = ?", (session,))}
    return [
        f"cartridge {part} of the session of {when(started)} is one that the catalog does not know:"
        " what is on it alone is not known either"
        for part in range(1, max(parts, default=0))
        if part not in parts
    ]


def of_session(database: Database, session: int) -> list[str]:
    """Say what is missing of a session's arguments, as far as it is known that it was there."""
    paths = _paths(database, session)
    told = [f"{_text(path)}: {gap}" for path in paths for gap in gaps(database, session, path)]
    return [*told, *untold(database, session)]


def elsewhere(database: Database) -> Iterator[str]:
    """Say of all sessions what is on cartridges that the catalog does not know."""
    for session, origin in list(database.rows("SELECT id, origin FROM session ORDER BY started, id")):
        for path in _paths(database, session):
            yield from (f"{_text(path)}: {gap}" for gap in _elsewhere(_files(database, session, path), origin))
        yield from untold(database, session)


def _paths(database: Database, session: int) -> list[bytes]:
    asked = "SELECT path FROM tape_file WHERE session = ? AND kind = 'data' GROUP BY path ORDER BY min(id)"
    return [path for (path,) in database.rows(asked, (session,))]


def _text(path: bytes) -> str:
    return path.decode(errors="backslashreplace")


def when(started: int) -> str:
    """Return a session's start as people read it."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(started))
