# SPDX-License-Identifier: WTFPL OR MIT
"""What a restore asks: which archives hold the wanted state, on which cartridges, and where their members are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytp_native.catalog.database import Database
from pytp_native.catalog.schema import MEMBERS_OF_FILE
from pytp_native.light import NamedTuple


class Selector(NamedTuple):
    """Which state is wanted; nothing set: the latest of everything."""

    session: str | None = None
    """uuid, or the beginning of one."""
    job: str | None = None
    label: str | None = None
    """Of the history, or the barcode of a cartridge."""
    as_of: int | None = None
    """As it was then: sessions that began later do not count."""


class ArchivePart(NamedTuple):
    """What one cartridge holds of an archive: one tape file."""

    identity: int
    """Of the tape file, in the catalog."""
    cartridge: int
    """Likewise."""
    uuid: str | None
    barcode: str | None
    number: int | None
    first_block: int | None
    """Logical block of the tape file's start."""
    block_bytes: int
    skipped: int
    """Blocks of the archive that are on earlier cartridges."""
    ahead: int
    """Blocks in front of the archive's."""
    durable_blocks: int
    """From the start of the archive."""
    members: int
    compression: str | None = None
    frames: bytes | None = None
    """If it is compressed, and they are known: stream.frames.unpack_places."""

    def block_in_file(self, block: int) -> int:
        """Return which block of the tape file block `block` of the archive is; of its content, if it is compressed."""
        return block - self.skipped + self.ahead


class Archive(NamedTuple):
    """One argument of one session, on one cartridge or on several; a resumed session has several of one argument."""

    session: int
    """In the catalog."""
    uuid: str
    """Of the session."""
    started: int
    hash: str
    path: bytes
    """Absolute path of the argument."""
    name: bytes
    parts: tuple[ArchivePart, ...]

    @property
    def block_bytes(self) -> int:
        return self.parts[0].block_bytes

    def holds(self, first: int, last: int) -> bool:
        """Tell whether all blocks from `first` to `last` are in parts that are known."""
        at = first
        for part in self.parts:
            if part.skipped <= at < part.durable_blocks:
                at = part.durable_blocks
        return at > last

    def part_of(self, block: int) -> ArchivePart:
        """Return the part that holds block `block` of the archive."""
        return next((part for part in reversed(self.parts) if part.skipped <= block), self.parts[0])


class Place(NamedTuple):
    """One member and where it is."""

    directory: int
    """In the catalog."""
    path: bytes
    type: str
    size: int
    mtime_ns: int
    mode: int | None
    block: int
    """Of the archive."""
    offset: int
    length: int
    digest: bytes | None
    link: bytes | None

    @property
    def name(self) -> bytes:
        return self.path.rpartition(b"/")[2]

    def last_block(self, block_bytes: int) -> int:
        """Return the block of the archive in which it ends."""
        return self.block + (self.offset + max(self.length, 1) - 1) // block_bytes


_ARCHIVES = (
    "SELECT s.id, s.uuid, s.started, s.hash, t.path, t.name,"
    " t.id, t.cartridge, c.uuid, c.barcode, t.number, t.first_block, t.block_bytes, t.skipped, t.ahead,"
    " t.durable_blocks, t.members, t.compression, t.frames"
    " FROM tape_file t JOIN session s ON s.id = t.session JOIN cartridge c ON c.id = t.cartridge"
    " WHERE t.session = ? AND t.kind = 'data' AND t.state != 'overwritten' ORDER BY t.part, t.id"
)
_PLACES = (
    "SELECT m.directory, d.path, m.name, m.type, m.size, m.mtime_ns, m.mode, m.block, m.offset, m.length, m.digest,"
    " m.link FROM member m JOIN directory d ON d.id = m.directory WHERE m.id BETWEEN ? AND ?"
    " AND m.block IS NOT NULL AND m.block * ? + m.offset + m.length <= ?{narrowed} ORDER BY m.id"
)


def archives_of(database: Database, session: int) -> list[Archive]:
    """Return the archives of a session, in the order in which they were written: of an argument there are several where
    the session was resumed."""
    found: list[Archive] = []
    latest: dict[bytes, int] = {}
    for row in database.rows(_ARCHIVES, (session,)):
        part = ArchivePart(*row[6:])
        number = latest.get(row[4]) if part.skipped else None
        if number is None:
            latest[row[4]] = len(found)
            found.append(Archive._make((*row[:6], (part,))))
        else:
            found[number] = found[number]._replace(parts=(*found[number].parts, part))
    return found


