# SPDX-License-Identifier: WTFPL OR MIT
"""Consent to lose a whole cartridge: its barcode is named, it is the one in the drive, and nobody needs it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from pytp_native import mtio
from pytp_native.catalog.records import CartridgeFacts
from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import Memory, read_memory, writes_once
from pytp_native.devices.drive import Drive
from pytp_native.errors import NotSupported, PytpError, Refused
from pytp_native.jobs.agreement import check_identity, check_loss
from pytp_native.jobs.cartridge import Found, check_barcode, identify
from pytp_native.jobs.events import Emit
from pytp_native.jobs.ledger import cartridge_facts


@dataclass(frozen=True, slots=True)
class ScratchRequest:
    barcode: str
    """Of the cartridge that may be erased."""
    library_barcode: str | None = None
    """What the library reads on the sticker of the one in the drive."""
    confirm: str | None = None
    """The same barcode again, where the catalog needs what is on it or where it holds somebody else's data."""


class Scratch:
    """A cartridge that may be written over; made by `consent` only."""

    def __init__(self, drive: Drive, catalog: Catalog | None, facts: CartridgeFacts, barcode: str) -> None:
        """Its door is locked."""
        self.barcode = barcode
        self._block_bytes = drive.status().block_bytes
        self._drive = drive
        self._catalog = catalog
        self._facts = facts

    def check(self) -> None:
        """Raise Refused unless the same cartridge is in the drive as when the consent was given: hours may have passed,
        and no door is locked for somebody with a screwdriver. Rewinds."""
        self._drive.rewind()
        found = identify(self._drive)
        now = cartridge_facts(found.label, read_memory(self._drive.address))
        is_known = now.uuid is not None or now.serial is not None or found.is_blank
        if not is_known or (now.uuid, now.serial) != (self._facts.uuid, self._facts.serial):
            fact = f"another cartridge is in the drive than {self.barcode}; nothing was written"
            raise Refused(self._drive.name, fact, "load that one and begin again")
        self._drive.rewind()

    def check_medium(self, *, in_doubt: bool) -> None:
        """Raise Refused unless the medium is the same, whose label is written over by now. `in_doubt`: something has
        failed, and a reset unlocks every door: without a serial number nobody can tell then."""
        if self._facts.serial is None and not in_doubt:
            return
        serial = read_memory(self._drive.address).serial
        if serial is None or serial != self._facts.serial:
            fact = f"nothing tells that {self.barcode} is still in the drive; it was not written any more"
            raise Refused(self._drive.name, fact, "see what is in it: pytp status")

    def release(self) -> None:
        """Let the cartridge go, the drive set up as it was."""
        with suppress(PytpError):
            mtio.set_block_bytes(self._drive.tape, self._block_bytes)
        self._drive.unlock_door()

    def share(self, most_bytes: int, part: int) -> int:
        """Return `most_bytes`, or less: no more than one part of so many of the cartridge."""
        whole = self._facts.capacity_bytes
        return min(most_bytes, whole // part) if whole else most_bytes

    def give_up(self) -> None:
        """Have the catalog claim nothing on it any more; before the first write."""
        if self._catalog is not None:
            self._catalog.strike_out(self._facts, 0)

    def blank(self, *, in_doubt: bool) -> str:
        """Leave a blank tape at its beginning; return how, in words. Raises as `check_medium`."""
        self.check_medium(in_doubt=in_doubt)
        self._drive.rewind()
        try:
            mtio.erase(self._drive.tape)
        except NotSupported:
            self._drive.rewind()
            self._drive.write_filemark()
            self._drive.rewind()
            return "holds a filemark only"
        self._drive.rewind()
        return "is blank"


def consent(drive: Drive, request: ScratchRequest, catalog: Catalog | None, emit: Emit) -> Scratch:
    """Raise Refused unless the cartridge in the drive is the one that is named, and may be lost. Rewinds; the door is
    locked until `release`."""
    check_barcode(request.barcode)
    drive.lock_door()
    try:
        facts = _agreed(drive, request, catalog, emit)
    except BaseException:
        drive.unlock_door()
        raise
    return Scratch(drive, catalog, facts, request.barcode)


def _agreed(drive: Drive, request: ScratchRequest, catalog: Catalog | None, emit: Emit) -> CartridgeFacts:
    if request.confirm not in {None, request.barcode}:
        fact = f"--confirm says {request.confirm}, --scratch says {request.barcode}"
        raise Refused(drive.name, fact, "name the same cartridge twice")
    memory = read_memory(drive.address)
    found = identify(drive)
    _check_barcodes(drive, request, found, memory)
    once = writes_once(drive.address)
    if once is None and request.confirm is None:
        fact = f"nothing tells whether {request.barcode} can be written more than once"
        raise Refused(drive.name, fact, f"if it can, add --confirm {request.barcode}")
    if once:
        fact = f"{request.barcode} is a WORM cartridge: what is written on it stays for ever"
        raise Refused(drive.name, fact, "take another one for tests")
    held = found.foreign or _sessions(drive, found)
    if held and request.confirm is None:
        if catalog is not None:
            check_loss(catalog, drive, cartridge_facts(found.label, memory), 0, confirm=None, emit=emit)
        fact = f"{request.barcode} holds {held}, which would be lost"
        raise Refused(drive.name, fact, f"if that is wanted, add --confirm {request.barcode}")
    facts = cartridge_facts(found.label, memory, request.library_barcode)
    if catalog is not None:
        check_identity(catalog, drive, found.label, memory)
        check_loss(catalog, drive, facts, 0, confirm=request.confirm, emit=emit)
    drive.rewind()
    return facts


def _sessions(drive: Drive, found: Found) -> str:
    """Say what is behind a label of ours, whether this catalog knows of it or not."""
    if found.label is None:
        return ""
    mtio.end_of_data(drive.tape)
    behind = (drive.where().file or 0) - 1
    return f"{behind} tape files behind its label" if behind > 0 else ""


def _check_barcodes(drive: Drive, request: ScratchRequest, found: Found, memory: Memory) -> None:
    """All that tell a barcode must tell this one, and one must."""
    label = found.label
    told = {"the library's barcode": request.library_barcode, "the cartridge's memory": memory.barcode}
    if label is not None and not label.is_invented:
        told["the label on the tape"] = label.barcode
    for where, text in told.items():
        if text and text != request.barcode:
            fact = f"{where} says {text}, --scratch says {request.barcode}; nothing was written"
            raise Refused(drive.name, fact, "load that cartridge, or name this one if it may be erased")
    if not any(told.values()):
        fact = f"nothing tells the barcode of the cartridge in the drive, so that it need not be {request.barcode}"
        raise Refused(drive.name, f"{fact}; nothing was written", "give it one: pytp label BARCODE")
