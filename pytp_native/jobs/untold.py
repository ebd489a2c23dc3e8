# SPDX-License-Identifier: WTFPL OR MIT
"""Tape files that no trailer tells of, because their session died: what can be told of them by reading them whole."""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain, islice

from pytp_native.catalog.recording import OpenSession, OpenTapeFile
from pytp_native.catalog.records import CartridgeFacts, MemberBatch, SessionFacts, TapeFileFacts
from pytp_native.catalog.retelling import RetoldSession
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import Interrupted, MediumError, NothingHere
from pytp_native.jobs.archive_reading import HASHES
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.parts import position_of
from pytp_native.light import NamedTuple
from pytp_native.stream.continued import Continued, continued
from pytp_native.stream.frame_scan import FrameScan
from pytp_native.stream.frames import is_frame, pack_places, packing_of
from pytp_native.stream.label import Follows, Label
from pytp_native.stream.member_columns import ROOM, MemberColumns
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.pack import Hash, Member, member_record
from pytp_native.stream.preface import Preface, preface_of
from pytp_native.stream.record import seconds
from pytp_native.stream.scan import Scan
from pytp_native.units import KIB

_TOGETHER = 4096
"""Members in one transaction."""
_LOOK = 3
"""Blocks in which the one that continues a member is found, also if it is compressed."""
_FRAME_START = 192 * KIB
"""Before a block of a Zstandard frame is whole, 128 KiB of content, nothing comes out of it (RFC 8878 3.1.1.2.4)."""
_CUT = "it begins inside a member that another cartridge has the start of: see it with pytp ls"


