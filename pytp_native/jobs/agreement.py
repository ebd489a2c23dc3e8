# SPDX-License-Identifier: WTFPL OR MIT
"""Whether catalog and tape tell the same of a cartridge, before anything is appended to it."""

from __future__ import annotations

import os
import time

from pytp_native import mtio
from pytp_native.catalog.records import CartridgeFacts
from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import Memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import Refused
from pytp_native.jobs.cartridge import earlier_trailers
from pytp_native.jobs.events import Emit, Notice
from pytp_native.jobs.frame import Place
from pytp_native.stream.label import Label


def check_catalog(catalog: Catalog, drive: Drive, place: Place) -> None:
    """Raise Refused when the catalog is older than the tape, or the tape shorter than the catalog says.

    The tape stands where writing begins. What is on a tape without a label nobody can compare.
    """
    label, here = place.label, drive.where().file
    if label is None or place.fresh:
        return
    unknown = [trailer for trailer in place.earlier if not catalog.has_session(trailer.uuid)]
    if unknown:
        fact = f"{len(unknown)} of {len(place.earlier)} sessions on cartridge {label.barcode} are not in the catalog"
        when = f"(the first is of {unknown[0].started})"
        raise Refused(drive.name, f"{fact} {when}", "take them over: pytp catalog rebuild; or add --no-catalog")
    claimed = catalog.last_tape_file(label.uuid)
    if here is not None and claimed is not None and claimed >= here:
        fact = f"the catalog knows tape file {claimed} of cartridge {label.barcode}, but the tape ends at file {here}"
        raise Refused(drive.name, fact, "see what is on it: pytp ls --all; then pytp catalog rebuild")
    check_length(catalog, drive, label)


def check_length(catalog: Catalog, drive: Drive, label: Label) -> None:
    """Raise Refused when the data end, where the tape stands, in front of what the catalog knows of: something was
    written over it."""
    claimed, here = catalog.end_of_claims(label.uuid), drive.where().logical_block
    if claimed is not None and here is not None and claimed > here:
        fact = f"the catalog knows what is up to block {claimed - 1} of cartridge {label.barcode}"
        step = "see what is on it: pytp ls --all; then pytp catalog rebuild"
        raise Refused(drive.name, f"{fact}, but the tape ends at block {here}", step)


def check_identity(catalog: Catalog, drive: Drive, label: Label | None, memory: Memory) -> None:
    """Raise Refused where label or medium are not those that the catalog knows: no two cartridges share a name."""
    if label is None:
        return
    known = catalog.identity(label.uuid)
    advice = "load the right cartridge, or see pytp tapes"
    if known is not None and known.barcode and known.barcode != label.barcode:
        fact = f"the label on the tape says {label.barcode}, the catalog knows this cartridge as {known.barcode}"
        raise Refused(drive.name, fact, advice)
    if known is not None and known.serial and memory.serial and known.serial != memory.serial:
        fact = (
            f"cartridge {label.barcode} is on medium {known.serial} in the catalog, but this medium is {memory.serial}"
        )
        raise Refused(drive.name, f"{fact}: it is a copy", advice)
    if memory.serial and (other := catalog.namesake(label.barcode, memory.serial)) is not None:
        fact = f"the catalog knows another cartridge {label.barcode}, on medium {other.serial}; this is {memory.serial}"
        advice = "name this one otherwise: --volume BARCODE; or, if the other is gone for good: pytp catalog forget"
        raise Refused(drive.name, fact, f"{advice} {other.serial}")


def check_loss(
    catalog: Catalog, drive: Drive, cartridge: CartridgeFacts, number: int, *, confirm: str | None, emit: Emit
) -> None:
    """Tell what is lost when the cartridge is written over from tape file `number` on; Refused while the catalog needs
    any of it and `confirm` does not name the cartridge."""
    by_serial = cartridge.uuid is None and cartridge.serial is not None  # another medium may have that barcode
    lost = catalog.needed(cartridge._replace(barcode=None) if by_serial else cartridge, number)
    if not lost:
        return
    for one in lost:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.started))
        text = f"tape file {one.number}: {os.fsdecode(one.path)} of {when}, {one.members} members"
        emit(Notice("warning", "CATALOG", f"{drive.name}: would be lost: {text}"))
    name = cartridge.barcode or "BARCODE"
    if confirm is None:
        fact = f"{len(lost)} tape files on cartridge {name}, listed above, are in the catalog and would be lost"
        raise Refused(drive.name, fact, f"if that is wanted, add --confirm {name}")
    if confirm != cartridge.barcode:
        fact = f"--confirm says {confirm}, but this is cartridge {cartridge.barcode or 'without a barcode'}"
        raise Refused(drive.name, fact, "load the right cartridge")


def tell_unknown(catalog: Catalog, drive: Drive, label: Label | None, number: int, emit: Emit) -> None:
    """Tell of sessions from tape file `number` on that would be lost and the catalog does not know: it may have been
    lost itself. The tape is at the end of data afterwards."""
    if label is None:
        return
    mtio.end_of_data(drive.tape)
    for one in earlier_trailers(drive, label):
        if (one.tape_file or 0) >= number and not catalog.has_session(one.uuid):
            text = f"the session of {one.started} that ends in tape file {one.tape_file}; the catalog does not know it"
            emit(Notice("warning", "CATALOG", f"{drive.name}: would be lost: {text}"))
