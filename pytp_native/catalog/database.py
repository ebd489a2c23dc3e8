# SPDX-License-Identifier: WTFPL OR MIT
"""One connection to the database file: how it is made, transactions, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pytp_native.catalog.schema import Tables, check_library, migrate
from pytp_native.errors import CatalogError, NothingHere

BUSY_S = 30.0
"""How long a writer waits for another one; their transactions take a fraction of a second."""
_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    # A process that dies loses nothing; for a power cut see `transaction(lasting=True)`.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)


class Database:
    """Used by one thread. Every method raises CatalogError for what the database cannot do."""

    def __init__(self, path: str, *, create: bool = True, tables: Tables | None = None) -> None:
        """Open, and bring the tables up to date; `create`: make file (mode 0600) and directory where there are none."""
        self.path = path
        self._tables = tables
        check_library(path)
        self._make_file(create=create)
        try:
            self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        except sqlite3.Error as exc:
            raise _story(path, exc) from exc
        try:
            self._set_up()
        except BaseException:
            self._connection.close()
            raise

    def _set_up(self) -> None:
        try:
            for setting in _SETTINGS:
                self._connection.execute(setting)
            migrate(self._connection, self.path, tables=self._tables)
        except sqlite3.Error as exc:
            raise _story(self.path, exc) from exc

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Execute one statement; return the id of an inserted row."""
        return self._execute(statement, values).lastrowid or 0

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.Error as exc:
            raise _story(self.path, exc) from exc

    def changed(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Execute one statement; return how many rows it changed."""
        return self._execute(statement, values).rowcount

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query."""
        try:
            for row in self._connection.execute(statement, values):  # noqa: UP028  # a closed generator must not look
                yield row
        except sqlite3.Error as exc:
            raise _story(self.path, exc) from exc

    def row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        found: tuple[Any, ...] | None = self._execute(statement, values).fetchone()
        return found

    def value(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Return the first value of the first row, or None."""
        found = self.row(statement, values)
        return found[0] if found else None

    @contextmanager
    def transaction(self, *, lasting: bool = False) -> Iterator[None]:
        """All or nothing; others wait meanwhile, so keep it short.

        `lasting`: on the disk, with all that was committed before, when it returns; else a power cut may undo the last
        ones, in order.
        """
        self.run(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # after a full disk SQLite has rolled back by itself
                self._connection.execute("ROLLBACK")
            raise

    def _execute(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as exc:
            raise _story(self.path, exc) from exc

    def _make_file(self, *, create: bool) -> None:
        """The catalog names every file there is: nobody else may read it."""
        if not create and not os.path.exists(self.path):
            name, maker = (self._tables.name, self._tables.maker) if self._tables else ("catalog", "`pytp backup`")
            raise NothingHere(self.path, f"there is no {name} yet", f"{maker} makes it")
        try:
            os.makedirs(os.path.dirname(self.path) or ".", mode=0o700, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as exc:
            fact = f"cannot be opened ({exc.strerror})"
            raise CatalogError(self.path, fact, "set snapshot_dir to a directory of yours") from exc


def _story(path: str, exc: sqlite3.Error) -> CatalogError:
    text = str(exc)
    if "full" in text:
        return CatalogError(path, "the disk under the catalog is full", "free space there")
    if "locked" in text or "busy" in text:
        return CatalogError(path, "another process has kept the catalog locked", "wait for it, or look what it does")
    if "malformed" in text or "not a database" in text:
        return CatalogError(path, f"is damaged ({text})", "move it away and use `pytp catalog rebuild`")
    if "readonly" in text or "unable to open" in text:
        return CatalogError(path, f"cannot be written ({text})", "look at its owner and mode")
    return CatalogError(path, f"the catalog failed: {text}", "see `pytp catalog check`")
