# SPDX-License-Identifier: WTFPL OR MIT
"""What jobs tell while they run and when they end. Jobs never print: a face (terminal, JSON, log) takes these
records."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytp_native.light import NamedTuple
from pytp_native.transport.records import Position


class Notice(NamedTuple):
    """Something worth a line: level "info", "warning" or "error"; `kind` is a stable word for logs (SOURCE, TAR,
    TAPE...)."""

    level: str
    kind: str
    text: str


class ArgumentStarted(NamedTuple):
    """A tape file begins (backup: argument path; restore, ls: "file N")."""

    path: bytes
    tape_file: int | None


class Progress(NamedTuple):
    """Running totals of the whole job; emitted a few times a second, only from the thread that runs the job."""

    files: int
    data_bytes: int
    """Bytes moved to or from tape so far."""
    buffer_fill: float
    """0.0 to 1.0"""
    total_bytes: int | None = None
    """Expected bytes of the whole job, where known."""


class MemberProblem(NamedTuple):
    """One file that was not (fully) saved or restored, and why."""

    path: bytes
    reason: str


class MemberListed(NamedTuple):
    """One line of ls; `line` is as `tar -tv` prints it, bytes, without newline."""

    line: bytes


class OwnFileListed(NamedTuple):
    """ls met a tape file that pytp wrote for itself and went on to the next one."""

    tape_file: int | None
    kind: str
    """label or trailer"""
    text: str


class Part(NamedTuple):
    """What one cartridge holds of an argument."""

    cartridge: str | None
    """Its barcode; None without a label."""
    tape_file: int | None
    first_block: int | None
    blocks: int
    """Of the archive."""
    skipped: int = 0
    """Blocks of the archive that are on earlier cartridges."""
    ahead: int = 0
    """Blocks in front of the archive's here: 1 where a cut member goes on."""
    stored: int | None = None
    """Tape blocks, if they are compressed; the figures above count what is in them."""
    frames: bytes = b""
    """Where each Zstandard frame is: stream.frames.unpack_places."""

    @property
    def on_tape(self) -> int:
        """Tape blocks of this part."""
        return self.blocks + self.ahead if self.stored is None else self.stored


class ArgumentReport(NamedTuple):
    """One tape file's outcome, told as soon as it is known and again in the job's report.

    status: saved, partial (some files had problems), unchanged (nothing to write), failed, interrupted, not started.
    """

    path: bytes
    status: str
    tape_file: int | None
    first_block: int | None
    """Logical block (MTIOCPOS) at which the tape file starts, where the drive tells it."""
    blocks: int
    files: int
    data_bytes: int
    """Bytes on tape: blocks x block size."""
    duration_s: float
    errors: tuple[MemberProblem, ...] = ()
    parts: tuple[Part, ...] = ()
    """Backup: one for each cartridge that the argument is on."""


def joined(first: ArgumentReport, then: ArgumentReport) -> ArgumentReport:
    """Return the report of an argument that was written in two steps."""
    if first.tape_file is None:
        return then
    return then._replace(
        tape_file=first.tape_file, first_block=first.first_block, blocks=first.blocks + then.blocks,
        files=first.files + then.files, data_bytes=first.data_bytes + then.data_bytes,
        duration_s=first.duration_s + then.duration_s, errors=(*first.errors, *then.errors),
        parts=(*first.parts, *then.parts),
    )  # fmt: skip


class JobReport(NamedTuple):
    """The end of a job: everything the summary table and --json need."""

    command: str
    exit_code: int
    device: str
    arguments: tuple[ArgumentReport, ...]
    position: Position | None
    message: str = ""
    """One line (subject: fact; next step) when exit_code is not 0."""
    limits: Mapping[str, object] = {}
    """What limited the job: underruns, waits of each side in seconds, peak fill, ring size."""
    details: Mapping[str, object] = {}
    """What --json tells beside the common fields: backup: session, cartridge, label_file, trailer_file."""


__all__ = [
    "ArgumentReport",
    "ArgumentStarted",
    "Emit",
    "JobReport",
    "MemberListed",
    "MemberProblem",
    "Notice",
    "OwnFileListed",
    "Part",
    "Position",
    "Progress",
    "joined",
]

Emit = Callable[[object], None]
"""Takes any record of this module."""
