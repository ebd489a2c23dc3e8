# SPDX-License-Identifier: WTFPL OR MIT
"""pytp's own tape files, label and trailer: written through the ring with their filemark, and described in a line."""

from __future__ import annotations

from collections.abc import Iterable

from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, PytpError
from pytp_native.jobs.frontier import TapeMoved
from pytp_native.jobs.parts import position_of
from pytp_native.jobs.pipeline import Pipeline
from pytp_native.jobs.tape_file import TapeFile
from pytp_native.stream.label import parse_label
from pytp_native.stream.own_archive import in_blocks
from pytp_native.stream.ring import Ring
from pytp_native.stream.trailer import TrailerReader
from pytp_native.transport.records import Moved, Position, Stop


def write_own_file(drive: Drive, ring: Ring, stream: Iterable[bytes], what: str) -> Moved:
    """Write the stream where the tape stands and a filemark behind it; also in the early-warning zone.

    Raises what the drive raises, CartridgeNeeded where the medium ends, TapeMoved when it has got elsewhere. Cannot be
    interrupted: it is what an interrupt waits for.
    """
    ring.reset()
    before = position_of(drive)

    def produce() -> None:
        for block in in_blocks(stream, ring.block_bytes):
            if not ring.put(block):
                return
        ring.finish()

    pipeline = Pipeline(ring, produce, lambda: _past_early_warning(drive, ring))
    pipeline.start()
    outcome = pipeline.outcome()
    moved = outcome.moved
    if moved.error is not None:
        raise moved.error
    if outcome.producer_error is not None:
        raise outcome.producer_error
    if moved.stop is not Stop.END_OF_STREAM:
        raise CartridgeNeeded(drive.address, f"the cartridge is full; its {what} is cut off", "load another cartridge")
    try:
        drive.write_filemark()
    except CartridgeNeeded as error:
        fact = f"the cartridge is full; the filemark behind its {what} is missing"
        raise CartridgeNeeded(drive.address, fact, "load another cartridge") from error
    _check_end(drive, before, moved.blocks + 1)
    return moved


def _check_end(drive: Drive, before: Position | None, objects: int) -> None:
    """Raise TapeMoved when so many blocks and filemarks have not gone where the tape stood before."""
    after = position_of(drive)
    start, here = (None if one is None else one.logical_block for one in (before, after))
    if start is not None and here is not None and here != start + objects:
        raise TapeMoved.found(drive, here, start + objects, max(0, min(here - objects, start)))


def _past_early_warning(drive: Drive, ring: Ring) -> Moved:
    """Write on where st only warns: behind early warning it refuses every other write (st(4)) up to the end."""
    blocks = data_bytes = 0
    while True:
        moved = drive.tape.write_from(ring)
        blocks, data_bytes = blocks + moved.blocks, data_bytes + moved.data_bytes
        if moved.stop is not Stop.EARLY_WARNING:
            return moved._replace(blocks=blocks, data_bytes=data_bytes)


def own_file_error(error: PytpError, what: str) -> PytpError:
    """Say which of pytp's own tape files a drive's error kept from being written."""
    told = type(error)(error.subject, f"{what}: {error.fact}", error.next_step)
    if isinstance(error, TapeMoved) and isinstance(told, TapeMoved):
        told.trusted = error.trusted
    return told


def describe_own(file: TapeFile) -> str:
    """Say in a line what a label or trailer is about; reads of it what that takes."""
    mark = file.mark
    if mark is None:
        return "a tape file of somebody else"
    subject = f"{file.drive.name}: the {mark.kind} in tape file {file.number}"
    try:
        if mark.kind == "label":
            label = parse_label(file.chunks(), subject)
            return f"label of cartridge {label.barcode}, written {_minute(label.created)}"
        session = TrailerReader(file.chunks(), subject).session
    except PytpError as error:
        return str(error)
    members = sum(one.files for one in session.arguments)
    files = len(session.arguments)
    told = f"{_count(files, 'tape file')}, {_count(members, 'member')}, {session.status}"
    return f"trailer of the session of {_minute(session.started)}: {told}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _minute(text: str) -> str:
    """2026-11-22T23:50:00Z without what a listing does not need."""
    return text[:16].replace("T", " ")
