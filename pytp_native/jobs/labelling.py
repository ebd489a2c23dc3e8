# SPDX-License-Identifier: WTFPL OR MIT
"""Give a cartridge its label."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import Refused
from pytp_native.jobs.agreement import check_loss, tell_unknown
from pytp_native.jobs.cartridge import Found, Identity, fresh_label, identify, identity_of
from pytp_native.jobs.events import Emit, JobReport, Notice
from pytp_native.jobs.frame import About, Frame, Place
from pytp_native.jobs.ledger import cartridge_facts
from pytp_native.jobs.parts import position_of
from pytp_native.stream.label import Label
from pytp_native.stream.ring import Ring
from pytp_native.units import MIB


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What to write on the label."""

    barcode: str
    overwrite: bool = False
    """Also a cartridge that is not blank; all that is on it is lost."""
    library_barcode: str | None = None
    """What the library reads on its sticker; another one is refused."""
    pool: str | None = None
    confirm: str | None = None
    """Barcode of the cartridge whose contents may be lost, although the catalog needs them."""


def label_cartridge(drive: Drive, request: LabelRequest, emit: Emit, catalog: Catalog | None = None) -> JobReport:
    """Label the cartridge in the drive; the tape then stands behind the label, at the end of data.

    Raises Refused for a cartridge that is not blank unless `overwrite`, for one that the `catalog` needs, and where the
    library reads another barcode.
    """
    known = identity_of(drive, request.barcode, request.library_barcode)
    drive.prepare()
    found = identify(drive)
    lost = _check_consent(drive, request, found)
    label = fresh_label(drive, known, _same_cartridge(found, known), request.pool)
    facts = cartridge_facts(found.label, known.memory, request.library_barcode)
    if catalog is not None:
        check_loss(catalog, drive, facts, 0, confirm=request.confirm, emit=emit)
        tell_unknown(catalog, drive, found.label, 0, emit)
    if lost:
        emit(Notice("warning", "TAPE", f"{drive.address}: everything on {lost} is lost"))
    drive.prepare()
    if catalog is not None:
        catalog.strike_out(facts, 0)
    drive.rewind()
    ring = Ring(drive.block_bytes, MIB)
    with closing(Frame(drive, ring, Place(label, fresh=True), emit, About())) as frame:
        failure = frame.begin()
        return JobReport(
            command="label",
            exit_code=failure.exit_code if failure else 0,
            device=drive.address,
            arguments=(),
            position=position_of(drive),
            message=str(failure) if failure else "",
            details=frame.details(),
        )


def _same_cartridge(found: Found, known: Identity) -> Label | None:
    """The label it has, if it keeps its identity: same barcode, and no copy of another medium."""
    before = found.label
    if before is None or before.barcode != known.volume:
        return None
    serial = known.memory.serial
    return before if not before.mam_serial or not serial or before.mam_serial == serial else None


def _check_consent(drive: Drive, request: LabelRequest, found: Found) -> str:
    """Return what will be lost; nothing where the cartridge is blank."""
    if found.is_blank:
        return ""
    what = f"cartridge {found.label.barcode} of pytp" if found.label else found.foreign
    if not request.overwrite:
        fact = f"it is not blank: this is {what}; nothing was written"
        raise Refused(drive.address, fact, "load a blank cartridge, or lose all that is on it with --overwrite")
    return what
