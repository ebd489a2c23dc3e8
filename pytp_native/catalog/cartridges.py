# SPDX-License-Identifier: WTFPL OR MIT
"""Cartridges: recognised by label, medium or barcode, and listed with what is on them."""

from __future__ import annotations

from collections.abc import Iterator

from pytp_native.catalog.database import Database
from pytp_native.catalog.records import Cartridge, CartridgeFacts, Needed


def cartridge_id(database: Database, facts: CartridgeFacts, now: int) -> int:
    """Return the id of a cartridge, which is made or told the news. Call it inside a transaction.

    One without uuid, serial and barcode cannot be recognised: it is another one every time.
    """
    found = _recognise(database, facts)
    if found is None:
        return database.run(
            "INSERT INTO cartridge (uuid, barcode, serial, generation, pool, state, load_count, capacity_bytes,"
            " remaining_bytes, first_seen, last_seen) VALUES (?, ?, ?, ?, ?, 'active', ?, ?, ?, ?, ?)",
            (*facts, now, now),
        )
    database.run(
        "UPDATE cartridge SET uuid = ifnull(?, uuid), barcode = ifnull(?, barcode), serial = ifnull(?, serial),"
        " generation = ifnull(?, generation), pool = ifnull(?, pool), load_count = ifnull(?, load_count),"
        " capacity_bytes = ifnull(?, capacity_bytes), remaining_bytes = ifnull(?, remaining_bytes),"
        " last_seen = max(last_seen, ?) WHERE id = ?",
        (*facts, now, found),
    )
    return found


def _recognise(database: Database, facts: CartridgeFacts) -> int | None:
    """A uuid decides; serial and barcode help only where no two labels contradict."""
    if facts.uuid:
        found = database.value("SELECT id FROM cartridge WHERE uuid = ?", (facts.uuid,))
        if found is not None:
            return int(found)
    for column, value in (("serial", facts.serial), ("barcode", facts.barcode)):
        if value:
            found = database.value(
                f"SELECT id FROM cartridge WHERE {column} = ? AND (uuid IS NULL OR ? IS NULL) ORDER BY id DESC LIMIT 1",  # noqa: S608
                (value, facts.uuid),
            )
            if found is not None:
                return int(found)
    return None


def needed(database: Database, facts: CartridgeFacts, number: int) -> list[Needed]:
    """Return what is known to be on a cartridge from tape file `number` on, in the order of the tape."""
    known = _recognise(database, facts)
    rows = database.rows(
        "SELECT t.number, t.kind, t.path, s.started, t.members, t.data_bytes FROM tape_file t"
        " JOIN session s ON s.id = t.session WHERE t.cartridge = ? AND ifnull(t.number, 0) >= ?"
        " AND t.state != 'overwritten' AND t.durable_blocks > t.skipped AND t.kind = 'data' ORDER BY t.number",
        (known, number),
    )
    return [Needed(*row) for row in rows]


def called(database: Database, name: str) -> list[CartridgeFacts]:
    """Return the cartridges with that barcode, serial number or uuid that hold something."""
    rows = database.rows(
        "SELECT uuid, barcode, serial FROM cartridge c WHERE ? IN (barcode, serial, uuid) AND EXISTS (SELECT 1"
        " FROM tape_file t WHERE t.cartridge = c.id AND t.state NOT IN ('overwritten', 'open')) ORDER BY id",
        (name,),
    )
    return [CartridgeFacts(*row) for row in rows]


def give_up(database: Database, facts: CartridgeFacts) -> int:
    """Record that a cartridge does not exist any more; return how many tape files are lost with it."""
    cartridge = _recognise(database, facts)
    with database.transaction(lasting=True):
        database.run("UPDATE cartridge SET state = 'given up' WHERE id = ?", (cartridge,))
        return database.changed(
            "UPDATE tape_file SET state = 'overwritten', durable_blocks = 0 WHERE cartridge = ?"
            " AND state NOT IN ('overwritten', 'open')",
            (cartridge,),
        )


def in_use(database: Database) -> frozenset[str]:
    """Return the barcodes of cartridges on which there is something that is needed."""
    rows = database.rows(
        "SELECT DISTINCT barcode FROM cartridge c WHERE barcode IS NOT NULL AND EXISTS (SELECT 1 FROM tape_file t"
        " WHERE t.cartridge = c.id AND t.state != 'overwritten' AND t.durable_blocks > t.skipped AND t.kind = 'data')"
    )
    return frozenset(barcode for (barcode,) in rows)


def identity(database: Database, uuid: str) -> CartridgeFacts | None:
    """Return barcode and serial of the cartridge with that label, as they were last."""
    row = database.row("SELECT uuid, barcode, serial FROM cartridge WHERE uuid = ?", (uuid,))
    return None if row is None else CartridgeFacts(*row)


def namesake(database: Database, barcode: str, serial: str) -> CartridgeFacts | None:
    """Return another medium that goes by that barcode and still has something that is needed."""
    row = database.row(
        "SELECT c.uuid, c.barcode, c.serial FROM cartridge c WHERE c.barcode = ? AND c.serial IS NOT NULL"
        " AND c.serial != ? AND EXISTS (SELECT 1 FROM tape_file t WHERE t.cartridge = c.id"
        " AND t.state != 'overwritten' AND t.durable_blocks > 0) LIMIT 1",
        (barcode, serial),
    )
    return None if row is None else CartridgeFacts(*row)


def inventory(database: Database) -> Iterator[Cartridge]:
    """Yield all cartridges, the one written last first."""
    for row in database.rows(
        "SELECT c.uuid, c.barcode, c.serial, c.generation, c.pool, c.state, c.load_count, c.capacity_bytes,"
        " c.remaining_bytes, c.first_seen, c.last_seen, c.last_written,"
        " (SELECT max(v.seen) FROM verification v JOIN tape_file t ON t.id = v.tape_file WHERE t.cartridge = c.id),"
        " count(DISTINCT f.session), count(f.id), ifnull(sum(f.members), 0),"
        " ifnull(sum(ifnull(f.stored_blocks, max(f.blocks, f.durable_blocks - f.skipped)) * f.block_bytes), 0),"
        " (SELECT count(*) FROM device_error e WHERE e.cartridge = c.id),"
        " (SELECT ifnull(sum(v.damaged), 0) FROM verification v JOIN tape_file t ON t.id = v.tape_file"
        " WHERE t.cartridge = c.id AND v.seen = (SELECT max(w.seen) FROM verification w JOIN tape_file u"
        " ON u.id = w.tape_file WHERE u.cartridge = c.id))"
        " FROM cartridge c LEFT JOIN tape_file f ON f.cartridge = c.id AND f.state != 'overwritten'"
        " GROUP BY c.id ORDER BY c.last_written DESC, c.id DESC"
    ):
        yield Cartridge(*row)
