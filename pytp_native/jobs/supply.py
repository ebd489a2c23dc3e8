# SPDX-License-Identifier: WTFPL OR MIT
"""Where the next cartridge comes from when one is full: the library, or a person who puts it in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Protocol

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, NotReady
from pytp_native.light import NamedTuple
from pytp_native.scsi.mode_pages import STORAGE

if TYPE_CHECKING:  # who gives no library need not wait for it
    from pytp_native.devices.inventory import Inventory
    from pytp_native.devices.library import TapeLibrary


class Offer(NamedTuple):
    """A cartridge that has just been loaded."""

    library_barcode: str | None = None
    """What the library reads on it."""
    volume: str | None = None
    """What it has to be: the user named it, so it need not be blank."""


class Supply(Protocol):
    """Gives one cartridge after the other."""

    def next(self, drive: Drive, in_use: Collection[str] = ()) -> Offer | None:
        """Put another cartridge into the drive and open it again; None, and the drive as it was, if there is none.
        Those with barcodes `in_use` are not blank: no robot has to fetch them to find that out.

        Raises what moving raises: LibraryError, DeviceBusy, NotReady.
        """

    def fetch(self, drive: Drive, barcode: str) -> bool:
        """Put that very cartridge into the drive and open it again; False, and the drive as it was, if it cannot be
        had. Raises as `next`."""


def candidates(now: Inventory) -> set[str]:
    """Return the barcodes of what is in the slots and is no cleaning cartridge."""
    return {tag for tag in _stored(now) if tag and not tag.startswith("CLN")}


def _stored(now: Inventory) -> set[str]:
    return {element.volume_tag for place, element in now.rows() if place.kind == STORAGE and element.full}


class LibrarySupply:
    """Out of the library in which the drive stands: those named, else all in the order of their barcodes."""

    def __init__(self, library: TapeLibrary, number: int, volumes: Iterable[str] | None = None) -> None:
        self._library = library
        self._number = number
        self._volumes = None if volumes is None else list(volumes)
        self._tried: set[str] = set()

    def next(self, drive: Drive, in_use: Collection[str] = ()) -> Offer | None:
        now = self._library.inventory()
        loaded = now.at(now.drive(self._number)).volume_tag
        self._tried.add(loaded)
        wanted = self._choose(now, in_use)
        if wanted is None:
            return None
        self._tried.add(wanted)
        places = now.find(wanted)
        which = f"slot{places[0].number}" if len(places) == 1 and places[0].is_slot else wanted
        drive.change(lambda: self._library.load(which, self._number))
        return Offer(wanted, wanted if self._volumes is not None else None)

    def fetch(self, drive: Drive, barcode: str) -> bool:
        now = self._library.inventory()
        in_drive = now.at(now.drive(self._number)).volume_tag  # perhaps let go of, and waiting for the robot
        if barcode not in {*_stored(now), in_drive}:
            return False
        drive.change(lambda: self._library.load(barcode, self._number))
        return True

    def _choose(self, now: Inventory, in_use: Collection[str]) -> str | None:
        """The next barcode; CartridgeNeeded for one that was named and is not in a slot."""
        if self._volumes is None:
            return min(candidates(now) - self._tried - set(in_use), default=None)
        left = [volume for volume in self._volumes if volume not in self._tried]
        if left and left[0] not in _stored(now):
            fact = f"cartridge {left[0]} is in none of its slots"
            raise CartridgeNeeded(self._library.name, fact, "put it in, or leave it out of --volumes")
        return left[0] if left else None


class PromptSupply:
    """A person at a terminal; `ask` shows a text and returns whether they went on."""

    def __init__(
        self, ask: Callable[[str], bool], volumes: Iterable[str] | None = None, *, wanted: str = "a blank cartridge"
    ) -> None:
        """`wanted`: what is asked for where no barcode is known."""
        self._ask = ask
        self._wanted = wanted
        self._volumes = None if volumes is None else list(volumes)
        self._at = 0

    def next(self, drive: Drive, in_use: Collection[str] = ()) -> Offer | None:
        del in_use  # people know what they put in
        volume: str | None = None
        if self._volumes is not None:
            self._at += 1
            volume = next(iter(self._volumes[self._at - 1 :]), None)
            if volume is None:
                return None
        name = f"cartridge {volume}" if volume else self._wanted
        mtio.offline(drive.tape)
        return Offer(volume=volume) if self._loaded(drive, f"load {name}") else None

    def fetch(self, drive: Drive, barcode: str) -> bool:
        if drive.is_open:
            mtio.offline(drive.tape)
        return self._loaded(drive, f"load cartridge {barcode}")

    def _loaded(self, drive: Drive, what: str) -> bool:
        """Ask until a cartridge is in the drive, or nobody will put one in; the drive is closed then."""
        trouble = ""
        while True:
            answers: list[bool] = []
            text = f"{drive.name}: {trouble}{what} and press Return, or type q to stop: "
            try:
                drive.change(lambda: answers.append(self._ask(text)))  # noqa: B023 - called at once
            except NotReady as error:
                trouble = f"{error.fact}; "
            if not answers or not answers[0]:
                return False
            if drive.is_open:
                return True
