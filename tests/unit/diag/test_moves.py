# SPDX-License-Identifier: WTFPL OR MIT
"""Where a robot's moves fail, told apart by the places they were between."""

from __future__ import annotations

from pytp_native.devices.changer import Order
from pytp_native.devices.inventory import Place
from pytp_native.diag.history import StoredMove
from pytp_native.diag.moves import Culprit, culprits, was_refused
from pytp_native.diag.trend import ElementUse, elements
from pytp_native.errors import LibraryError
from pytp_native.scsi.mode_pages import DRIVE, STORAGE


def move(slot: int, drive: int, error: str = "") -> StoredMove:
    return StoredMove(1, 0, 1000 + slot, 256 + drive, f"slot {slot}", f"drive {drive}", "A00001L9", error)


def test_a_slot_that_fails_with_every_drive_is_the_slot() -> None:
    moves = [move(slot, drive) for slot in (1, 2, 3) for drive in (0, 1)]
    moves += [move(5, drive, "dropped") for drive in (0, 1)]
    assert culprits(moves) == [Culprit(("slot 5",), 2, 2)]


def test_a_drive_that_fails_with_every_slot_is_the_drive() -> None:
    moves = [move(slot, 1, "stuck") for slot in (1, 2, 3)] + [move(slot, 0) for slot in (1, 2, 3)]
    assert culprits(moves) == [Culprit(("drive 1",), 3, 3)]


def test_what_cannot_be_told_apart_is_called_so() -> None:
    assert culprits([move(5, 0, "stuck"), move(5, 0, "stuck")]) == [Culprit(("drive 0", "slot 5"), 2, 2)]


def test_one_failure_says_nothing() -> None:
    assert culprits([move(5, 0, "stuck"), move(4, 0), move(3, 1, "stuck")]) == []


def test_moves_are_counted_beside_what_the_library_counts() -> None:
    told = elements({"element 1005 picks": 4.0}, [move(5, 0), move(5, 0, "dropped")])
    assert told == [
        ElementUse(256, 0, 0, 0, 0, "drive 0", 2, 1, "dropped"),
        ElementUse(1005, 4, 0, 0, 0, "slot 5", 2, 1, "dropped"),
    ]


def test_an_order_that_was_refused_is_no_failure_of_the_robot() -> None:
    def order(sense: str) -> Order:
        error = LibraryError("lib", "failed", "")
        error.sense = bytes.fromhex(sense)
        return Order(Place(STORAGE, 5), Place(DRIVE, 0), 1005, 256, "", error)

    assert was_refused(order("70000500000000 0a 00000000 3b0d 00000000".replace(" ", "")))
    assert not was_refused(order("70000400000000 0a 00000000 1501 00000000".replace(" ", "")))
    assert not was_refused(order(""))
