# SPDX-License-Identifier: WTFPL OR MIT
"""A session on its way into the catalog: what is written where, and how much of it is known to be on the medium."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from typing import Any

from pytp_native.catalog.cartridges import cartridge_id
from pytp_native.catalog.database import Database
from pytp_native.catalog.records import CartridgeFacts, Deletion, MemberBatch, SessionFacts, TapeFileFacts
from pytp_native.catalog.running import Held
from pytp_native.catalog.schema import MEMBERS_OF_FILE
from pytp_native.catalog.upkeep import add_device_error, forget_files

_COLUMNS = 16
_TOGETHER = 32
"""Members that one INSERT takes: 32 of 16 columns cost half of what they cost one by one (measured)."""
_ROW = "(" + "?, " * (_COLUMNS - 2) + "nullif(?, ''), nullif(?, ''))"
_INSERT = "INSERT INTO member VALUES " + ", ".join([_ROW] * _TOGETHER)  # noqa: S608
_INSERT_ONE = "INSERT INTO member VALUES " + _ROW  # noqa: S608
_DIRECTORIES_KEPT = 20_000
"""Ids of directories that are remembered: a tree is packed directory by directory."""


class OpenSession:
    """A session that is being recorded, by the process that writes it. Not complete before `end`.

    Every method is one short transaction and raises CatalogError; the tape is not affected by that.
    """

    def __init__(self, database: Database, facts: SessionFacts) -> None:
        """A session that is there already, by its uuid, goes on."""
        self._database = database
        self.uuid = facts.uuid
        self.last_cartridge = 0
        """Id of the one that was met last."""
        self.given_up = 0
        """Tape files on it that do not count any more, because they are to be written over."""
        self._held = None if facts.pid is None else Held(database.path, facts.uuid)
        with database.transaction():
            there = database.value("SELECT id FROM session WHERE uuid = ?", (facts.uuid,))
            if there is not None:
                self._id = int(there)
                if facts.pid is not None:
                    self._go_on(facts)
                return
            self._id = database.run(
                "INSERT INTO session (uuid, kind, job, label, state, started, host, pid, software, hash,"
                " origin) VALUES (?, ?, ?, ?, 'open', ?, ?, ?, ?, ?, ?)",
                (facts.uuid, facts.kind, facts.job, facts.label, facts.started, facts.host, facts.pid,
                 facts.software, facts.hash, facts.origin),
            )  # fmt: skip

            if facts.plan is not None:
                database.run("INSERT INTO plan (id, request) VALUES (?, ?)", (self._id, facts.plan))

    def _go_on(self, facts: SessionFacts) -> None:
        """It is resumed, by this process."""
        self._database.run(
            "UPDATE session SET state = 'open', exit = NULL, ended = NULL, host = ?, pid = ? WHERE id = ?",
            (facts.host, facts.pid, self._id),
        )

    def on_cartridge(self, facts: CartridgeFacts, *, overwrites_from: int | None = None, now: int | None = None) -> int:
        """Tell which cartridge is written next, before anything is; `overwrites_from`: its tape files from that number
        on are lost with the first write. Returns its id."""
        moment = int(time.time()) if now is None else now
        with self._database.transaction(lasting=True):
            self.last_cartridge = cartridge = cartridge_id(self._database, facts, moment)
            self._database.run(
                "UPDATE cartridge SET last_written = max(ifnull(last_written, 0), ?), state = 'active' WHERE id = ?",
                (moment, cartridge),
            )
            if overwrites_from is not None:
                self.given_up = self._database.changed(
                    "UPDATE tape_file SET state = 'overwritten', durable_blocks = 0"
                    " WHERE cartridge = ? AND ifnull(number, 0) >= ? AND session != ? AND state != 'overwritten'",
                    (cartridge, overwrites_from, self._id),
                )
                self._database.run(  # what the medium was before it got another label
                    "UPDATE tape_file SET state = 'overwritten', durable_blocks = 0 WHERE session != ?"
                    " AND cartridge IN (SELECT id FROM cartridge WHERE id != ? AND serial = ?)",
                    (self._id, cartridge, facts.serial),
                )
        return cartridge

    def left_full(self, cartridge: int) -> None:
        """Tell that a cartridge has no room."""
        self._database.run("UPDATE cartridge SET state = 'full' WHERE id = ?", (cartridge,))

    def met_cartridge(self, facts: CartridgeFacts, now: int | None = None) -> int:
        """Tell of a cartridge that is not written now; returns its id."""
        with self._database.transaction():
            return cartridge_id(self._database, facts, int(time.time()) if now is None else now)

    def begin_tape_file(self, cartridge: int, facts: TapeFileFacts) -> OpenTapeFile:
        """Tell of a tape file whose first block is going to be written."""
        with self._database.transaction():
            number = self._database.run(
                "INSERT INTO tape_file (session, cartridge, number, first_block, block_bytes, path, name, kind, part,"
                " skipped, ahead, level, based_on, compression, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')",
                (self._id, cartridge, *facts),
            )  # fmt: skip
        return OpenTapeFile(self._database, number, facts)

    def owns(self, cartridge: int, number: int) -> None:
        """That tape file is this session's: whatever else was said to be there is not any more."""
        self._database.run(
            "UPDATE tape_file SET state = 'overwritten', durable_blocks = 0"
            " WHERE cartridge = ? AND number = ? AND session != ? AND state != 'overwritten'",
            (cartridge, number, self._id),
        )

    def add_deletions(self, cartridge: int, number: int, deletions: Iterable[Deletion]) -> None:
        """Record what was gone with a tape file that has its end, by its number."""
        asked = "SELECT id FROM tape_file WHERE session = ? AND cartridge = ? AND number = ? AND kind = 'data'"
        found = self._database.value(asked, (self._id, cartridge, number))
        if found is not None:
            add_deletions(self._database, int(found), deletions)

    def distrust(self, cartridge: int, trusted: int, besides: OpenTapeFile | None) -> list[int | None]:
        """What is on a cartridge behind logical block `trusted` may have been written over: tape files that reach
        beyond it count as lost, except the open one. Those of this session are forgotten: if it is resumed, it saves
        them again. Returns their numbers."""
        reaching = (
            "cartridge = ? AND state != 'overwritten' AND id != ? AND (first_block IS NULL"
            " OR first_block + ifnull(stored_blocks, max(blocks, durable_blocks - skipped + ahead)) > ?)"
        )
        asked = (cartridge, -1 if besides is None else besides.identity, trusted)
        select = f"SELECT id, session, number FROM tape_file WHERE {reaching} ORDER BY id"  # noqa: S608
        with self._database.transaction(lasting=True):
            found = list(self._database.rows(select, asked))
            for identity, _session, _number in found:
                lost = "UPDATE tape_file SET state = 'overwritten', durable_blocks = 0 WHERE id = ?"
                self._database.run(lost, (identity,))
        for identity, session, _number in found:
            if session == self._id:
                forget_files(self._database, "id = ?", (identity,))
        return [number for _identity, _session, number in found]

    def add_device_error(
        self, cartridge: int | None, *, device: str, kind: str, text: str, sense: bytes = b"",
        tape_file: int | None = None, block: int | None = None, now: int | None = None,
    ) -> None:  # fmt: skip
        """Record what a drive or library failed with."""
        add_device_error(
            self._database, (self._id, cartridge), device=device, kind=kind, text=text, sense=sense,
            tape_file=tape_file, block=block, now=now,
        )  # fmt: skip

    def last_part(self) -> int:
        """Return on how many cartridges it is known to be."""
        return int(self._database.value("SELECT max(part) FROM tape_file WHERE session = ?", (self._id,)) or 1)

    def end(self, state: str, exit_code: int, *, ended: int | None = None) -> None:
        """The session is over: complete or partial only behind its trailer, full, interrupted, failed."""
        moment = int(time.time()) if ended is None else ended
        with self._database.transaction(lasting=True):
            self._database.run(
                "UPDATE session SET state = ?, exit = ?, ended = ?, pid = NULL WHERE id = ?",
                (state, exit_code, moment, self._id),
            )
            self._database.run(
                "UPDATE cartridge SET last_written = max(ifnull(last_written, 0), ?), last_seen = max(last_seen, ?)"
                " WHERE id IN (SELECT cartridge FROM tape_file WHERE session = ?)",
                (moment, moment, self._id),
            )
            if state in {"complete", "partial"}:  # there is nothing to resume
                self._database.run("DELETE FROM plan WHERE id = ?", (self._id,))
            if state == "full":
                self._database.run(
                    "UPDATE cartridge SET state = 'full' WHERE id = (SELECT cartridge FROM tape_file WHERE session = ?"
                    " ORDER BY id DESC LIMIT 1)",
                    (self._id,),
                )
        if self._held is not None:
            self._held.release()


