# SPDX-License-Identifier: WTFPL OR MIT
"""The catalog as the rest of the program sees it: plain records in and out, no SQL, no connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType

from pytp_native.catalog import cartridges, search, sessions
from pytp_native.catalog.database import Database
from pytp_native.catalog.pattern import compile_pattern
from pytp_native.catalog.recording import OpenSession
from pytp_native.catalog.records import Cartridge, CartridgeFacts, Found, Session, SessionFacts
from pytp_native.catalog.search import EVERYTHING, Wanted

FILE_NAME = "catalog.db"
"""In snapshot_dir."""


class Catalog:
    """An open catalog; a context manager; used by one thread. Its methods raise CatalogError."""

    def __init__(self, path: str, *, create: bool = True) -> None:
        """Open it and bring its tables up to date. NothingHere when there is none and `create` is not set."""
        self.path = path
        self._database = Database(path, create=create)

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    # -- recording ---------------------------------------------------------------------------------------------------

    def begin_session(self, facts: SessionFacts) -> OpenSession:
        """Begin to record a session; it stays open until its `end`."""
        return OpenSession(self._database, facts)

    def saw_cartridge(self, facts: CartridgeFacts, now: int | None = None) -> int:
        """Record that a cartridge was met; returns its id."""
        with self._database.transaction():
            return cartridges.cartridge_id(self._database, facts, int(time.time()) if now is None else now)

    # -- asking ------------------------------------------------------------------------------------------------------

    def cartridges(self) -> list[Cartridge]:
        """Return the inventory, the cartridge written last first."""
        return list(cartridges.inventory(self._database))

    def sessions(self, *, job: str | None = None, label: str | None = None) -> list[Session]:
        """Return sessions with their tape files, the latest first."""
        return sessions.listed(self._database, job=job, label=label)

    def find(self, pattern: bytes, wanted: Wanted = EVERYTHING, *, ignore_case: bool = False) -> Iterator[Found]:
        """Yield saved files whose name matches, saved last first; see pattern.compile_pattern."""
        return search.find(self._database, compile_pattern(pattern, ignore_case=ignore_case), wanted)

    # -- the search index --------------------------------------------------------------------------------------------

    def unindexed(self) -> int:
        """Return how many members the search has to look through one by one."""
        return search.behind(self._database)

    def extend_index(self, seconds: float | None = None) -> int:
        """Build the search index, for at most about so long; return the members that were added."""
        until = None if seconds is None else time.monotonic() + seconds
        added = 0
        for count in search.extend_index(self._database):
            added += count
            if until is not None and time.monotonic() >= until:
                break
        return added
