# SPDX-License-Identifier: WTFPL OR MIT
"""One argument of a backup as one tape file: packed, written, closed with a filemark, and judged."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, Interrupted, MediumError, PytpError
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.events import ArgumentReport, ArgumentStarted, Emit, MemberProblem, Notice, Part, Progress
from pytp_native.jobs.frame_cut import Cut, FrameCutter
from pytp_native.jobs.frontier import FLUSH_BYTES, Frontier
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import Ledger
from pytp_native.jobs.members import MemberLog
from pytp_native.jobs.outcome import closed_behind, drive_failed, is_bad_place, judge, status_of
from pytp_native.jobs.packing import Flow, Packing
from pytp_native.jobs.parts import Parts
from pytp_native.jobs.pipeline import Outcome, Pipeline
from pytp_native.light import NamedTuple
from pytp_native.stream.compress import Compressor, Plan
from pytp_native.stream.cut_member import Rest
from pytp_native.stream.known import Known
from pytp_native.stream.pack import Hash, OnProblem, PackCancelled, Packer, Problem, Survey
from pytp_native.stream.ring import HOT_BYTES, Ring, RingStats
from pytp_native.transport.records import Moved, Stop
from pytp_native.units import format_size

TICK_S = 0.03
"""How often a running job is looked at: so often that the catalog has most of a small one before it ends."""


class Written(NamedTuple):
    """What became of one argument."""

    report: ArgumentReport
    failure: PytpError | None
    """What keeps anything from following it on this tape."""
    part: Part
    """What the last cartridge holds of it."""
    closed: bool
    """It has its filemark: what is in its blocks is on the medium."""
    can_go_on: bool
    """The drive did all that it was asked to: something else can be written here."""
    left: Argument | None = None
    """A bad place on the tape has ended it: what is still to be saved, on another cartridge."""


OnFull = Callable[[Part], str | None]
"""The cartridge is full and this part of the argument has its filemark: write the trailer, change the cartridge and
return the barcode of the new one. Raises PytpError where it cannot go on."""


class ArgumentFile:
    """Writes arguments, each where the tape stands, and remembers what went wrong. Used by one thread."""

    def __init__(
        self,
        drive: Drive,
        ring: Ring,
        log: MemberLog,
        interrupt: Interrupt,
        *,
        hash_kind: Hash = Hash.XXH3,
        exclude: tuple[bytes, ...] = (),
        one_file_system: bool = False,
        ledger: Ledger | None = None,
        flush_bytes: int = FLUSH_BYTES,
        compression: Plan | None = None,
        flow: Flow | None = None,
        packing: Callable[[OnProblem], Packing] | None = None,
    ) -> None:
        """`flow`: what brings blocks to the tape in the ring's place; `packing` makes what packs archives in place of a
        Packer."""
        self.ring: Flow = flow or ring
        self.log = log
        """The members of the tape file written last."""
        self.preface: Callable[[Argument], bytes] | None = None
        """What stands in front of an archive."""
        self.total_bytes: int | None = None
        """Expected of the whole job, for its progress."""
        self._drive = drive
        self._ledger = ledger
        self._interrupt = interrupt
        self._frontier = Frontier(drive, flush_bytes)
        self._told_durable = 0
        self._before = 0
        """Blocks that left the ring before this archive."""
        self._ended: PytpError | None = None
        """What kept a full cartridge from being followed by another."""
        self._torn: PytpError | None = None
        """What kept a full cartridge from ending with a whole frame."""
        self._unclosed: PytpError | None = None
        """What kept the filemark from a full cartridge."""
        self._first = 0
        """Blocks of the ring that an archive which goes on has on earlier cartridges."""
        self._problems: list[MemberProblem] = []
        self._told_problems = 0
        self._notes: list[Notice] = []
        self._plain = ring if compression is None else Ring(drive.block_bytes, HOT_BYTES)
        self._compressor = None if compression is None else Compressor(self._plain, ring, compression)
        self._tape_ring = ring
        self._packer: Packing
        self._staged = packing is not None
        if packing is not None:
            self._packer = packing(self._on_problem)
            return
        self._packer = Packer(
            self._plain,
            self._on_problem,
            hash_kind=hash_kind,
            exclude=exclude,
            one_file_system=one_file_system,
            members_fd=log.fileno(),
            frame_blocks=0 if compression is None else compression.frame_blocks,
        )

    def close(self) -> None:
        """Nothing more is written."""
        self._frontier.close()

    @property
    def log_error(self) -> int:
        """errno that ended the member log, or 0."""
        return self._packer.counts().log_error

    def survey(self, argument: Argument, known: Known | None, *, first_only: bool = True) -> Survey:
        """Count what would be saved; `known` is told what is there. Raises Interrupted."""
        self._compare(known)
        self._interrupt.on_trigger(self._packer.stop)
        try:
            if not self._interrupt.triggered:
                return self._packer.survey(argument.path, argument.name, first_only=first_only)
        except PackCancelled:
            pass
        raise Interrupted(os.fsdecode(argument.path), "interrupted while it was looked at", "back up again")

    def save(
        self,
        argument: Argument,
        emit: Emit,
        on_full: OnFull | None = None,
        cartridge: str | None = None,
        known: Known | None = None,
        *,
        leaves: bool = False,
    ) -> Written:
        """Write one tape file; the tape then stands behind its filemark, or where the drive stopped.

        With `on_full` a full cartridge does not end it. `cartridge`: barcode of the first one. `known`: what is
        left out as long as it has not changed; if that is everything, nothing is written. `leaves`: what a bad place
        on the tape leaves to be saved will be saved on another cartridge.
        """
        self._compare(known)
        started = time.monotonic()
        files_before = self._packer.counts().members
        self._prepare(argument, cartridge)
        outcome = self._put_ahead(argument.rest)
        self._record_start(self._first)
        emit(ArgumentStarted(argument.path, self._parts.now(self._first).tape_file))
        first_problem = len(self._problems)
        outcome = outcome or self._stream(argument, emit, on_full)
        failure, closed = self._close_file(outcome, self._parts.now(outcome.moved.blocks))
        if drive_failed(failure) and self._ended is None:  # then the drive holds another cartridge, or none
            outcome, closed = self._salvage(outcome, leaves=leaves)
            self._tell(emit)
        left = self._left(outcome.moved.blocks, closed=closed) if leaves and self._is_here(failure) else None
        if left is not None:
            self._frontier.leave()
        if left is not None and not closed:  # without its filemark, what the drive has said is on the medium
            self._record_progress(self._frontier.durable)
            outcome = outcome._replace(moved=outcome.moved._replace(blocks=self._frontier.durable))
        part = self._parts.now(outcome.moved.blocks)
        broken = (outcome.moved.stop is Stop.ERROR and not closed) or self._ended is not None
        parts = self._parts.so_far(outcome.moved.blocks)
        status = status_of(
            failure, closed, problems=len(self._problems) > first_problem, is_empty=outcome.moved.blocks == self._first
        )
        rest = left.rest if left is not None and closed else None
        if self._ledger is not None:
            self._record_problems(self._ledger)
            self._ledger.end_file(part, "continues" if rest else status, closed=closed, rest=rest)
        is_there = closed or any(part.on_tape for part in parts)
        report = ArgumentReport(
            path=argument.path,
            status=status,
            tape_file=parts[0].tape_file if is_there else None,
            first_block=parts[0].first_block if is_there else None,
            blocks=sum(part.on_tape - part.ahead * (part.stored is None) for part in parts),
            files=self._files(outcome, files_before),
            data_bytes=outcome.moved.data_bytes,
            duration_s=time.monotonic() - started,
            errors=tuple(self._problems[first_problem:]),
            parts=parts,
        )
        can_go_on = not broken and (closed or not part.on_tape)
        return Written(report, failure, part, closed, can_go_on=can_go_on, left=left)

    def _prepare(self, argument: Argument, cartridge: str | None) -> None:
        """Begin an archive here, or go on with one."""
        first = argument.rest.block if argument.rest is not None else 0
        self._plain.reset()
        if self._compressor is not None:
            self._compressor.restart(first)
            first = 0  # blocks of the ring are none of the archive
        self._first = first
        self._before = self.ring.stats().blocks_out - first
        frames = self._compressor.frames if self._compressor else None
        self._parts = Parts(self._drive, cartridge, frames, first=first)
        self._ended = self._torn = self._unclosed = None
        self._cut = Cut(0, 0, 0, is_last=False)
        self._argument = argument

    def _put_ahead(self, rest: Rest | None) -> Outcome | None:
        """Begin with what the rest of a cut member needs in front of it; return how that failed."""
        block = None if rest is None else self._packer.ahead_of(rest)
        if block is None:
            return None
        if self._compressor is not None:
            block = FrameCutter(self._drive, self._tape_ring, self._compressor).start(self._cut, block)
        try:
            self._parts.put_ahead(block)
        except PytpError as error:
            return Outcome(Moved(self._first, 0, Stop.ERROR, error), None)
        return None

    def _is_here(self, failure: PytpError | None) -> bool:
        """Tell whether a bad place was met, and the tape stands at it."""
        return is_bad_place(failure) and self._ended is None and self._frontier.trusted is None

    def _left(self, blocks: int, *, closed: bool) -> Argument:
        """What of the archive is not on tape in front of block `blocks`: it goes on there where its end is in order,
        else behind the last whole member that is on the medium; one that was built before is written once more."""
        argument = self._argument
        if self._staged:
            return argument._replace(rest=self._packer.rest(blocks) if closed else Rest(0, None))
        if self._known is not None:  # what has gone is found by looking at all of a tree
            return argument._replace(rest=None)
        rest = self._packer.rest(blocks) if closed and self._compressor is None else None
        if rest is not None:
            return argument._replace(rest=rest, after=None)
        safe = self._parts.content(blocks if closed else self._frontier.durable)
        last = None
        for member in self.log.members(self._drive.block_bytes, safe):
            last = member.name
        return argument._replace(rest=None, after=last or argument.after)

    def _compare(self, known: Known | None) -> None:
        self._known = known
        self._packer.compare(known)

    def _stream(self, argument: Argument, emit: Emit, on_full: OnFull | None) -> Outcome:
        """Run packer and writer to the end of this archive, telling how it goes meanwhile."""
        self.ring.reset()
        self._packer.restart()
        self.log.restart()
        pipeline = Pipeline(
            self.ring,
            lambda: self._pack(argument),
            lambda: self._frontier.write(self.ring),
            pauses=on_full is not None,
            done=self._first,
        )
        self._interrupt.on_trigger(self._stop)
        pipeline.start()
        try:
            while not pipeline.wait(TICK_S) or pipeline.paused:
                self._tell(emit)
                self._record_progress(self.ring.stats().blocks_out - self._before)
                if pipeline.paused and on_full is not None:
                    self._go_on(pipeline, on_full)
            self._tell(emit)
        except BaseException:
            # Nobody may close the drive under the thread that writes: its descriptor could be another file's by then.
            self._stop()
            pipeline.outcome()
            raise
        return pipeline.outcome()

    def _stop(self) -> None:
        self._packer.stop()
        self.ring.stop()

    def _record_progress(self, blocks: int) -> None:
        """Tell the catalog what is written, and what of it is on the medium."""
        if self._ledger is None:
            return
        self._record_problems(self._ledger)
        if self._frontier.durable > self._told_durable:
            self._told_durable = self._frontier.durable
            self._packer.flush_log()
            self._ledger.durable(self._parts.content(self._told_durable))
        self._ledger.follow(self._parts.content(blocks))

    def _record_problems(self, ledger: Ledger) -> None:
        found = self._problems[self._told_problems :]
        self._told_problems += len(found)
        ledger.problems(found)

    def _pack(self, argument: Argument) -> None:
        if self._compressor is None:
            self._pack_all(argument)
        else:
            self._compressor.run(lambda: self._pack_all(argument))

    def _pack_all(self, argument: Argument) -> None:
        before = self._packer.counts().members
        if argument.rest is not None:
            self._packer.add_rest(argument.path, argument.name, argument.rest)
        else:
            self._packer.preface(b"" if self.preface is None else self.preface(argument))
            self._packer.add(argument.path, argument.name, argument.after)
        if self._known is not None and self._packer.counts().members == before:
            (self.ring if self._compressor is None else self._plain).finish()  # nothing is not worth a tape file
        else:
            self._packer.end()

    def _go_on(self, pipeline: Pipeline, on_full: OnFull) -> None:
        """Close the part on the full cartridge and go on on the next one; or end the pipeline, `_ended` says why."""
        try:
            if self._compressor is None:
                self._go_on_plain(pipeline, on_full)
            else:
                cutter = FrameCutter(self._drive, self._tape_ring, self._compressor)
                self._go_on_compressed(pipeline, on_full, cutter)
        except PytpError as error:
            self._ended = None if self._torn or self._unclosed else error
            pipeline.stop()
        else:
            pipeline.resume()

    def _go_on_plain(self, pipeline: Pipeline, on_full: OnFull) -> None:
        blocks = pipeline.moved.blocks
        part = self._end_part(blocks)
        self._parts.begin(on_full(part), blocks)
        block = self._packer.continuation(blocks) if blocks else None
        if block is not None:
            self._parts.put_ahead(block)
        self._record_start(blocks)

    def _go_on_compressed(self, pipeline: Pipeline, on_full: OnFull, cutter: FrameCutter) -> None:
        """The same between two frames, wherever those meet in a block."""
        blocks = pipeline.moved.blocks
        if self._parts.now(blocks).on_tape:
            try:
                self._cut = cutter.end(blocks)
            except (CartridgeNeeded, Interrupted) as error:
                self._torn = error
                raise
            self._frontier.count(self._cut.blocks - blocks)
            self._count(pipeline, self._cut.blocks - blocks)
            self._parts.end_at(self._cut.edge, self._cut.fillers)
        cut = self._cut
        if cut.is_last:
            return
        part = self._end_part(cut.blocks)
        self._parts.begin(on_full(part), cut.blocks)
        archive = part.skipped + part.blocks
        continuation = self._packer.continuation(archive) if archive else None
        start = cutter.start(cut, continuation)
        whole = len(start) - cut.edge % self.ring.block_bytes
        self._parts.put_ahead(start[:whole], continues=continuation is not None)
        self._record_start(cut.blocks)
        passed = cutter.go_on(cut, start) - cut.blocks
        self._frontier.count(passed)
        self._count(pipeline, passed)

    def _count(self, pipeline: Pipeline, blocks: int) -> None:
        pipeline.count(blocks, blocks * self.ring.block_bytes)

    def _end_part(self, blocks: int) -> Part:
        """Put the filemark behind what a full cartridge got."""
        part = self._parts.close(blocks)
        self._frontier.leave()
        if part.on_tape:
            self._write_filemark()
        else:
            self._leave_no_empty_file()
        self._packer.flush_log()
        if self._ledger is not None:
            self._ledger.end_file(part, "continues", closed=True, rest=self._packer.rest(part.skipped + part.blocks))
        return part

    def _write_filemark(self) -> None:
        """In a pause; the cartridge is still there when that fails."""
        try:
            self._drive.write_filemark()
        except MediumError as error:
            self._unclosed = error
            raise

    def _record_start(self, blocks: int) -> None:
        """A part begins behind so many blocks of the archive: tell the catalog."""
        self._frontier.begin(self._parts.first)
        self._told_durable = self._frontier.durable
        if self._ledger is not None:
            self._ledger.begin_file(self._argument, self._parts.now(blocks), anew=blocks == self._first)

    def _close_file(self, outcome: Outcome, part: Part) -> tuple[PytpError | None, bool]:
        """Put the filemark behind what was written; only then is it saved. Return what failed, and if it is closed."""
        if self._ended is not None or self._unclosed is not None:
            return self._ended or self._unclosed, False
        failure = self._torn or judge(self._drive, outcome)
        if outcome.moved.stop is Stop.ERROR:
            return failure, False
        if not part.on_tape:
            self._leave_no_empty_file()
            return failure, False
        try:
            self._frontier.check_place()
            self._drive.write_filemark()
            self._frontier.end()
        except PytpError as exc:
            return exc, False
        return failure, True

    def _salvage(self, outcome: Outcome, *, leaves: bool) -> tuple[Outcome, bool]:
        """The drive has failed: close the tape file behind the last block that it has, if it still can. Return what is
        left of the outcome, and whether it is closed."""
        written = outcome.moved.blocks
        kept = self._frontier.survivors(written)
        self._record_progress(self._frontier.durable)
        if self._frontier.trusted is not None:
            return outcome._replace(moved=outcome.moved._replace(blocks=self._distrust(), stop=Stop.ERROR)), False
        moved = outcome.moved._replace(blocks=written if kept is None else kept, stop=Stop.ERROR)
        outcome = outcome._replace(moved=moved)
        part = self._parts.now(moved.blocks)
        if kept is None or not part.on_tape:
            return outcome, False
        try:
            self._drive.write_filemark()
        except PytpError:
            if leaves:
                self._frontier.flush(kept)
            return outcome, False
        self._notes.append(Notice("warning", "TAPE", f"{self._drive.address}: {closed_behind(part, written - kept)}"))
        return outcome, True

    def _distrust(self) -> int:
        """The tape was moved while this was written: let the catalog claim nothing behind what is surely there, and
        return how many blocks of the archive that is."""
        trusted, first = self._frontier.trusted or 0, self._parts.first
        zero = (first.first_block or 0) + first.ahead - first.skipped
        kept = max(first.skipped, min(trusted - zero, self.ring.stats().blocks_out - self._before))
        if self._ledger is not None:
            self._ledger.distrust(trusted, self._parts.content(kept))
        return kept

    def _leave_no_empty_file(self) -> None:
        """Nothing was written, but st takes a refused write for one and would put a filemark behind it at close."""
        with suppress(PytpError):
            self._drive.tape.sync()

    def _on_problem(self, path: bytes, problem: Problem, words: str) -> None:
        """Called from the packing thread: only remember."""
        if problem is Problem.SOCKET:
            self._notes.append(Notice("info", "SOURCE", f"{os.fsdecode(path)}: {words}"))
        else:
            self._problems.append(MemberProblem(path, words))
            self._notes.append(Notice("warning", _kind(problem, words), f"{os.fsdecode(path)}: {words}"))

    def _tell(self, emit: Emit) -> None:
        while self._notes:
            emit(self._notes.pop(0))
        stats, counts = self.ring.stats(), self._packer.counts()
        if self._compressor is not None:
            self._packer.forget(self._parts.content(stats.blocks_out - self._before))
        done = stats.bytes_out if self._compressor is None else counts.data_bytes
        emit(Progress(counts.members, done, stats.fill, self.total_bytes))

    def _files(self, outcome: Outcome, before: int) -> int:
        """Count the members that reached the tape complete; the packer is ahead of the tape when that is cut off."""
        if outcome.moved.stop is Stop.END_OF_STREAM:
            return self._packer.counts().members - before
        return sum(1 for _ in self.log.members(self._drive.block_bytes, self._parts.content(outcome.moved.blocks)))


def limits_of(stats: RingStats) -> dict[str, object]:
    """Say what the two sides of the ring waited for, and which of them held the job back."""
    return {
        "limited_by": "drive" if stats.producer_wait_s > stats.consumer_wait_s else "source",
        "source_waited_s": round(stats.producer_wait_s, 3),
        "drive_waited_s": round(stats.consumer_wait_s, 3),
        "underruns": stats.underruns,
        "restarts": stats.restarts,
        "peak_fill": round(stats.peak_filled / stats.slots, 3),
        "ring": format_size(stats.slots * stats.slot_bytes),
    }


def _kind(problem: Problem, words: str) -> str:
    return "PERMISSION" if problem is Problem.UNREADABLE and "ermission" in words else "SOURCE"
