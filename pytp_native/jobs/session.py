# SPDX-License-Identifier: WTFPL OR MIT
"""One run over all arguments: their order on tape, who is told of what is on it, and the report."""

from __future__ import annotations

import os

from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError
from pytp_native.jobs.argument_file import ArgumentFile, Written, limits_of, position_of
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.events import ArgumentReport, Emit, JobReport, Notice
from pytp_native.jobs.members import MemberList


class Session:
    """One run; `members` is the list that the user asked for."""

    def __init__(self, drive: Drive, writer: ArgumentFile, emit: Emit, members: MemberList | None) -> None:
        self._drive = drive
        self._writer = writer
        self._emit = emit
        self._members = members
        self._failure: PytpError | None = None

    def run(self, arguments: tuple[Argument, ...]) -> JobReport:
        sizes = [argument.file_bytes for argument in arguments]
        self._writer.total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        reports = [self._save(argument) for argument in arguments]
        list_error = self._list_error()
        if list_error:
            self._emit(Notice("warning", "SOURCE", f"member list: {list_error}; the tape is not affected"))
        problems = any(report.errors for report in reports) or (list_error and self._members)
        return JobReport(
            command="backup",
            exit_code=self._failure.exit_code if self._failure else int(bool(problems)),
            device=self._drive.address,
            arguments=tuple(reports),
            position=position_of(self._drive),
            message=self._message(reports, list_error),
            limits=limits_of(self._writer.ring.stats()),
        )

    def _save(self, argument: Argument) -> ArgumentReport:
        """Save one argument, unless an earlier one ended the run, and tell at once how it came out."""
        if self._failure is not None:
            report = ArgumentReport(argument.path, "not started", None, None, 0, 0, 0, 0.0)
        else:
            written = self._writer.save(argument, self._emit)
            self._failure = written.failure
            self._keep_members(written)
            report = written.report
        self._emit(report)
        return report

    def _keep_members(self, written: Written) -> None:
        """List the members that are on tape, which they are only in front of a filemark."""
        if self._members is not None and written.closed:
            saved = self._writer.log.members(self._drive.block_bytes, written.report.blocks)
            self._members.add(saved, written.report.tape_file)

    def _list_error(self) -> str:
        """Say what kept members from being listed, on their way through the log or in the file."""
        if error := self._writer.log_error:
            return os.strerror(error)
        return self._members.error if self._members else ""

    def _message(self, reports: list[ArgumentReport], list_error: str) -> str:
        if self._failure is not None:
            return str(self._failure)
        count = sum(len(report.errors) for report in reports)
        if count:
            return f"{count} files were not saved as they should be; they are listed above"
        return f"{self._members.path}: not complete ({list_error})" if list_error and self._members else ""