class OpenTapeFile:
    """A tape file that is being written. Members may be added ahead of the tape: they count when they are durable."""

    def __init__(
        self, database: Database, identity: int, facts: TapeFileFacts, members: int = 0, data_bytes: int = 0
    ) -> None:
        self._database = database
        self._id = identity
        self.facts = facts
        self._directories = _Directories(database)
        self.members = members
        """Added so far."""
        self.data_bytes = data_bytes

    def add(self, batch: MemberBatch) -> None:
        """Add the next members. Some ten thousand at a time keep other writers waiting for a tenth of a second."""
        try:
            with self._database.transaction():
                ids = self._directories.columns(batch.directories)
                self._insert(ids, batch)
        except BaseException:  # also of the commit: the ids of directories are anybody's again
            self._directories.forget()
            raise
        self.members += len(batch.names)
        self.data_bytes += sum(batch.sizes)

    def durable_up_to(self, blocks: int) -> None:
        """The drive says that the first `blocks` tape blocks of this archive are on the medium, here or on earlier
        cartridges: members that end there are claims from now on."""
        with self._database.transaction(lasting=True):
            self._database.run(
                "UPDATE tape_file SET durable_blocks = max(durable_blocks, ?) WHERE id = ?", (blocks, self._id)
            )

    def add_problems(self, problems: Iterable[tuple[bytes, str]]) -> None:
        """Record files that were not saved as they should be, each with the reason."""
        with self._database.transaction():
            for path, reason in problems:
                self._database.run(
                    "INSERT INTO problem (tape_file, path, reason) VALUES (?, ?, ?)", (self._id, path, reason)
                )

    @property
    def identity(self) -> int:
        """In the catalog."""
        return self._id

    def distrust(self, blocks: int) -> None:
        """What the drive said of more than the first `blocks` blocks of this archive does not hold."""
        with self._database.transaction(lasting=True):
            self._database.run(
                "UPDATE tape_file SET durable_blocks = min(durable_blocks, ?) WHERE id = ?", (blocks, self._id)
            )

    def end(self, state: str, blocks: int, *, closed: bool, stored: int | None = None, frames: bytes = b"") -> None:
        """It has its filemark (`closed`) or will not get one, behind `blocks` blocks of this cartridge. `stored`: so
        many on tape, if it is compressed, with the table of its `frames`.

        Members behind what is durable are forgotten.
        """
        reached = self.facts.skipped + blocks - self.facts.ahead if closed else 0
        with self._database.transaction(lasting=True):
            self._database.run(
                "UPDATE tape_file SET state = ?, blocks = ?, durable_blocks = max(?, durable_blocks),"
                " stored_blocks = ?, frames = ? WHERE id = ?",
                (state, blocks, reached, stored, frames or None, self._id),
            )
            self._forget_the_rest()
            if state == "continues":
                self._database.run(
                    "UPDATE cartridge SET state = 'full' WHERE id = (SELECT cartridge FROM tape_file WHERE id = ?)",
                    (self._id,),
                )
            self._database.run(
                "UPDATE tape_file SET members = ?, data_bytes = ? WHERE id = ?",
                (self.members, self.data_bytes, self._id),
            )

    def goes_on(self, cut: str) -> None:
        """It ends in the middle of a member; `cut` says what it takes to go on there."""
        with self._database.transaction():
            self._database.run("INSERT OR REPLACE INTO rest (tape_file, cut) VALUES (?, ?)", (self._id, cut))

    def add_deletions(self, deletions: Iterable[Deletion]) -> None:
        """Record what an incremental session found gone or renamed below this argument."""
        add_deletions(self._database, self._id, deletions)

    @property
    def _range(self) -> tuple[int, int]:
        first = self._id << MEMBERS_OF_FILE
        return first, first | ((1 << MEMBERS_OF_FILE) - 1)

    def _forget_the_rest(self) -> None:
        """Members lie in the order of the tape: only the last ones can be behind what is durable."""
        durable = self._database.value("SELECT durable_blocks FROM tape_file WHERE id = ?", (self._id,))
        limit = durable * self.facts.block_bytes
        last_good = self._database.value(
            "SELECT id FROM member WHERE id BETWEEN ? AND ? AND (block IS NULL OR block * ? + offset + length <= ?)"
            " ORDER BY id DESC LIMIT 1",
            (*self._range, self.facts.block_bytes, limit),
        )
        first, last = self._range
        behind = (first if last_good is None else last_good + 1, last)
        count, size = self._database.row(
            "SELECT count(*), ifnull(sum(size), 0) FROM member WHERE id BETWEEN ? AND ?", behind
        ) or (0, 0)
        if count:
            self._database.run("DELETE FROM member WHERE id BETWEEN ? AND ?", behind)
            self.members -= count
            self.data_bytes -= size

    def _insert(self, directory_ids: Iterable[int], batch: MemberBatch) -> None:
        first = self._id << MEMBERS_OF_FILE | self.members
        count = len(batch.names)
        flat = _interleaved(count, (
            range(first, first + count), directory_ids, _bindable(batch.names), *batch[2:-2],
            _bindable(batch.digests), _bindable(batch.links),
        ))  # fmt: skip
        step = _TOGETHER * _COLUMNS
        whole = len(flat) // step * step
        self._database.run_many(_INSERT, (flat[at : at + step] for at in range(0, whole, step)))
        rest = range(whole, len(flat), _COLUMNS)
        self._database.run_many(_INSERT_ONE, (flat[at : at + _COLUMNS] for at in rest))


