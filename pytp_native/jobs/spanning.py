# SPDX-License-Identifier: WTFPL OR MIT
"""Go on on the next cartridge: blank, or one that the user named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, Interrupted, Refused
from pytp_native.jobs.agreement import check_catalog, check_identity, check_loss
from pytp_native.jobs.cartridge import (
    Found,
    Identity,
    check_agreement,
    check_block_bytes,
    earlier_trailers,
    fresh_label,
    identify,
    identity_of,
    leave_room,
)
from pytp_native.jobs.events import Emit, Notice
from pytp_native.jobs.frame import Place
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import cartridge_facts
from pytp_native.jobs.supply import Offer, Supply
from pytp_native.light import NamedTuple

if TYPE_CHECKING:
    from pytp_native.catalog.store import Catalog


class Terms(NamedTuple):
    """What holds for every cartridge of a job."""

    compression: bool | None = None
    pool: str | None = None
    append_foreign: bool = False
    catalog: Catalog | None = None
    """Knows what a cartridge that looks blank should hold."""


def next_place(drive: Drive, supply: Supply, terms: Terms, emit: Emit, interrupt: Interrupt) -> Place:
    """Load the next cartridge that may be written and go where writing begins.

    Raises CartridgeNeeded when there is none, Refused for a named one that is another or not ours, Interrupted, and
    what moving cartridges raises.
    """
    in_use = terms.catalog.barcodes_in_use() if terms.catalog is not None else frozenset()
    while not interrupt.triggered:
        offer = supply.next(drive, in_use)
        if offer is None:
            fact = "the cartridge is full, and no other is blank or named with --volumes"
            fact += "; those on which the catalog knows something were not tried" if in_use else ""
            then = "pytp resume" if terms.catalog is not None else "back up what is missing"
            raise CartridgeNeeded(drive.address, fact, f"add blank cartridges, then: {then}")
        place = _place(drive, offer, terms, emit)
        if place is not None:
            return place
    raise Interrupted(drive.address, "interrupted while the cartridge was changed", "pytp resume, or back up again")


def _place(drive: Drive, offer: Offer, terms: Terms, emit: Emit) -> Place | None:
    """Look at what was loaded; None passes it over."""
    drive.prepare()
    if terms.compression is not None:
        drive.set_compression(terms.compression)
    known = identity_of(drive, offer.volume, offer.library_barcode)
    leave_room(drive, known)
    found = identify(drive)
    if found.is_blank:
        if offer.volume is None and (lost := _should_hold(terms.catalog, known)):
            name = offer.library_barcode or "the cartridge"
            fact = f"{name} is blank, but {lost} tape files should be on it by the catalog; it was passed over"
            emit(Notice("warning", "LIBRARY", f"{drive.address}: {fact}"))
            return None
        if terms.catalog is not None:
            facts = cartridge_facts(None, known.memory, offer.library_barcode or offer.volume)
            check_loss(terms.catalog, drive, facts, 0, confirm=None, emit=emit)
        drive.rewind()
        return Place(fresh_label(drive, known, None, terms.pool), fresh=True)
    if offer.volume is None:
        name = offer.library_barcode or "the cartridge"
        emit(Notice("info", "LIBRARY", f"{drive.address}: {name} is not blank ({_what(found)}) and was passed over"))
        return None
    if found.label is not None:
        check_agreement(drive, found.label, known)
        check_block_bytes(drive, found.label)
    elif not terms.append_foreign:
        fact = f"{offer.volume} is {found.foreign}; nothing was written to it"
        raise Refused(drive.address, fact, "add --append-foreign, or name another")
    drive.to_end_of_data()
    place = Place(found.label, earlier=earlier_trailers(drive, found.label, terms.catalog))
    if terms.catalog is not None:
        check_identity(terms.catalog, drive, found.label, known.memory)
        check_catalog(terms.catalog, drive, place)
    return place


def _should_hold(catalog: Catalog | None, known: Identity) -> int:
    """Return how many tape files the catalog knows to be on the medium with that serial number."""
    return len(catalog.needed(cartridge_facts(None, known.memory), 0)) if catalog is not None else 0


def _what(found: Found) -> str:
    return f"cartridge {found.label.barcode} of pytp" if found.label else found.foreign
