# SPDX-License-Identifier: WTFPL OR MIT
"""A cartridge that is loaded for a while goes back into its slot, or it is said where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytp_native.devices.changer import Changer
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.inventory import Place
from pytp_native.devices.library import TapeLibrary
from pytp_native.errors import LibraryError
from pytp_native.scsi.elements import Element
from pytp_native.scsi.mode_pages import DRIVE, STORAGE
from pytp_native.units import MIB
from pytp_native.vtl.library import Library

SLOT_2, SLOT_4, DRIVE_1 = Place(STORAGE, 2), Place(STORAGE, 4), Place(DRIVE, 1)


@pytest.fixture
def library(shelf: Path) -> Iterator[TapeLibrary]:
    """PYT001L9 is in drive 0, PYT002L9 and PYT003L9 in slots 2 and 3; slots 4 and 5 are empty."""
    path = shelf / "vtl"
    Library.create(path, drives=2, slots=5, mail_slots=0, cartridges=3, capacity_bytes=4 * MIB)
    with Changer.open(f"vtl:{path}/changer") as changer:
        yield TapeLibrary(changer, lambda number: DrivePort(f"vtl:{path}/drive{number}"))


def test_a_cartridge_that_somebody_took_away_is_not_replaced_by_another(library: TapeLibrary) -> None:
    with library.borrowed(2, 1):
        library.unload(1, 4)
        library.load("3", 1)
    now = library.inventory()
    assert (now.find("PYT002L9"), now.find("PYT003L9")) == ((SLOT_4,), (DRIVE_1,))


def test_a_cartridge_whose_slot_was_taken_is_said_to_be_still_in_the_drive(library: TapeLibrary) -> None:
    told = "slot 2, where PYT002L9 came from, holds PYT003L9 now; it is in drive 1"
    with pytest.raises(LibraryError, match=told), library.borrowed(2, 1):
        library.move("3", "2")
    assert library.inventory().find("PYT002L9") == (DRIVE_1,)


def test_a_cartridge_that_nobody_can_name_is_put_back(library: TapeLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """No barcodes, and a library that does not vouch for sources (SVALID off)."""
    monkeypatch.setattr(Element, "volume_tag", property(lambda _element: ""))
    monkeypatch.setattr(Element, "source", property(lambda _element: None))
    with library.borrowed(2, 1):
        assert library.inventory().at(DRIVE_1).full
    now = library.inventory()
    assert (now.at(SLOT_2).full, now.at(DRIVE_1).full) == (True, False)
