# SPDX-License-Identifier: WTFPL OR MIT
"""A backup's side of the catalog: what the session writes is recorded while it is written.

A catalog that fails (a full disk) does not stop the tape: members wait in the packer's log and are tried again until
their tape file is closed; what is lost then is told, and stands in the session's trailer.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytp_native
from pytp_native.catalog.recording import OpenSession, OpenTapeFile
from pytp_native.catalog.records import CartridgeFacts, Deletion, MemberBatch, SessionFacts, TapeFileFacts
from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import Memory, read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, CatalogError, Interrupted, LibraryError, MediumError, PytpError
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.events import Emit, MemberProblem, Notice, Part
from pytp_native.jobs.members import MemberLog
from pytp_native.jobs.parts import position_of
from pytp_native.light import NamedTuple
from pytp_native.stream.cut_member import Rest
from pytp_native.stream.label import Label
from pytp_native.stream.member_columns import ROOM, MemberColumns
from pytp_native.units import KIB, MIB

_WORTH_BYTES = 128 * KIB
"""Member records that are worth a transaction while the tape runs; fewer wait for _PATIENCE_S."""
_PATIENCE_S = 5.0
"""Between transactions with few members, and after one that failed."""
_SLICE_S = 0.5
"""How long one look may take: the job has other things to do, too."""


class Told(NamedTuple):
    """What the catalog keeps of a session beside what is on tape."""

    hash: str
    job: str | None = None
    label: str | None = None
    barcode: str | None = None
    """What the library reads on the first cartridge."""
    plan: str | None = None
    """The request, for who resumes it."""
    kind: str = "full"
    """full, incremental, differential: as it was asked for."""


class Ledger:
    """Used by the thread that runs the job."""

    def __init__(self, catalog: Catalog, drive: Drive, log: MemberLog, emit: Emit, about: Told) -> None:
        self.lost = False
        """Something of this session is not in the catalog."""
        self._catalog = catalog
        self._drive = drive
        self._log = log
        self._emit = emit
        self._about = about
        self._columns = MemberColumns()
        self._session: OpenSession | None = None
        self._cartridge: int | None = None
        self._file: OpenTapeFile | None = None
        self._last_file: OpenTapeFile | None = None
        self._files: dict[bytes, tuple[int, ...]] = {}
        self._last_blocks: int | None = None
        """On tape, of the tape file that was closed last."""
        self._told_failure = ""
        self._label: Label | None = None
        self._part = 0
        """Which cartridge of the session, from 1."""
        self._taken = 0
        """Bytes of the log that are in the catalog."""
        self._next_s = 0.0
        self._complained = False

    # -- the session -------------------------------------------------------------------------------------------------

    def begin(self, uuid: str, started: int) -> None:
        """Raises CatalogError: nothing is on tape yet."""
        about = self._about
        self._catalog.mark_dead(platform.node())
        self._session = self._catalog.begin_session(
            SessionFacts(
                uuid, started, about.kind, job=about.job, label=about.label, hash=about.hash, host=platform.node(),
                pid=os.getpid(), software=f"pytp {pytp_native.__version__}", plan=about.plan,
            )
        )  # fmt: skip

    def begin_at(self, part: int) -> None:
        """The session is resumed on that cartridge of it."""
        self._part = part - 1

    def on_cartridge(self, label: Label | None) -> None:
        """The tape stands where writing begins; all that was recorded from here on is lost with the first write.

        Raises CatalogError on the first cartridge only: a claim that may be false must not stay, but a tape that runs
        is not stopped.
        """
        self._part += 1
        self._label, self._cartridge = label, None
        if self._part == 1:
            self._meet(label)
        else:
            with self._trying(lost=True):
                self._meet(label)

    def _meet(self, label: Label | None) -> None:
        if self._session is None:
            return
        here = position_of(self._drive)
        self._session.given_up = 0
        barcode = self._about.barcode if self._part == 1 else None
        facts = cartridge_facts(label, read_memory(self._drive.address), barcode)
        self._cartridge = self._session.on_cartridge(facts, overwrites_from=here.file if here else None)

    def nothing_was_written(self) -> None:
        """The drive has refused the first write: whether what was given up for it is still there, only the tape can
        tell."""
        if self._session is not None and self._session.given_up:
            fact = f"the catalog has given up {self._session.given_up} tape files that were to be written over"
            self._emit(Notice("warning", "CATALOG", f"{self._drive.address}: {fact}; see pytp catalog rebuild"))

    def leave_full(self) -> None:
        """The session is resumed, and this cartridge of it has no room."""
        if self._session is not None and self._cartridge is not None:
            with self._trying():
                self._session.left_full(self._cartridge)

    def device_error(self, failure: PytpError) -> None:
        """Drive or library has failed."""
        if self._session is None or failure.fact == self._told_failure:
            return
        self._told_failure = failure.fact
        kind = "LIBRARY" if isinstance(failure, LibraryError) else "TAPE"
        file = self._file or self._last_file
        with self._trying(lost=True):
            self._session.add_device_error(
                self._cartridge, device=self._drive.address, kind=kind, text=str(failure), sense=failure.sense,
                tape_file=file.facts.number if file is not None else None,
                block=self._last_blocks if file is not None else None,
            )  # fmt: skip

    def end(
        self, failure: PytpError | None, exit_code: int, ended: int | None = None, *, is_whole: bool = True
    ) -> None:
        """The session is over, its trailer written where one was due; `is_whole`: no files are missing."""
        if self._session is None:
            return
        if failure is not None and not isinstance(failure, (CartridgeNeeded, Interrupted)):
            self.device_error(failure)
        with self._trying(lost=True):
            state = "failed" if self.lost and failure is None else _state(failure, is_whole=is_whole)
            self._session.end(state, exit_code, ended=ended)
        if self.lost:
            what = "this session is not in the catalog as it should be; what is on tape is not affected"
            fact = f"{self._catalog.path}: {what}: its trailer has it: pytp catalog rebuild"
            self._emit(Notice("error", "CATALOG", fact))

    # -- tape files --------------------------------------------------------------------------------------------------

    def begin_file(self, argument: Argument, part: Part, *, anew: bool) -> None:
        """An archive begins, or goes on on this cartridge; `anew`: and the member log is empty."""
        if anew:
            self._taken = 0
        self._file, self._last_file, self._next_s = None, None, 0.0
        with self._trying(lost=True):
            self._file = self._begin(
                TapeFileFacts(
                    part.tape_file, part.first_block, self._drive.block_bytes, argument.path, argument.name,
                    part=self._part, skipped=part.skipped, ahead=part.ahead,
                    level=argument.level, based_on=argument.based_on,
                    compression=None if part.stored is None else "zstd",
                )
            )  # fmt: skip

    def files_of(self, argument: Argument) -> tuple[int, ...]:
        """Return the ids of its tape files that this process has recorded."""
        return self._files.get(argument.path, ())

    def follow(self, blocks: int) -> None:
        """So many blocks of the archive are written: take their members over, if it is worth it."""
        now = time.monotonic()
        if now < self._next_s and self._waiting_bytes() < _WORTH_BYTES:
            return
        self._next_s = now + _PATIENCE_S
        with self._trying():
            self._take(blocks, until=now + _SLICE_S)

    def problems(self, found: list[MemberProblem]) -> None:
        """These files were not saved as they should be."""
        if self._file is None or not found:
            return
        with self._trying(lost=True):
            self._file.add_problems(found)

    def durable(self, blocks: int) -> None:
        """The drive says that so many blocks of the archive are on the medium: the members in them are claims now."""
        with self._trying():
            self._take(blocks)
            if self._file is not None:
                self._file.durable_up_to(blocks)

    def end_file(self, part: Part, status: str, *, closed: bool, rest: Rest | None = None) -> None:
        """The tape file has its filemark (`closed`), or will not get one. `rest`: where it goes on elsewhere."""
        if self._file is None:
            return
        blocks, self._last_blocks = part.skipped + part.blocks, part.on_tape
        with self._trying(lost=True):
            self._take(blocks)
            self._file.end(status, part.blocks + part.ahead, closed=closed, stored=part.stored, frames=part.frames)
            text = rest.text() if rest is not None else None
            if text is not None:
                self._file.goes_on(text)
            path = self._file.facts.path
            self._files[path] = (*self._files.get(path, ()), self._file.identity)
        self._file, self._last_file = None, self._file

    def distrust(self, trusted: int, blocks: int) -> None:
        """The tape was written elsewhere than it should: what the catalog knows of this cartridge behind logical block
        `trusted` is no claim any more, nor what is behind so many blocks of this archive."""
        with self._trying(lost=True):
            if self._file is not None:
                self._file.distrust(blocks)
            if self._session is None or self._cartridge is None:
                return
            for number in self._session.distrust(self._cartridge, trusted, self._file):
                fact = f"tape file {number} may have been written over; the catalog does not count on it any more"
                self._emit(Notice("error", "TAPE", f"{self._drive.address}: {fact}; see pytp catalog rebuild"))

    def gone(self, deletions: list[Deletion]) -> None:
        """The argument that ended last has lost these names since the session that it is based on."""
        if self._last_file is None or not deletions:
            return
        with self._trying(lost=True):
            self._last_file.add_deletions(deletions)

    def trailer(self, number: int | None, first_block: int | None) -> None:
        """A trailer was written there, and the tape stands behind its filemark."""
        here = position_of(self._drive)
        known = here is not None and here.logical_block is not None and first_block is not None
        blocks = here.logical_block - first_block - 1 if known else 0  # type: ignore[union-attr, operator]
        with self._trying(lost=True):
            file = self._begin(
                TapeFileFacts(number, first_block, self._drive.block_bytes, kind="trailer", part=self._part)
            )
            if file is not None and self._session is not None:
                file.end("saved", blocks, closed=True)
                self._session.met_cartridge(cartridge_facts(self._label, read_memory(self._drive.address)))

    # -- parts of the above ------------------------------------------------------------------------------------------

    def _begin(self, facts: TapeFileFacts) -> OpenTapeFile | None:
        if self._session is None or self._cartridge is None:
            return None
        return self._session.begin_tape_file(self._cartridge, facts)

    def _waiting_bytes(self) -> int:
        return os.fstat(self._log.fileno()).st_size - self._taken

    def _take(self, blocks: int, *, until: float | None = None) -> None:
        """Take over the members that end in the first `blocks` blocks of the archive."""
        while self._file is not None:
            records = os.pread(self._log.fileno(), ROOM, self._taken)
            columns, used = self._columns.convert(records, blocks * self._drive.block_bytes, self._drive.block_bytes)
            if not used:
                return
            self._file.add(MemberBatch(*columns))
            self._taken += used
            if until is not None and time.monotonic() >= until:
                self._next_s = 0.0
                return

    @contextmanager
    def _trying(self, *, lost: bool = False) -> Iterator[None]:
        """Tell of an error of the catalog, once, and go on; `lost`: what failed is not tried again."""
        try:
            yield
        except (CatalogError, MediumError) as error:
            self.lost |= lost
            if not self._complained:
                self._complained = True
                self._emit(Notice("error", "CATALOG", f"{error}; the tape runs on"))


def _state(failure: PytpError | None, *, is_whole: bool) -> str:
    if failure is None:
        return "complete" if is_whole else "partial"
    if isinstance(failure, CartridgeNeeded):
        return "full"
    return "interrupted" if isinstance(failure, Interrupted) else "failed"


def cartridge_facts(label: Label | None, memory: Memory, barcode: str | None = None) -> CartridgeFacts:
    """What label, memory and library (`barcode`) tell of a cartridge."""
    return CartridgeFacts(
        uuid=label.uuid if label else None,
        barcode=label.barcode if label else barcode or memory.barcode,
        serial=memory.serial,
        generation=label.generation if label else None,
        pool=label.pool if label else None,
        load_count=memory.load_count,
        capacity_bytes=None if memory.maximum_mib is None else memory.maximum_mib * MIB,
        remaining_bytes=None if memory.remaining_mib is None else memory.remaining_mib * MIB,
    )
