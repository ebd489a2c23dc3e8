# SPDX-License-Identifier: WTFPL OR MIT
"""Go on with a session that a crash, a power cut, an interrupt or a drive has ended: on its cartridge, behind what is
safe."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass

from pytp_native import mtio
from pytp_native.catalog.recording import OpenTapeFile
from pytp_native.catalog.records import BegunFile, MemberBatch, Unfinished
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import NothingHere, PytpError, Refused
from pytp_native.jobs.agreement import check_identity
from pytp_native.jobs.argument_file import ArgumentFile
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.backup import HASHES, OWN_RING
from pytp_native.jobs.cartridge import (
    check_agreement,
    check_block_bytes,
    earlier_trailers,
    identify,
    identity_of,
    trailer_here,
)
from pytp_native.jobs.events import Emit, JobReport, Notice
from pytp_native.jobs.frame import About, Begun, Frame, Place
from pytp_native.jobs.frontier import FLUSH_BYTES
from pytp_native.jobs.intent import Intent, intent_of
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import Ledger, Told, is_alive
from pytp_native.jobs.members import MemberLog
from pytp_native.jobs.probe import Probe
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.session import Session, Span
from pytp_native.jobs.spanning import Terms
from pytp_native.jobs.supply import Supply
from pytp_native.light import NamedTuple
from pytp_native.stream.label import Label
from pytp_native.stream.member_columns import ROOM, MemberColumns
from pytp_native.stream.memory import available_bytes, ring_bytes
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.pack import Member, member_record
from pytp_native.stream.ring import Ring
from pytp_native.stream.scan import Scan
from pytp_native.stream.trailer import SavedFile, SessionRecord, Volume

_DONE = {"saved", "partial"}


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """How to go on; what is saved says the session."""

    volume: str | None = None
    library_barcode: str | None = None
    memory_bytes: int | None = None
    flush_bytes: int = FLUSH_BYTES


class Safe(NamedTuple):
    """A tape file of the session that is on tape, and its members."""

    file: BegunFile
    state: str
    blocks: int
    """Of this cartridge, those ahead included."""
    members: int
    last: bytes | None
    """Name of the last complete member."""


class Way(NamedTuple):
    """How a session goes on and ends."""

    interrupt: Interrupt
    supply: Supply | None


def resume(
    drive: Drive,
    request: ResumeRequest,
    catalog: Catalog,
    emit: Emit,
    interrupt: Interrupt,
    *,
    supply: Supply | None = None,
) -> JobReport:
    """Repair the end of the tape, tell what is safe, and save the rest behind it under the same session.

    Raises NothingHere where no session on this cartridge waits for it, Refused where tape, cartridge and catalog do not
    agree, and for a session that still runs.
    """
    return _Resume(drive, request, catalog, emit).run(interrupt, supply)


class _Resume:
    """One resumed session."""

    def __init__(self, drive: Drive, request: ResumeRequest, catalog: Catalog, emit: Emit) -> None:
        self._drive = drive
        self._request = request
        self._catalog = catalog
        self._emit = emit

    def run(self, interrupt: Interrupt, supply: Supply | None) -> JobReport:
        drive = self._drive
        drive.prepare()
        label = self._label()
        session = self._session(label)
        plan = intent_of(session.plan, self._catalog.path)
        end, trailer = self._repair(label, session)
        if trailer is not None and trailer.status in {"complete", "partial"}:
            return self._finish(session, interrupt)
        if plan.hw_compression is not None:
            drive.set_compression(plan.hw_compression)
        safe = [self._settle(file, label, session, end) for file in session.files]
        self._list(safe)
        place = Place(label, earlier=earlier_trailers(drive))
        return self._go_on(session, plan, place, safe, Way(interrupt, supply))

    # -- what is there -----------------------------------------------------------------------------------------------

    def _label(self) -> Label:
        known = identity_of(self._drive, self._request.volume, self._request.library_barcode)
        found = identify(self._drive)
        if found.label is None:
            fact = found.foreign or "the cartridge is blank"
            raise Refused(self._drive.name, f"{fact}: no session on it can be resumed", "load the one it was writing")
        check_agreement(self._drive, found.label, known)
        check_block_bytes(self._drive, found.label)
        check_identity(self._catalog, self._drive, found.label, known.memory)
        return found.label

    def _session(self, label: Label) -> Unfinished:
        session = self._catalog.unfinished(label.uuid)
        if session is None:
            fact = f"no session on cartridge {label.barcode} waits to be resumed"
            raise NothingHere(self._drive.name, fact, "see pytp sessions")
        if session.state == "open" and session.host == platform.node() and session.pid and is_alive(session.pid):
            raise Refused(self._drive.name, f"that session still runs (process {session.pid})", "let it end")
        if session.overtaken:
            fact = f"another session was written behind the one of {label.barcode} that was interrupted"
            raise Refused(self._drive.name, fact, "back up again what is missing")
        if any(file.facts.level != "full" for file in session.files):
            fact = "that session is incremental, and what it had not saved is found again by the next one"
            raise Refused(self._drive.name, fact, "back up again with --incremental")
        if any(file.facts.compression for file in session.files):
            fact = "that session is compressed, and such a one cannot be gone on with"
            raise Refused(self._drive.name, fact, "what is safe stays; back up again what is missing")
        if session.files[-1].cartridge_uuid != label.uuid:
            fact = f"the session went on on cartridge {session.files[-1].barcode}; this is {label.barcode}"
            raise Refused(self._drive.name, fact, f"load {session.files[-1].barcode}")
        return session

    def _repair(self, label: Label, session: Unfinished) -> tuple[int, SessionRecord | None]:
        """Go to the end of data, supply its filemark, and compare with what the catalog knows to be there.

        Return the number of the next tape file, and the session's own trailer, if that is the last one.
        """
        drive = self._drive
        if drive.to_end_of_data():
            self._emit(
                Notice("warning", "TAPE", f"{drive.address}: the last tape file had no filemark; one was written")
            )
        end = drive.where().file or 0
        for file in session.files:
            short = file.facts.number is not None and file.facts.number >= end
            if file.cartridge_uuid == label.uuid and short and file.durable_blocks > file.facts.skipped:
                fact = f"the catalog knows tape file {file.facts.number} of cartridge {label.barcode}"
                raise Refused(drive.name, f"{fact}, but the tape ends at file {end}", "pytp catalog rebuild")
        trailer = None
        if end:
            with suppress(PytpError):  # one that was cut off is passed
                drive.go_to_file(end - 1)
                trailer = trailer_here(drive)
            drive.go_to_file(end)
        return end, trailer if trailer is not None and trailer.uuid == session.uuid else None

    # -- what is safe ------------------------------------------------------------------------------------------------

    def _settle(self, file: BegunFile, label: Label, session: Unfinished, end: int) -> Safe:
        """Make the catalog say of a tape file what the tape holds, and read what the catalog does not know of it."""
        facts = file.facts
        if file.state in {*_DONE, "continues"} or file.cartridge_uuid != label.uuid:
            last = None if file.state in _DONE else self._last_name(file)
            return Safe(file, file.state, file.blocks, file.members, last)
        if facts.number is None or facts.first_block is None or facts.number >= end:
            self._catalog.reopen(file).end("interrupted", 0, closed=False)
            return Safe(file, "interrupted", 0, 0, None)
        self._drive.go_to_file(facts.number)
        if not self._is_data():
            self._catalog.reopen(file).end("interrupted", 0, closed=False)
            return Safe(file, "interrupted", 0, 0, None)
        self._drive.go_to_file(facts.number)
        blocks = self._length(facts.first_block)
        limit = (facts.skipped + blocks - facts.ahead) * facts.block_bytes
        known, last, count = facts.skipped * facts.block_bytes, None, 0
        for row in self._catalog.members_of(file):
            member = Member._make(row)
            behind = member.block * facts.block_bytes + member.offset + member.stored_bytes
            if behind > limit:
                break
            known, last, count = max(known, behind), member.name, count + 1
        found, ended = self._read_on(file, known, session) if known < limit else ([], False)
        opened = self._catalog.reopen(file)
        opened.end("open", blocks, closed=True)  # forgets the rows behind what the tape holds
        self._add(opened, found)
        state = "saved" if ended else "interrupted"
        opened.end(state, blocks, closed=True)
        self._drive.go_to_file(end)
        return Safe(file, state, blocks, count + len(found), found[-1].name if found else last)

    def _is_data(self) -> bool:
        """Tell whether this tape file is none of pytp's own: where nothing of an argument got onto the tape, the
        session's trailer has its number."""
        with closing(self._drive.blocks()) as blocks:
            return find_mark(next(blocks, b"")) is None

    def _last_name(self, file: BegunFile) -> bytes | None:
        name = None
        for row in self._catalog.members_of(file):
            name = row[0]
        return name

    def _length(self, first_block: int) -> int:
        """Blocks of the tape file at whose start the tape stands."""
        mtio.forward_filemarks(self._drive.tape, 1)
        return self._drive.tape.position() - first_block - 1

    def _read_on(self, file: BegunFile, known: int, session: Unfinished) -> tuple[list[Member], bool]:
        """Read the members from byte `known` of the archive on, and whether the archive ends here."""
        facts = file.facts
        block, offset = divmod(known, facts.block_bytes)
        drive = self._drive
        drive.go_to_file(facts.number or 0)
        here = block - facts.skipped + facts.ahead
        if here:
            mtio.forward_records(drive.tape, here)
        found: list[Member] = []
        with closing(drive.blocks()) as blocks:
            scan = Scan(_some(blocks), facts.block_bytes, block=block, offset=offset, hash_kind=HASHES[session.hash])
            found.extend(scan.members())
        return found, scan.ended

    @staticmethod
    def _add(opened: OpenTapeFile, found: list[Member]) -> None:
        columns = MemberColumns()
        records = b"".join(member_record(member) for member in found)
        while records:
            taken, used = columns.convert(records[:ROOM])
            opened.add(MemberBatch(*taken))
            records = records[used:]

    def _list(self, safe: list[Safe]) -> None:
        for one in safe:
            path = os.fsdecode(one.file.facts.path)
            what = "all of it" if one.state in _DONE else f"{one.members} members"
            where = f"tape file {one.file.facts.number} of {one.file.barcode or 'the cartridge'}"
            self._emit(Notice("info", "TAPE", f"safe: {path}: {what} ({where})"))

    # -- and on ------------------------------------------------------------------------------------------------------

    def _finish(self, session: Unfinished, interrupt: Interrupt) -> JobReport:
        """All was on tape, its trailer too: only the catalog did not know, and takes it from there."""
        report = rebuild(self._drive, self._catalog, self._emit, interrupt)
        details: dict[str, object] = {"session": session.uuid, "safe": []}
        return report._replace(command="resume", details=details)

    def _go_on(self, session: Unfinished, plan: Intent, place: Place, safe: list[Safe], way: Way) -> JobReport:
        drive, request = self._drive, self._request
        ring = Ring(drive.block_bytes, ring_bytes(request.memory_bytes, available_bytes()))
        ring.stay_hot()
        volumes = _volumes(session)
        with ExitStack() as stack:
            log = stack.enter_context(MemberLog())
            about = Told(session.hash, session.job, session.label, request.library_barcode)
            ledger = Ledger(self._catalog, drive, log, self._emit, about)
            ledger.begin_at(len(volumes))
            writer = ArgumentFile(
                drive, ring, log, way.interrupt, hash_kind=HASHES[session.hash], exclude=plan.exclude,
                one_file_system=plan.one_file_system, ledger=ledger, flush_bytes=request.flush_bytes,
            )  # fmt: skip
            stack.callback(writer.close)
            frame = Frame(
                drive, Ring(drive.block_bytes, OWN_RING), place, self._emit,
                About(session.hash, session.job, session.label),
                before=Begun(session.uuid, session.started, volumes[:-1]),
            )  # fmt: skip
            for one in safe:
                if one.blocks and one.file.facts.part == len(volumes):
                    self._recall(frame, one)
            span = (
                None
                if way.supply is None
                else Span(way.supply, Terms(plan.hw_compression, plan.pool, plan.append_foreign))
            )
            probe = Probe(drive, HASHES[session.hash])
            job = Session(drive, writer, self._emit, way.interrupt, frame=frame, span=span, ledger=ledger, probe=probe)
            stack.callback(job.close)
            report = job.run(_left(plan, safe))
        return _as_resume(report, safe)

    def _recall(self, frame: Frame, one: Safe) -> None:
        facts = one.file.facts
        with tempfile.TemporaryFile() as records:
            for row in self._catalog.members_of(one.file):
                records.write(member_record(Member._make(row)))
            records.seek(0)
            frame.recall(_saved(one), records, facts.skipped + one.blocks - facts.ahead)


