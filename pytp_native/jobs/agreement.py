# SPDX-License-Identifier: WTFPL OR MIT
"""Whether catalog and tape tell the same of a cartridge, before anything is appended to it."""

from __future__ import annotations

from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import Refused
from pytp_native.jobs.frame import Place


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