class _Source(NamedTuple):
    """One tape file on its way into the catalog."""

    facts: TapeFileFacts
    stored: Iterator[bytes]
    """Its blocks."""
    follows: Follows | None
    """What the label says it is the rest of."""
    goes_on: Continued | None
    """The member that goes on in it."""
    hash: str = "xxh3"
    session: str = ""
    """uuid"""

    def open(self) -> tuple[TapeFileFacts, Scan, FrameScan | None]:
        """Begin to read it."""
        told, ahead, size = self.follows, int(self.goes_on is not None), self.facts.block_bytes
        skipped = told.skipped if told else self.facts.skipped
        stored = peeked = self.stored
        frames = None
        first = next(peeked, b"")
        stored = chain([first], peeked)
        if is_frame(first):
            frames = FrameScan(stored, size, first=skipped, ahead=ahead)
            stored = frames.blocks()
        elif ahead:
            next(stored)
        left = self.goes_on.left if self.goes_on else 0
        kind = HASHES.get(told.hash if told else self.hash, Hash.XXH3)
        scan = Scan(stored, size, block=skipped, offset=-(-left // 512) * 512, hash_kind=kind)
        facts = self.facts._replace(skipped=skipped, ahead=ahead, compression="zstd" if frames else None)
        if told is not None:
            path, name = os.fsencode(told.path), os.fsencode(told.name)
            facts = facts._replace(path=path, name=name, level=told.level, based_on=told.based_on)
        return facts, scan, frames

    def blocks(self, scan: Scan) -> int:
        """Return how many there are, those ahead included."""
        return scan.blocks + int(self.goes_on is not None)


class _Whose(NamedTuple):
    """The session of a tape file."""

    facts: SessionFacts
    part: int
    """Which of its cartridges this is."""


class Untold:
    """The tape files of dead sessions, on the labelled cartridge in the drive.

    Whose they are stands in front of each, or in the label. Where it does not (pytp before 0.1.0, archives that were
    built before they were written, on a later cartridge), a session gets a uuid that is made of the cartridge and the
    first tape file, so that the same one comes of it every time.
    """

    def __init__(self, drive: Drive, catalog: Catalog, mine: CartridgeFacts, interrupt: Interrupt) -> None:
        self.members = 0
        self.sessions: list[str] = []
        self._drive = drive
        self._catalog = catalog
        self._interrupt = interrupt
        self._mine = mine
        self._columns = MemberColumns()

    def tell(self, label: Label, numbers: list[int], started: int) -> Generator[str, None, None]:
        """Read these tape files, which follow each other; yield what is wrong with them. `started`: not before that."""
        whose, opened = self._session(label, numbers[0], started), None
        for number in numbers:
            self._drive.go_to_file(number)
            start = position_of(self._drive)
            with closing(_blocks(self._drive, self._interrupt)) as blocks:
                begin = list(islice(blocks, _LOOK))
                goes_on = continued(iter(begin))
                follows = label.follows if number == 1 else None
                wrong = _unreadable(b"".join(begin[:1])) or (_CUT if goes_on and not follows else "")
                if wrong:
                    yield f"tape file {number}: no trailer tells what is in it, and {wrong}"
                    continue
                if is_frame(begin[0]):
                    begin += islice(blocks, -(-_FRAME_START // len(begin[0])))
                preface = preface_of(begin)
                told = whose if preface is None else _told_by(preface, label)
                if told.facts.uuid != whose.facts.uuid:
                    self._end(opened, whose)
                    opened = None
                whose = told
                if opened is None:
                    opened, cartridge = self._catalog.retell_session(whose.facts, self._mine, part=whose.part)
                facts = TapeFileFacts(number, start.logical_block if start else None, len(begin[0]), part=whose.part)
                if preface is not None:
                    path, name = os.fsencode(preface.path), os.fsencode(preface.name)
                    facts = facts._replace(path=path, name=name, level=preface.level, based_on=preface.based_on)
                yield from self._take(opened, cartridge, _Source(
                    facts, chain(begin, blocks), follows, goes_on, whose.facts.hash, whose.facts.uuid
                ))  # fmt: skip
        self._end(opened, whose)

    def _end(self, opened: RetoldSession | None, whose: _Whose) -> None:
        if opened is None:
            return
        if whose.part >= opened.last_part():
            opened.end("interrupted", 1)
        else:
            opened.settle()
        self.sessions.append(whose.facts.uuid)

    def read(
        self, opened: OpenSession, cartridge: int, facts: TapeFileFacts, hash_name: str, *, session: str
    ) -> Generator[str, None, None]:
        """Read a tape file of which a trailer tells all but its members; yield what is wrong with it."""
        self._drive.go_to_file(facts.number or 0)
        with closing(_blocks(self._drive, self._interrupt)) as blocks:
            begin = list(islice(blocks, _LOOK))
            goes_on = continued(iter(begin)) if facts.ahead else None
            yield from self._take(opened, cartridge, _Source(
                facts, chain(begin, blocks), None, goes_on, hash_name, session
            ))  # fmt: skip

    @staticmethod
    def _session(label: Label, first: int, started: int) -> _Whose:
        """Return what the label tells of it, or what is made up."""
        told = label.follows if first == 1 else None
        if told is not None:
            began = seconds(told.started)
            facts = SessionFacts(told.session, began, told.level, job=told.job, label=told.label, hash=told.hash)
            return _Whose(facts._replace(origin="scan"), told.part)
        made_up = _made_up(label, f"tape file {first}")
        return _Whose(SessionFacts(made_up, started, origin="scan"), 1)

    def _take(self, opened: OpenSession, cartridge: int, source: _Source) -> Generator[str, None, None]:
        facts, scan, frames = source.open()
        members = scan.members()
        if source.goes_on is not None:
            cut = self._cut_member(source, facts)
            members = chain([] if cut is None else [cut], members)
            name = os.fsdecode(source.goes_on.name)
            if cut is None:
                fact = "begins on another cartridge: tell of that one, then of this one again"
                yield f"tape file {facts.number}: {name} {fact}"
        file: OpenTapeFile | None = None
        trouble = ""
        try:
            while batch := list(islice(members, _TOGETHER)):
                if file is None:
                    first = batch[0].name.split(b"/", 1)[0]
                    facts = facts._replace(path=facts.path or first, name=facts.name or first)
                    file = opened.begin_tape_file(cartridge, facts)
                self._add(file, batch)
        except MediumError as error:
            trouble = str(error)
        trouble = trouble or (frames.trouble if frames else "") or scan.trouble
        if file is not None:
            told = (frames.stored, pack_places(frames.places)) if frames else (None, b"")
            file.end(
                "interrupted" if trouble else "saved", source.blocks(scan), closed=True, stored=told[0], frames=told[1]
            )
            self.members += file.members
        if trouble or file is None:
            found = f"{file.members} members were found" if file is not None else "nothing was found in it"
            yield f"tape file {facts.number}: {trouble or 'it is empty'}; {found}"

    def _cut_member(self, source: _Source, facts: TapeFileFacts) -> Member | None:
        """Return the member that began on another cartridge, if the catalog knows that one."""
        goes_on = source.goes_on
        before = self._catalog.end_of_members(source.session, facts.path, facts.skipped)
        if goes_on is None or before is None:
            return None
        cut = facts.skipped * facts.block_bytes
        start = goes_on.start(cut, before, facts.block_bytes)
        return None if start is None else goes_on.whole(start, cut, facts.block_bytes)

    def _add(self, file: OpenTapeFile, batch: list[Member]) -> None:
        records = b"".join(member_record(member) for member in batch)
        while records:
            columns, used = self._columns.convert(records[:ROOM])
            file.add(MemberBatch(*columns))
            records = records[used:]


def _told_by(preface: Preface, label: Label) -> _Whose:
    """What a tape file says of its session. One that does not say which cartridge this is gives all but its uuid: it
    must not be taken for another part of the same."""
    follows = label.follows
    part = preface.part or (follows.part if follows is not None and follows.session == preface.session else None)
    name = preface.session if part else _made_up(label, f"session {preface.session}")
    facts = SessionFacts(
        name, seconds(preface.started), preface.kind, job=preface.job, label=preface.label, hash=preface.hash,
        origin="scan",
    )  # fmt: skip
    return _Whose(facts, part or 1)


def _made_up(label: Label, what: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"pytp:{label.uuid} generation {label.generation} {what}"))


def _blocks(drive: Drive, interrupt: Interrupt) -> Generator[bytes, None, None]:
    """Yield the blocks up to the filemark; none where there are none. Raises Interrupted."""
    try:
        for block in drive.blocks():
            if interrupt.triggered:
                raise Interrupted(
                    drive.address, "interrupted while a tape file without a trailer was read", "run it again"
                )
            yield block
    except NothingHere:
        return


def _unreadable(first: bytes) -> str:
    """Say why a tape file that begins so cannot be read member by member; nothing where it can."""
    if not first:
        return "it is empty"
    mark = find_mark(first)
    if mark is not None:
        return f"it is a {mark.kind} that cannot be read"
    packed = packing_of(first)
    if packed is not None:
        return f"it is packed with {packed}"
    return ""
