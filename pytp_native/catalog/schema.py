# SPDX-License-Identifier: WTFPL OR MIT
"""The tables, and how older ones become these. A version that was released is never edited: add a migration."""

from __future__ import annotations

import sqlite3

from pytp_native.errors import CatalogError
from pytp_native.light import NamedTuple

APPLICATION_ID = 0x50595450
"""PRAGMA application_id: "PYTP"."""
OLDEST_SQLITE = (3, 37, 0)
"""STRICT tables; the trigram tokenizer of FTS5 came with 3.34."""

MEMBERS_OF_FILE = 32
"""A member's id is its tape file's id, shifted left by this many bits, plus its number in the tape file: the members of
a tape file lie together in the order of the tape, also when two drives write, and need no column that says whose they
are."""

_VERSION_1 = """
CREATE TABLE cartridge (
    id INTEGER PRIMARY KEY,
    uuid TEXT UNIQUE,               -- of its label
    barcode TEXT,
    serial TEXT,                    -- of the medium, from its memory (MAM 0401h)
    generation INTEGER,             -- how often it was written from its beginning
    pool TEXT,
    state TEXT NOT NULL,            -- active, full, given up
    load_count INTEGER,
    capacity_bytes INTEGER,
    remaining_bytes INTEGER,        -- as the drive told at last_seen
    first_seen INTEGER NOT NULL,    -- all times: seconds since 1970
    last_seen INTEGER NOT NULL,
    last_written INTEGER
) STRICT;
CREATE INDEX cartridge_by_barcode ON cartridge (barcode);
CREATE INDEX cartridge_by_serial ON cartridge (serial);

CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,             -- full, incremental, differential
    job TEXT,
    label TEXT,                     -- of the history (--label)
    state TEXT NOT NULL,            -- open, complete, partial, full, interrupted, failed
    exit INTEGER,
    started INTEGER NOT NULL,
    ended INTEGER,
    host TEXT NOT NULL,
    pid INTEGER,
    software TEXT NOT NULL,
    hash TEXT NOT NULL,
    origin TEXT NOT NULL            -- backup, trailer, scan, json: who told
) STRICT;
CREATE INDEX session_by_job ON session (job, label);

CREATE TABLE plan (
    id INTEGER PRIMARY KEY REFERENCES session ON DELETE CASCADE,
    request TEXT NOT NULL           -- what the session was asked to do, as JSON: for `pytp resume`
) STRICT;

CREATE TABLE tape_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- members are numbered by it: never used twice
    session INTEGER NOT NULL REFERENCES session,
    cartridge INTEGER NOT NULL REFERENCES cartridge,
    kind TEXT NOT NULL,             -- data, trailer
    part INTEGER NOT NULL DEFAULT 1,            -- which cartridge of the session, from 1
    number INTEGER,                 -- st's file number; NULL: the drive did not know
    first_block INTEGER,            -- logical block of its start
    block_bytes INTEGER NOT NULL,
    path BLOB NOT NULL,             -- absolute path of the argument
    name BLOB NOT NULL,             -- first part of its members' names
    level TEXT NOT NULL DEFAULT 'full',         -- full, incremental, differential
    based_on TEXT,                  -- uuid of the session whose state of this argument it changes
    state TEXT NOT NULL,            -- open, saved, partial, continues, failed, interrupted, overwritten
    skipped INTEGER NOT NULL DEFAULT 0,         -- blocks of the same archive on earlier cartridges
    ahead INTEGER NOT NULL DEFAULT 0,           -- blocks in front that only continue a member
    blocks INTEGER NOT NULL DEFAULT 0,          -- on this cartridge, those ahead included
    durable_blocks INTEGER NOT NULL DEFAULT 0,  -- from the start of the archive; members that end behind are no claim
    members INTEGER NOT NULL DEFAULT 0,
    data_bytes INTEGER NOT NULL DEFAULT 0,      -- of member content
    compression TEXT,               -- zstd; the blocks above are those of the archive inside it
    stored_blocks INTEGER,          -- tape blocks of what is compressed
    frames BLOB                     -- stream.frames.pack_places; NULL: not known (yet)
) STRICT;
CREATE INDEX tape_file_by_session ON tape_file (session);
CREATE INDEX tape_file_by_place ON tape_file (cartridge, number);
CREATE INDEX tape_file_by_path ON tape_file (path);

CREATE TABLE directory (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE       -- as in the member names: begins with a tape file's name
) STRICT;

CREATE TABLE member (
    id INTEGER PRIMARY KEY,         -- see MEMBERS_OF_FILE
    directory INTEGER NOT NULL REFERENCES directory,
    name BLOB NOT NULL,             -- behind the last slash
    type TEXT NOT NULL,             -- tar's type flag
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER,               -- NULL in this and the following: told by a source that did not know it
    mode INTEGER,                   -- st_mode
    uid INTEGER,
    gid INTEGER,
    inode INTEGER,                  -- 64 bits, signed
    block INTEGER,                  -- tape block of the header group, from the start of the archive
    offset INTEGER,                 -- of the header group in that block, bytes
    length INTEGER,                 -- of the whole member on tape, bytes
    digest BLOB,
    link BLOB
) STRICT;

CREATE TABLE deletion (
    id INTEGER PRIMARY KEY,
    tape_file INTEGER NOT NULL REFERENCES tape_file ON DELETE CASCADE,      -- of the argument that had it
    directory INTEGER NOT NULL REFERENCES directory,
    name BLOB NOT NULL,
    new_directory INTEGER REFERENCES directory,     -- it was renamed
    new_name BLOB
) STRICT;
CREATE INDEX deletion_by_name ON deletion (directory, name);
CREATE INDEX deletion_by_tape_file ON deletion (tape_file);

CREATE TABLE device_error (
    id INTEGER PRIMARY KEY,
    session INTEGER REFERENCES session,
    cartridge INTEGER REFERENCES cartridge,
    seen INTEGER NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,             -- TAPE, LIBRARY...
    text TEXT NOT NULL,
    sense BLOB,
    tape_file INTEGER,              -- st's file number
    block INTEGER
) STRICT;
CREATE INDEX device_error_by_session ON device_error (session);
CREATE INDEX device_error_by_cartridge ON device_error (cartridge);

CREATE TABLE verification (
    id INTEGER PRIMARY KEY,
    tape_file INTEGER NOT NULL REFERENCES tape_file,
    seen INTEGER NOT NULL,
    device TEXT NOT NULL,
    strength TEXT NOT NULL,         -- full, sample, probe
    members INTEGER NOT NULL,
    data_bytes INTEGER NOT NULL,
    damaged INTEGER NOT NULL
) STRICT;
CREATE INDEX verification_by_tape_file ON verification (tape_file);

CREATE TABLE searchable (
    tape_file INTEGER PRIMARY KEY REFERENCES tape_file ON DELETE CASCADE,
    members INTEGER NOT NULL        -- so many are in member_search
) STRICT;
-- Which members have a trigram in their name: two 01h in front and a 02h behind it make beginning and end searchable.
CREATE VIRTUAL TABLE member_search USING fts5(
    name, content = '', detail = none, columnsize = 0, tokenize = "trigram case_sensitive 0"
);
"""

