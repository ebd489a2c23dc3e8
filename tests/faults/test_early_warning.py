# SPDX-License-Identifier: WTFPL OR MIT
"""A drive with programmable early warning keeps room for the trailer, and is left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native.devices import early_warning
from pytp_native.jobs import cartridge as places
from pytp_native.transport import open_scsi
from pytp_native.units import MIB
from tests.faults.spanned import Shelf, data_files, sessions
from tests.faults.test_spanning import tree_of


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "library", cartridges=3, capacity=8 * MIB)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tree_of(tmp_path / "source", **{f"file{number:02}": 500_000 for number in range(24)})


def programmed(shelf: Shelf) -> int:
    """PEWS, in 10^6 bytes."""
    scsi = open_scsi(shelf.address)
    page = scsi.execute(bytes([0x1A, 8, 0x10, 1, 255, 0]), data_in_bytes=255).data[4:]
    scsi.close()
    return int.from_bytes(page[6:8], "big")


def first_part(shelf: Shelf) -> int:
    return len(data_files(shelf.files("PYT001L9"))[0])


def test_the_cartridge_ends_that_much_earlier(
    shelf: Shelf, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = Shelf(tmp_path / "other", cartridges=3, capacity=8 * MIB)
    assert without.backup(source).code == 0
    monkeypatch.setattr(places, "TRAILER_SHARE", 4)  # 2 of 8 MiB
    done = shelf.backup(source)
    assert (done.code, done.statuses) == (0, ["saved"])
    assert 1_900_000 < first_part(without) - first_part(shelf) < 2_100_000
    assert len(sessions(shelf.files("PYT001L9"))) == 1, "the trailer is on it"
    assert programmed(shelf) == 0, "the drive is as it was"


def test_what_was_programmed_before_is_put_back(shelf: Shelf, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "TRAILER_SHARE", 4)
    assert early_warning.program(shelf.address, 1) == 0
    assert shelf.backup(source).code == 0
    assert programmed(shelf) == 1


def test_a_small_cartridge_has_no_room_to_spare(shelf: Shelf, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(early_warning, "program", lambda address, size: asked.append(size))
    assert shelf.backup(source).code == 0
    assert asked == []


def test_a_drive_that_has_none_is_no_failure(monkeypatch: pytest.MonkeyPatch, shelf: Shelf) -> None:
    from pytp_native.vtl import door_mode

    page = door_mode._PAGES[0x10, 1]
    monkeypatch.setitem(door_mode._PAGES, (0x10, 1), page._replace(changeable={}))
    assert early_warning.program(shelf.address, 5) is None
    monkeypatch.delitem(door_mode._PAGES, (0x10, 1))
    assert early_warning.program(shelf.address, 5) is None
    assert early_warning.program("/dev/null", 5) is None
    assert early_warning.program("vtl:/nowhere/drive0", 5) is None


def test_more_than_the_field_holds_is_as_much_as_it_holds(shelf: Shelf) -> None:
    assert early_warning.program(shelf.address, 100_000) == 0
    assert programmed(shelf) == 65535
