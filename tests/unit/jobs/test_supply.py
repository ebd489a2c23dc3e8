# SPDX-License-Identifier: WTFPL OR MIT
"""The library's next cartridge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytp_native.devices.changer import Changer
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.library import TapeLibrary
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.transport import open_scsi
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.unit.devices.injected import Injected

READ_ELEMENT_STATUS = 0xB8


class Drive:
    """As much of a drive as a supply uses."""

    def change(self, swap: Callable[[], object]) -> object:
        return swap()


def test_a_barcode_that_looks_like_a_slot_number_is_the_cartridge_with_that_barcode(shelf: Path) -> None:
    path = shelf / "vtl"
    Library.create(path, drives=1, slots=4, mail_slots=0, cartridges=3, capacity_bytes=4 * MIB)
    device = Injected(open_scsi(f"vtl:{path}/changer"))
    device.edit[READ_ELEMENT_STATUS] = lambda reply: reply._replace(data=reply.data.replace(b"PYT003L9", b"2       "))
    with Changer(device) as changer:
        library = TapeLibrary(changer, lambda number: DrivePort(f"vtl:{path}/drive{number}"))
        offer = LibrarySupply(library, 0).next(Drive())  # type: ignore[arg-type]
    assert offer is not None
    assert Library.open(path).describe().drives[0].barcode == "PYT003L9"