_VERIFYING = """
CREATE TABLE verifying (            -- how far a verification that was stopped has come
    tape_file INTEGER PRIMARY KEY REFERENCES tape_file ON DELETE CASCADE,   -- the first of the archive
    seen INTEGER NOT NULL,
    members INTEGER NOT NULL,
    data_bytes INTEGER NOT NULL,
    damaged INTEGER NOT NULL
) STRICT;
"""

_PROBLEMS = """
CREATE TABLE problem (              -- a file that was not saved, or not as it should be
    id INTEGER PRIMARY KEY,
    tape_file INTEGER NOT NULL REFERENCES tape_file ON DELETE CASCADE,      -- in which it would be
    path BLOB NOT NULL,             -- absolute
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX problem_by_tape_file ON problem (tape_file);
"""

_RESTS = """
CREATE TABLE rest (                 -- how an archive goes on whose tape file ends in the middle of a member
    tape_file INTEGER PRIMARY KEY REFERENCES tape_file ON DELETE CASCADE,
    cut TEXT NOT NULL               -- as JSON: for `pytp resume`
) STRICT;
"""

MIGRATIONS = (_VERSION_1, _VERIFYING, _PROBLEMS, _RESTS)
"""The script at index n makes version n + 1 out of version n."""
VERSION = len(MIGRATIONS)


def check_library(subject: str) -> None:
    """Raise CatalogError when the SQLite of this Python cannot hold the tables."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(str(part) for part in OLDEST_SQLITE)
        raise CatalogError(
            subject, f"this Python has SQLite {sqlite3.sqlite_version}", f"use one with {wanted} or later"
        )


class Tables(NamedTuple):
    """The tables of one kind of database."""

    application_id: int
    migrations: tuple[str, ...]
    name: str = "catalog"
    maker: str = "`pytp backup`"
    """What makes one."""


def migrate(
    connection: sqlite3.Connection, subject: str, *, upto: int | None = None, tables: Tables | None = None
) -> None:
    """Bring the tables to version `upto`, all in one transaction. Raises CatalogError for what is no such database, and
    for a later one; `tables`: the catalog's unless others are named."""
    tables = tables or Tables(APPLICATION_ID, MIGRATIONS)
    latest = len(tables.migrations)
    upto = latest if upto is None else upto
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application not in (0, tables.application_id) or (application == 0 and version):
        raise CatalogError(subject, "is a database of another program", "name another directory: snapshot_dir")
    if version > latest:
        fact = f"was made by a later pytp (version {version} of its tables, this one knows {latest})"
        raise CatalogError(subject, fact, "use that pytp")
    if version >= upto:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()  # another process may have been faster
        for number in range(version, upto):
            for statement in _statements(tables.migrations[number]):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {tables.application_id}")
        connection.execute(f"PRAGMA user_version = {max(version, upto)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> list[str]:
    """Cut a script into statements: executescript would commit."""
    found, held = [], ""
    for line in script.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            found.append(held)
            held = ""
    return found
