# SPDX-License-Identifier: WTFPL OR MIT
"""Tape files that no trailer tells of, because their session died: what can be told of them by reading them whole."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from contextlib import closing
from itertools import chain, islice

from pytp_native.catalog.recording import OpenSession, OpenTapeFile
from pytp_native.catalog.records import CartridgeFacts, MemberBatch, SessionFacts, TapeFileFacts
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import MediumError, NothingHere
from pytp_native.jobs.parts import position_of
from pytp_native.stream.frames import is_frame, packing_of
from pytp_native.stream.label import Label
from pytp_native.stream.member_columns import ROOM, MemberColumns
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.pack import Member, member_record
from pytp_native.stream.scan import Scan

_TOGETHER = 4096
"""Members in one transaction."""


class Untold:
    """The tape files of one dead session, on the labelled cartridge in the drive.

    Nobody knows its uuid any more: it gets one that is made of the cartridge and the first tape file, so that the same
    session comes of it every time. Of each argument the name is known, but not where it was.
    """

    def __init__(self, drive: Drive, catalog: Catalog, label: Label, mine: CartridgeFacts) -> None:
        self.members = 0
        self.sessions: list[str] = []
        self._drive = drive
        self._catalog = catalog
        self._label = label
        self._mine = mine
        self._columns = MemberColumns()

    def tell(self, numbers: list[int], started: int) -> Generator[str, None, None]:
        """Read these tape files, which follow each other; yield what is wrong with them. `started`: not before that."""
        name = f"{self._label.uuid} generation {self._label.generation} tape file {numbers[0]}"
        session = str(uuid.uuid5(uuid.NAMESPACE_URL, f"pytp:{name}"))
        opened: OpenSession | None = None
        for number in numbers:
            self._drive.go_to_file(number)
            start = position_of(self._drive)
            with closing(_blocks(self._drive)) as blocks:
                first = next(blocks, b"")
                wrong = _unreadable(first)
                if wrong:
                    yield f"tape file {number}: no trailer tells what is in it, and {wrong}"
                    continue
                if opened is None:
                    facts = SessionFacts(session, started, origin="scan")
                    opened, cartridge = self._catalog.retell_session(facts, self._mine, part=1)
                scan = Scan(chain([first], blocks), len(first))
                facts_of_file = TapeFileFacts(number, start.logical_block if start else None, len(first))
                yield from self._take(opened, cartridge, facts_of_file, scan)
        if opened is not None:
            opened.end("interrupted", 1)
            self.sessions.append(session)

    def _take(
        self, opened: OpenSession, cartridge: int, facts: TapeFileFacts, scan: Scan
    ) -> Generator[str, None, None]:
        members = scan.members()
        file: OpenTapeFile | None = None
        trouble = ""
        try:
            while batch := list(islice(members, _TOGETHER)):
                if file is None:
                    name = batch[0].name.split(b"/", 1)[0]
                    file = opened.begin_tape_file(cartridge, facts._replace(path=name, name=name))
                self._add(file, batch)
        except MediumError as error:
            trouble = str(error)
        trouble = trouble or scan.trouble
        if file is not None:
            file.end("interrupted" if trouble else "saved", scan.blocks, closed=True)
            self.members += file.members
        if trouble or file is None:
            found = f"{file.members} members were found" if file is not None else "nothing was found in it"
            yield f"tape file {facts.number}: {trouble or 'it is empty'}; {found}"

    def _add(self, file: OpenTapeFile, batch: list[Member]) -> None:
        records = b"".join(member_record(member) for member in batch)
        while records:
            columns, used = self._columns.convert(records[:ROOM])
            file.add(MemberBatch(*columns))
            records = records[used:]


def _blocks(drive: Drive) -> Generator[bytes, None, None]:
    """Yield the blocks up to the filemark; none where there are none."""
    try:
        yield from drive.blocks()
    except NothingHere:
        return


def _unreadable(first: bytes) -> str:
    """Say why a tape file that begins so cannot be read member by member; nothing where it can."""
    if not first:
        return "it is empty"
    mark = find_mark(first)
    if mark is not None:
        return f"it is a {mark.kind} that cannot be read"
    if is_frame(first):
        return "it is compressed: see it with pytp ls"
    packed = packing_of(first)
    if packed is not None:
        return f"it is packed with {packed}"
    if b"GNU.volume." in first[:2048]:
        return "it begins inside a member that another cartridge has the start of: see it with pytp ls"
    return ""