def places(database: Database, archive: Archive, literals: Sequence[bytes] | None = None) -> Iterator[Place]:
    """Yield the members of an archive that are known to be on a medium, in the order of the tape; only those that are
    one of `literals`, or beneath it, if that is not None."""
    narrowed, values = ("", []) if literals is None else _narrowed(literals)
    for part in archive.parts:
        first = part.identity << MEMBERS_OF_FILE
        limits = (first, first | ((1 << MEMBERS_OF_FILE) - 1), part.block_bytes, part.durable_blocks * part.block_bytes)
        for directory, path, name, *rest in database.rows(_PLACES.format(narrowed=narrowed), (*limits, *values)):
            yield Place(directory, path + b"/" + name if path else name, *rest)


def _narrowed(literals: Sequence[bytes]) -> tuple[str, list[object]]:
    """A condition that the database can answer without giving all members out."""
    one = (
        "(m.directory IN (SELECT id FROM directory WHERE path = ? OR (path > ? AND path < ?))"
        " OR (m.directory = (SELECT id FROM directory WHERE path = ?) AND m.name = ?))"
    )
    values: list[object] = []
    for text in literals:
        above, _slash, name = text.rpartition(b"/")
        values += [text, text + b"/", text + b"0", above, name]  # "0" follows "/"
    return " AND (" + " OR ".join([one] * len(literals)) + ")", values


def end_of_members(database: Database, uuid: str, path: bytes, blocks: int) -> int | None:
    """Return the byte of an archive behind which the last member begins that is not whole in its first so many blocks;
    None where those blocks are not known."""
    session = database.value("SELECT id FROM session WHERE uuid = ?", (uuid,))
    archives = [] if session is None else archives_of(database, session)
    archive = next((one for one in archives if one.path == path and one.holds(0, blocks - 1)), None)
    if archive is None:
        return None
    end = 0
    for part in archive.parts:
        first = part.identity << MEMBERS_OF_FILE
        found = database.value(
            "SELECT max(block * ? + offset + length) FROM member WHERE id BETWEEN ? AND ? AND block < ?",
            (part.block_bytes, first, first | ((1 << MEMBERS_OF_FILE) - 1), blocks),
        )
        end = max(end, int(found or 0)) if part.skipped < blocks else end
    return end


def member_at(database: Database, archive: Archive, block: int, offset: int) -> bytes | None:
    """Return the path of the member whose header group begins there."""
    for part in archive.parts:
        first = part.identity << MEMBERS_OF_FILE
        row = database.row(
            "SELECT d.path, m.name FROM member m JOIN directory d ON d.id = m.directory"
            " WHERE m.id BETWEEN ? AND ? AND m.block = ? AND m.offset = ?",
            (first, first | ((1 << MEMBERS_OF_FILE) - 1), block, offset),
        )
        if row is not None:
            return bytes(row[0] + b"/" + row[1] if row[0] else row[1])
    return None


def hard_link_targets(database: Database, archive: Archive) -> set[bytes]:
    """Return the names that other members refer to for their data."""
    found: set[bytes] = set()
    for part in archive.parts:
        first = part.identity << MEMBERS_OF_FILE
        rows = database.rows(
            "SELECT DISTINCT link FROM member WHERE id BETWEEN ? AND ? AND type = '1' AND link IS NOT NULL",
            (first, first | ((1 << MEMBERS_OF_FILE) - 1)),
        )
        found.update(link for (link,) in rows)
    return found


def archive_on(database: Database, serial: str | None, uuid: str | None, number: int) -> Archive | None:
    """Return what the catalog knows of a tape file by its number on a cartridge; only what lies on one cartridge."""
    found = _archive_with(database, serial, uuid, number)
    return found[0] if found is not None and len(found[0].parts) == 1 else None


def part_behind(database: Database, serial: str | None, uuid: str | None, number: int) -> ArchivePart | None:
    """Return the part with which an archive goes on that is in that tape file of a cartridge; None where none is
    known."""
    found = _archive_with(database, serial, uuid, number)
    if found is None:
        return None
    archive, identity = found
    at = next(at for at, part in enumerate(archive.parts, 1) if part.identity == identity)
    return next(iter(archive.parts[at:]), None)


def _archive_with(database: Database, serial: str | None, uuid: str | None, number: int) -> tuple[Archive, int] | None:
    """Return the archive of which that tape file is a part, and the tape file's id. A medium with another label now is
    not what it was."""
    by_serial = "c.serial = ?" if uuid is None else "c.serial = ? AND c.uuid IS NULL"
    for which, value in (("c.uuid = ?", uuid), (by_serial, serial)):
        if value is None:
            continue
        row = database.row(
            "SELECT t.session, t.path, t.id FROM tape_file t JOIN cartridge c ON c.id = t.cartridge"  # noqa: S608
            f" WHERE {which} AND t.number = ? AND t.kind = 'data' AND t.state != 'overwritten'"
            " ORDER BY t.id DESC",
            (value, number),
        )
        if row is not None:
            return next(
                (one, row[2])
                for one in archives_of(database, row[0])
                if any(part.identity == row[2] for part in one.parts)
            )
    return None
