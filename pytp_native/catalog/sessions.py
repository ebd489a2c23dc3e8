# SPDX-License-Identifier: WTFPL OR MIT
"""Sessions and their tape files, as they are listed."""

from __future__ import annotations

from pytp_native.catalog.database import Database
from pytp_native.catalog.records import Session, TapeFile

_SESSIONS = (
    "SELECT s.id, (SELECT count(*) FROM deletion d JOIN tape_file f ON f.id = d.tape_file WHERE f.session = s.id),"
    " s.uuid, s.kind, s.job, s.label, s.state, s.exit,"
    " s.started, s.ended, s.host, s.pid, s.software, s.hash, s.origin FROM session s"
    " WHERE (? IS NULL OR s.job = ?) AND (? IS NULL OR s.label = ?) ORDER BY s.started DESC, s.id DESC"
)
_TAPE_FILES = (
    "SELECT t.session, t.kind, c.barcode, t.number, t.first_block, t.block_bytes, t.path, t.name, t.state,"
    " t.part, t.skipped, t.ahead, t.blocks,"
    " t.durable_blocks, t.members, t.data_bytes, t.level, t.based_on, t.compression, t.stored_blocks"
    " FROM tape_file t JOIN cartridge c ON c.id = t.cartridge ORDER BY t.id"
)


def listed(database: Database, *, job: str | None = None, label: str | None = None) -> list[Session]:
    """Return the sessions of a job and label (None: of all), the latest first."""
    files: dict[int, list[TapeFile]] = {}
    for session, *fields in database.rows(_TAPE_FILES):
        files.setdefault(session, []).append(TapeFile(*fields))
    found = database.rows(_SESSIONS, (job, job, label, label))
    return [Session._make((*row[2:], tuple(files.get(row[0], ())), row[1])) for row in found]
