# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag clean` in a virtual library."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native.devices.cleaning_run import wait_cleaned
from pytp_native.errors import NotReady
from pytp_native.scsi.executor import Clock
from pytp_native.transport import open_tape
from pytp_native.transport.records import ScsiReply
from pytp_native.vtl.inventory import cartridge_directory
from pytp_native.vtl.library import Library
from pytp_native.vtl.loading import CLEANING_USES
from pytp_native.vtl.memory import CartridgeMemory
from tests.cli.conftest import Pytp
from tests.cli.test_diag_commands import raise_alert


@pytest.fixture
def stocked(library: Path) -> Library:
    found = Library(library)
    found.add("CLN001L9", slot=3)
    return found


def used_up(library: Path, barcode: str) -> None:
    memory = CartridgeMemory(cartridge_directory(str(library), barcode), barcode)
    memory.loads = CLEANING_USES
    memory.save()


def test_a_drive_is_cleaned_and_everything_is_back_in_its_place(
    pytp: Pytp, stocked: Library, library: Path, drive: str
) -> None:
    raise_alert(library, 20)
    told = pytp("diag", "clean", "-d", drive, "--json").json
    assert (told["exit"], told["cleaned"], told["cartridge"], told["cleanings"]) == (0, True, "CLN001L9", 1)
    view = stocked.describe()
    assert view.drives[0].barcode is None
    assert {slot.number: slot.barcode for slot in view.slots if slot.barcode} == {
        1: "PYT001L9", 2: "PYT002L9", 3: "CLN001L9",
    }  # fmt: skip
    assert pytp("diag", "alerts", "-d", drive).code == 0


def test_it_is_left_alone_if_it_does_not_ask(pytp: Pytp, stocked: Library, drive: str) -> None:
    assert pytp("diag", "clean", "--if-asked", "-d", drive, "--json").json["cleaned"] is False
    assert stocked.describe().drives[0].barcode == "PYT001L9"


def test_one_that_is_used_up_is_told_and_the_next_one_taken(
    pytp: Pytp, stocked: Library, library: Path, drive: str
) -> None:
    stocked.add("CLN002L9", slot=4)
    used_up(library, "CLN001L9")
    told = pytp("diag", "clean", "-d", drive, "--json")
    assert (told.json["cartridge"], told.json["used_up"]) == ("CLN002L9", ["CLN001L9"])
    assert "CLN001L9 in slot 3 is used up" in told.err


def test_without_a_cleaning_cartridge_another_one_is_needed(
    pytp: Pytp, library: Path, drive: str, stocked: Library
) -> None:
    used_up(library, "CLN001L9")
    assert pytp("diag", "clean", "-d", drive).code == 10
    assert pytp("diag", "clean", "--slot", "2", "-d", drive).code == 9


def test_a_drive_in_use_is_not_touched(pytp: Pytp, stocked: Library, drive: str) -> None:
    tape = open_tape(drive)
    try:
        assert pytp("diag", "clean", "-d", drive).code == 4
    finally:
        tape.close()
    assert stocked.describe().drives[0].barcode == "PYT001L9"


class Answers:
    """A drive that answers TEST UNIT READY from a list, the last one for ever."""

    address = "drive"

    def __init__(self, *codes: tuple[int, int]) -> None:
        self._codes = list(codes)

    def execute(self, cdb: bytes, **_words: object) -> ScsiReply:
        assert cdb == bytes(6)
        key, code = self._codes.pop(0) if len(self._codes) > 1 else self._codes[0]
        sense = bytes((0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, code >> 8, code & 0xFF, 0, 0, 0, 0))
        return ScsiReply(2 if key else 0, sense if key else b"", b"")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("codes", "ended"),
    [
        ([(6, 0x2800), (2, 0x3003), (2, 0x0401), (2, 0x3A00)], "cleaned"), ([(2, 0x3003), (0, 0)], "cleaned"),
        ([(2, 0x3003), (2, 0x300B)], "used up"), ([(2, 0x3003), (3, 0x3007)], "failed"), ([(4, 0x4400)], "failed"),
    ],
)  # fmt: skip
def test_how_a_cleaning_ends(codes: list[tuple[int, int]], ended: str) -> None:
    assert wait_cleaned(Answers(*codes), poll_s=5, clock=Clock(lambda: 0.0, lambda _s: None)) == ended


def test_a_cleaning_that_never_ends_is_given_up() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(NotReady, match="15 minutes"):
        wait_cleaned(Answers((2, 0x3003)), poll_s=5, clock=Clock(lambda: now[0], sleep))
