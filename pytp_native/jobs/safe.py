# SPDX-License-Identifier: WTFPL OR MIT
"""What a session that died has on its cartridge: the catalog is made to say of each tape file what the tape holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice

from pytp_native import mtio
from pytp_native.catalog.recording import OpenTapeFile
from pytp_native.catalog.records import BegunFile, MemberBatch
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import Interrupted, NothingHere
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.light import NamedTuple
from pytp_native.stream.frame_walk import FrameWalk
from pytp_native.stream.frames import FramePlace, pack_places
from pytp_native.stream.member_columns import ROOM, MemberColumns
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.pack import Hash, Member, member_record
from pytp_native.stream.scan import Scan

DONE = {"saved", "partial"}


class Safe(NamedTuple):
    """A tape file of the session that is on tape, and its members."""

    file: BegunFile
    state: str
    blocks: int
    """Of this cartridge, those ahead included; of the archive, if it is compressed."""
    members: int
    last: bytes | None
    """Name of the last complete member."""
    stored: int | None = None
    """Tape blocks, if it is compressed."""
    frames: bytes = b""
    is_there: bool = True
    """There is such a tape file."""


class _Extent(NamedTuple):
    """What the tape has of a tape file."""

    blocks: int
    """As of Safe."""
    stored: int | None
    places: list[FramePlace]


class Settling:
    """The tape files on the cartridge in the drive, whose last one is in front of tape file `end`."""

    def __init__(
        self, drive: Drive, catalog: Catalog, hash_kind: Hash, started: int, end: int, *, interrupt: Interrupt
    ) -> None:
        """`started`: when the session began."""
        self._drive = drive
        self._catalog = catalog
        self._hash = hash_kind
        self._started_ns = started * 10**9
        self._end = end
        self._interrupt = interrupt

    def settle(self, file: BegunFile) -> Safe:
        """Compare one tape file, and read what the catalog does not know of it; the tape stands at `end` afterwards."""
        facts = file.facts
        if file.state in {*DONE, "continues"}:
            return known_of(self._catalog, file)
        if facts.number is None or facts.first_block is None or facts.number >= self._end:
            return self._nothing(file)
        self._drive.go_to_file(facts.number)
        if not self._is_data():
            return self._nothing(file)
        safe = self._compare(file, _told(file, self._extent(file)))
        self._drive.go_to_file(self._end)
        return safe

    def _nothing(self, file: BegunFile) -> Safe:
        self._catalog.reopen(file).end("interrupted", 0, closed=False)
        return Safe(file, "interrupted", 0, 0, None, is_there=False)

    def _compare(self, file: BegunFile, extent: _Extent) -> Safe:
        facts = file.facts
        limit = (facts.skipped + extent.blocks - facts.ahead) * facts.block_bytes
        known, last, count = facts.skipped * facts.block_bytes, None, 0
        for row in self._catalog.members_of(file):
            member = Member._make(row)
            behind = member.block * facts.block_bytes + member.offset + member.stored_bytes
            if behind > limit:
                break
            known, last, count = max(known, behind), member.name, count + 1
        found, ended = self._read_on(file, known, extent) if known < limit else ([], False)
        whole = [one for one in found if one.block * facts.block_bytes + one.offset + one.stored_bytes <= limit]
        found, ended = whole, ended and len(whole) == len(found)
        opened = self._catalog.reopen(file)
        frames = pack_places(extent.places)
        # forgets the rows behind what the tape holds
        opened.end("open", extent.blocks, closed=True, stored=extent.stored, frames=frames)
        _add(opened, found)
        state = "saved" if ended else "interrupted"
        opened.end(state, extent.blocks, closed=True, stored=extent.stored, frames=frames)
        name = found[-1].name if found else last
        return Safe(file, state, extent.blocks, count + len(found), name, extent.stored, frames)

    def _is_data(self) -> bool:
        """Tell whether this tape file is none of pytp's own: where nothing of an argument got onto the tape, the
        session's trailer has its number."""
        with closing(self._drive.blocks()) as blocks:
            return find_mark(next(blocks, b"")) is None

    def _extent(self, file: BegunFile) -> _Extent:
        facts, drive = file.facts, self._drive
        number, first = facts.number or 0, facts.first_block or 0
        places: list[FramePlace] = []
        blocks = None
        if facts.compression is not None:
            drive.go_to_file(number)
            with closing(drive.blocks()) as stored:
                walk = FrameWalk(
                    self._some(stored),
                    facts.block_bytes,
                    FramePlace(facts.skipped, 0),
                    ahead=bool(facts.ahead),
                )
                walk.run()
            places, blocks = walk.places, walk.content - facts.skipped + facts.ahead
        drive.go_to_file(number)
        mtio.forward_filemarks(drive.tape, 1)
        length = drive.tape.position() - first - 1
        return _Extent(length, None, []) if blocks is None else _Extent(blocks, length, places)

    def _read_on(self, file: BegunFile, known: int, extent: _Extent) -> tuple[list[Member], bool]:
        """Read the members from byte `known` of the archive on, and whether the archive ends here."""
        facts = file.facts
        block, offset = divmod(known, facts.block_bytes)
        before = [place for place in extent.places if place.content <= block]
        if extent.stored is not None and not before:
            return [], False
        self._drive.go_to_file(facts.number or 0)
        here = before[-1].stored // facts.block_bytes if before else block - facts.skipped + facts.ahead
        if here:
            mtio.forward_records(self._drive.tape, here)
        with closing(self._drive.blocks()) as blocks:
            stream: Iterator[bytes] = islice(
                self._some(blocks),
                (extent.blocks if extent.stored is None else extent.stored) - here,
            )
            if before:
                stream = FrameWalk(stream, facts.block_bytes, before[-1]).archive()
                for _passed in range(block - before[-1].content):
                    next(stream, b"")
            scan = Scan(stream, facts.block_bytes, block=block, offset=offset, hash_kind=self._hash)
            return [self._with_inode(file, member) for member in scan.members()], scan.ended

    def _some(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Blocks up to the filemark; none where there are none. Raises Interrupted."""
        with suppress(NothingHere):
            for block in blocks:
                if self._interrupt.triggered:
                    fact = "interrupted while what is on the tape was read; nothing was written"
                    raise Interrupted(self._drive.address, fact, "pytp resume")
                yield block

    def _with_inode(self, file: BegunFile, member: Member) -> Member:
        """A tape has neither ctime nor inode, without which the next incremental session would save a member again.
        What has not been touched since before the session began is what was saved."""
        path = file.facts.path + member.name[len(file.facts.name) :]
        try:
            found = os.stat(path) if path == file.facts.path else os.lstat(path)
        except (OSError, ValueError):
            return member
        same = found.st_mtime_ns == member.mtime_ns and (member.type != "0" or found.st_size == member.size)
        if not same or found.st_ctime_ns >= self._started_ns:
            return member
        return member._replace(ctime_ns=found.st_ctime_ns, device=found.st_dev, inode=found.st_ino)


def _told(file: BegunFile, extent: _Extent) -> _Extent:
    """A session that came to an end, however bad, has said how far this tape file can be trusted: what is behind that
    is not read again for members."""
    if file.state == "open" or file.blocks >= extent.blocks:
        return extent
    archive = file.facts.skipped + file.blocks - file.facts.ahead
    places = [place for place in extent.places if place.content < archive]
    return _Extent(file.blocks, extent.stored if file.stored_blocks is None else file.stored_blocks, places)


def known_of(catalog: Catalog, file: BegunFile) -> Safe:
    """Return what the catalog tells of a tape file that needs no look at the tape: it has its end, or its cartridge is
    another one."""
    name = None
    if file.state not in DONE:
        for row in catalog.members_of(file):
            name = row[0]
    there = file.blocks > 0 or file.durable_blocks > file.facts.skipped
    return Safe(file, file.state, file.blocks, file.members, name, file.stored_blocks, file.frames or b"", there)


def _add(opened: OpenTapeFile, found: list[Member]) -> None:
    columns = MemberColumns()
    records = b"".join(member_record(member) for member in found)
    while records:
        taken, used = columns.convert(records[:ROOM])
        opened.add(MemberBatch(*taken))
        records = records[used:]
