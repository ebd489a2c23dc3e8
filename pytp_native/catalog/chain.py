# SPDX-License-Identifier: WTFPL OR MIT
"""Histories: which sessions together are the last known state of an argument, for a session that is to add to it.

A history belongs to a job and an absolute path. A full session begins a chain; an incremental or differential one names
the session whose state it changes (`based_on`): its deletions are taken away, its members added. Only sessions that are
complete or partial count, and in them what is known to be on a medium. (What a restore asks is in state.py.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytp_native.catalog.database import Database
from pytp_native.catalog.schema import MEMBERS_OF_FILE
from pytp_native.light import NamedTuple

_AT_ONCE = 20_000
"""Members that are handed over together."""


class Step(NamedTuple):
    """What one session adds to the state of an argument."""

    session: str
    """uuid"""
    started: int
    level: str
    """full, incremental, differential"""
    tape_files: tuple[int, ...]
    """Ids, in the order of the tape."""


class Chain(NamedTuple):
    """The sessions that together are an argument's state, oldest first."""

    job: str | None
    path: bytes
    """Absolute path of the argument."""
    name: bytes
    """First part of its members' names."""
    steps: tuple[Step, ...]
    missing: str | None = None
    """uuid of a session that the first step is based on and the catalog does not know: the state is not complete."""


class Members(NamedTuple):
    """Members that a step adds, a column each."""

    ids: tuple[int, ...]
    paths: tuple[bytes, ...]
    types: tuple[str, ...]
    sizes: tuple[int, ...]
    mtimes_ns: tuple[int, ...]
    ctimes_ns: tuple[int | None, ...]
    modes: tuple[int | None, ...]
    uids: tuple[int | None, ...]
    gids: tuple[int | None, ...]
    inodes: tuple[int | None, ...]
    links: tuple[bytes | None, ...]


Change = Members | list[bytes]
"""Members that were added, or names that are gone."""


class Gone(NamedTuple):
    """A member that was not met again."""

    path: bytes
    type: str
    inode: int | None
    size: int
    mtime_ns: int


class _Saved(NamedTuple):
    """What a session has of an argument."""

    session: str
    started: int
    order: int
    level: str
    based_on: str | None
    tape_files: tuple[int, ...]


_SAVED = """
SELECT s.uuid, s.started, s.id, t.level, t.based_on, t.id FROM tape_file t JOIN session s ON s.id = t.session
WHERE t.kind = 'data' AND t.path = ? AND t.name = ? AND s.job IS ? AND s.state IN ('complete', 'partial')
ORDER BY s.started, s.id, t.id
"""


def base(
    database: Database, job: str | None, path: bytes, name: bytes, *, full: bool = False, until: int | None = None
) -> Chain | None:
    """Return the chain that ends with the last session of this argument, or with its last full one; None without one.
    `until`: sessions that began later do not count.

    Members are only comparable under one name: a session with --full-paths is no base for one without.
    """
    saved = [one for one in _saved(database, job, path, name) if until is None or one.started <= until]
    last = _latest([one for one in saved if not full or one.level == "full"])
    return None if last is None else _chain(job, path, name, saved, last)


def _saved(database: Database, job: str | None, path: bytes, name: bytes) -> list[_Saved]:
    """Return the sessions of an argument, oldest first."""
    found: dict[str, _Saved] = {}
    for uuid, started, order, level, based_on, tape_file in database.rows(_SAVED, (path, name, job)):
        before = found[uuid].tape_files if uuid in found else ()
        found[uuid] = _Saved(uuid, started, order, level, based_on, (*before, tape_file))
    return list(found.values())


def _latest(saved: list[_Saved]) -> _Saved | None:
    """Return the last one. Of some that began in one second it is the one that no other is based on: the order in which
    they came into the catalog says nothing after a rebuild."""
    if not saved:
        return None
    last = max(one.started for one in saved)
    together = [one for one in saved if one.started == last]
    bases = {one.based_on for one in together}
    ends = [one for one in together if one.session not in bases] or together
    return max(ends, key=lambda one: one.order)


def _chain(job: str | None, path: bytes, name: bytes, saved: list[_Saved], last: _Saved) -> Chain:
    """Follow `based_on` back to a full session."""
    by_uuid = {one.session: one for one in saved}
    steps: list[Step] = []
    at: _Saved | None = last
    missing = None
    while at is not None:
        steps.insert(0, Step(at.session, at.started, at.level, at.tape_files))
        missing = at.based_on
        at = by_uuid.pop(missing, None) if missing is not None else None
    return Chain(job, path, name, tuple(steps), missing)


# -- the state -------------------------------------------------------------------------------------------------------

_DURABLE = """t.state != 'overwritten'
  AND (m.block IS NULL OR m.block * t.block_bytes + m.offset + m.length <= t.durable_blocks * t.block_bytes)"""
_PATH = "iif(d.path = x'', m.name, CAST(d.path || x'2f' || m.name AS BLOB))"
_RANGE = f"m.id BETWEEN (? << {MEMBERS_OF_FILE}) AND ((? + 1) << {MEMBERS_OF_FILE}) - 1"
_MEMBERS = f"""
SELECT m.id, {_PATH}, m.type, m.size, m.mtime_ns, m.ctime_ns, m.mode, m.uid, m.gid, m.inode, m.link
FROM member m JOIN directory d ON d.id = m.directory JOIN tape_file t ON t.id = m.id >> {MEMBERS_OF_FILE}
WHERE {_RANGE} AND {_DURABLE} ORDER BY m.id
"""  # noqa: S608  # no value of a user in it
_DELETED_PATHS = (
    "SELECT iif(d.path = x'', x.name, CAST(d.path || x'2f' || x.name AS BLOB)) FROM deletion x"
    " JOIN directory d ON d.id = x.directory WHERE x.tape_file = ?"
)


def changes(database: Database, chain: Chain) -> Iterator[Change]:
    """Yield deletions and members of each step; what is put later takes the place of what has the same name."""
    for step in chain.steps:
        for tape_file in step.tape_files:
            if gone := [path for (path,) in database.rows(_DELETED_PATHS, (tape_file,))]:
                yield gone
        for tape_file in step.tape_files:
            rows: list[tuple[object, ...]] = []
            for row in database.rows(_MEMBERS, (tape_file, tape_file)):
                rows.append(row)
                if len(rows) == _AT_ONCE:
                    yield Members(*zip(*rows, strict=True))
                    rows.clear()
            if rows:
                yield Members(*zip(*rows, strict=True))


def named(database: Database, members: list[int], *, without: Sequence[int] = ()) -> Iterator[Gone]:
    """Yield what members are called, and what a rename leaves as it was; those of the tape files `without` are left
    out."""
    for member in members:
        if member >> MEMBERS_OF_FILE in without:
            continue
        yield from (
            Gone(*row)
            for row in database.rows(
                f"SELECT {_PATH}, m.type, m.inode, m.size, m.mtime_ns FROM member m"  # noqa: S608
                " JOIN directory d ON d.id = m.directory WHERE m.id = ?",
                (member,),
            )
        )
