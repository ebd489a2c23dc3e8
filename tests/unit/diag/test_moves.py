# SPDX-License-Identifier: WTFPL OR MIT
"""Where a robot's moves fail, told apart by the places they were between."""

from __future__ import annotations

from pytp_native.devices.changer import Order
from pytp_native.devices.inventory import Place
from pytp_native.diag.history import LIBRARY, StoredLook, StoredMove, Unit
from pytp_native.diag.moves import Culprit, culprits, was_refused
from pytp_native.diag.trend import ElementUse, Lately, Past, elements
from pytp_native.diag.verdict import Known, judge_library
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


def past(*values: tuple[int, float]) -> Past:
    """Looks at one library: when, and what one of its counters said."""
    looks = tuple(StoredLook(number, seen, "test", None, None, 7) for number, (seen, _value) in enumerate(values))
    counters = {number: {7: {"element 1005 picks": value}} for number, (_seen, value) in enumerate(values)}
    return Past({}, looks, counters)


def test_what_a_library_counted_before_is_not_of_the_last_month() -> None:
    told = past((100, 5000.0), (900, 5001.0), (1000, 5003.0)).grown_since(7, 500)
    assert told == Lately({"element 1005 picks": 3.0}, known_before=True)


def test_a_reset_in_between_loses_nothing() -> None:
    told = past((100, 5000.0), (600, 5010.0), (700, 2.0), (800, 7.0)).grown_since(7, 500)
    assert told.counters == {"element 1005 picks": 10.0 + 2 + 5}


def test_a_library_that_is_new_to_us_is_judged_by_its_life_and_that_is_said() -> None:
    told = past((900, 5000.0), (1000, 5003.0)).grown_since(7, 500)
    assert told == Lately({"element 1005 picks": 5003.0}, known_before=False)
    unit = Unit(7, LIBRARY, "serial", "A", "", "B", 1000)
    elements_now = {"element 1005 picks": 50.0, "element 1005 pick_retries": 40.0, "element 1006 picks": 50.0,
                    "element 1007 picks": 50.0}  # fmt: skip
    for of_its_life, words in ((True, "in its whole life"), (False, "in the last month")):
        verdict = judge_library(Known(unit, elements_now, of_its_life=of_its_life))
        assert words in verdict.findings[0].words
