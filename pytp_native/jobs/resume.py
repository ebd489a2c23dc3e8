# SPDX-License-Identifier: WTFPL OR MIT
"""Go on with a session that a crash, a power cut, an interrupt, a drive or a full cartridge has ended: behind what is
safe, or on the next cartridge."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack, suppress

from pytp_native.catalog.chain import Step
from pytp_native.catalog.records import Unfinished
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import MediumError, NothingHere, NotReady, PytpError, Refused, UsageError
from pytp_native.jobs.agreement import check_identity, check_length, check_loss
from pytp_native.jobs.argument_file import ArgumentFile
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.backup import HASHES, OWN_RING, BackupRequest, share_memory
from pytp_native.jobs.cartridge import (
    Found,
    Identity,
    check_agreement,
    check_block_bytes,
    check_name,
    earlier_trailers,
    fresh_label,
    identify,
    identity_of,
    leave_room,
    trailer_at,
)
from pytp_native.jobs.events import Emit, JobReport, Notice, Part
from pytp_native.jobs.frame import About, Begun, Cut, Frame, Place
from pytp_native.jobs.frontier import FLUSH_BYTES
from pytp_native.jobs.history import Histories
from pytp_native.jobs.intent import Intent, intent_of
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import Ledger, Told, cartridge_facts
from pytp_native.jobs.members import MemberLog
from pytp_native.jobs.probe import Probe
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.safe import DONE, Safe, Settling, known_of
from pytp_native.jobs.session import Resumed, Session, Span
from pytp_native.jobs.spanning import Terms
from pytp_native.jobs.supply import Supply
from pytp_native.light import NamedTuple
from pytp_native.stream.cut_member import Rest, rest_of
from pytp_native.stream.label import Label
from pytp_native.stream.pack import Member, member_record
from pytp_native.stream.ring import Ring
from pytp_native.stream.trailer import SavedFile, SessionRecord, Volume

_LEVEL = 3
"""Of a compressed session whose plan does not tell."""


class ResumeRequest(NamedTuple):
    """How to go on; what is saved says the session."""

    volume: str | None = None
    library_barcode: str | None = None
    memory_bytes: int | None = None
    flush_bytes: int = FLUSH_BYTES
    library_is_silent: bool = False
    """There is a library, and it did not say its barcode."""


class Way(NamedTuple):
    """How a session goes on and ends."""

    interrupt: Interrupt
    supply: Supply | None


class Spot(NamedTuple):
    """Where it goes on."""

    place: Place
    before: tuple[Volume, ...]
    """Its cartridges before the one in the drive."""
    resumed: Resumed


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
        way = Way(interrupt, supply)
        try:
            found, known = self._look(self._request.library_barcode)
        except NotReady as empty:
            session = self._latest()
            if session is None:
                raise
            return self._on_fetched(session, empty, way)
        session = None if found.label is None else self._catalog.unfinished(found.label.uuid)
        if found.label is None or session is None:
            return self._on_another(found, known, way)
        last = session.files[-1]
        if last.cartridge_uuid != found.label.uuid:
            self._check_idle(session)
            fact = f"the session went on on cartridge {last.barcode}; this is {found.label.barcode}"
            return self._on_fetched(session, Refused(self._drive.name, fact, f"load {last.barcode}"), way)
        return self._on_its_own(session, found.label, known, way)

    def _look(self, library_barcode: str | None) -> tuple[Found, Identity]:
        """Make the drive ready and see what is in it. NotReady where nothing is."""
        self._drive.prepare_anywhere()
        silent = self._request.library_is_silent
        known = identity_of(self._drive, self._request.volume, library_barcode, is_silent=silent)
        leave_room(self._drive, known)
        return identify(self._drive), known

    def _latest(self, *, full: bool = False) -> Unfinished | None:
        """The session that waits, whatever the drive holds: the latest that nobody writes and that later ones have not
        made up for, one that can still go on before one behind which others were written. `full`: that filled its
        cartridge. Refused where all of them run."""
        waiting = [one for one in self._catalog.waiting() if self._lacks(one) and (_is_full(one) or not full)]
        idle = [session for session in waiting if not self._catalog.is_running(session)]
        if waiting and not idle and not full:
            self._check_idle(waiting[0])
        return min(idle, key=lambda session: session.overtaken and not _is_full(session), default=None)

    def _lacks(self, session: Unfinished) -> bool:
        """Tell whether anything of it has not been saved by another session since."""
        plan = intent_of(session.plan, self._catalog.path)
        done = {file.facts.path for file in session.files if file.state in DONE}
        left = {argument.path for argument in plan.arguments} - done
        return bool((left or done) - self._catalog.saved_since(session))

    def _on_its_own(self, session: Unfinished, label: Label, known: Identity, way: Way) -> JobReport:
        """Its own cartridge is in the drive."""
        drive = self._drive
        self._check(session, label, known)
        plan = intent_of(session.plan, self._catalog.path)
        try:
            end, trailer = self._repair(label, session)
        except MediumError as error:
            return self._on_bad(session, plan, label, error, way)
        if trailer is not None and trailer.status in {"complete", "partial"}:
            return self._finish(session, way.interrupt)
        settling = Settling(drive, self._catalog, HASHES[session.hash], session.started, end, interrupt=way.interrupt)
        safe = [
            settling.settle(file) if file.cartridge_uuid == label.uuid else known_of(self._catalog, file)
            for file in session.files
        ]
        place = Place(label, earlier=earlier_trailers(drive, label, self._catalog))
        is_full = _is_full(session) and bool(_left(plan, safe))
        resumed = Resumed(is_full, trailer is not None and trailer.status == "full")
        return self._go_on(session, plan, Spot(place, _volumes(session)[:-1], resumed), safe, way)

    def _on_bad(self, session: Unfinished, plan: Intent, label: Label, error: MediumError, way: Way) -> JobReport:
        """Its own cartridge is in the drive, and takes no filemark behind what is there: go on on another one."""
        self._emit(Notice("error", "TAPE", f"{error}; nothing more is written on cartridge {label.barcode}"))
        safe = [known_of(self._catalog, file) for file in session.files]
        spot = Spot(Place(label), _volumes(session)[:-1], Resumed(is_full=True, is_bad=True))
        return self._go_on(session, plan, spot, safe, way)

    def _on_another(self, found: Found, known: Identity, way: Way) -> JobReport:
        """No session waits on the cartridge in the drive: perhaps one waits for it, its own being full; else its own
        is fetched."""
        drive, label = self._drive, found.label
        here = f"cartridge {label.barcode}" if label else found.foreign or "a blank cartridge"
        session = (self._latest(full=True) if found.is_blank or known.volume else None) or self._latest()
        if session is None and label is not None:
            fact = f"no session on cartridge {label.barcode} waits to be resumed"
            raise NothingHere(drive.name, fact, "see pytp sessions")
        if session is None:
            fact = found.foreign or "the cartridge is blank"
            raise NothingHere(drive.name, f"{fact}, and no session waits to be resumed", "see pytp sessions")
        last = session.files[-1].barcode or "without a barcode"
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(session.started))
        if not _is_full(session):
            fact = f"the session of {when} waits on cartridge {last}, and this is {here}"
            return self._on_fetched(session, Refused(drive.name, fact, f"load {last}"), way)
        place = self._next(found, known)
        if place is None:
            fact = f"the session of {when} filled cartridge {last} and waits for a blank one; this is {here}"
            refusal = Refused(drive.name, fact, "load a blank one, or name this one: --volume BARCODE")
            return self._on_fetched(session, refusal, way)
        plan = intent_of(session.plan, self._catalog.path)
        safe = [known_of(self._catalog, file) for file in session.files]
        return self._go_on(session, plan, Spot(place, _volumes(session), Resumed()), safe, way)

    def _on_fetched(self, session: Unfinished, refusal: PytpError, way: Way) -> JobReport:
        """Have the cartridge of the session brought, and go on there; raise `refusal` where it cannot be had, or where
        --volume says that another one is meant."""
        drive, last = self._drive, session.files[-1]
        named = self._request.volume in {None, last.barcode}
        if way.supply is None or last.barcode is None or not named or not way.supply.fetch(drive, last.barcode):
            raise refusal
        self._emit(Notice("info", "LIBRARY", f"{drive.name}: cartridge {last.barcode} was loaded"))
        found, known = self._look(None)
        if found.label is None or found.label.uuid != last.cartridge_uuid:
            what = f"labelled {found.label.barcode}" if found.label else found.foreign or "blank"
            fact = f"cartridge {last.barcode} was loaded, but it is {what}, not the one the session was writing"
            raise Refused(drive.name, fact, "see pytp tapes")
        return self._on_its_own(session, found.label, known, way)

    def _next(self, found: Found, known: Identity) -> Place | None:
        """The cartridge in the drive as the next one: it is blank, has only its label, or was named."""
        drive, label = self._drive, found.label
        if found.is_blank:
            check_name(drive, known)
            facts = cartridge_facts(None, known.memory, known.library_barcode or known.volume)
            check_loss(self._catalog, drive, facts, 0, confirm=None, emit=self._emit)
            drive.rewind()
            return Place(fresh_label(drive, known, None), fresh=True)
        if label is None:
            return None
        check_agreement(drive, label, known)
        check_block_bytes(drive, label)
        check_identity(self._catalog, drive, label, known.memory)
        drive.to_end_of_data()
        if drive.where().file != 1 and known.volume is None:
            return None
        return Place(label, earlier=earlier_trailers(drive, label, self._catalog))

    # -- what is there -----------------------------------------------------------------------------------------------

    def _check(self, session: Unfinished, label: Label, known: Identity) -> None:
        drive = self._drive
        check_agreement(drive, label, known)
        check_block_bytes(drive, label)
        check_identity(self._catalog, drive, label, known.memory)
        self._check_idle(session)
        if session.overtaken and not _is_full(session):
            fact = f"another session was written behind the one of {label.barcode} that was interrupted"
            raise Refused(drive.name, fact, "back up again what is missing")

    def _check_idle(self, session: Unfinished) -> None:
        if self._catalog.is_running(session):
            raise Refused(self._drive.name, f"that session still runs (process {session.pid})", "let it end")

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
        check_length(self._catalog, drive, label)
        trailer = None
        if end:
            with suppress(PytpError):  # one that was cut off is passed
                drive.go_to_file(end - 1)
                trailer = _whole_trailer(drive)
            drive.go_to_file(end)
        return end, trailer if trailer is not None and trailer.uuid == session.uuid else None

    # -- and on ------------------------------------------------------------------------------------------------------

    def _list(self, safe: list[Safe]) -> None:
        for one in safe:
            path = os.fsdecode(one.file.facts.path)
            what = "all of it" if one.state in DONE else f"{one.members} members"
            where = f"tape file {one.file.facts.number} of {one.file.barcode or 'the cartridge'}"
            self._emit(Notice("info", "TAPE", f"safe: {path}: {what} ({where})"))

    def _finish(self, session: Unfinished, interrupt: Interrupt) -> JobReport:
        """All was on tape, its trailer too: only the catalog did not know, and takes it from there."""
        report = rebuild(self._drive, self._catalog, self._emit, interrupt)
        details: dict[str, object] = {"session": session.uuid, "safe": []}
        return report._replace(command="resume", details=details)

    def _go_on(self, session: Unfinished, plan: Intent, spot: Spot, safe: list[Safe], way: Way) -> JobReport:
        drive, request = self._drive, self._request
        left = self._left(session, plan, safe)
        self._list(safe)
        if plan.hw_compression is not None:
            drive.set_compression(plan.hw_compression)
        compressed = any(file.facts.compression for file in session.files)
        asked = BackupRequest(
            (), memory_bytes=request.memory_bytes, zstd_level=plan.zstd_level or (_LEVEL if compressed else None)
        )
        ring, compression = share_memory(drive, asked)
        part = len(spot.before) + 1
        with ExitStack() as stack:
            log = stack.enter_context(MemberLog())
            about = Told(session.hash, session.job, session.label, request.library_barcode, kind=session.kind)
            ledger = Ledger(self._catalog, drive, log, self._emit, about)
            ledger.begin_at(part)
            writer = ArgumentFile(
                drive, ring, log, way.interrupt, hash_kind=HASHES[session.hash], exclude=plan.exclude,
                one_file_system=plan.one_file_system, ledger=ledger, flush_bytes=request.flush_bytes,
                compression=compression,
            )  # fmt: skip
            stack.callback(writer.close)
            frame = Frame(
                drive, Ring(drive.block_bytes, OWN_RING), spot.place, self._emit,
                About(session.hash, session.job, session.label, session.kind),
                before=Begun(session.uuid, session.started, spot.before), cut=_cut(left, safe),
            )  # fmt: skip
            for one in safe:
                if one.is_there and (one.file.facts.part == part or one.file.facts.part not in session.trailers):
                    self._recall(frame, one)
            terms = Terms(plan.hw_compression, plan.pool, plan.append_foreign, self._catalog)
            job = Session(
                drive, writer, self._emit, way.interrupt, frame=frame, ledger=ledger,
                resumed=spot.resumed._replace(cut=_cut(left, safe)),
                span=None if way.supply is None else Span(way.supply, terms),
                probe=Probe(drive, HASHES[session.hash]) if plan.probe else None,
                histories=self._histories(session),
            )  # fmt: skip
            stack.callback(job.close)
            report = job.run(left)
        return _as_resume(report, safe)

    def _histories(self, session: Unfinished) -> Histories | None:
        """What is on tape of this session is not saved again, and is no base for it either."""
        if session.kind == "full":
            return None
        files: dict[bytes, tuple[int, ...]] = {}
        for file in session.files:
            if file.facts.level != "full":
                files[file.facts.path] = (*files.get(file.facts.path, ()), file.id)
        mine = Step(session.uuid, session.started, session.kind, ())
        return Histories(self._catalog, session.job, session.kind, self._emit, mine=mine, files=files)

    def _left(self, session: Unfinished, plan: Intent, safe: list[Safe]) -> tuple[Argument, ...]:
        """What is still to be saved. UsageError where its source is gone, Refused where its base is: nothing is
        written."""
        left = _left(plan, safe)
        for argument in left:
            if not os.path.lexists(argument.path):
                fact = "no such file or directory, and not all of it is on tape yet; nothing was written"
                raise UsageError(os.fsdecode(argument.path), fact, "mount it or put it back, then resume")
        for one in safe:
            facts = one.file.facts
            if facts.based_on is None:
                continue
            full = session.kind == "differential"
            base = self._catalog.base(session.job, facts.path, facts.name, full=full, until=session.started)
            if base is None or base.missing is not None or base.steps[-1].session != facts.based_on:
                fact = f"the catalog does not know session {facts.based_on}, on which what is on tape is based"
                raise Refused(os.fsdecode(facts.path), fact, "back up again with --incremental")
        return left

    def _problems(self, one: Safe) -> tuple[tuple[str, str], ...]:
        """What could not be saved then, as far as it is not tried again now."""
        facts = one.file.facts
        last = None if one.state in DONE or one.last is None else _order(one.last)
        told = []
        for path, reason in self._catalog.problems_of(one.file):
            if last is None or _order(facts.name + path[len(facts.path) :]) <= last:
                told.append((os.fsdecode(path), reason))
                self._emit(Notice("warning", "SOURCE", f"{os.fsdecode(path)}: {reason}"))
        return tuple(told)

    def _recall(self, frame: Frame, one: Safe) -> None:
        facts = one.file.facts
        with tempfile.TemporaryFile() as records:
            for row in self._catalog.members_of(one.file):
                records.write(member_record(Member._make(row)))
            records.seek(0)
            frame.recall(
                _saved(one, self._problems(one)), records, facts.skipped + one.blocks - facts.ahead,
                frames=one.frames if facts.compression else None, gone=self._catalog.deletions_of(one.file),
            )  # fmt: skip


def _whole_trailer(drive: Drive) -> SessionRecord:
    """Read the trailer at the head to its end: a power cut may have left its beginning only. MediumError."""
    with trailer_at(drive) as reader:
        for _indexed, stored in reader.indexes():
            for _piece in stored:
                pass
    return reader.session


def _is_full(session: Unfinished) -> bool:
    """Tell whether the last of its cartridges has no room for more."""
    last = session.files[-1]
    return session.state == "full" or last.state == "continues" or last.is_full


def _left(plan: Intent, safe: list[Safe]) -> tuple[Argument, ...]:
    """What is still to be saved, and from where on. The last tape file with changes may have died in front of its
    deletions: it is looked at again."""
    latest = {one.file.facts.path: one for one in safe}
    names: dict[bytes, bytes] = {one.file.facts.path: one.last for one in safe if one.last is not None}
    left = []
    for argument in plan.arguments:
        one = latest.get(argument.path)
        changes = one is not None and one.file.facts.level != "full"
        if one is None or one.state not in DONE or (changes and one is safe[-1]):
            rest = None if changes else _rest(argument, safe)
            left.append(argument._replace(after=None if changes or rest else names.get(argument.path), rest=rest))
    return tuple(left)


def _cut_file(argument: Argument, safe: list[Safe]) -> Safe | None:
    """The tape file that the argument was on last, if it goes on on another cartridge and nothing of that is there."""
    mine = [one for one in safe if one.file.facts.path == argument.path and one.is_there]
    return mine[-1] if mine and mine[-1].state == "continues" else None


def _rest(argument: Argument, safe: list[Safe]) -> Rest | None:
    """Where an argument goes on inside a member, if that is on disk as it was."""
    one = _cut_file(argument, safe)
    rest = rest_of(one.file.rest) if one is not None and one.file.rest is not None else None
    if one is None or rest is None or rest.cut is None:
        return None
    path = argument.path + rest.cut.name[len(argument.name) :]
    facts = one.file.facts
    fits = rest.block == facts.skipped + one.blocks - facts.ahead and rest.is_inside(facts.block_bytes)
    return rest if fits and rest.cut.is_still(path, follow=path == argument.path) else None


def _cut(left: tuple[Argument, ...], safe: list[Safe]) -> Cut | None:
    """What goes on on the cartridge that is written now."""
    one = _cut_file(left[0], safe) if left and left[0].rest is not None else None
    if one is None:
        return None
    facts = one.file.facts
    part = Part(
        one.file.barcode, facts.number, facts.first_block, one.blocks - facts.ahead, facts.skipped, facts.ahead,
        one.stored, one.frames,
    )  # fmt: skip
    return Cut(left[0], part, Volume(one.file.cartridge_uuid, one.file.barcode))


def _order(name: bytes) -> bytes:
    """Names as they follow each other in an archive."""
    return name.replace(b"/", b"\0")


def _saved(one: Safe, errors: tuple[tuple[str, str], ...]) -> SavedFile:
    facts = one.file.facts
    return SavedFile(
        os.fsdecode(facts.path), os.fsdecode(facts.name), one.state, facts.number, facts.first_block, one.blocks,
        one.members, errors, facts.part, facts.skipped, facts.ahead, one.state == "continues", facts.level,
        facts.based_on, facts.compression, one.stored,
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
