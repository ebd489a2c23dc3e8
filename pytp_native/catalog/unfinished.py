# SPDX-License-Identifier: WTFPL OR MIT
"""Sessions that did not come to their end: what they were asked to do, and what of it is known to be on tape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytp_native.catalog.database import Database
from pytp_native.catalog.recording import OpenTapeFile
from pytp_native.catalog.records import BegunFile, Deletion, TapeFileFacts, Unfinished
from pytp_native.catalog.running import is_running
from pytp_native.catalog.schema import MEMBERS_OF_FILE

_WAITING = (
    "SELECT s.id, s.uuid, s.started, s.state, s.kind, s.host, s.pid, s.hash, s.job, s.label, p.request FROM session s"
    " JOIN plan p ON p.id = s.id WHERE s.state IN ('open', 'interrupted', 'failed', 'full')"
    " AND s.exit IS NOT 8 AND EXISTS"  # 8: what was read back differed
    " (SELECT 1 FROM tape_file t JOIN cartridge c ON c.id = t.cartridge WHERE t.session = s.id AND t.kind = 'data'"
    " AND t.state != 'overwritten'{which}) ORDER BY s.id DESC"
)
_SAVED_SINCE = (
    "SELECT DISTINCT l.path FROM tape_file l JOIN session x ON x.id = l.session JOIN session s ON s.uuid = ?"
    " WHERE x.id > s.id AND x.job IS s.job AND x.state IN ('complete', 'partial') AND l.kind = 'data'"
    " AND l.state != 'overwritten'"
)
_FILES = (
    "SELECT t.id, t.number, t.first_block, t.block_bytes, t.path, t.name, t.kind, t.part, t.skipped, t.ahead,"
    " t.level, t.based_on, t.compression, t.state, t.blocks, t.durable_blocks, t.stored_blocks, t.frames, c.uuid,"
    " c.barcode, c.state = 'full', r.cut"
    " FROM tape_file t JOIN cartridge c ON c.id = t.cartridge LEFT JOIN rest r ON r.tape_file = t.id"
    " WHERE t.session = ? AND t.kind = 'data' AND t.state != 'overwritten' ORDER BY t.id"
)
_TRAILERS = "SELECT DISTINCT part FROM tape_file WHERE session = ? AND kind = 'trailer' AND state != 'overwritten'"
_OVERTAKEN = (
    "SELECT 1 FROM tape_file t JOIN cartridge c ON c.id = t.cartridge WHERE c.uuid = ? AND t.session > ?"
    " AND t.state != 'overwritten' AND (t.durable_blocks > 0 OR t.kind = 'trailer')"
)
_DELETIONS = (
    "SELECT d.path, x.name, n.path, x.new_name FROM deletion x JOIN directory d ON d.id = x.directory"
    " LEFT JOIN directory n ON n.id = x.new_directory WHERE x.tape_file = ? ORDER BY x.id"
)


def unfinished(database: Database, cartridge_uuid: str) -> Unfinished | None:
    """Return the latest session on that cartridge that can be resumed."""
    row = database.row(_WAITING.format(which=" AND c.uuid = ?"), (cartridge_uuid,))
    return None if row is None else _session(database, row, cartridge_uuid)


def waiting(database: Database) -> list[Unfinished]:
    """Return all sessions that can be resumed, the latest first."""
    return [_session(database, row) for row in list(database.rows(_WAITING.format(which="")))]


def saved_since(database: Database, session: str) -> set[bytes]:
    """Return the arguments that later sessions of the same job have saved."""
    return {path for (path,) in database.rows(_SAVED_SINCE, (session,))}


def _session(database: Database, row: tuple[Any, ...], cartridge_uuid: str | None = None) -> Unfinished:
    identity, *facts = row
    files = tuple(_files(database, identity))
    trailers = frozenset(part for (part,) in database.rows(_TRAILERS, (identity,)))
    asked = (cartridge_uuid or files[-1].cartridge_uuid, identity)
    overtaken = database.value(_OVERTAKEN, asked) is not None
    return Unfinished._make((*facts, files, trailers, overtaken))


def deletions_of(database: Database, file: int) -> list[Deletion]:
    """Return what was recorded as gone with a tape file."""
    return [
        Deletion(_joined(directory, name), None if now is None else _joined(above or b"", now))
        for directory, name, above, now in database.rows(_DELETIONS, (file,))
    ]


def _joined(directory: bytes, name: bytes) -> bytes:
    return directory + b"/" + name if directory else name


def _files(database: Database, session: int) -> Iterator[BegunFile]:
    for row in list(database.rows(_FILES, (session,))):
        first, last = _range(row[0])
        members, size = database.row(
            "SELECT count(*), ifnull(sum(size), 0) FROM member WHERE id BETWEEN ? AND ?", (first, last)
        ) or (0, 0)
        facts = TapeFileFacts._make(row[1:13])
        yield BegunFile._make((row[0], facts, *row[13:16], members, size, *row[16:]))


def reopen(database: Database, file: BegunFile) -> OpenTapeFile:
    """Go on recording a tape file: what its members are was not known to the end."""
    return OpenTapeFile(database, file.id, file.facts, file.members, file.data_bytes)


def members_of(database: Database, file: int) -> Iterator[tuple[Any, ...]]:
    """Yield the members of a tape file in the order of the tape, each with the fields of a member record; the device of
    their inodes is not known (0)."""
    for row in database.rows(
        "SELECT d.path, m.name, m.link, m.type, m.block, m.offset, m.size, m.length, m.mode, m.mtime_ns, m.ctime_ns,"
        " m.inode, m.uid, m.gid, m.digest FROM member m JOIN directory d ON d.id = m.directory"
        " WHERE m.id BETWEEN ? AND ? AND m.block IS NOT NULL ORDER BY m.id",
        _range(file),
    ):
        directory, name, link, kind, block, offset, size, length, mode, mtime, ctime, inode, uid, gid, digest = row
        yield (
            _joined(directory, name), link or b"", kind, block, offset, size, length, mode or 0,
            mtime, ctime or 0, 0, (inode or 0) & (2**64 - 1), uid or 0, gid or 0, digest or b"",
        )  # fmt: skip


def problems_of(database: Database, file: int) -> list[tuple[bytes, str]]:
    """Return which files were not saved as they should be, and why."""
    return [(path, why) for path, why in database.rows(
        "SELECT path, reason FROM problem WHERE tape_file = ? ORDER BY id", (file,)
    )]  # fmt: skip


def _range(file: int) -> tuple[int, int]:
    first = file << MEMBERS_OF_FILE
    return first, first | ((1 << MEMBERS_OF_FILE) - 1)


def mark_dead(database: Database, host: str) -> int:
    """Mark sessions as interrupted whose process is gone, and those of this host that have none; return how many."""
    asked = "SELECT id, uuid FROM session WHERE state = 'open' AND (pid IS NOT NULL OR host = ?)"
    dead = [identity for identity, uuid in list(database.rows(asked, (host,))) if not is_running(database.path, uuid)]
    for identity in dead:
        with database.transaction():
            database.run("UPDATE session SET state = 'interrupted', pid = NULL WHERE id = ?", (identity,))
    return len(dead)
