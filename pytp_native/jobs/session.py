# SPDX-License-Identifier: WTFPL OR MIT
"""One run over all arguments: their order on tape, who is told of what is on it, and the report."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import suppress

from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, Interrupted, PytpError, VerifyFailed
from pytp_native.jobs.argument_file import ArgumentFile, Written, limits_of
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.cleaning_break import CleaningBreak
from pytp_native.jobs.events import ArgumentReport, Emit, JobReport, Notice, Part, joined
from pytp_native.jobs.failure import failure_object, staged
from pytp_native.jobs.frame import Cut, Frame
from pytp_native.jobs.frontier import TapeMoved
from pytp_native.jobs.history import Histories, History
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import Ledger
from pytp_native.jobs.members import MemberList
from pytp_native.jobs.outcome import is_bad_place
from pytp_native.jobs.parts import position_of
from pytp_native.jobs.probe import Probe
from pytp_native.jobs.spanning import Terms, next_place
from pytp_native.jobs.supply import Supply
from pytp_native.light import NamedTuple
from pytp_native.stream.known import Known


class Span(NamedTuple):
    """What a session needs to go on on another cartridge."""

    supply: Supply
    terms: Terms


class Resumed(NamedTuple):
    """How the session was found that is resumed."""

    is_full: bool = False
    """The cartridge in the drive: it goes on on another one."""
    has_trailer: bool = False
    """Of this session, that cartridge."""
    is_bad: bool = False
    """Nothing can be written behind what is on it."""
    cut: Cut | None = None
    """What goes on on that other one."""


class Session:
    """One run; `frame` writes label and trailer (None: a bare session), `members` is the list the user asked for."""

    def __init__(
        self,
        drive: Drive,
        writer: ArgumentFile,
        emit: Emit,
        interrupt: Interrupt,
        *,
        frame: Frame | None = None,
        span: Span | None = None,
        members: MemberList | None = None,
        ledger: Ledger | None = None,
        probe: Probe | None = None,
        histories: Histories | None = None,
        resumed: Resumed | None = None,
        cleaning: CleaningBreak | None = None,
    ) -> None:
        self._drive = drive
        self._cleaning = cleaning
        self._probe = probe
        self._writer = writer
        self._emit = emit
        self._interrupt = interrupt
        self._frame = frame
        self._span = span if frame is not None else None
        self._members = members
        self._ledger = ledger
        self._histories = histories
        self._resumed = resumed
        self._begun = False
        self._failure: PytpError | None = None
        self._locked = False
        self._index_error = ""
        """Why a trailer has no whole index."""
        self._can_go_on = True
        """The drive has done all that it was asked to, and the trailer of this cartridge is not written yet."""
        self._cut: Cut | None = None
        """How far the argument that is being written has come on full cartridges."""
        self._log_start = 0
        """How much of the member log is in trailers."""
        self._waiting: tuple[Argument, ...] = ()
        """Not begun yet."""
        self._bad_in_a_row = 0
        """Cartridges that were left at a bad place, with none between them that was filled: two blame the drive."""
        self._bad_cartridges: list[str] = []

    def run(self, arguments: tuple[Argument, ...]) -> JobReport:
        sizes = [argument.file_bytes for argument in arguments]
        self._writer.total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        if self._histories is None or self._resumed is not None:
            self._begin()
        if self._resumed is not None and self._resumed.is_full:
            self._waiting = arguments
            self._leave_full(self._resumed)
        reports = []
        for number, argument in enumerate(arguments, 1):
            self._waiting = arguments[number:]
            reports.append(self._save(argument))
        self._end(reports)
        reports = self._probed(reports)
        list_error = self._list_error()
        if list_error:
            self._emit(Notice("warning", "SOURCE", f"member list: {list_error}; the tape is not affected"))
        if self._log_error() and self._ledger is not None:
            self._ledger.lost = True
        incomplete = self._index_error or (list_error and self._members)
        recalled = self._frame is not None and self._frame.has_problems
        problems = any(report.errors for report in reports) or incomplete or recalled
        exit_code = self._failure.exit_code if self._failure else int(bool(problems or self._bad_cartridges))
        return JobReport(
            command="backup",
            exit_code=self._record_end(exit_code, is_whole=not problems),
            device=self._drive.address,
            arguments=tuple(reports),
            position=position_of(self._drive),
            message=self._message(reports, list_error),
            limits=limits_of(self._writer.ring.stats()),
            details=self._details(),
        )

    def _record_end(self, exit_code: int, *, is_whole: bool) -> int:
        """Close the session in the catalog; a session that is not recorded as it should be is not all done."""
        if self._ledger is None:
            return exit_code
        self._ledger.end(self._failure, exit_code, self._frame.ended if self._frame else None, is_whole=is_whole)
        return exit_code or int(self._ledger.lost)

    def _details(self) -> dict[str, object]:
        details = self._frame.details() if self._frame else {}
        if self._failure is not None:
            details = {**details, "failure": failure_object(self._failure)}
        return details if self._begun or not details else {**details, "session": None}

    def close(self) -> None:
        """Also after what nobody expected."""
        if self._locked:
            self._drive.unlock_door()
        if self._frame is not None:
            self._frame.close()

    def _lock(self) -> None:
        self._locked = True
        self._drive.lock_door()

    def _begin(self) -> None:
        """Write the label where one is due; an interrupt that came before leaves the tape as it was."""
        if self._interrupt.triggered or self._begun:
            return
        self._begun = True
        self._lock()
        if self._ledger is not None:
            frame = self._frame
            self._ledger.begin(*((frame.uuid, frame.started) if frame else (str(uuid.uuid4()), int(time.time()))))
            self._ledger.on_cartridge(self._frame.place.label if self._frame else None)
        if self._frame is not None:
            self._failure = self._frame.begin()
            self._can_go_on = self._failure is None
            if self._failure is not None and self._ledger is not None:
                self._ledger.nothing_was_written()

    def _end(self, reports: list[ArgumentReport]) -> None:
        """Write the trailer, unless the drive failed: nobody knows then where it would go."""
        if self._frame is None or not self._can_go_on:
            return
        left = tuple(report.path for report in reports if report.status == "not started")
        trouble = self._frame.end(self._failure, left)
        elsewhere = isinstance(trouble, CartridgeNeeded) or (is_bad_place(trouble) and not self._bad_in_a_row)
        if trouble is not None and elsewhere and self._span is not None and self._failure is None:
            trouble = self._end_elsewhere(self._frame, trouble)
        self._distrust(trouble)
        self._failure = self._failure or trouble
        self._record_trailer(self._frame)

    def _probed(self, reports: list[ArgumentReport]) -> list[ArgumentReport]:
        """Read a little of it back; what does not come back as it was written is not saved."""
        if self._probe is None or not self._can_go_on:
            return reports
        if self._failure is None or isinstance(self._failure, CartridgeNeeded):
            self._failure = self._probe.run() or self._failure
        if not isinstance(self._failure, VerifyFailed):
            return reports
        return [one._replace(status="failed") if self._probe.doubts(one) else one for one in reports]

    def _save(self, argument: Argument) -> ArgumentReport:
        """Save one argument, unless an earlier one ended the run, and tell at once how it came out."""
        self._clean_if_asked()
        if self._failure is not None:
            report = ArgumentReport(argument.path, "not started", None, None, 0, 0, 0, 0.0)
        else:
            report = self._save_changes(argument)
        self._emit(report)
        return report

    def _clean_if_asked(self) -> None:
        """Between two tape files; a cartridge that is not back afterwards ends the run."""
        label = self._frame.place.label if self._frame is not None and self._begun else None
        if self._cleaning is None or label is None or self._failure is not None:
            return
        try:
            self._cleaning.take(self._drive, label)
        except PytpError as error:
            self._failure, self._can_go_on = error, False

    def _save_changes(self, argument: Argument) -> ArgumentReport:
        """Look at what is known of it first, in an incremental session; the session begins with the first change."""
        history = None
        try:
            if self._histories is not None:
                history = self._histories.of(argument)
                if not history.differs(self._writer):
                    return ArgumentReport(argument.path, "unchanged", None, None, 0, 0, 0, 0.0)
                argument = history.argument
                self._begin()
        except PytpError as error:
            self._failure = error
        if self._failure is not None:
            status = "interrupted" if isinstance(self._failure, Interrupted) else "failed"
            return ArgumentReport(argument.path, status, None, None, 0, 0, 0, 0.0)
        written = self._write(argument, history.known if history else None)
        while written.left is not None and self._leave_bad(written):
            history = self._history_of_rest(history, written.left)
            following = self._write(written.left, history.known if history else None, before=written.report)
            written = following._replace(report=joined(written.report, following.report))
        if history is not None and written.closed and written.failure is None:
            self._keep_deletions(history, written.part)
        return written.report

    def _history_of_rest(self, history: History | None, left: Argument) -> History | None:
        """What is on tape of an argument is not saved again."""
        if history is None or history.known is None or self._ledger is None or left.rest is not None:
            return history
        following = history.with_saved(left, self._ledger.files_of(left))
        if following.known is not None:
            following.known.drop([left.name])  # so that there is a tape file that the deletions belong to
        return following

    def _keep_deletions(self, history: History, part: Part) -> None:
        try:
            deletions = history.deletions(self._writer.log)
        except PytpError as error:
            self._failure = error
            return
        if self._ledger is not None:
            self._ledger.gone(deletions)
        if self._frame is not None:
            self._frame.gone(part, deletions)

    def _write(self, argument: Argument, known: Known | None, before: ArgumentReport | None = None) -> Written:
        """Write what there is of an argument, and keep what is known of it then; `before`: what is on tape already."""
        self._log_start = 0
        self._cut = None
        barcode = self._frame.barcode if self._frame else None
        self._writer.preface = None if self._frame is None else self._frame.preface
        on_full = None if self._frame is None else lambda part: self._change(argument, part)
        leaves = self._span is not None and not self._bad_in_a_row
        written = self._writer.save(argument, self._emit, on_full, barcode, known, leaves=leaves)
        self._failure, self._can_go_on = written.failure, written.can_go_on
        if not written.closed and written.left is None:
            return written
        self._keep_members(written, before)
        if self._probe is not None:
            self._probe.note(self._writer.log, self._log_start, written.part)
        if self._frame is not None:
            goes_on = written.closed and written.left is not None and written.left.rest is not None
            report = None if goes_on else written.report
            self._frame.take(argument, written.part, self._writer.log, self._log_start, report, lost=self._log_error())
        return written

    def _leave_bad(self, written: Written) -> bool:
        """A bad place on the tape has ended a tape file: begin another cartridge, or say why not in `_failure`."""
        frame, failure, left = self._frame, written.failure, written.left
        if frame is None or failure is None or left is None or self._interrupt.triggered:
            return False
        self._is_bad(frame, failure)
        trouble: PytpError | None = failure
        if written.closed and written.can_go_on:
            trouble = frame.end(_full(self._drive), tuple(one.path for one in self._waiting))
            if self._distrust(trouble):
                return False
            self._record_trailer(frame)
        if not written.closed or trouble is not None:
            self._find_way()
        cut = None if left.rest is None or not written.closed else Cut(left, written.part, frame.volumes[-1])
        try:
            self._begin_another(frame, carry=trouble is not None, cut=cut)
        except CartridgeNeeded:
            self._failure, self._can_go_on = _needs_another(failure), False
            return False
        except PytpError as error:
            self._failure, self._can_go_on = error, False
            return False
        self._failure = None
        return True

    def _is_bad(self, frame: Frame, failure: PytpError) -> None:
        """There is a bad place on this cartridge: nothing more is written there."""
        self._bad_in_a_row += 1
        self._bad_cartridges.append(frame.barcode or "without a barcode")
        self._emit(Notice("error", "TAPE", f"{failure}; nothing more is written on this cartridge"))
        if self._ledger is not None:
            self._ledger.device_error(failure)
            self._ledger.leave_full()

    def _find_way(self) -> None:
        """After a failed write st has lost count of its blocks: from the beginning the probe finds its way."""
        with suppress(PytpError):
            self._drive.tape.sync()  # calls off the filemark that st would write
            self._drive.rewind()

    def _change(self, argument: Argument, part: Part) -> str | None:
        """End this cartridge with its trailer and begin the next one; return its barcode."""
        frame = self._frame
        if frame is None:
            raise _full(self._drive)
        if self._probe is not None:
            self._probe.note(self._writer.log, self._log_start, part)
        if part.on_tape:
            self._log_start = frame.take(argument, part, self._writer.log, self._log_start, lost=self._log_error())
            self._cut = Cut(argument, part, frame.volumes[-1])
        self._bad_in_a_row = 0
        full = CartridgeNeeded(self._drive.address, "the cartridge is full")
        trouble = frame.end(full, tuple(one.path for one in self._waiting))
        if self._distrust(trouble) and trouble is not None:
            raise trouble
        if trouble is not None:
            self._miss_trailer(frame, trouble)
        self._record_trailer(frame)
        return self._begin_another(frame, carry=trouble is not None, cut=self._cut).barcode

    def _miss_trailer(self, frame: Frame, trouble: PytpError) -> None:
        if is_bad_place(trouble):
            self._is_bad(frame, trouble)
            self._find_way()
        self._emit(Notice("warning", "TAPE", f"{trouble}; the next cartridge's trailer has it all"))

    def _begin_another(self, frame: Frame, *, carry: bool, cut: Cut | None = None) -> Frame:
        """Change the cartridge and write the new one's label. `carry`: the trailer of the last one is not on it.

        Raises VerifyFailed, too: the one that is full is probed first. CartridgeNeeded where nobody brings another.
        """
        span = self._span
        if self._probe is not None and (bad := self._probe.run()) is not None:
            raise bad
        if span is None:
            raise _full(self._drive)
        place = next_place(self._drive, span.supply, span.terms, self._emit, self._interrupt)
        self._lock()
        self._frame = following = frame.follow(place, carry=carry, cut=cut)
        if self._ledger is not None:
            self._ledger.on_cartridge(place.label)
        failure = following.begin()
        if failure is not None:
            raise failure
        return following

    def _leave_full(self, resumed: Resumed) -> None:
        """The cartridge in the drive is full, and the session, which is resumed, goes on on another one."""
        frame = self._frame
        if frame is None or self._failure is not None:
            return
        carry = resumed.is_bad
        if not resumed.has_trailer and not resumed.is_bad:
            carry = frame.end(_full(self._drive), tuple(one.path for one in self._waiting)) is not None
            self._record_trailer(frame)
        if self._ledger is not None:
            self._ledger.leave_full()
        self._can_go_on = False
        try:
            self._begin_another(frame, carry=carry, cut=resumed.cut)
            self._can_go_on = True
        except PytpError as error:
            self._failure = error

    def _end_elsewhere(self, frame: Frame, trouble: PytpError) -> PytpError | None:
        """The last cartridge had no room for its trailer, or a bad place there: write that on another one, or return
        why not."""
        self._miss_trailer(frame, trouble)
        try:
            return self._begin_another(frame, carry=True).end(None, ())
        except PytpError as error:
            return error if isinstance(error, (CartridgeNeeded, VerifyFailed)) else trouble

    def _distrust(self, trouble: PytpError | None) -> bool:
        """Tell the catalog when the trailer may lie over what it knows of."""
        if not isinstance(trouble, TapeMoved):
            return False
        if self._ledger is not None:
            self._ledger.distrust(trouble.trusted, 0)
        return True

    def _record_trailer(self, frame: Frame) -> None:
        self._index_error = self._index_error or frame.index_error
        if self._ledger is not None and frame.has_trailer:
            self._ledger.trailer(frame.trailer_file, frame.trailer_block)

    def _keep_members(self, written: Written, before: ArgumentReport | None) -> None:
        """List the members that are on tape, which they are only in front of a filemark."""
        if self._members is not None:
            saved = self._writer.log.members(self._drive.block_bytes, written.part.skipped + written.part.blocks)
            self._members.add(saved, (*(before.parts if before else ()), *written.report.parts))

    def _log_error(self) -> str:
        """Say what kept members from being logged on their way to index and catalog."""
        error = self._writer.log_error
        return os.strerror(error) if error else ""

    def _list_error(self) -> str:
        """Say what kept members from being listed, on their way through the log or in the file."""
        return self._log_error() or (self._members.error if self._members else "")

    def _message(self, reports: list[ArgumentReport], list_error: str) -> str:
        if self._failure is not None:
            return staged(self._failure)
        count = sum(len(report.errors) for report in reports)
        if count:
            return f"{count} files were not saved as they should be; they are listed above"
        if self._resumed is not None and self._frame is not None and self._frame.has_problems:
            return "files that could not be saved before it was interrupted are missing; they are listed above"
        if self._bad_cartridges:
            names = ", ".join(self._bad_cartridges)
            return f"all of it was saved, but there is a bad place on {names}: what is there was kept; retire it"
        if self._index_error:
            return f"the index in the trailer is not complete ({self._index_error}); what is on tape is not affected"
        return f"{self._members.path}: not complete ({list_error})" if list_error and self._members else ""


def _needs_another(failure: PytpError) -> PytpError:
    """A bad place, and no cartridge to go on with."""
    told = type(failure)(failure.subject, failure.fact, "add blank cartridges, then: pytp resume")
    told.sense, told.__cause__ = failure.sense, failure.__cause__
    return told


def _full(drive: Drive) -> CartridgeNeeded:
    return CartridgeNeeded(drive.address, "the cartridge is full", "load a blank one, then: pytp resume")
