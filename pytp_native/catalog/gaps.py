# SPDX-License-Identifier: WTFPL OR MIT
"""What is known to be missing of a saved argument: tape files that were written over, parts on cartridges of which the
catalog has not been told, the rest of a session that did not come to its end. Nobody knows what was in it.
"""

from __future__ import annotations

import time

from pytp_native.catalog.database import Database
from pytp_native.light import NamedTuple

_ENDED = ("complete", "partial")
_WHOLE = ("saved", "partial")
_FILES = (
    "SELECT t.number, c.barcode, c.uuid, t.skipped, t.durable_blocks, t.state FROM tape_file t"
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

    @property
    def where(self) -> str:
        number = "a tape file" if self.number is None else f"tape file {self.number}"
        return f"{number} of cartridge {self.barcode or self.uuid or '?'}"


def gaps(database: Database, session: int, path: bytes) -> list[str]:
    """Say what is missing of an argument as a session saved it; nothing where all of it is known."""
    files = [_File._make(row) for row in database.rows(_FILES, (session, path))]
    found: list[str] = []
    before: _File | None = None
    for file in files:
        found += _in_front(before if file.skipped else None, file)
        if file.state == "overwritten":
            found.append(f"{file.where} was written over")
        before = file
    started, state = database.row("SELECT started, state FROM session WHERE id = ?", (session,)) or (0, "")
    if before is not None and before.state == "continues":
        found.append(f"{before.where} goes on on a cartridge that the catalog does not know")
    elif before is not None and state not in _ENDED and before.state not in (*_WHOLE, "overwritten"):
        found.append(f"{before.where} is not complete: {unfinished(started, state)}")
    return found


def _in_front(before: _File | None, file: _File) -> list[str]:
    if not file.skipped or (before is not None and (before.state == "overwritten" or before.end == file.skipped)):
        return []
    return [f"what is in front of {file.where} is on a cartridge that the catalog does not know"]


def unfinished(started: int, state: str) -> str:
    """Describe a session that did not come to its end."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(started))
    return f"the session of {when} is {state if state != 'open' else 'not at its end'}"


def not_reached(database: Database, session: int) -> list[str]:
    """Say that a session may lack arguments, if it did not come to its end."""
    started, state = database.row("SELECT started, state FROM session WHERE id = ?", (session,)) or (0, "complete")
    return [] if state in _ENDED else [f"{unfinished(started, state)}: what it did not get to is not in it"]
