# SPDX-License-Identifier: WTFPL OR MIT
"""What a session writes around its arguments: the label of a fresh cartridge before them, the trailer behind them."""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import Sequence
from typing import IO

import pytp_native
from pytp_native.catalog.records import Deletion
from pytp_native.devices.cartridge_memory import HostFacts, write_date, write_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, Interrupted, PytpError
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.events import ArgumentReport, Emit, MemberProblem, Notice, Part
from pytp_native.jobs.frontier import TapeMoved, end_of_data
from pytp_native.jobs.members import MemberLog
from pytp_native.jobs.own_file import own_file_error, write_own_file
from pytp_native.jobs.parts import position_of
from pytp_native.light import NamedTuple
from pytp_native.stream.gone_list import GoneList, gone_list
from pytp_native.stream.label import Follows, Label, build_label
from pytp_native.stream.member_index import IndexSpool
from pytp_native.stream.preface import Preface
from pytp_native.stream.record import stamp
from pytp_native.stream.ring import Ring
from pytp_native.stream.trailer import MANIFESTS, Earlier, SavedFile, SessionRecord, Volume, build_trailer


class Place(NamedTuple):
    """Where a session begins."""

    label: Label | None
    """Of the cartridge; None on a foreign tape, and for a bare session."""
    fresh: bool = False
    """The label is still to be written, here, at the beginning of the tape."""
    earlier: tuple[Earlier, ...] = ()
    """Trailers on the tape."""


class About(NamedTuple):
    """What a trailer tells of its session beside what is on tape."""

    hash: str = "xxh3"
    job: str | None = None
    label: str | None = None
    level: str = "full"
    """full, incremental, differential: as it was asked for."""


MOST_ERRORS = 10_000
"""Of an argument, in the trailer: session.json has its limit."""


class Begun(NamedTuple):
    """A session that is resumed."""

    uuid: str
    started: int
    volumes: tuple[Volume, ...]
    """Its cartridges before the one in the drive."""


class Cut(NamedTuple):
    """What goes on on another cartridge."""

    argument: Argument
    part: Part
    """The last one with something in it..."""
    volume: Volume
    """... and the cartridge that has it."""


def _told(argument: Argument, problems: Sequence[MemberProblem]) -> tuple[tuple[str, str], ...]:
    """What the trailer says of files that were not saved: not more than it can be read back with."""
    told = tuple((os.fsdecode(problem.path), problem.reason) for problem in problems[:MOST_ERRORS])
    left = len(problems) - len(told)
    return (*told, (os.fsdecode(argument.path), f"{left} more files, which the log of the job has")) if left else told


