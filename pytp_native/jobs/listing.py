# SPDX-License-Identifier: WTFPL OR MIT
"""List the members of the tape file at the head, or of all tape files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice

from pytp_native.devices.drive import Drive
from pytp_native.errors import EndOfData, NothingHere
from pytp_native.jobs.events import ArgumentReport, Emit, JobReport, MemberListed, Notice, OwnFileListed
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.own_file import describe_own
from pytp_native.jobs.reading import Reading, nothing_here
from pytp_native.jobs.tape_file import TapeFile, next_archive

_SEVERITY = (0, 1, 12, 6, 130)
"""Exit codes of tape files, the worst last; what is not here is a device's."""


def _severity(exit_code: int) -> int:
    return _SEVERITY.index(exit_code if exit_code in _SEVERITY else 6)


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What to list."""

    sample: int | None = None
    """Stop after this many members and go back to the start of the tape file."""
    all_files: bool = False
    """Every tape file from the beginning of the tape, instead of the one at the head."""


def list_members(drive: Drive, request: ListRequest, emit: Emit, interrupt: Interrupt) -> JobReport:
    """Emit a MemberListed for each member, as `tar -tv` prints it, and one line for a label or trailer before it.

    Leaves the tape at the next tape file; with `sample` at the start of this one; with `all_files` at the end of data.
    Exit codes as `restore`. Raises Refused where the head is in the middle of a tape file.
    """
    if request.all_files:
        return _list_all(drive, request, emit, interrupt)
    try:
        return _list_one(drive, request.sample, emit, interrupt)
    except NothingHere as error:
        return nothing_here("ls", drive, error)


def _list_one(
    drive: Drive, sample: int | None, emit: Emit, interrupt: Interrupt, *, announce: bool = False
) -> JobReport:
    """List one tape file; one of many (`announce`) is told before its members and left behind."""
    since = time.monotonic()

    def tell_own(own: TapeFile) -> None:
        emit(OwnFileListed(own.number, own.mark.kind if own.mark else "", describe_own(own)))

    def warn(text: str) -> None:
        emit(Notice("warning", "TAPE", text))

    with next_archive(drive, interrupt, warn, tell_own, salvages=True) as file:
        if announce:
            emit(Notice("info", "TAPE", f"tape file {file.number}:"))
        reading = Reading(file, emit)
        for line in islice(reading.untar.lines(), sample):
            emit(MemberListed(line))
    if sample is not None and not announce:
        file.to_start()
    else:
        file.to_next()
    reading.tell_unread()
    return reading.report("ls", "listed", since, interrupt)


def _list_all(drive: Drive, request: ListRequest, emit: Emit, interrupt: Interrupt) -> JobReport:
    arguments: list[ArgumentReport] = []
    exit_code, messages = 0, []
    drive.rewind()
    while not interrupt.triggered:
        try:
            report = _list_one(drive, request.sample, emit, interrupt, announce=True)
        except EndOfData as error:
            if not arguments:
                return nothing_here("ls", drive, error)
            break
        except NothingHere as error:
            emit(Notice("info", "TAPE", str(error)))
            continue
        arguments += report.arguments
        exit_code = max(exit_code, report.exit_code, key=_severity)
        messages += [report.message] if report.message else []
        if report.position is None or report.position.file == report.arguments[0].tape_file:
            break  # no filemark behind it, or the drive cannot get past it
    if interrupt.triggered:
        exit_code = 130
    return JobReport("ls", exit_code, drive.name, tuple(arguments), drive.where(), "; ".join(messages[:3]))