def _interleaved(rows: int, columns: Iterable[Iterable[Any]]) -> list[Any]:
    """Return the values row by row. ValueError for a column of another length."""
    flat: list[Any] = [None] * (rows * _COLUMNS)
    for number, column in enumerate(columns):
        flat[number::_COLUMNS] = column
    return flat


def _bindable(column: Iterable[bytes | None]) -> list[bytearray | str]:
    """Python's sqlite3 looks for an adapter of each bytes and each None that it binds, which takes a third of the time
    of an INSERT (Modules/_sqlite, need_adapt); of bytearray and str it does not. "" stands for None."""
    return ["" if one is None else bytearray(one) for one in column]


def add_deletions(database: Database, tape_file: int, deletions: Iterable[Deletion]) -> None:
    """Record what was gone with a tape file."""
    directories = _Directories(database)
    with database.transaction():
        for gone in deletions:
            directory, name = _split(gone.path)
            new_directory, new_name = _split(gone.new_path) if gone.new_path is not None else (None, None)
            database.run(
                "INSERT INTO deletion (tape_file, directory, name, new_directory, new_name) VALUES (?, ?, ?, ?, ?)",
                (tape_file, directories.id_of(directory), name,
                 None if new_directory is None else directories.id_of(new_directory), new_name),
            )  # fmt: skip


class _Directories:
    """Ids of directories, made where they are missing, inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, int] = {}

    def forget(self) -> None:
        """The transaction that may have made some of them was undone."""
        self._known.clear()

    def columns(self, runs: Iterable[tuple[bytes, int]]) -> Iterator[int]:
        """Return the id for each member of the runs."""
        return chain.from_iterable([repeat(self.id_of(path), count) for path, count in runs])

    def id_of(self, path: bytes) -> int:
        found = self._known.get(path)
        return self._look_up(path) if found is None else found

    def _look_up(self, path: bytes) -> int:
        found = self._database.value("SELECT id FROM directory WHERE path = ?", (path,))
        if found is None:
            found = self._database.run("INSERT INTO directory (path) VALUES (?)", (path,))
        if len(self._known) >= _DIRECTORIES_KEPT:
            self._known.clear()
        self._known[path] = found
        return int(found)


def _split(path: bytes) -> tuple[bytes, bytes]:
    directory, _slash, name = path.rpartition(b"/")
    return directory, name
