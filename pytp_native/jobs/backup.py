# SPDX-License-Identifier: WTFPL OR MIT
"""Backup: each argument becomes one tape file of plain tar, reported as saved only when its filemark is on tape."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, Interrupted, PytpError, Refused
from pytp_native.jobs.arguments import Argument, resolve_arguments
from pytp_native.jobs.events import (
    ArgumentReport,
    ArgumentStarted,
    Emit,
    JobReport,
    MemberProblem,
    Notice,
    Position,
    Progress,
)
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.members import MemberList, MemberLog
from pytp_native.jobs.pipeline import Outcome, Pipeline
from pytp_native.stream.memory import available_bytes, ring_bytes
from pytp_native.stream.pack import Hash, Packer, Problem
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Moved, Stop
from pytp_native.units import format_size

HASHES = {"xxh3": Hash.XXH3, "sha256": Hash.SHA256, "none": Hash.NONE}


@dataclass(frozen=True, slots=True)
class BackupRequest:
    """What to save and how; sizes in bytes, fill levels in percent of the ring."""

    paths: tuple[bytes, ...]
    exclude: tuple[bytes, ...] = ()
    one_file_system: bool = False
    full_paths: bool = False
    overwrite: bool = False
    hw_compression: bool | None = None
    hash_name: str = "xxh3"
    memory_bytes: int | None = None
    high_percent: int = 20
    low_percent: int = 10
    label: str | None = None
    job: str | None = None
    members_file: str | None = None
    """Where to leave a JSON line per member (tape file, block, offset, checksum)."""


def backup(drive: Drive, request: BackupRequest, emit: Emit, interrupt: Interrupt) -> JobReport:
    """Append the arguments at the end of data (or overwrite from here), and report what is on the tape.

    Raises PytpError for what is refused before anything is written; later failures are in the report. The tape is left
    behind the last filemark written.
    """
    arguments = resolve_arguments(request.paths, full_paths=request.full_paths)
    ring = Ring(drive.block_bytes, ring_bytes(request.memory_bytes, available_bytes()))
    if drive.has_lowest_speed:
        ring.set_marks(request.high_percent / 100, request.low_percent / 100)
    else:
        ring.stay_hot()
    with ExitStack() as stack:
        log = stack.enter_context(MemberLog())
        wanted = request.members_file
        members = stack.enter_context(MemberList(wanted)) if wanted else None
        _prepare(drive, request, emit)
        session = _Session(drive, request, emit, interrupt=interrupt, ring=ring, log=log, members=members)
        return session.run(arguments)


def _prepare(drive: Drive, request: BackupRequest, emit: Emit) -> None:
    """Set the drive up and go where writing begins."""
    drive.prepare()
    if request.hw_compression is not None:
        drive.set_compression(request.hw_compression)
    if request.overwrite:
        _announce_loss(drive, emit)
    elif drive.to_end_of_data():
        emit(Notice("warning", "TAPE", f"{drive.address}: the last tape file had no filemark; one was written"))


def _announce_loss(drive: Drive, emit: Emit) -> None:
    where = drive.where()
    if where.file is None or where.block != 0:
        spot = str(where) if where.block is not None else f"an unknown place ({where})"
        raise Refused(
            drive.address,
            f"the tape stands at {spot}, and --overwrite starts only at block 0 of a tape file",
            "position it with rewind, ff or bb",
        )
    lost = f"tape file {where.file} and everything behind it is lost"
    emit(Notice("warning", "TAPE", f"{drive.address}: overwriting: {lost}"))


class _Session:
    """One run over all arguments."""

    def __init__(
        self,
        drive: Drive,
        request: BackupRequest,
        emit: Emit,
        *,
        interrupt: Interrupt,
        ring: Ring,
        log: MemberLog,
        members: MemberList | None,
    ) -> None:
        self._drive = drive
        self._emit = emit
        self._interrupt = interrupt
        self._ring = ring
        self._log = log
        self._members = members
        self._problems: list[MemberProblem] = []
        self._notes: list[Notice] = []
        self._packer = Packer(
            ring,
            self._on_problem,
            hash_kind=HASHES[request.hash_name],
            exclude=request.exclude,
            one_file_system=request.one_file_system,
            members_fd=self._log.fileno(),
        )
        self._request = request
        self._tape_bytes = 0
        self._failure: PytpError | None = None
        self._closed = False
        """The last tape file has its filemark."""
        self._total_bytes: int | None = None

    def run(self, arguments: tuple[Argument, ...]) -> JobReport:
        sizes = [argument.file_bytes for argument in arguments]
        self._total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        reports = [self._report(argument) for argument in arguments]
        list_error = self._list_error()
        if list_error:
            self._emit(Notice("warning", "SOURCE", f"member list: {list_error}; the tape is not affected"))
        problems = any(report.errors for report in reports) or (list_error and self._members)
        return JobReport(
            command="backup",
            exit_code=self._failure.exit_code if self._failure else int(bool(problems)),
            device=self._drive.address,
            arguments=tuple(reports),
            position=self._position(),
            message=self._message(reports, list_error),
            limits=self._limits(),
        )

    def _report(self, argument: Argument) -> ArgumentReport:
        """Save one argument, unless an earlier one ended the run, and tell at once how it came out."""
        report = self._save(argument) if self._failure is None else _not_started(argument)
        self._emit(report)
        return report

    def _save(self, argument: Argument) -> ArgumentReport:
        """Write one tape file; sets self._failure when nothing can follow it."""
        started = time.monotonic()
        before, files_before = self._position(), self._packer.counts().members
        tape_file = before.file if before else None
        self._emit(ArgumentStarted(argument.path, tape_file))
        first_problem = len(self._problems)
        outcome = self._stream(argument)
        self._tape_bytes += outcome.moved.data_bytes
        status = self._close_file(outcome)
        self._keep_members(tape_file, outcome)
        return ArgumentReport(
            path=argument.path,
            status="partial" if status == "saved" and len(self._problems) > first_problem else status,
            tape_file=tape_file,
            first_block=before.logical_block if before else None,
            blocks=outcome.moved.blocks,
            files=self._files(outcome, files_before),
            data_bytes=outcome.moved.data_bytes,
            duration_s=time.monotonic() - started,
            errors=tuple(self._problems[first_problem:]),
        )

    def _stream(self, argument: Argument) -> Outcome:
        """Run packer and writer to the end of this archive, telling how it goes meanwhile."""
        self._ring.reset()
        self._packer.restart()
        self._log.restart()
        pipeline = Pipeline(self._ring, lambda: self._pack(argument), lambda: self._drive.tape.write_from(self._ring))
        self._interrupt.on_trigger(self._packer.stop)
        pipeline.start()
        try:
            while not pipeline.wait(0.2):
                self._tell()
            self._tell()
        except BaseException:
            # Nobody may close the drive under the thread that writes: its descriptor could be another file's by then.
            self._ring.stop()
            pipeline.outcome()
            raise
        return pipeline.outcome()

    def _pack(self, argument: Argument) -> None:
        self._packer.add(argument.path, argument.name)
        self._packer.end()

    def _close_file(self, outcome: Outcome) -> str:
        """Put the filemark behind what was written; only then is it saved."""
        self._closed = False
        self._failure = self._judge(outcome)
        if outcome.moved.stop is Stop.ERROR:
            return "failed"
        if outcome.moved.blocks == 0:
            self._leave_no_empty_file()
            return self._unsaved()
        try:
            self._drive.write_filemark()
        except PytpError as exc:
            self._failure = exc
            return "failed"
        self._closed = True
        return "saved" if self._failure is None else self._unsaved()

    def _leave_no_empty_file(self) -> None:
        """Nothing was written, but st takes a refused write for one and would put a filemark behind it at close."""
        with suppress(PytpError):
            self._drive.tape.sync()

    def _unsaved(self) -> str:
        return "interrupted" if isinstance(self._failure, Interrupted) else "failed"

    def _judge(self, outcome: Outcome) -> PytpError | None:
        """Return what keeps this tape file from being complete."""
        moved = outcome.moved
        if moved.error is not None and moved.stop is Stop.ERROR:
            return _behind(moved.blocks, moved.error)
        if moved.stop in (Stop.EARLY_WARNING, Stop.END_OF_MEDIUM):
            return CartridgeNeeded(
                self._drive.address, f"the cartridge is full; {_how_it_ends(moved)}", "load another cartridge"
            )
        if outcome.producer_error is not None:
            return outcome.producer_error
        if moved.stop is Stop.END_OF_STREAM:
            return None
        return Interrupted(self._drive.address, f"interrupted; {_how_it_ends(moved)}", "back up again")

    def _on_problem(self, path: bytes, problem: Problem, words: str) -> None:
        """Called from the packing thread: only remember."""
        if problem is Problem.SOCKET:
            self._notes.append(Notice("info", "SOURCE", f"{os.fsdecode(path)}: {words}"))
        else:
            self._problems.append(MemberProblem(path, words))
            self._notes.append(Notice("warning", _kind(problem, words), f"{os.fsdecode(path)}: {words}"))

    def _tell(self) -> None:
        while self._notes:
            self._emit(self._notes.pop(0))
        stats = self._ring.stats()
        self._emit(Progress(self._packer.counts().members, stats.bytes_out, stats.fill, self._total_bytes))

    def _keep_members(self, tape_file: int | None, outcome: Outcome) -> None:
        """List the members that are on tape, which they are only in front of a filemark."""
        if self._members is not None and self._closed:
            saved = self._log.members(self._drive.block_bytes, outcome.moved.blocks)
            self._members.add(saved, tape_file)

    def _files(self, outcome: Outcome, before: int) -> int:
        """Count the members that reached the tape complete; the packer is ahead of the tape when that is cut off."""
        if outcome.moved.stop is Stop.END_OF_STREAM:
            return self._packer.counts().members - before
        return sum(1 for _ in self._log.members(self._drive.block_bytes, outcome.moved.blocks))

    def _position(self) -> Position | None:
        try:
            return self._drive.where()
        except PytpError:
            return None

    def _list_error(self) -> str:
        """Say what kept members from being listed, on their way through the log or in the file."""
        if error := self._packer.counts().log_error:
            return os.strerror(error)
        return self._members.error if self._members else ""

    def _message(self, reports: list[ArgumentReport], list_error: str) -> str:
        if self._failure is not None:
            return str(self._failure)
        count = sum(len(report.errors) for report in reports)
        if count:
            return f"{count} files were not saved as they should be; they are listed above"
        return f"{self._request.members_file}: not complete ({list_error})" if list_error and self._members else ""

    def _limits(self) -> dict[str, object]:
        """What the two sides of the ring waited for, and which of them held the job back."""
        stats = self._ring.stats()
        return {
            "limited_by": "drive" if stats.producer_wait_s > stats.consumer_wait_s else "source",
            "source_waited_s": round(stats.producer_wait_s, 3),
            "drive_waited_s": round(stats.consumer_wait_s, 3),
            "underruns": stats.underruns,
            "restarts": stats.restarts,
            "peak_fill": round(stats.peak_filled / stats.slots, 3),
            "ring": format_size(stats.slots * stats.slot_bytes),
        }


def _behind(blocks: int, error: PytpError) -> PytpError:
    """Say how much of the tape file was written before; st itself has lost count of the blocks then."""
    return type(error)(error.subject, f"{error.fact}, behind {blocks} blocks of this tape file", error.next_step)


def _how_it_ends(moved: Moved) -> str:
    """Say what is left of a tape file that was cut off."""
    return "its last tape file is cut off" if moved.blocks else "nothing of the next tape file was written"


def _not_started(argument: Argument) -> ArgumentReport:
    return ArgumentReport(argument.path, "not started", None, None, 0, 0, 0, 0.0)


def _kind(problem: Problem, words: str) -> str:
    return "PERMISSION" if problem is Problem.UNREADABLE and "ermission" in words else "SOURCE"
