# SPDX-License-Identifier: WTFPL OR MIT
"""Backup: each argument becomes one tape file of plain tar, reported as saved only when its filemark is on tape."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from pytp_native.devices.drive import Drive
from pytp_native.errors import Refused
from pytp_native.jobs.argument_file import ArgumentFile
from pytp_native.jobs.arguments import resolve_arguments
from pytp_native.jobs.events import Emit, JobReport, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.members import MemberList, MemberLog
from pytp_native.jobs.session import Session
from pytp_native.stream.memory import available_bytes, ring_bytes
from pytp_native.stream.pack import Hash
from pytp_native.stream.ring import Ring

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
        writer = ArgumentFile(
            drive,
            ring,
            log,
            interrupt,
            hash_kind=HASHES[request.hash_name],
            exclude=request.exclude,
            one_file_system=request.one_file_system,
        )
        return Session(drive, writer, emit, members).run(arguments)


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