class Frame:
    """Label, and trailer with the index of all that came between; close it, because the index needs a file."""

    def __init__(
        self,
        drive: Drive,
        ring: Ring,
        place: Place,
        emit: Emit,
        about: About,
        *,
        before: Frame | Begun | None = None,
        started: int | None = None,
        cut: Cut | None = None,
    ) -> None:
        """`before`: the frame on the cartridge before this one of the same session, or what a catalog tells of it.
        `started`: of the session, seconds since 1970; default: now. `cut`: what goes on here; a new label tells of
        it."""
        self.uuid: str = before.uuid if before else str(uuid.uuid4())
        self.place = place
        label = place.label
        mine = Volume(label.uuid, label.barcode) if label else Volume(None, None)
        self.volumes: tuple[Volume, ...] = (*(before.volumes if before else ()), mine)
        self.label_file: int | None = None
        self.trailer_file: int | None = None
        """Tape files, where this session wrote them."""
        self.trailer_block: int | None = None
        """Logical block at which the trailer starts."""
        self.has_trailer = False
        self._drive = drive
        self._ring = ring
        self._emit = emit
        self._about = about
        self.started: int = before.started if before else started or int(time.time())
        self.ended: int | None = None
        """As the trailer has it."""
        if cut is not None and label is not None and place.fresh:
            self.place = place._replace(label=label._replace(follows=self._follows(cut)))
        self._spool = IndexSpool()
        self._saved: list[SavedFile] = []
        self._last_written: SavedFile | None = None
        """By this frame, on this cartridge."""
        self._lists: list[GoneList] = []
        self._frames: dict[str, bytes] = {}
        """Tables of frames, by their name in the trailer."""

    def recall(
        self, saved: SavedFile, records: IO[bytes], members_blocks: int, *, frames: bytes | None = None,
        gone: Sequence[Deletion] = (),
    ) -> None:  # fmt: skip
        """Take over a tape file that this session wrote before it was resumed, with its members' records; the last of
        them ends within so many blocks of the archive."""
        self._spool.add(records, saved.tape_file, self._drive.block_bytes, members_blocks, saved.part)
        if frames is not None:
            name = f"pytp/index/{len(self._saved) + 1:05}.frames"
            self._frames[name] = frames
            saved = saved._replace(frames=name)
        self._saved.append(saved)
        if gone:
            pairs = [(one.path, one.new_path) for one in gone]
            self._lists.append(gone_list(len(self._saved), saved.tape_file, saved.part, pairs))

    def preface(self, argument: Argument, *, is_here: bool = True) -> bytes:
        """Return what stands in front of an archive on this cartridge (`is_here`), or on any of the session: one that
        dies has no trailer."""
        about = self._about
        path, name = os.fsdecode(argument.path), os.fsdecode(argument.name)
        told = Preface(
            self.uuid, stamp(self.started), self.part if is_here else None, path, name, about.level,
            argument.level, argument.based_on, about.hash, about.job, about.label,
        )  # fmt: skip
        return told.headers(self._drive.block_bytes)

    def close(self) -> None:
        """Forget the index."""
        self._spool.close()

    def begin(self) -> PytpError | None:
        """Write the label if the cartridge has none yet; return what kept it from being written."""
        label = self.place.label
        if label is None or not self.place.fresh:
            return None
        try:
            write_own_file(self._drive, self._ring, build_label(label), "label")
        except PytpError as error:
            return own_file_error(error, "label")
        self.label_file = 0
        self._emit(Notice("info", "TAPE", f"cartridge {label.barcode} is labelled (tape file 0)"))
        facts = HostFacts(label.barcode, label.uuid, label.host, pytp_native.__version__, label.pool)
        self._tell_memory(write_memory(self._drive.address, facts))
        return None

    @property
    def part(self) -> int:
        """Which cartridge of the session this is, from 1."""
        return len(self.volumes)

    @property
    def index_error(self) -> str:
        """Why the trailer has no whole index; "" where it has."""
        return self._spool.error

    @property
    def barcode(self) -> str | None:
        return self.volumes[-1].barcode

    def gone(self, part: Part, deletions: Sequence[Deletion]) -> None:
        """Remember what the argument that was taken last has lost since the session that it is based on."""
        if deletions:
            pairs = [(one.path, one.new_path) for one in deletions]
            self._lists.append(gone_list(len(self._saved), part.tape_file, self.part, pairs))

    def take(
        self, argument: Argument, part: Part, log: MemberLog, log_start: int, report: ArgumentReport | None = None,
        *, lost: str = "",
    ) -> int:  # fmt: skip
        """Remember a tape file that has its filemark, for the trailer; return where its records end in the log.

        `log_start`: where they begin. `report`: of the whole argument; None where it goes on on the next cartridge. A
        log that is not complete (`lost` says why) makes no index.
        """
        if lost:
            self._spool.give_up(lost)
        with log.raw(log_start) as records:
            blocks = part.skipped + part.blocks
            taken = self._spool.add(records, part.tape_file, self._drive.block_bytes, blocks, self.part)
        members = self._spool.files[-1].members if self._spool.files and not self._spool.error else 0
        self._saved.append(
            SavedFile(
                os.fsdecode(argument.path), os.fsdecode(argument.name), report.status if report else "continues",
                part.tape_file, part.first_block, part.blocks + part.ahead,
                report.files if report and not part.skipped else members,
                _told(argument, report.errors) if report else (),
                self.part, part.skipped, part.ahead, report is None,
                argument.level, argument.based_on,
                None if part.stored is None else "zstd", part.stored, self._keep_frames(part),
            )
        )  # fmt: skip
        self._last_written = self._saved[-1]
        return log_start + taken

    def _keep_frames(self, part: Part) -> str | None:
        if part.stored is None:
            return None
        name = f"pytp/index/{len(self._saved) + 1:05}.frames"
        self._frames[name] = part.frames
        return name

    def follow(self, place: Place, *, carry: bool, cut: Cut | None = None) -> Frame:
        """Make the frame on the session's next cartridge; close this one.

        `carry`: the trailer here had no room for what was saved, so the next one takes it over. `cut`: what goes on on
        the next one; a new label tells of it.
        """
        after = Frame(self._drive, self._ring, place, self._emit, self._about, before=self, cut=cut)
        if carry:
            after._saved, after._lists = self._saved, self._lists
            after._frames = self._frames
            after._spool, self._spool = self._spool, after._spool
        self._spool.close()
        return after

    def _follows(self, cut: Cut) -> Follows:
        argument, part = cut.argument, cut.part
        return Follows(
            self.uuid, stamp(self.started), self.part, cut.volume.uuid, cut.volume.barcode, part.tape_file,
            os.fsdecode(argument.path), os.fsdecode(argument.name), part.skipped + part.blocks, self._about.hash,
            self._about.job, self._about.label, argument.level, argument.based_on,
        )  # fmt: skip

    def end(self, failure: PytpError | None, not_started: tuple[bytes, ...]) -> PytpError | None:
        """Write the trailer behind what was saved; return what kept it from being written."""
        if not self._saved:
            return None
        if self._spool.error:
            fact = f"the index of this session is not in its trailer: {self._spool.error}"
            self._emit(Notice("warning", "TAPE", f"{self._drive.address}: {fact}"))
        here = position_of(self._drive)
        moved = self._moved(here.logical_block if here else None)
        if moved is not None:
            return own_file_error(moved, "trailer")
        record = self._record(failure, not_started, here.file if here else None, here.logical_block if here else None)
        try:
            write_own_file(
                self._drive, self._ring, build_trailer(record, self._spool, self._lists, self._frames), "trailer"
            )
        except PytpError as error:
            return own_file_error(error, "trailer")
        self.has_trailer = True
        self.trailer_file, self.trailer_block = record.tape_file, record.first_block
        if self.place.label is not None:
            self._tell_memory(write_date(self._drive.address))
        return None

    def _moved(self, here: int | None) -> TapeMoved | None:
        """Look whether the tape still stands behind the tape file that was written last."""
        last = self._saved[-1]
        if here is None or last.first_block is None or last.part != self.part:
            return None
        wanted = last.first_block + (last.blocks if last.stored_blocks is None else last.stored_blocks) + 1
        if here == wanted or last is not self._last_written:
            return None
        end = end_of_data(self._drive)
        return TapeMoved.found(self._drive, here, wanted, min(wanted, here if end is None else end))

    def _record(
        self, failure: PytpError | None, not_started: tuple[bytes, ...], tape_file: int | None, first_block: int | None
    ) -> SessionRecord:
        label = self.place.label
        self.ended = int(time.time())
        return SessionRecord(
            uuid=self.uuid, started=stamp(self.started), ended=stamp(self.ended),
            status=self._status(failure), exit=failure.exit_code if failure else int(self.has_problems),
            block_bytes=self._drive.block_bytes, hash=self._about.hash,
            cartridge=label.uuid if label else None, barcode=label.barcode if label else None,
            generation=label.generation if label else None, job=self._about.job, label=self._about.label,
            part=self.part, cartridges=self.volumes,
            host=platform.node(), software=f"pytp {pytp_native.__version__}",
            continues=isinstance(failure, CartridgeNeeded), arguments=tuple(self._saved),
            not_started=tuple(os.fsdecode(path) for path in not_started), indexes=tuple(self._spool.files),
            index_error=self._spool.error or None,
            checksums=MANIFESTS.get(self._about.hash) if self._spool.line_bytes else None,
            tape_file=tape_file, first_block=first_block, earlier=self.place.earlier,
            level=self._about.level, deletions=tuple(one.entry for one in self._lists),
        )  # fmt: skip

    def _status(self, failure: PytpError | None) -> str:
        if failure is None:
            return "partial" if self.has_problems else "complete"
        if isinstance(failure, CartridgeNeeded):
            return "full"
        return "interrupted" if isinstance(failure, Interrupted) else "failed"

    @property
    def has_problems(self) -> bool:
        """Tell whether files are missing, of what was recalled too."""
        return any(saved.errors for saved in self._saved)

    def _tell_memory(self, trouble: str) -> None:
        if trouble:
            text = f"{self._drive.address}: the cartridge's memory was not written: {trouble}; the tape is not affected"
            self._emit(Notice("info", "TAPE", text))

    def details(self) -> dict[str, object]:
        """For --json."""
        label = self.place.label
        cartridge = label and {"uuid": label.uuid, "barcode": label.barcode, "generation": label.generation}
        return {
            "session": self.uuid, "cartridge": cartridge,
            "cartridges": [volume.barcode for volume in self.volumes],
            "label_file": self.label_file, "trailer_file": self.trailer_file,
        }  # fmt: skip