def _some(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks up to the filemark; none where there are none."""
    try:
        yield from blocks
    except NothingHere:
        return


def _left(plan: Intent, safe: list[Safe]) -> tuple[Argument, ...]:
    """What is still to be saved, and from where on."""
    latest = {one.file.facts.path: one for one in safe}
    names: dict[bytes, bytes] = {one.file.facts.path: one.last for one in safe if one.last is not None}
    left = []
    for argument in plan.arguments:
        one = latest.get(argument.path)
        if one is None or one.state not in _DONE:
            left.append(argument._replace(after=names.get(argument.path)))
    return tuple(left)


def _saved(one: Safe) -> SavedFile:
    facts = one.file.facts
    return SavedFile(
        os.fsdecode(facts.path), os.fsdecode(facts.name), one.state, facts.number, facts.first_block, one.blocks,
        one.members, (), facts.part, facts.skipped, facts.ahead,
    )  # fmt: skip


def _volumes(session: Unfinished) -> tuple[Volume, ...]:
    parts = {file.facts.part: Volume(file.cartridge_uuid, file.barcode) for file in session.files}
    return tuple(parts.get(part, Volume(None, None)) for part in range(1, max(parts) + 1))


def _as_resume(report: JobReport, safe: list[Safe]) -> JobReport:
    told = [
        {"path": os.fsdecode(one.file.facts.path), "tape_file": one.file.facts.number, "members": one.members,
         "blocks": one.blocks, "status": one.state, "cartridge": one.file.barcode}
        for one in safe
    ]  # fmt: skip
    return report._replace(command="resume", details={**report.details, "safe": told})
