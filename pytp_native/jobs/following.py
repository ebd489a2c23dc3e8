# SPDX-License-Identifier: WTFPL OR MIT
"""Read on on the next cartridge where an archive was cut: the catalog or its session's trailers say where it goes on.

A trailer that did not fit on a full cartridge says nothing; then the cartridges that come next are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytp_native.catalog.restoring import ArchivePart
from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import Memory, read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import EndOfData, MediumError, NothingHere, PytpError
from pytp_native.jobs.cartridge import identify, trailer_here
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.next_part import NextPart, Wanted, next_part
from pytp_native.jobs.supply import Supply
from pytp_native.jobs.tape_file import TapeFile
from pytp_native.stream.trailer import SessionRecord

_TRIES = 3
"""How often a person may put the wrong cartridge in."""
_FULL = 20
"""A full cartridge has less than a 20th left."""


class Follower:
    """For TapeFile: called behind the filemark of a tape file, in the thread that reads."""

    def __init__(
        self, supply: Supply, interrupt: Interrupt, say: Callable[[str], object], catalog: str | None = None
    ) -> None:
        """`catalog`: path of one, which is opened again in that thread."""
        self._supply = supply
        self._interrupt = interrupt
        self._say = say
        self._catalog = catalog
        self._number: int | None = None
        """The tape file that has been read, if that is not the first one."""
        self._later: list[str] = []
        """Cartridges of the session that did not follow when they were looked at."""

    def __call__(self, file: TapeFile) -> bool:
        """Stand at the next block of the archive, on another cartridge, and return True; False if it ends here, or the
        cartridge that follows was not found."""
        number = file.number if self._number is None else self._number
        known = self._known(file.drive, number)
        if known is not None:
            return self._fetch(file, known)
        wanted = self._wanted(file, number)
        return wanted is not None and self._search(file, wanted)

    # -- a catalog that knows it -------------------------------------------------------------------------------------

    def _known(self, drive: Drive, number: int | None) -> ArchivePart | None:
        """Ask the catalog; one that cannot be read knows nothing."""
        if self._catalog is None or number is None:
            return None
        memory = read_memory(drive.address)
        try:
            with Catalog(self._catalog, create=False) as catalog:
                part = catalog.part_behind(memory.serial, memory.uuid, number)
        except PytpError:
            return None
        return part if part is not None and part.barcode and part.number is not None else None

    def _fetch(self, file: TapeFile, part: ArchivePart) -> bool:
        drive, barcode = file.drive, part.barcode or ""
        for _try in range(_TRIES):
            if self._interrupt.triggered or not self._supply.fetch(drive, barcode):
                break
            label = identify(drive).label
            if part.number is not None and label is not None and label.uuid == part.uuid:
                self._go(file, NextPart(part.number, part.ahead), part.block_bytes)
                return True
            self._say(f"{drive.name}: the cartridge is not {barcode}")
        self._say(f"{drive.name}: the archive goes on on cartridge {barcode}, which is not there")
        return False

    # -- the tapes alone ---------------------------------------------------------------------------------------------

    def _wanted(self, file: TapeFile, number: int | None) -> Wanted | None:
        """Return what has to be found; None if the archive ends here, or nobody can tell."""
        drive = file.drive
        session = _trailer_behind(drive)
        if session is not None:
            told = [one for one in session.arguments if (one.tape_file, one.part) == (number, session.part)]
            return Wanted(number, session.cartridge, session, told[0]) if told and told[0].continues else None
        memory = read_memory(drive.address)
        if not _is_full(memory):
            return None  # its session died
        standing = file.standing()
        uuid = memory.uuid or _uuid_of(drive)
        if standing is None or standing.is_over or uuid is None:
            return None
        return Wanted(number, uuid, standing=standing)

    def _search(self, file: TapeFile, wanted: Wanted) -> bool:
        """Look at one cartridge after the other."""
        drive, size = file.drive, file.ring.block_bytes
        for barcode in self._candidates(drive):
            look = next_part(drive, wanted)
            again = [] if barcode is None or not look.is_of_session or look.part is not None else [barcode]
            self._later = [one for one in self._later if one != barcode] + again
            if look.part is not None:
                self._go(file, look.part, size)
                return True
            before = wanted.session.barcode if wanted.session else None
            self._say(f"{drive.name}: not the cartridge that follows {before or 'the one before'}")
        return False

    def _candidates(self, drive: Drive) -> Iterator[str | None]:
        """Have them loaded, those of the session first that came too early; each with its barcode, where there is
        one."""
        for barcode in list(self._later):
            if not self._interrupt.triggered and self._supply.fetch(drive, barcode):
                yield barcode
        while not self._interrupt.triggered and (offer := self._supply.next(drive)) is not None:
            yield offer.library_barcode

    def _go(self, file: TapeFile, found: NextPart, block_bytes: int) -> None:
        file.drive.go_to_file(found.number)
        file.drive.prepare(block_bytes)
        if found.ahead:
            file.pass_over(found.ahead)
        self._number = found.number


def _trailer_behind(drive: Drive) -> SessionRecord | None:
    """Read the trailer here, if it is one, and come back. It may be cut off."""
    here = drive.where()
    if here.file is None:
        return None
    try:
        return trailer_here(drive)
    except EndOfData:
        return None  # the tape stands there already
    except (NothingHere, MediumError):
        return None
    finally:
        if drive.where()[:2] != here[:2]:
            drive.go_to_file(here.file)
        drive.prepare()


def _is_full(memory: Memory) -> bool:
    """Tell whether the end of the cartridge may be what ended the archive."""
    if memory.remaining_mib is None or memory.maximum_mib is None:
        return True
    return memory.remaining_mib <= max(1, memory.maximum_mib // _FULL)


def _uuid_of(drive: Drive) -> str | None:
    """Read the label, and come back."""
    here = drive.where()
    label = identify(drive).label
    if here.file is not None:
        drive.go_to_file(here.file)
    drive.prepare()
    return label.uuid if label else None
