# SPDX-License-Identifier: WTFPL OR MIT
"""What was proven of which tape file and when, and how far a verification has come."""

from __future__ import annotations

from pytp_native.catalog.database import Database
from pytp_native.catalog.restoring import Archive, archives_of
from pytp_native.catalog.state import session_id
from pytp_native.light import NamedTuple


class Scope(NamedTuple):
    """What is to be verified; all None: everything."""

    session: str | None = None
    """uuid, the beginning of one, or "latest"."""
    label: str | None = None
    """Of the history, or the barcode of a cartridge."""
    cartridge: str | None = None
    """uuid of one."""


class Proof(NamedTuple):
    """What a verification found."""

    device: str
    strength: str
    """full, sample, probe"""
    members: int
    data_bytes: int
    damaged: int


class Begun(NamedTuple):
    """How far a verification that was stopped had come in an archive."""

    members: int = 0
    data_bytes: int = 0
    damaged: int = 0


_SESSIONS = """
SELECT DISTINCT s.id FROM session s JOIN tape_file t ON t.session = s.id JOIN cartridge c ON c.id = t.cartridge
WHERE t.kind = 'data' AND t.state != 'overwritten' AND (? IS NULL OR s.id = ?)
  AND (? IS NULL OR s.label = ? OR c.barcode = ?) AND (? IS NULL OR c.uuid = ?) ORDER BY s.started, s.id
"""


def archives(database: Database, scope: Scope) -> list[Archive]:
    """Return what is in the scope, oldest first. NothingHere for a session that is not there."""
    session = None if scope.session is None else session_id(database, scope.session)
    asked = (session, session, scope.label, scope.label, scope.label, scope.cartridge, scope.cartridge)
    found = [one for (number,) in database.rows(_SESSIONS, asked) for one in archives_of(database, number)]
    return [one for one in found if _is_there(one, scope)]


def _is_there(archive: Archive, scope: Scope) -> bool:
    """A session may have other arguments on other cartridges."""
    return scope.cartridge is None or any(part.uuid == scope.cartridge for part in archive.parts)


def begun(database: Database, archive: Archive) -> Begun:
    """Return where to go on with an archive."""
    row = database.row(
        "SELECT members, data_bytes, damaged FROM verifying WHERE tape_file = ?", (archive.parts[0].identity,)
    )
    return Begun(*row) if row else Begun()


def keep(database: Database, archive: Archive, so_far: Begun, now: int) -> None:
    """Remember how far it has come."""
    with database.transaction():
        database.run(
            "INSERT OR REPLACE INTO verifying (tape_file, seen, members, data_bytes, damaged) VALUES (?, ?, ?, ?, ?)",
            (archive.parts[0].identity, now, *so_far),
        )


def forget(database: Database, archive: Archive) -> None:
    """Begin from the start next time."""
    database.run("DELETE FROM verifying WHERE tape_file = ?", (archive.parts[0].identity,))


def record(database: Database, archive: Archive, proof: Proof, now: int) -> None:
    """Record what was proven of all tape files of an archive; nothing is left to go on with."""
    with database.transaction(lasting=True):
        forget(database, archive)
        for part in archive.parts:
            share = proof._replace(members=min(proof.members, part.members)) if len(archive.parts) > 1 else proof
            database.run(
                "INSERT INTO verification (tape_file, seen, device, strength, members, data_bytes, damaged)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (part.identity, now, *share),
            )


def last_full(database: Database, archive: Archive) -> int | None:
    """Return when the archive was read to its end last."""
    found = database.value(
        "SELECT max(seen) FROM verification WHERE tape_file = ? AND strength = 'full'", (archive.parts[0].identity,)
    )
    return None if found is None else int(found)
