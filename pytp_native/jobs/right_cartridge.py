# SPDX-License-Identifier: WTFPL OR MIT
"""The cartridge that is needed next: looked at in the drive, else fetched from the library or a person."""

from __future__ import annotations

from collections.abc import Callable

from pytp_native.catalog.restoring import ArchivePart
from pytp_native.devices.cartridge_memory import read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, NotReady, PytpError
from pytp_native.jobs.cartridge import identify
from pytp_native.jobs.supply import Supply


class RightCartridge:
    """Called with each part before it is read; used by one thread at a time."""

    def __init__(self, drive: Drive, supply: Supply | None, say: Callable[[str], object]) -> None:
        self._drive = drive
        self._supply = supply
        self._say = say
        self._here: int | None = None
        """In the catalog."""

    def __call__(self, part: ArchivePart) -> None:
        """Leave the cartridge of `part` in the drive, its block size set. CartridgeNeeded when it cannot be had."""
        if part.cartridge != self._here:
            self._here = None
            found = self._look(part)
            if found:
                found = self._fetch(part, found)
            if found:
                raise self._needed(part, found)
            self._here = part.cartridge
        self._drive.prepare_anywhere(part.block_bytes)

    def _fetch(self, part: ArchivePart, found: str) -> str:
        """Have it brought; return what is in the drive instead."""
        if self._supply is None or part.barcode is None:
            return found
        if not self._supply.fetch(self._drive, part.barcode):
            return found
        self._say(f"{self._drive.name}: cartridge {part.barcode} was loaded")
        return self._look(part)

    def _look(self, part: ArchivePart) -> str:
        """Return "" when it is the right one, else what it is.

        Its memory says so without winding the tape; where it does not, the label does. A cartridge that pytp never
        labelled is known by its barcode, if at all: each member's header is compared with the catalog anyway.
        """
        try:
            memory = read_memory(self._drive.address)
            if part.uuid is None:
                known = memory.barcode and part.barcode and memory.barcode != part.barcode
                return f"cartridge {memory.barcode}" if known else ""
            if memory.uuid == part.uuid:
                return ""
            label = identify(self._drive).label
        except NotReady:
            return "no cartridge"
        except PytpError as error:
            return f"a cartridge that cannot be read ({error.fact})"
        if label is None:
            return "a cartridge without a label of pytp"
        return "" if label.uuid == part.uuid else f"cartridge {label.barcode}"

    def _needed(self, part: ArchivePart, found: str) -> PytpError:
        name = part.barcode or part.uuid or "?"
        return CartridgeNeeded(
            self._drive.name, f"cartridge {name} is needed, and {found} is in the drive", f"load {name}"
        )
