# SPDX-License-Identifier: WTFPL OR MIT
"""A catalog with a clock of its own, and members without a tape."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pytp_native.catalog.recording import OpenSession, OpenTapeFile
from pytp_native.catalog.records import CartridgeFacts, MemberBatch, SessionFacts, TapeFileFacts
from pytp_native.catalog.store import Catalog

BLOCK = 65536
LENGTH = 1024
"""Bytes on tape of each of these members."""
DAY = 86400


def batch(paths: Sequence[str | bytes], *, start: int = 0) -> MemberBatch:
    """Members of LENGTH bytes, one behind the other from byte `start` of the tape file on."""
    encoded = [os.fsencode(path) for path in paths]
    count = len(encoded)
    places = [start + number * LENGTH for number in range(count)]
    return MemberBatch(
        directories=[(path.rpartition(b"/")[0], 1) for path in encoded],
        names=[path.rpartition(b"/")[2] for path in encoded],
        types="0" * count,
        sizes=[100 + number for number in range(count)],
        mtimes_ns=[10**18 + number for number in range(count)],
        ctimes_ns=[10**18 + 5] * count,
        modes=[0o100640] * count,
        uids=[1000] * count,
        gids=[100] * count,
        inodes=[77 + number for number in range(count)],
        blocks=[place // BLOCK for place in places],
        offsets=[place % BLOCK for place in places],
        lengths=[LENGTH] * count,
        digests=[bytes([number % 256]) * 16 for number in range(count)],
        links=[None] * count,
    )


class Book:
    """A catalog and short words to fill it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.catalog = Catalog(str(path))
        self._serial = 0

    def session(self, *, day: int = 1, job: str | None = None, label: str | None = None) -> OpenSession:
        self._serial += 1
        facts = SessionFacts(uuid=f"session-{self._serial}", started=day * DAY, job=job, label=label, host="here")
        return self.catalog.begin_session(facts)

    def tape_file(self, session: OpenSession, number: int = 1, barcode: str = "A00001L9") -> OpenTapeFile:
        cartridge = session.on_cartridge(CartridgeFacts(barcode=barcode), now=5 * DAY)
        return session.begin_tape_file(cartridge, TapeFileFacts(number, number * 100, BLOCK, b"/srv/photos", b"photos"))

    def saved(self, paths: Sequence[str | bytes], *, number: int = 1, **options: object) -> OpenSession:
        """One session with one tape file, complete."""
        session = self.session(**options)  # type: ignore[arg-type]
        file = self.tape_file(session, number)
        file.add(batch(paths))
        file.end("saved", 1 + len(paths) * LENGTH // BLOCK, closed=True)
        session.end("complete", 0, ended=5 * DAY)
        return session

    def find(self, pattern: str, **options: object) -> list[str]:
        from pytp_native.catalog.search import Wanted

        ignore_case = bool(options.pop("ignore_case", False))
        wanted = Wanted(**options)  # type: ignore[arg-type]
        hits = self.catalog.find(os.fsencode(pattern), wanted, ignore_case=ignore_case)
        return [os.fsdecode(hit.path) for hit in hits]


@pytest.fixture
def book(shelf: Path) -> Iterator[Book]:
    made = Book(shelf / "state" / "catalog.db")
    yield made
    made.catalog.close()
