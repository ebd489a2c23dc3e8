# SPDX-License-Identifier: WTFPL OR MIT
"""One archive being read from one tape file: its problems, its progress, and the report at its end."""

from __future__ import annotations

import os
import time

from pytp_native.devices.drive import Drive
from pytp_native.errors import ArchiveCut, NothingHere, PytpError
from pytp_native.jobs.events import ArgumentReport, Emit, JobReport, MemberProblem, Notice, Progress
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.tape_file import TapeFile
from pytp_native.stream.untar import Counts, Damage, Ended, Problem, Untar

_PROGRESS_S = 0.25
_TOLD = 20
"""Blocks that could not be read and are told one by one."""


class Reading:
    """Joins a tape file and the tar reader that consumes it, and remembers what went wrong."""

    def __init__(self, file: TapeFile, emit: Emit, *, restores: bool = False) -> None:
        """`restores`: the files that it tells are those made in the target, not those seen in the archive."""
        self.file = file
        self._restores = restores
        self.untar = Untar(file.archive(), on_problem=self._problem, on_pause=self._pause)
        file.reader = self.untar
        self.problems: list[MemberProblem] = []
        self._damaged = 0
        self._emit = emit
        self._told = time.monotonic()
        self._since = self._told

    def _problem(self, problem: Problem) -> None:
        record = MemberProblem(problem.path, problem.reason)
        if problem.damage is not Damage.NONE:
            record = self._damage(problem)
        self.problems.append(record)
        self._emit(record)

    def _damage(self, problem: Problem) -> MemberProblem:
        """Say where it is, and where what is left of the file is."""
        self._damaged += 1
        size = self.file.ring.block_bytes
        block = (problem.at if problem.bad is None else problem.bad) // size
        name = os.fsdecode(problem.path.rpartition(b"/")[2])
        aside = f"; what was read is in {name}.damaged" if problem.left else ""
        return MemberProblem(
            problem.path, f"damaged: tape file {self.file.number}, block {block}: {problem.reason}{aside}"
        )

    def tell_unread(self) -> None:
        """Tell of blocks that could not be read, when the reader has ended."""
        subject = f"{self.file.drive.name}: tape file {self.file.number}"
        for block, error in self.file.unread[:_TOLD]:
            self._emit(Notice("error", "TAPE", f"{subject}, block {block} could not be read ({error.fact})"))
        if len(self.file.unread) > _TOLD:
            more = len(self.file.unread) - _TOLD
            self._emit(Notice("error", "TAPE", f"{subject}: {more} more blocks could not be read"))

    def _pause(self) -> None:
        now = time.monotonic()
        if now - self._told >= _PROGRESS_S:
            self._told = now
            self.progress()

    def progress(self) -> None:
        """Emit the totals as they are."""
        counts = self.untar.counts()
        self._emit(Progress(self._files(counts), counts.archive_bytes, self.file.ring.stats().fill))

    def _files(self, counts: Counts) -> int:
        return counts.restored if self._restores else counts.members

    def failure(self, interrupt: Interrupt) -> tuple[int, str]:
        """Return exit code and message of this archive, once the reader has ended."""
        subject = f"tape file {self.file.number}"
        if interrupt.triggered:
            return 130, f"{subject}: interrupted; members before that are complete"
        if self.file.error is not None:
            return self.file.error.exit_code, str(self.file.error)
        if self.file.unread:
            fact = f"{len(self.file.unread)} blocks could not be read; {self._damaged} places are damaged, listed above"
            return 6, f"{subject}: {fact}; clean the drive and try again, or use another copy"
        if self._damaged:
            return 8, f"{subject}: {self._damaged} files are damaged, listed above; try another drive or copy"
        cut = self._cut(subject)
        if cut is not None:
            return cut.exit_code, str(cut)
        if self.untar.ended is Ended.NO_TAR and self.file.packing:
            packing = self.file.packing
            return 1, f"{subject}: this was packed with {packing}: pytp cat | {packing} -dc | tar -x"
        if self.untar.ended is Ended.NO_TAR:
            return 1, f"{subject}: this is no tar archive; pytp cat gives its bytes"
        if self.problems:
            return 1, f"{subject}: {len(self.problems)} problems, listed above"
        return 0, ""

    def _cut(self, subject: str) -> ArchiveCut | None:
        salvage = "what came before it is complete; pytp cat gives the bytes of the rest"
        if self.untar.ended is Ended.CUT:
            where = f"inside {self.untar.cut.decode(errors='backslashreplace')!r}" if self.untar.cut else "in a header"
            return ArchiveCut(subject, f"the archive ends {where}", salvage)
        if self.untar.ended is Ended.UNMARKED:
            return ArchiveCut(subject, "the archive ends without its end mark", "members behind it may be missing")
        return None

    def argument(self, status: str, since: float, exit_code: int) -> ArgumentReport:
        counts = self.untar.counts()
        words = {0: status, 1: "partial", 12: "partial", 130: "interrupted"}
        return ArgumentReport(
            path=f"file {self.file.number}".encode(),
            status="failed" if self.untar.ended is Ended.NO_TAR else words.get(exit_code, "failed"),
            tape_file=self.file.number,
            first_block=self.file.first_block,
            blocks=self.file.blocks,
            files=self._files(counts),
            data_bytes=self.file.data_bytes,
            duration_s=time.monotonic() - since,
            errors=tuple(self.problems),
        )

    def report(
        self, command: str, status: str, since: float, interrupt: Interrupt, error: PytpError | None = None
    ) -> JobReport:
        """Make the job's report; `error` is what else ended it."""
        exit_code, message = self.failure(interrupt)
        if error is not None and exit_code not in {6, 130}:
            exit_code, message = error.exit_code, str(error)
        stats = self.file.ring.stats()
        return JobReport(
            command,
            exit_code,
            self.file.drive.name,
            (self.argument(status, since, exit_code),),
            self.file.drive.where(),
            message,
            {
                "ring_bytes": stats.slots * stats.slot_bytes,
                "peak_fill": stats.peak_filled / stats.slots,
                "tape_waited_s": stats.producer_wait_s,
                "disk_waited_s": stats.consumer_wait_s,
            },
            {"checked": self.untar.counts().checked} if self._restores else {},
        )


def nothing_here(command: str, drive: Drive, error: NothingHere) -> JobReport:
    """Make the report of a job that found no tape file."""
    where = drive.where()
    argument = ArgumentReport(b"", "not started", where.file, where.logical_block, 0, 0, 0, 0.0)
    return JobReport(command, error.exit_code, drive.name, (argument,), where, str(error))
