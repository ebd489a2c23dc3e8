# SPDX-License-Identifier: WTFPL OR MIT
"""What the catalog knows of an argument, against what is on disk: what an incremental session saves and finds gone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pytp_native.catalog.chain import Chain, Gone, Members, Step
from pytp_native.catalog.records import Deletion
from pytp_native.catalog.store import Catalog
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.events import Emit, Notice
from pytp_native.jobs.members import MemberLog
from pytp_native.stream.known import Known
from pytp_native.stream.member_columns import ROOM, MemberColumns

if TYPE_CHECKING:
    from pytp_native.jobs.argument_file import ArgumentFile


class Histories:
    """The histories of one job."""

    def __init__(
        self, catalog: Catalog, job: str | None, level: str, emit: Emit, *, mine: Step | None = None,
        files: Mapping[bytes, tuple[int, ...]] | None = None,
    ) -> None:  # fmt: skip
        """`level`: incremental or differential. A session that is resumed is `mine`, and `files` are the tape files
        that it has of each argument already."""
        self._catalog = catalog
        self._job = job
        self._level = level
        self._emit = emit
        self._mine = mine
        self._files = files or {}
        self._ready: dict[bytes, History] = {}

    def look_ahead(self, arguments: Sequence[Argument], writer: ArgumentFile) -> list[History]:
        """Look at all of them now, for builders, and return those that differ. Raises Interrupted, CatalogError."""
        self._ready = {argument.path: self.of(argument) for argument in arguments}
        return [history for history in self._ready.values() if history.differs(writer)]

    def of(self, argument: Argument) -> History:
        """Look an argument up; one without a history is saved in full. Raises CatalogError."""
        if argument.path in self._ready:
            return self._ready[argument.path]
        path = os.fsdecode(argument.path)
        until = None if self._mine is None else self._mine.started
        base = self._catalog.base(
            self._job, argument.path, argument.name, full=self._level == "differential", until=until
        )
        if base is not None and base.missing is not None:
            fact = f"the catalog does not know session {base.missing}, on which the last one is based"
            self._emit(Notice("warning", "CATALOG", f"{path}: {fact}; all of it is saved"))
            base = None
        elif base is None:
            job = f"job {self._job}" if self._job else "runs without --job"
            self._emit(
                Notice("info", "CATALOG", f"{path}: {job} has no complete session of it yet; all of it is saved")
            )
        saved = None if self._mine is None else self._mine._replace(tape_files=self._files.get(argument.path, ()))
        return History(self._catalog, argument, self._level, base, self._emit, saved=saved)


class History:
    """One argument, and what was saved of it."""

    def __init__(
        self, catalog: Catalog, argument: Argument, level: str, base: Chain | None, emit: Emit, *,
        saved: Step | None = None,
    ) -> None:  # fmt: skip
        """`saved`: what this session, which is resumed, has of it already: that is not saved again."""
        self.argument = argument
        """With its level, and what it is based on."""
        self.known: Known | None = None
        """Without a base: None."""
        self._differs: bool | None = None
        self._catalog = catalog
        self._level = level
        self._emit = emit
        self._base = base
        self._saved = () if saved is None else saved.tape_files
        if base is not None:
            self.argument = argument._replace(level=level, based_on=base.steps[-1].session)
            together = base if saved is None else base._replace(steps=(*base.steps, saved))
            self.known = known_members(catalog, together)

    def with_saved(self, left: Argument, files: tuple[int, ...]) -> History:
        """Return the same with those tape files on tape. Raises CatalogError."""
        mine = Step("", 0, self._level, (*self._saved, *files))
        return History(self._catalog, left, self._level, self._base, self._emit, saved=mine)

    def differs(self, writer: ArgumentFile) -> bool:
        """Look whether anything has changed, once; that opens no file. Raises Interrupted, CatalogError."""
        if self._differs is None:
            self._differs = self._look(writer)
        return self._differs

    def _look(self, writer: ArgumentFile) -> bool:
        if self.known is None or self._base is None:
            return True
        if writer.survey(self.argument, self.known).members:
            return True
        if self.has_gone():
            self.known.drop([self.argument.name])  # so that there is a tape file that the deletions belong to
            return True
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self._base.steps[-1].started))
        self._emit(Notice("info", "SOURCE", f"{os.fsdecode(self.argument.path)}: nothing has changed since {since}"))
        return False

    def has_gone(self) -> bool:
        """Tell whether the walk, which has been through all of it, has missed something."""
        return next(self._gone(), None) is not None

    def deletions(self, log: MemberLog) -> list[Deletion]:
        """Return what the walk of this session did not meet any more; `log` has what it saved. Raises CatalogError."""
        gone = sorted(self._gone())
        moved = {one.inode: one for one in gone if one.inode is not None}
        now = _new_names(log, moved) if moved else {}
        return [Deletion(one.path, now.get(one.path)) for one in gone]

    def _gone(self) -> Iterator[Gone]:
        """Yield what was not met and is not hidden below something that could not be looked at."""
        if self.known is None:
            return
        blind = self.known.blind()
        for some in self.known.unmet():
            for one in self._catalog.named(some, without=self._saved):
                if not any(one.path.startswith(name + b"/") for name in blind):
                    yield one


def known_members(catalog: Catalog, base: Chain) -> Known:
    """Return the state at the end of a chain as a table. Raises CatalogError."""
    known = Known()
    for change in catalog.changes(base):
        if isinstance(change, Members):
            known.put(change)
        else:
            known.drop(change)
    return known


def _new_names(log: MemberLog, gone: dict[int, Gone]) -> dict[bytes, bytes]:
    """Return under which names the same inodes were saved now: a rename keeps inode, size and time of a file."""
    found: dict[bytes, bytes] = {}
    columns, at = MemberColumns(), 0
    while records := os.pread(log.fileno(), ROOM, at):
        some, used = columns.convert(records)
        if not used:
            break
        at += used
        hits = [row for row, inode in enumerate(some.inodes) if inode in gone]
        directories = [path for path, count in some.directories for _ in range(count)] if hits else []
        for row in hits:
            old = gone[some.inodes[row]]
            if _is_same(old, some.types[row], some.sizes[row], some.mtimes_ns[row]):
                path = directories[row] + b"/" + some.names[row] if directories[row] else some.names[row]
                found.setdefault(old.path, path)
    return found


def _is_same(old: Gone, kind: str, size: int, mtime_ns: int) -> bool:
    if kind == "5" or old.type == "5":
        return kind == old.type
    return mtime_ns == old.mtime_ns and (size == old.size or "1" in {kind, old.type})
