# SPDX-License-Identifier: WTFPL OR MIT
"""Which cartridge is in the drive, and whether it may be written: label, barcode and cartridge memory must agree."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from pytp_native.devices.cartridge_memory import NOTHING_KNOWN, Memory, read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import (
    BlockTooLarge,
    EndOfData,
    LibraryError,
    MediumError,
    NothingHere,
    NotSupported,
    PytpError,
    Refused,
    UsageError,
)
from pytp_native.light import NamedTuple
from pytp_native.stream.label import Label, new_label, parse_label
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.trailer import Earlier, SessionRecord, TrailerReader

if TYPE_CHECKING:
    from pytp_native.catalog.store import Catalog

_LOOK_BACK = 16
"""Tape files behind the last trailer that a crash may have left on a tape without a label."""
TRAILER_SHARE = 4096
"""Of the cartridge that is kept free for a trailer: of 18 TB enough for 40 million members."""
_LONGEST_BARCODE = 32
"""Bytes of the barcode in the cartridge's memory (SPC-6)."""


class Identity(NamedTuple):
    """What is known of a cartridge from outside its tape."""

    volume: str | None = None
    """What the user calls it (--volume)."""
    library_barcode: str | None = None
    """What the library reads on its sticker."""
    library_is_silent: bool = False
    """There is a library, and it did not say."""
    memory: Memory = NOTHING_KNOWN

    def barcode(self) -> tuple[str | None, str]:
        """Return the barcode for a new label, and where it comes from."""
        for text, source in (
            (self.volume, "user"), (self.library_barcode, "library"), (self.memory.barcode, "memory"),
        ):  # fmt: skip
            if text:
                return text, source
        return None, ""


class Found(NamedTuple):
    """What the beginning of the tape shows."""

    label: Label | None = None
    foreign: str = ""
    """What is there instead of a label; empty on a blank or a labelled tape."""

    @property
    def is_blank(self) -> bool:
        return self.label is None and not self.foreign


def identity_of(drive: Drive, volume: str | None, library_barcode: str | None, *, is_silent: bool = False) -> Identity:
    """Ask the cartridge's memory, too. UsageError for a volume that cannot be a barcode."""
    if volume is not None:
        check_barcode(volume)
    return Identity(volume, library_barcode, is_silent, read_memory(drive.address))


def check_name(drive: Drive, known: Identity) -> None:
    """Raise LibraryError for a blank cartridge in a library that does not tell its barcode: no robot could fetch it by
    one that is made up."""
    if known.library_is_silent and known.barcode()[0] is None:
        fact = "the cartridge is blank, and the library does not tell its barcode; nothing was written"
        raise LibraryError(drive.name, fact, "try again when it answers, or name the cartridge: --volume BARCODE")


