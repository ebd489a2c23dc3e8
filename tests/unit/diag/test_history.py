# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pytp_native.catalog.store import Catalog
from pytp_native.devices.look import CartridgeLook, DriveLook, LibraryLook
from pytp_native.diag.history import FILE_NAME, History
from pytp_native.errors import CatalogError, NothingHere
from pytp_native.scsi.log_incidents import ElementCounts

TAPE = CartridgeLook(serial="M1", barcode="A00001L9", counters={"mounts": 3.0})
LOOK = DriveLook("/dev/nst0", 1000, "IBM", "ULT3580-TD9", "R1", "D1", counters={"loads": 7.0}, cartridge=TAPE)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(str(tmp_path / FILE_NAME))


def test_a_look_keeps_drive_and_cartridge_apart(history: History) -> None:
    history.store(LOOK, "health")
    drive, cartridge = history.units("drive")[0], history.units("cartridge")[0]
    assert (drive.shown, cartridge.shown) == ("IBM ULT3580-TD9 D1", "A00001L9")
    assert history.latest(drive.id) == {"loads": 7.0}
    assert history.latest(cartridge.id) == {"mounts": 3.0}


def test_a_unit_is_known_again_by_its_serial_number(history: History) -> None:
    history.store(LOOK, "health")
    moved = LOOK._replace(address="/dev/nst4", taken=2000, firmware="R2", counters={"loads": 8.0})
    history.store(moved._replace(cartridge=TAPE._replace(barcode="")), "health")
    (drive,) = history.units("drive")
    assert (drive.firmware, drive.seen) == ("R2", 2000)
    assert history.latest(drive.id) == {"loads": 8.0}
    assert history.units("cartridge")[0].name == "A00001L9"


def test_what_was_not_told_is_not_stored(history: History) -> None:
    history.store(LOOK._replace(counters={}, cartridge=None), "health")
    assert list(history.counters()) == []
    assert history.units("cartridge") == []


def test_cleared_flags_are_kept_and_marked(history: History) -> None:
    history.store(LOOK._replace(alerts=frozenset({20})), "alerts", cleared=frozenset({20, 4}), lasting=True)
    assert [(one.flag, one.drive is not None) for one in history.alerts()] == [(4, True), (20, True)]
    assert history.alerts(since=1001) == []


def test_a_library_keeps_its_elements_counts(history: History) -> None:
    counts = ElementCounts(places=4, place_retries=0, picks=5, pick_retries=3, tags_read=0, tags_unreadable=0)
    library = LibraryLook("/dev/sg4", 1000, "HP", "MSL", "9", "L1", counters={"moves": 9.0}, elements={1003: counts})
    history.store(library, "health")
    (unit,) = history.units("library")
    assert history.latest(unit.id) == {
        "moves": 9.0, "element 1003 places": 4.0, "element 1003 picks": 5.0, "element 1003 pick_retries": 3.0,
    }  # fmt: skip


def test_nobody_else_may_read_it_and_a_catalog_is_no_history(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    with pytest.raises(NothingHere):
        History(str(path), create=False)
    with History(str(path)):
        assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CatalogError, match="another program"):
        Catalog(str(path))
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
