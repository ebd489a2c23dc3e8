# SPDX-License-Identifier: WTFPL OR MIT
"""Keeping the catalog sound: checked, forgotten in parts, written out as JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from pytp_native.catalog.database import Database
from pytp_native.catalog.records import Trouble
from pytp_native.catalog.schema import MEMBERS_OF_FILE, VERSION

_AT_ONCE = 50_000
"""Rows that one transaction deletes: others wait meanwhile."""


def check(database: Database) -> Iterator[Trouble]:
    """Yield what does not fit together. Reads all of it: seconds for each million members."""
    for (text,) in database.rows("PRAGMA integrity_check"):
        if text != "ok":
            yield Trouble("database", text)
    for table, row, parent, _number in database.rows("PRAGMA foreign_key_check"):
        yield Trouble(f"{table} {row}", f"refers to a {parent} that is not there")
    for (strangers,) in database.rows(
        f"SELECT count(*) FROM member WHERE (id >> {MEMBERS_OF_FILE}) NOT IN (SELECT id FROM tape_file)"  # noqa: S608
    ):
        if strangers:
            yield Trouble("member", f"{strangers} members belong to no tape file")
    for number, path, told, there in database.rows(
        "SELECT t.number, t.path, t.members, (SELECT count(*) FROM member m"  # noqa: S608
        f" WHERE m.id BETWEEN t.id << {MEMBERS_OF_FILE} AND (t.id + 1 << {MEMBERS_OF_FILE}) - 1)"
        " FROM tape_file t WHERE t.state NOT IN ('open', 'overwritten')"
    ):
        if told != there:
            name = path.decode("utf-8", "replace")
            yield Trouble(f"tape file {number} ({name})", f"has {there} members, and {told} were recorded")
    for number, path, beyond in database.rows(
        "SELECT t.number, t.path, count(*) FROM tape_file t JOIN member m"  # noqa: S608
        f" ON m.id BETWEEN t.id << {MEMBERS_OF_FILE} AND (t.id + 1 << {MEMBERS_OF_FILE}) - 1"
        " WHERE t.state NOT IN ('open', 'overwritten')"
        " AND m.block * t.block_bytes + m.offset + m.length > t.durable_blocks * t.block_bytes GROUP BY t.id"
    ):
        name = path.decode("utf-8", "replace")
        yield Trouble(f"tape file {number} ({name})", f"{beyond} of its members are said to be behind its end")
    for (bad,) in database.rows(
        "SELECT count(*) FROM searchable x JOIN tape_file t ON t.id = x.tape_file WHERE x.members > t.members"
        " AND t.state NOT IN ('open', 'overwritten')"
    ):
        if bad:
            yield Trouble("search index", f"names members that are not there ({bad} tape files)")


def add_device_error(
    database: Database, where: tuple[int | None, int | None], *, device: str, kind: str, text: str, sense: bytes = b"",
    tape_file: int | None = None, block: int | None = None, now: int | None = None,
) -> None:  # fmt: skip
    """Record what a drive or library failed with; `where`: ids of session and cartridge."""
    database.run(
        "INSERT INTO device_error (session, cartridge, seen, device, kind, text, sense, tape_file, block)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*where, int(time.time()) if now is None else now, device, kind, text, sense or None, tape_file, block),
    )


def forget_session(database: Database, uuid: str) -> bool:
    """Take a session out, with all that it has. Returns whether it was there."""
    session = database.value("SELECT id FROM session WHERE uuid = ?", (uuid,))
    if session is None:
        return False
    forget_files(database, "session = ?", (session,))
    with database.transaction():
        database.run("UPDATE device_error SET session = NULL WHERE session = ?", (session,))
        database.run("DELETE FROM session WHERE id = ?", (session,))
    return True


def forget_scanned(database: Database, cartridge: int, number: int | None) -> None:
    """A trailer tells of that tape file: take out what was told by reading it."""
    which = "cartridge = ? AND number = ? AND session IN (SELECT id FROM session WHERE origin = 'scan')"
    forget_files(database, which, (cartridge, number))
    with database.transaction():
        database.run("DELETE FROM session WHERE origin = 'scan' AND id NOT IN (SELECT session FROM tape_file)")


def forget_files(database: Database, which: str, values: tuple[object, ...]) -> None:
    """Take out tape files, by a condition on their table."""
    for (file,) in list(database.rows(f"SELECT id FROM tape_file WHERE {which}", values)):  # noqa: S608
        forget_members(database, file)
        with database.transaction():
            database.run("DELETE FROM verification WHERE tape_file = ?", (file,))
            database.run("DELETE FROM tape_file WHERE id = ?", (file,))


def forget_members(database: Database, tape_file: int) -> None:
    """Delete the members of one tape file, some at a time."""
    first = tape_file << MEMBERS_OF_FILE
    last = first | ((1 << MEMBERS_OF_FILE) - 1)
    while database.changed(
        "DELETE FROM member WHERE id IN (SELECT id FROM member WHERE id BETWEEN ? AND ? LIMIT ?)",
        (first, last, _AT_ONCE),
    ):
        pass


def forget_overwritten(database: Database) -> None:
    """Delete the members of tape files that were overwritten; their tape files stay listed."""
    for (file,) in list(database.rows("SELECT id FROM tape_file WHERE state = 'overwritten' AND members > 0")):
        forget_members(database, file)
        with database.transaction():
            database.run("DELETE FROM searchable WHERE tape_file = ?", (file,))
            database.run("UPDATE tape_file SET members = 0, data_bytes = 0 WHERE id = ?", (file,))


# -- JSON ------------------------------------------------------------------------------------------------------------

_TABLES = ("cartridge", "session", "tape_file", "deletion", "device_error", "verification", "problem", "plan")


def export(database: Database) -> Iterator[dict[str, Any]]:
    """Yield everything as JSON objects, one a row, `table` saying of which; members last, with their whole path.

    Bytes that are not UTF-8 are lone surrogates (PEP 383); digests and sense data are hexadecimal.
    """
    yield {"table": "catalog", "version": VERSION}
    for table in _TABLES:
        columns = [row[1] for row in database.rows(f"PRAGMA table_info({table})")]
        for row in database.rows(f"SELECT * FROM {table} ORDER BY id"):  # noqa: S608
            yield {"table": table, **{name: _plain(name, value) for name, value in zip(columns, row, strict=True)}}
    names = ("path", "type", "size", "mtime_ns", "ctime_ns", "mode", "uid", "gid", "inode", "block", "offset", "length",
             "digest", "link")  # fmt: skip
    for file, directory, name, *values in database.rows(
        f"SELECT m.id >> {MEMBERS_OF_FILE}, d.path, m.name, {', '.join('m.' + one for one in names[1:])}"  # noqa: S608
        " FROM member m JOIN directory d ON d.id = m.directory ORDER BY m.id"
    ):
        path = directory + b"/" + name if directory else name
        fields = zip(names, (path, *values), strict=True)
        yield {"table": "member", "tape_file": file, **{key: _plain(key, value) for key, value in fields}}


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    return value.hex() if name in {"digest", "sense"} else value.decode("utf-8", "surrogateescape")
