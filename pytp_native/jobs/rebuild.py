# SPDX-License-Identifier: WTFPL OR MIT
"""Tell the catalog again what is on a cartridge, from its trailers alone: a few seeks, no member is read.

Only what no trailer tells of, because its session died, is read whole.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress

from pytp_native import mtio
from pytp_native.catalog.recording import OpenSession
from pytp_native.catalog.records import CartridgeFacts, Deletion, MemberBatch, SessionFacts, TapeFileFacts
from pytp_native.catalog.retelling import RetoldSession
from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import Interrupted, MediumError, NothingHere, VerifyFailed, WriteProtected
from pytp_native.jobs.agreement import check_identity
from pytp_native.jobs.cartridge import Found, earlier_trailers, identify, trailer_at
from pytp_native.jobs.events import Emit, JobReport, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import cartridge_facts
from pytp_native.jobs.parts import position_of
from pytp_native.jobs.untold import Untold
from pytp_native.stream.member_columns import ROOM, MemberColumns
from pytp_native.stream.member_index import read_records
from pytp_native.stream.record import seconds
from pytp_native.stream.trailer import Earlier, SavedFile, SessionRecord, TrailerReader


class Rebuild:
    """One cartridge, in the drive."""

    def __init__(self, drive: Drive, catalog: Catalog, emit: Emit, interrupt: Interrupt) -> None:
        self._drive = drive
        self._interrupt = interrupt
        self._catalog = catalog
        self._emit = emit
        self._columns = MemberColumns()
        self._told: set[int] = set()
        """Tape files that the trailers tell of, their own included."""
        self._ended: dict[int, int] = {}
        """When the session ended whose trailer is that tape file; seconds since 1970."""
        self._sessions: list[str] = []
        self._members = 0
        self._troubles = 0

    def run(self) -> JobReport:
        """Read all trailers; the tape is left at the end of data. Raises NothingHere for a blank cartridge, Refused for
        a copy of one that the catalog knows."""
        self._drive.prepare_anywhere()
        self._catalog.forget_drafts()
        found = identify(self._drive)
        if found.is_blank:
            raise NothingHere(self._drive.name, "the cartridge is blank", "load one that was written")
        end = self._end()
        trailers = earlier_trailers(self._drive, found.label)
        memory = read_memory(self._drive.address)
        check_identity(self._catalog, self._drive, found.label, memory)
        self._mine = cartridge_facts(found.label, memory)
        gone = self._catalog.strike_out(self._mine, end)
        if gone:
            fact = f"{gone} tape files that the catalog knew are not on it any more"
            self._emit(Notice("warning", "CATALOG", f"{self._drive.name}: {fact}"))
        for trailer in trailers:
            if self._interrupt.triggered:
                break
            self._read(trailer)
        if not self._interrupt.triggered:
            self._tell_untold(end, found)
        self._tell_gaps()
        mtio.end_of_data(self._drive.tape)
        return JobReport(
            command="catalog rebuild",
            exit_code=130 if self._interrupt.triggered else int(self._troubles > 0),
            device=self._drive.address,
            arguments=(),
            position=position_of(self._drive),
            message="interrupted; what was told stays" if self._interrupt.triggered else "",
            details={"sessions": self._sessions, "members": self._members},
        )

    def _end(self) -> int:
        """Go to the end of data and return how many tape files there are, a last one without filemark included."""
        try:
            self._drive.to_end_of_data()
        except WriteProtected:
            mtio.end_of_data(self._drive.tape)
            return (self._drive.where().file or 0) + 1
        return self._drive.where().file or 0

    def _read(self, trailer: Earlier) -> None:
        """Tell of one trailer; one that cannot be read is passed over."""
        session: RetoldSession | None = None
        if trailer.tape_file is None:
            return
        try:
            if self._is_cut_off(trailer.tape_file):
                return
            self._drive.go_to_file(trailer.tape_file)
            start = position_of(self._drive)
            with trailer_at(self._drive) as reader:
                differed = self._catalog.differed(reader.session.uuid)
                session, mine = self._begin(reader.session)
                unindexed = self._tell(reader, session)
            end = position_of(self._drive)
        except MediumError as error:
            if session is not None:
                session.give_up()
            self._trouble(str(error))
            return
        first = start.logical_block if start else None
        blocks = end.logical_block - first - 1 if end and end.logical_block and first is not None else 0
        facts = TapeFileFacts(
            trailer.tape_file, first, reader.session.block_bytes, kind="trailer", part=reader.session.part
        )
        session.begin_tape_file(mine, facts).end("saved", blocks, closed=True)
        session.owns(mine, trailer.tape_file)
        self._told.add(trailer.tape_file)
        self._ended[trailer.tape_file] = seconds(reader.session.ended)
        self._sessions.append(reader.session.uuid)
        read = [self._read_whole(reader.session, session, mine, saved, gone) for saved, gone in unindexed]
        whole = all(read)
        if whole and reader.session.part >= session.last_part():
            status = ("failed", VerifyFailed.exit_code) if differed else (reader.session.status, reader.session.exit)
            session.end(*status, ended=seconds(reader.session.ended))
        elif whole:
            session.settle()
        else:
            session.give_up()
        if differed:
            self._trouble(f"session of {reader.session.started}: what was read back after it was written differed")
        paths = ", ".join(saved.path for saved in reader.session.arguments)
        self._emit(Notice("info", "CATALOG", f"session of {reader.session.started}: {paths}"))

    def _is_cut_off(self, number: int) -> bool:
        """Look through the trailer of a full cartridge, before anything is forgotten for it: the next one's trailer has
        what did not fit here. MediumError where a block of another one cannot be read."""
        self._drive.go_to_file(number)
        may_continue = True
        try:
            with trailer_at(self._drive) as reader:
                may_continue = reader.session.continues
                if not may_continue:
                    return False
                for _indexed, stored in reader.indexes():
                    deque(read_records(stored, reader.subject), maxlen=0)
                return False
        except MediumError as error:
            if error.subject == self._drive.address or not may_continue:
                raise  # the drive's own words
            self._told.add(number)
            fact = f"the trailer in tape file {number} is cut off ({error.fact}); the next cartridge's has it all"
            self._emit(Notice("warning", "CATALOG", f"{self._drive.name}: {fact}"))
            return True

    def _begin(self, record: SessionRecord) -> tuple[RetoldSession, int]:
        """Begin to tell; return the session, and the cartridge in the drive."""
        facts = SessionFacts(
            record.uuid, seconds(record.started), record.level, job=record.job, label=record.label, hash=record.hash,
            host=record.host, software=record.software, origin="trailer",
        )  # fmt: skip
        return self._catalog.retell_session(facts, self._mine, part=record.part)

    def _tell(self, reader: TrailerReader, session: RetoldSession) -> list[tuple[SavedFile, list[Deletion]]]:
        """Tell of the tape files and their members; return those of which the trailer has no index."""
        record = reader.session
        if record.index_error:
            fact = f"session of {record.started}: its index is not complete ({record.index_error})"
            self._emit(Notice("warning", "CATALOG", f"{self._drive.name}: {fact}"))
        others = {saved.part for saved in record.arguments} - {record.part}
        lost = {part for part in others if self._catalog.is_lost(record.uuid, part)}
        session.also_tells_of(others - lost)
        listed = {(saved.part, saved.tape_file): saved for saved in record.arguments if saved.part not in lost}
        for indexed, stored in reader.indexes():
            saved = listed.pop((indexed.part, indexed.tape_file), None)
            if saved is None:
                continue
            cartridge = self._cartridge(session, record, saved)
            file = session.begin_tape_file(cartridge, _facts(record, saved))
            for records in read_records(stored, reader.subject):
                at = 0
                while at < len(records):
                    columns, used = self._columns.convert(records[at : at + ROOM])
                    file.add(MemberBatch(*columns))
                    at += used
            frames = reader.frames.get(saved.frames or "", b"")
            file.end(saved.status, saved.blocks, closed=True, stored=saved.stored_blocks, frames=frames)
            file.add_deletions(Deletion(*pair) for pair in reader.gone(saved.part, saved.tape_file))
            self._members += file.members
            if saved.part == record.part and saved.tape_file is not None:
                self._told.add(saved.tape_file)
                session.owns(cartridge, saved.tape_file)
        return [
            (saved, [Deletion(*pair) for pair in reader.gone(saved.part, saved.tape_file)]) for saved in listed.values()
        ]

    def _read_whole(
        self, record: SessionRecord, session: OpenSession, mine: int, saved: SavedFile, gone: list[Deletion]
    ) -> bool:
        """Read a tape file, for want of its index; tell whether all of it could be."""
        if saved.part != record.part or saved.tape_file is None:
            fact = "its index is missing, and it is on another cartridge"
            self._trouble(f"tape file {saved.tape_file} ({saved.path}): {fact}")
            return False
        text = f"tape file {saved.tape_file} ({saved.path}): the trailer has no index of it, so it is read"
        self._emit(Notice("info", "CATALOG", f"{self._drive.name}: {text}"))
        untold, right = Untold(self._drive, self._catalog, self._mine, self._interrupt), True
        try:
            for trouble in untold.read(session, mine, _facts(record, saved), record.hash, session=record.uuid):
                right = False
                self._trouble(trouble)
        except (MediumError, Interrupted) as error:
            right = False
            self._trouble(str(error))
        session.add_deletions(mine, saved.tape_file, gone)
        session.owns(mine, saved.tape_file)
        self._members += untold.members
        self._told.add(saved.tape_file)
        return right

    @staticmethod
    def _cartridge(session: OpenSession, record: SessionRecord, saved: SavedFile) -> int:
        """A trailer may tell of the cartridge before, which had no room for one."""
        volume = record.cartridges[saved.part - 1] if saved.part <= len(record.cartridges) else None
        if saved.part == record.part or volume is None or not (volume.uuid or volume.barcode):
            return session.last_cartridge
        return session.met_cartridge(CartridgeFacts(volume.uuid, volume.barcode))

    def _tell_untold(self, end: int, found: Found) -> None:
        """Read the tape files that no trailer tells of; on a tape without label, another program's, only name them."""
        first = 1 if found.label else 0
        missing = [number for number in range(first, end) if number not in self._told]
        missing = [number for number in missing if found.label is None or not self._catalog.is_told(self._mine, number)]
        if found.label is None:
            for number in missing:
                self._trouble(f"tape file {number}: no trailer tells what is in it; see it with pytp ls")
            return
        untold = Untold(self._drive, self._catalog, self._mine, self._interrupt)
        for numbers in _runs(missing):
            if self._interrupt.triggered:
                break
            many = f"tape files {numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"tape file {numbers[0]}"
            self._emit(Notice("info", "CATALOG", f"{self._drive.name}: {many}: no trailer tells of it, so it is read"))
            before = max((when for last, when in self._ended.items() if last < numbers[0]), default=None)
            with suppress(Interrupted):
                for trouble in untold.tell(found.label, numbers, before or seconds(found.label.created)):
                    self._trouble(trouble)
        self._members += untold.members
        self._sessions += untold.sessions

    def _tell_gaps(self) -> None:
        """Other cartridges may have to be told of, too."""
        for uuid in dict.fromkeys(self._sessions):
            for gap in self._catalog.gaps_of(uuid):
                self._emit(Notice("warning", "CATALOG", f"{self._drive.name}: {gap}"))

    def _trouble(self, text: str) -> None:
        self._troubles += 1
        self._emit(Notice("warning", "CATALOG", f"{self._drive.name}: {text}"))


def rebuild(drive: Drive, catalog: Catalog, emit: Emit, interrupt: Interrupt) -> JobReport:
    """Take over all sessions of the cartridge in the drive; exit 1 when some of it is told by no trailer."""
    return Rebuild(drive, catalog, emit, interrupt).run()


def _facts(record: SessionRecord, saved: SavedFile) -> TapeFileFacts:
    return TapeFileFacts(
        saved.tape_file, saved.first_block, record.block_bytes, os.fsencode(saved.path), os.fsencode(saved.name),
        part=saved.part, skipped=saved.skipped, ahead=saved.ahead, level=saved.level, based_on=saved.based_on,
        compression=saved.compression,
    )  # fmt: skip


def _runs(numbers: list[int]) -> list[list[int]]:
    """Cut into runs of numbers that follow each other: one dead session each, or several."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