def leave_room(drive: Drive, known: Identity) -> None:
    """Have the drive warn while there is room for a trailer."""
    drive.warn_early((known.memory.maximum_mib or 0) // TRAILER_SHARE)


def check_barcode(text: str) -> None:
    """Raise UsageError unless `text` can be a barcode: up to 32 printable ASCII characters without blanks."""
    if not 0 < len(text) <= _LONGEST_BARCODE or not all("!" <= character <= "~" for character in text):
        raise UsageError(text or "BARCODE ''", "is no barcode: 1 to 32 ASCII characters without blanks")


def identify(drive: Drive) -> Found:
    """Rewind and look at the beginning of the tape; it is left anywhere. Refused for a label of a later format."""
    drive.rewind()
    subject = f"{drive.name}: the label"
    try:
        with closing(drive.blocks()) as blocks:
            first = next(blocks, b"")
            mark = find_mark(first)
            if mark is None or mark.kind != "label":
                return Found(foreign="a tape without a label of pytp")
            return Found(parse_label(_chain(first, blocks), subject))
    except EndOfData:
        return Found()
    except NothingHere:
        return Found(foreign="a tape that begins with a filemark")
    except (MediumError, BlockTooLarge, NotSupported) as error:
        return Found(foreign=f"a tape whose beginning cannot be read ({error.fact})")


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def check_agreement(drive: Drive, label: Label, known: Identity) -> None:
    """Raise Refused when the tape's label, the barcode outside and the cartridge's memory do not belong together."""
    told = f"the label on the tape says {label.barcode}"
    advice = "load the right cartridge, or give this one a new identity: pytp label --overwrite BARCODE"
    for text, where in ((known.volume, "--volume"), (known.library_barcode, "the library's barcode")):
        if text and text != label.barcode and not (label.is_invented and where != "--volume"):
            raise Refused(drive.name, f"{told}, {where} is {text}", advice)
    serial = known.memory.serial
    if label.mam_serial and serial and label.mam_serial != serial:
        fact = f"{told} on medium {label.mam_serial}, but this medium's memory says that it is {serial}: it is a copy"
        raise Refused(drive.name, fact, advice)


def check_block_bytes(drive: Drive, label: Label) -> None:
    """Raise Refused unless the cartridge's blocks are those of the drive: RESTORE.txt promises one size for all."""
    if label.block_bytes != drive.block_bytes:
        fact = f"{label.barcode} is written in blocks of {label.block_bytes} bytes, this drive is set up for"
        raise Refused(drive.name, f"{fact} {drive.block_bytes}", "set block_size accordingly, or load another")


def fresh_label(drive: Drive, known: Identity, before: Label | None, pool: str | None = None) -> Label:
    """Make the label for a tape that is written from its beginning; `before` is the one it has."""
    outside = {text for text in (known.volume, known.library_barcode) if text}
    if len(outside) > 1:
        fact = f"the library's barcode is {known.library_barcode}, and {known.volume} is asked for"
        raise Refused(drive.name, fact, "load that cartridge, or call it as the library does")
    barcode, source = known.barcode()
    if before is not None and not outside:
        barcode, source = before.barcode, before.barcode_from
    return new_label(
        drive.block_bytes,
        barcode=barcode,
        barcode_from=source,
        mam_serial=known.memory.serial,
        pool=pool,
        host=platform.node(),
        before=before,
    )


# -- trailers --------------------------------------------------------------------------------------------------------


def earlier_trailers(drive: Drive, label: Label | None, catalog: Catalog | None = None) -> tuple[Earlier, ...]:
    """Return the trailers before here, oldest first, as the last of them tells; the tape must stand at the start of a
    tape file or at the end of data, and does so afterwards.

    A crash may have left any number of tape files behind the last one: those that the `catalog` knows to be an
    argument's are not looked at.
    """
    here = drive.where()
    if not here.file:
        return ()
    found: tuple[Earlier, ...] = ()
    data = catalog.data_files(label.uuid) if catalog is not None and label is not None else frozenset()
    last = 0 if label is not None else max(0, here.file - 1 - _LOOK_BACK)
    for number in (one for one in range(here.file - 1, last, -1) if one not in data):
        session = None
        with suppress(PytpError):  # what is damaged there keeps nobody from appending
            drive.go_to_file(number)
            session = trailer_here(drive)
        if session is not None:
            found = (*session.earlier, Earlier(session.uuid, number, session.first_block, session.started))
            break
    drive.go_to_file(here.file)
    return found


def trailer_here(drive: Drive) -> SessionRecord | None:
    """Read the session of the trailer at the head; None if it is another tape file."""
    with _first_and_rest(drive) as (first, blocks):
        mark = find_mark(first)
        if mark is None or mark.kind != "trailer":
            return None
        return TrailerReader(blocks, f"{drive.name}: the last trailer").session


@contextmanager
def trailer_at(drive: Drive) -> Iterator[TrailerReader]:
    """Read the trailer at the head; MediumError for anything else. The tape is left behind it when all was read."""
    with closing(drive.blocks()) as blocks:
        reader = TrailerReader(blocks, f"{drive.name}: the trailer")
        yield reader
        for _rest in blocks:
            pass


@contextmanager
def _first_and_rest(drive: Drive) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    """The first block, and all blocks from it on."""
    with closing(drive.blocks()) as blocks:
        first = next(blocks, b"")
        yield first, _chain(first, blocks)
