# SPDX-License-Identifier: WTFPL OR MIT
"""Copy a whole tape block for block, sizes and filemarks, to another drive or to an image file and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from pytp_native import mtio
from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import read_memory
from pytp_native.devices.drive import DEFAULT_BLOCK_BYTES, Drive
from pytp_native.errors import BlockTooLarge, CartridgeNeeded, EndOfData, Interrupted, NothingHere, PytpError, Refused
from pytp_native.jobs.agreement import check_loss
from pytp_native.jobs.cartridge import identify
from pytp_native.jobs.events import ArgumentReport, Emit, JobReport, Notice, Progress
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import cartridge_facts
from pytp_native.jobs.parts import position_of
from pytp_native.jobs.tape_image import LONGEST
from pytp_native.light import NamedTuple
from pytp_native.transport.records import GMT_EOD

_PROGRESS_S = 0.25


class Target(Protocol):
    """What takes a copy."""

    name: str

    def block(self, data: bytes) -> None: ...
    def filemark(self) -> None: ...
    def finish(self) -> None: ...


class Source(Protocol):
    """What gives blocks, and None for each filemark, up to its end."""

    name: str

    def __iter__(self) -> Iterator[bytes | None]: ...


class TapeSource:
    """Everything on a tape, from its beginning to the end of data."""

    def __init__(self, drive: Drive) -> None:
        self.name = drive.name
        self._drive = drive

    def __iter__(self) -> Iterator[bytes | None]:
        drive = self._drive
        drive.rewind()
        mtio.set_block_bytes(drive.tape, 0)
        room = memoryview(bytearray(DEFAULT_BLOCK_BYTES))
        while True:
            try:
                length = drive.tape.read_block(room)
            except BlockTooLarge:
                if len(room) >= LONGEST - 1:
                    raise
                mtio.back_records(drive.tape)
                room = memoryview(bytearray(min(2 * len(room), LONGEST - 1)))
                continue
            except EndOfData:
                return
            if length == 0 and drive.tape.status().has(GMT_EOD):
                return
            yield bytes(room[:length]) if length else None


class Consent(NamedTuple):
    """What may be lost on the tape that is written."""

    overwrite: bool = False
    confirm: str | None = None
    """Barcode of a cartridge that the catalog needs."""
    catalog: Catalog | None = None
    """Who knows what that is."""


NO_CONSENT = Consent()


class TapeTarget:
    """A tape that is written from its beginning."""

    def __init__(self, drive: Drive, consent: Consent = NO_CONSENT, *, emit: Emit) -> None:
        """Refused for a tape that is not blank unless `overwrite`, and for one that the catalog needs."""
        self.name = drive.name
        self._drive = drive
        found = identify(drive)
        what = f"cartridge {found.label.barcode} of pytp" if found.label else found.foreign
        if not found.is_blank and not consent.overwrite:
            fact = f"it is not blank: this is {what}; nothing was written"
            raise Refused(drive.address, fact, "load a blank cartridge, or lose all that is on it with --overwrite")
        if not found.is_blank:
            emit(Notice("warning", "TAPE", f"{drive.address}: everything on {what} is lost"))
        if consent.catalog is not None:
            facts = cartridge_facts(found.label, read_memory(drive.address))
            check_loss(consent.catalog, drive, facts, 0, confirm=consent.confirm, emit=emit)
            consent.catalog.strike_out(facts, 0)
        drive.rewind()
        mtio.set_block_bytes(drive.tape, 0)

    def block(self, data: bytes) -> None:
        """Also behind early warning, where st refuses every other write (st(4))."""
        try:
            self._drive.tape.write_block(data)
        except CartridgeNeeded:
            self._drive.tape.write_block(data)

    def filemark(self) -> None:
        self._drive.write_filemark()

    def finish(self) -> None:
        """Without the filemark that closing would add behind a block."""
        self._drive.tape.sync()


@dataclass(slots=True)
class _Copied:
    """Counts of one copy."""

    blocks: int = 0
    filemarks: int = 0
    data_bytes: int = 0


def duplicate(source: Source, target: Target, drive: Drive, emit: Emit, interrupt: Interrupt) -> JobReport:
    """Copy all of `source`; `drive` is the one whose address and position are reported.

    What is on the target is complete only with exit code 0; an interrupt (130) and a cartridge that is too small (10)
    leave what was copied. The copy of a label is refused for appending: its medium's serial number is another one.
    """
    since = time.monotonic()
    done = _Copied()
    failure: PytpError | None = None
    try:
        _copy(source, target, done, emit, interrupt)
    except CartridgeNeeded as error:
        failure = CartridgeNeeded(target.name, "is full before all was copied", "use a larger cartridge")
        failure.__cause__ = error
    except PytpError as error:
        failure = error
    if done.blocks + done.filemarks == 0 and failure is None:
        failure = NothingHere(source.name, "is blank: there is nothing to copy")
    status = "saved" if failure is None else "interrupted" if isinstance(failure, Interrupted) else "failed"
    seconds = time.monotonic() - since
    report = ArgumentReport(source.name.encode(), status, 0, 0, done.blocks, done.filemarks, done.data_bytes, seconds)
    with suppress(PytpError):
        drive.prepare()
    return JobReport(
        "duplicate", failure.exit_code if failure else 0, drive.address, (report,), position_of(drive),
        str(failure) if failure else "", details={"filemarks": done.filemarks},
    )  # fmt: skip


def _copy(source: Source, target: Target, done: _Copied, emit: Emit, interrupt: Interrupt) -> None:
    told = time.monotonic()
    for thing in source:
        if interrupt.triggered:
            raise Interrupted(target.name, f"interrupted behind {done.blocks} blocks", "begin again")
        if thing is None:
            target.filemark()
            done.filemarks += 1
        else:
            target.block(thing)
            done.blocks += 1
            done.data_bytes += len(thing)
        now = time.monotonic()
        if now - told >= _PROGRESS_S:
            told = now
            emit(Progress(done.filemarks, done.data_bytes, 0.0))
    target.finish()
