# SPDX-License-Identifier: WTFPL OR MIT
"""The tables of history.db. A version that was released is never edited: add a migration."""

from __future__ import annotations

from pytp_native.catalog.schema import Tables

_VERSION_1 = """
CREATE TABLE unit (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,             -- drive, cartridge, library
    serial TEXT NOT NULL,           -- of the drive, of the cartridge's memory, of the library; else barcode or address
    name TEXT NOT NULL DEFAULT '',  -- barcode of a cartridge, "vendor product" of the others
    lot TEXT NOT NULL DEFAULT '',   -- of a cartridge, where the drive tells
    firmware TEXT NOT NULL DEFAULT '',
    seen INTEGER NOT NULL,          -- all times: seconds since 1970
    UNIQUE (kind, serial)
) STRICT;

CREATE TABLE look (
    id INTEGER PRIMARY KEY,
    seen INTEGER NOT NULL,
    occasion TEXT NOT NULL,         -- health, before backup, after backup...
    address TEXT NOT NULL,
    drive INTEGER REFERENCES unit,
    cartridge INTEGER REFERENCES unit,
    library INTEGER REFERENCES unit
) STRICT;
CREATE INDEX look_by_drive ON look (drive, seen);
CREATE INDEX look_by_cartridge ON look (cartridge, seen);
CREATE INDEX look_by_library ON look (library, seen);

CREATE TABLE counter (
    look INTEGER NOT NULL REFERENCES look ON DELETE CASCADE,
    unit INTEGER NOT NULL REFERENCES unit,
    name TEXT NOT NULL,             -- spec/measures.py; "slot 1003 pick_retries" of a library's element
    value REAL NOT NULL,
    PRIMARY KEY (look, unit, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
    look INTEGER NOT NULL REFERENCES look ON DELETE CASCADE,
    flag INTEGER NOT NULL,
    cleared INTEGER NOT NULL,       -- 1: the device forgot it by being asked (page 2Eh)
    PRIMARY KEY (look, flag)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
    unit INTEGER NOT NULL REFERENCES unit,
    key TEXT NOT NULL,              -- what makes it this one: motion hours, operation code, sense
    seen INTEGER NOT NULL,          -- when it was read first
    told TEXT NOT NULL,             -- JSON
    PRIMARY KEY (unit, key)
) STRICT, WITHOUT ROWID;
"""

_MOVES = """
CREATE TABLE move (                 -- of a library's robot, that this host has ordered
    id INTEGER PRIMARY KEY,
    library INTEGER NOT NULL REFERENCES unit,
    seen INTEGER NOT NULL,
    source INTEGER NOT NULL,        -- element address
    target INTEGER NOT NULL,
    source_place TEXT NOT NULL,     -- slot 3, drive 0
    target_place TEXT NOT NULL,
    barcode TEXT NOT NULL,
    error TEXT NOT NULL             -- '': it went well
) STRICT;
CREATE INDEX move_by_library ON move (library, seen);
"""

HISTORY = Tables(0x50595448, (_VERSION_1, _MOVES), "history", "`pytp diag health`, or a backup,")
"""PRAGMA application_id: "PYTH"."""
