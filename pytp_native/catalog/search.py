# SPDX-License-Identifier: WTFPL OR MIT
"""Finding saved files by name: the search index, and what is asked beside the name."""

from __future__ import annotations

from collections.abc import Iterator

from pytp_native.catalog.database import Database
from pytp_native.catalog.pattern import Pattern
from pytp_native.catalog.records import Found
from pytp_native.catalog.schema import MEMBERS_OF_FILE
from pytp_native.errors import VerifyFailed
from pytp_native.light import NamedTuple

_AT_ONCE = 20_000
"""Names that one transaction puts into the index: a fraction of a second."""

_MANY = 16_000
"""Names with a trigram that are no longer counted: about a millisecond."""
_ENOUGH = 3
"""Rare trigrams that are asked for together."""


class Wanted(NamedTuple):
    """What narrows a search down beside the pattern."""

    job: str | None = None
    label: str | None = None
    """Of the history, or the barcode of the cartridge."""
    since: int | None = None
    """Saved in a session that began then or later."""
    deleted: bool = False
    """Only what a later session of the same history found gone."""


EVERYTHING = Wanted()

_SELECT = f"""
SELECT d.path, m.name, m.type, m.size, m.mtime_ns, m.mode, m.digest, m.link, m.block, m.offset, m.length,
       s.uuid, s.started, s.job, s.label, c.barcode, t.number, t.first_block, t.skipped, t.ahead,
       t.block_bytes, t.path,
       (SELECT min(gone.started) FROM deletion x JOIN tape_file f ON f.id = x.tape_file
        JOIN session gone ON gone.id = f.session
        WHERE x.directory = m.directory AND x.name = m.name AND f.path = t.path AND gone.job IS s.job
          AND (gone.started, gone.id) > (s.started, s.id)
          AND gone.state IN ('complete', 'partial')) AS deleted,
       s.exit IS {VerifyFailed.exit_code} AS doubtful
FROM {{source}}
JOIN directory d ON d.id = m.directory
JOIN tape_file t ON t.id = m.id >> {MEMBERS_OF_FILE}
JOIN session s ON s.id = t.session
JOIN cartridge c ON c.id = t.cartridge
WHERE {{condition}}
  AND t.state != 'overwritten'
  AND (m.block IS NULL OR m.block * t.block_bytes + m.offset + m.length <= t.durable_blocks * t.block_bytes)
  AND (? IS NULL OR s.job = ?) AND (? IS NULL OR s.label = ? OR c.barcode = ?) AND (? IS NULL OR s.started >= ?)
  AND (NOT ? OR deleted IS NOT NULL)
ORDER BY {{order}} DESC
"""  # noqa: S608  # no value of a user in it
_CANDIDATES = """
SELECT m.id, m.name FROM member_search i CROSS JOIN member m ON m.id = i.rowid
WHERE member_search MATCH CAST(? AS TEXT) ORDER BY i.rowid DESC
"""
_SCANNED = _SELECT.format(source="member m", condition="m.id BETWEEN ? AND ?", order="m.id")
_EVERY_ID = (0, (1 << 63) - 1)


def find(database: Database, pattern: Pattern, wanted: Wanted) -> Iterator[Found]:
    """Yield what matches, saved last first. Only what is known to be on a medium counts."""
    if not pattern.trigrams:
        yield from _matching(database, _SCANNED, _EVERY_ID, pattern, wanted)
        return
    for tape_file, done, there in reversed(list(_behind(database))):
        first = tape_file << MEMBERS_OF_FILE
        yield from _matching(database, _SCANNED, (first + done, first + there), pattern, wanted)
    asked = b" AND ".join(_quoted(trigram) for trigram in _rarest(database, pattern.trigrams))
    for member, name in database.rows(_CANDIDATES, (asked,)):
        # most candidates fail here, before the other tables are looked at
        if pattern.whole_path or pattern.expression.match(name):
            yield from _matching(database, _SCANNED, (member, member), pattern, wanted)


def _rarest(database: Database, trigrams: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Leave out trigrams that millions of names have where others have few: going along with them costs more than
    looking at some names in vain."""
    counts = {
        trigram: database.value(
            "SELECT count(*) FROM (SELECT 1 FROM member_search WHERE member_search MATCH CAST(? AS TEXT) LIMIT ?)",
            (_quoted(trigram), _MANY),
        )
        for trigram in trigrams
    }
    rare = sorted((trigram for trigram in trigrams if counts[trigram] < _MANY), key=lambda trigram: counts[trigram])
    return tuple(rare[:_ENOUGH]) or trigrams


def _quoted(trigram: bytes) -> bytes:
    return b'"' + trigram.replace(b'"', b'""') + b'"'


def _matching(
    database: Database, statement: str, first: tuple[object, ...], pattern: Pattern, wanted: Wanted
) -> Iterator[Found]:
    narrowed = (
        wanted.job,
        wanted.job,
        wanted.label,
        wanted.label,
        wanted.label,
        wanted.since,
        wanted.since,
        wanted.deleted,
    )
    for directory, name, *rest in database.rows(statement, (*first, *narrowed)):
        if pattern.matches(directory, name):
            *told, doubtful = rest
            yield Found._make((directory + b"/" + name if directory else name, *told, bool(doubtful)))


# -- the index -------------------------------------------------------------------------------------------------------


def behind(database: Database) -> int:
    """Return how many members are not in the index yet."""
    return sum(there - done for _tape_file, done, there in _behind(database))


def extend_index(database: Database) -> Iterator[int]:
    """Put members into the index, and yield after each transaction how many; stop iterating when time is up."""
    for tape_file, done, there in list(_behind(database)):
        for start in range(done, there, _AT_ONCE):
            yield _index(database, tape_file, start, min(start + _AT_ONCE, there))


def _behind(database: Database) -> Iterator[tuple[int, int, int]]:
    """Yield tape files that are closed and not fully in the index: id, members in the index, members there."""
    yield from database.rows(
        "SELECT t.id, ifnull(x.members, 0), t.members FROM tape_file t LEFT JOIN searchable x ON x.tape_file = t.id"
        " WHERE t.members > ifnull(x.members, 0) AND t.state != 'overwritten' ORDER BY t.id"
    )


def _index(database: Database, tape_file: int, start: int, end: int) -> int:
    first = tape_file << MEMBERS_OF_FILE
    with database.transaction():
        now = database.value("SELECT members FROM searchable WHERE tape_file = ?", (tape_file,)) or 0
        if now != start:
            return 0  # another process was here
        database.run(
            "INSERT INTO member_search (rowid, name) SELECT id, CAST(x'0101' || name || x'02' AS TEXT) FROM member"
            " WHERE id BETWEEN ? AND ?",
            (first + start, first + end - 1),
        )
        database.run(
            "INSERT INTO searchable VALUES (?, ?) ON CONFLICT DO UPDATE SET members = excluded.members",
            (tape_file, end),
        )
    return end - start
