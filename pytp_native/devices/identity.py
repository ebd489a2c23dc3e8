# SPDX-License-Identifier: WTFPL OR MIT
"""Who a drive or library says that it is, asked with commands that disturb nobody (INQUIRY and its pages)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytp_native.devices import retry
from pytp_native.errors import PytpError
from pytp_native.light import T
from pytp_native.scsi import executor, spc, vpd
from pytp_native.scsi.command import Command
from pytp_native.scsi.inquiry import Inquiry

if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport

SERIAL, DESIGNATORS, MANUFACTURER_SERIAL, LIBRARY_SERIAL, ELEMENT = 0x80, 0x83, 0xB1, 0xB3, 0xB4


@dataclass(frozen=True, slots=True)
class Identity:
    """Texts are "" and the element None where the device does not tell."""

    inquiry: Inquiry
    serial: str = ""
    manufacturer_serial: str = ""
    """The drive's own, where the library has put another into page 80h."""
    library_serial: str = ""
    """Of the library that the drive is in, if it knows."""
    element: int | None = None
    """Its element address in that library, if it knows."""
    designators: tuple[str, ...] = ()
    """Texts, or hexadecimal digits, of the logical unit's names."""

    @property
    def names(self) -> frozenset[str]:
        """Return everything that a library may call it by, in capitals."""
        told = (self.serial, self.manufacturer_serial, *self.designators)
        return frozenset(name.upper() for name in told if name)


def identify(scsi: ScsiTransport) -> Identity:
    """Ask. Raises what INQUIRY raises; pages that fail are left out."""
    inquiry = executor.run(scsi, spc.inquiry(), retry.CALM)
    pages = _ask(scsi, vpd.supported_pages()) or ()
    designators = _ask(scsi, vpd.device_identification()) if DESIGNATORS in pages else None
    return Identity(
        inquiry,
        # Some drives have page 80h and no list of pages.
        serial=(_ask(scsi, spc.unit_serial()) if SERIAL in pages or not pages else None) or "",
        manufacturer_serial=(_ask(scsi, vpd.manufacturer_serial()) if MANUFACTURER_SERIAL in pages else None) or "",
        library_serial=(_ask(scsi, vpd.automation_serial()) if LIBRARY_SERIAL in pages else None) or "",
        element=_ask(scsi, vpd.element_address()) if ELEMENT in pages else None,
        designators=tuple(str(one) for one in designators or () if one.association == vpd.LOGICAL_UNIT),
    )


def _ask(scsi: ScsiTransport, command: Command[T]) -> T | None:
    try:
        return executor.run(scsi, command, retry.CALM)
    except PytpError:
        return None
