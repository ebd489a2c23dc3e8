# SPDX-License-Identifier: WTFPL OR MIT
"""Planned archives on their way off the tape: one after the other through one tar reader, and what was wrong with
each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from pytp_native.catalog.restoring import Archive, ArchivePart
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import CatalogError, HostDiskFull, Interrupted, MediumError, PytpError, VerifyFailed
from pytp_native.jobs.events import ArgumentReport, ArgumentStarted, Emit, MemberProblem, Notice, Progress
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.plan import ArchivePlan
from pytp_native.jobs.stretches import StretchReader, Unread
from pytp_native.light import NamedTuple
from pytp_native.stream.pack import Hash
from pytp_native.stream.ring import Ring
from pytp_native.stream.untar import Counts, Damage, Ended, Problem, Untar
from pytp_native.units import MIB

HASHES = {"xxh3": Hash.XXH3, "sha256": Hash.SHA256, "none": Hash.NONE}
RING_BYTES = 256 * MIB
_PROGRESS_S = 0.25
_TOLD = 20
"""Blocks that could not be read and are told one by one."""
NO_COUNTS = Counts(0, 0, 0, 0)


class Outcome(NamedTuple):
    """What became of one archive."""

    report: ArgumentReport
    failure: PytpError | None
    """What keeps it from being complete and right."""
    ends_job: bool
    counts: Counts
    """Of this archive."""


class ArchiveReading:
    """Used by the thread that runs the job; `finish` gives directories their attributes."""

    def __init__(
        self,
        drive: Drive,
        catalog: Catalog,
        emit: Emit,
        interrupt: Interrupt,
        *,
        ready: Callable[[ArchivePart], object],
        set_up: Callable[[Untar], object],
        status: str,
        total_bytes: int | None = None,
        on_counts: Callable[[Counts], object] = lambda counts: None,
    ) -> None:
        """`on_counts` is told now and then how far an archive has come. `set_up` tells a new tar reader where things
        go; `status` is the word for what went well."""
        self.locates = 0
        self.blocks = 0
        self.unread = 0
        self.owners_skipped = 0
        self._drive = drive
        self._catalog = catalog
        self._emit = emit
        self._interrupt = interrupt
        self._ready = ready
        self._set_up = set_up
        self._status = status
        self._total = total_bytes
        self._on_counts = on_counts
        self._before = NO_COUNTS
        self._ring: Ring | None = None
        self._untar: Untar | None = None
        self._archive: Archive | None = None
        self._problems: list[MemberProblem] = []
        self._files = 0
        self._bytes = 0
        self._told_s = 0.0
        interrupt.on_trigger(self._stop)

    def _stop(self) -> None:
        if self._ring is not None:
            self._ring.stop()

    def read(self, plan: ArchivePlan) -> Outcome:
        """Read what is wanted of one archive; what goes wrong with it is in the outcome."""
        since = time.monotonic()
        archive = self._archive = plan.archive
        self._emit(ArgumentStarted(archive.path, archive.parts[0].number))
        ring, untar = self._reader(archive.block_bytes)
        before = self._before = untar.counts()
        self._problems = []
        untar.expect(HASHES.get(archive.hash, Hash.NONE), plan.expected.feed, only=True, runs=plan.runs())
        with StretchReader(self._drive, ring, plan.stretches(), self._ready) as reader:
            if self._interrupt.triggered:
                ring.stop()
            untar.run()
            if untar.ended is not Ended.COMPLETE:
                reader.join()
            unread = list(reader.unread)
        for text in reader.damage[:_TOLD]:
            self._emit(Notice("error", "TAPE", f"{self._drive.name}: {os.fsdecode(archive.path)}: {text}"))
        self._count(reader)
        counts = _less(untar.counts(), before)
        self._progress(force=True)
        self._tell_unread(unread)
        failure = self._failure(untar, reader, unread, counts, plan)
        return Outcome(
            self._report(plan, reader, counts, failure, since), failure, self._ends_job(untar, reader), counts
        )

    def finish(self) -> None:
        """Settle what was restored."""
        if self._untar is not None:
            self._problems = []
            self._archive = None
            self._untar.settle()
            self.owners_skipped += self._untar.counts().owners_skipped
            self._untar = None

    def _reader(self, block_bytes: int) -> tuple[Ring, Untar]:
        if self._ring is not None and self._untar is not None and self._ring.block_bytes == block_bytes:
            self._ring.reset()
            self._untar.restart()
            return self._ring, self._untar
        self.finish()
        self._ring = Ring(block_bytes, RING_BYTES, reading=True)
        if not self._drive.has_lowest_speed:
            self._ring.stay_hot()
        self._untar = Untar(self._ring, on_problem=self._problem, on_pause=self._progress)
        self._set_up(self._untar)
        return self._ring, self._untar

    # -- what is told ------------------------------------------------------------------------------------------------

    def _problem(self, problem: Problem) -> None:
        record = MemberProblem(problem.path, problem.reason)
        if problem.damage is not Damage.NONE and self._archive is not None:
            record = self._damage(problem, self._archive)
        self._problems.append(record)
        self._emit(record)

    def _damage(self, problem: Problem, archive: Archive) -> MemberProblem:
        """Say which cartridge, tape file and block it is about."""
        block, offset = divmod(problem.at, archive.block_bytes)
        path = problem.path or self._catalog.member_at(archive, block, offset) or b"?"
        where = place_of(archive, block if problem.bad is None else problem.bad // archive.block_bytes)
        aside = f"; what was read is in {os.fsdecode(path.rpartition(b'/')[2])}.damaged" if problem.left else ""
        reason = (
            problem.reason
            if problem.damage is not Damage.LOST or problem.bad is not None
            else "it is not there any more"
        )
        return MemberProblem(path, f"damaged: {where}: {reason}{aside}")

    def _tell_unread(self, unread: list[Unread]) -> None:
        for one in unread[:_TOLD]:
            part = one.part
            fact = f"{_place(part, one.block)} could not be read ({one.error.fact})"
            self._emit(Notice("error", "TAPE", f"{self._drive.name}: {fact}"))
            if self._archive is not None:
                with suppress(CatalogError):
                    block = part.block_in_file(one.block)
                    self._catalog.add_read_error(self._archive, part, self._drive.address, one.error, block)
        if len(unread) > _TOLD:
            text = f"{self._drive.name}: {len(unread) - _TOLD} more blocks could not be read"
            self._emit(Notice("error", "TAPE", text))

    def _progress(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if self._untar is None or self._ring is None or (not force and now - self._told_s < _PROGRESS_S):
            return
        self._told_s = now
        counts = self._untar.counts()
        self._on_counts(_less(counts, self._before))
        self._emit(Progress(counts.members, counts.archive_bytes, self._ring.stats().fill, self._total))

    def _count(self, reader: StretchReader) -> None:
        self.locates += reader.locates
        self.blocks += reader.blocks
        self.unread += len(reader.unread)

    # -- how it came out ---------------------------------------------------------------------------------------------

    def _failure(
        self, untar: Untar, reader: StretchReader, unread: list[Unread], counts: Counts, plan: ArchivePlan
    ) -> PytpError | None:
        subject = os.fsdecode(plan.archive.path)
        missing = plan.members - counts.members
        left = f"{missing} of {plan.members} members were not read" if missing > 0 else "all members were read"
        if self._interrupt.triggered:
            return Interrupted(subject, f"interrupted; {left}", "run it again")
        if untar.ended is Ended.TARGET_FULL:
            return HostDiskFull(subject, f"the file system of the target is full; {left}")
        if reader.error is not None and untar.ended is not Ended.COMPLETE:
            error = reader.error
            return type(error)(error.subject, f"{error.fact}; {left}", error.next_step)
        if unread:
            fact = f"{len(unread)} blocks could not be read; {counts.damaged} members are damaged or lost, listed above"
            return MediumError(subject, fact, "clean the drive and try again, or use another copy")
        if counts.damaged:
            fact = f"{counts.damaged} members are damaged or lost, listed above"
            return VerifyFailed(subject, fact, "try another drive, or use another copy")
        return None

    @staticmethod
    def _ends_job(untar: Untar, reader: StretchReader) -> bool:
        return untar.ended is Ended.TARGET_FULL or (reader.error is not None and untar.ended is not Ended.COMPLETE)

    def _report(
        self, plan: ArchivePlan, reader: StretchReader, counts: Counts, failure: PytpError | None, since: float
    ) -> ArgumentReport:
        archive = plan.archive
        status = "partial" if self._problems else self._status
        if failure is not None:
            status = "interrupted" if isinstance(failure, Interrupted) else "failed"
        return ArgumentReport(
            path=archive.path,
            status=status,
            tape_file=archive.parts[0].number,
            first_block=archive.parts[0].first_block,
            blocks=reader.blocks,
            files=counts.restored,
            data_bytes=reader.blocks * archive.block_bytes,
            duration_s=time.monotonic() - since,
            errors=tuple(self._problems),
        )


def place_of(archive: Archive, block: int) -> str:
    """Say where block `block` of an archive is."""
    return _place(archive.part_of(block), block)


def _place(part: ArchivePart, block: int) -> str:
    name = part.barcode or part.uuid or "without label"
    return f"cartridge {name}, tape file {part.number}, block {part.block_in_file(block)}"


def _less(after: Counts, before: Counts) -> Counts:
    return Counts._make(a - b for a, b in zip(after, before, strict=True))
