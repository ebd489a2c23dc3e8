# SPDX-License-Identifier: WTFPL OR MIT
"""A catalog that is told again what is on a cartridge: half told is not complete, what was written over stays so."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from pytp_native.catalog.recording import OpenTapeFile
from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.errors import NothingHere
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.units import MIB
from tests.faults.spanned import Shelf
from tests.faults.test_missing_trailer import without_trailers
from tests.faults.test_resume_kinds import contents


class Dies(BaseException):
    """As kill -9 does, nobody catches it."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        for number in range(20):
            (tmp_path / "tree" / name / f"f{number:02}").write_bytes(os.urandom(100_000))
    return tmp_path / "tree"


@pytest.fixture
def desk(shelf: Path) -> Shelf:
    return Shelf(shelf / "library", cartridges=4, capacity=3 * MIB)


def save(desk: Shelf, catalog: Catalog, *paths: Path, **options: object) -> None:
    done = desk.backup(*paths, catalog=catalog, memory_bytes=64 * MIB, **{"job": "j", **options})
    assert done.code == 0, done.report.message


def tell(desk: Shelf, catalog: Catalog, barcode: str) -> int:
    desk.load(barcode)
    with desk.open() as drive:
        return rebuild(drive, catalog, lambda event: None, Interrupt()).exit_code


def restored(desk: Shelf, catalog: Catalog, target: Path) -> tuple[int, set[str]]:
    request = CatalogRequest(Selector(job="j"), os.fsencode(target))
    with desk.served() as served, desk.open() as drive:
        supply = LibrarySupply(served, 0)
        report = restore_from_catalog(drive, catalog, request, lambda event: None, Interrupt(), supply=supply)
    return report.exit_code, {name for name, data in contents(target).items() if data is not None}


def test_a_session_that_was_half_told_again_is_as_it_was(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.load(desk.barcodes[0])
    save(desk, catalog, tree / "a" / "f00", tree / "b" / "f01")
    end = OpenTapeFile.end

    def die(self: OpenTapeFile, *arguments: object, **more: object) -> None:
        end(self, *arguments, **more)  # type: ignore[arg-type]
        raise Dies

    with monkeypatch.context() as patch, desk.open() as drive:
        patch.setattr(OpenTapeFile, "end", die)
        with pytest.raises(Dies):
            rebuild(drive, catalog, lambda event: None, Interrupt())
    gc.collect()  # a process that dies leaves no lock
    assert restored(desk, catalog, tmp_path / "before") == (0, {"f00", "f01"})
    assert tell(desk, catalog, desk.barcodes[0]) == 0
    assert restored(desk, catalog, tmp_path / "out") == (0, {"f00", "f01"})


def test_one_cartridge_of_a_set_that_is_told_again_leaves_the_session_complete(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    desk.load(desk.barcodes[0])
    save(desk, catalog, tree)
    for barcode in desk.barcodes[:2]:
        assert tell(desk, catalog, barcode) == 0
        assert [session.state for session in catalog.sessions()] == ["complete"]
    assert restored(desk, catalog, tmp_path / "out")[0] == 0


def test_a_trailer_does_not_bring_back_what_was_written_over(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """The one of the second cartridge tells of the first one, too: that had no room for its own."""
    desk.load(desk.barcodes[0])
    with without_trailers(1):
        save(desk, catalog, tree)
    (tmp_path / "x").write_bytes(b"x")
    desk.load(desk.barcodes[0])
    words = {"overwrite": True, "confirm": desk.barcodes[0], "job": "other"}
    save(desk, catalog, tmp_path / "x", prepare=lambda drive: drive.rewind(), **words)
    first, names = restored(desk, catalog, tmp_path / "before")
    for barcode in desk.barcodes[1::-1]:
        tell(desk, catalog, barcode)
    assert catalog.check() == []
    assert restored(desk, catalog, tmp_path / "after") == (first, names)
    assert first == 1
    assert len(names) > 5


def test_what_another_catalog_has_written_over_is_no_claim_after_a_rebuild(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    desk.load(desk.barcodes[0])
    save(desk, catalog, tree / "a" / "f00")
    (tmp_path / "x").write_bytes(b"x")
    with Catalog(str(tmp_path / "another.db")) as another:
        words = {"overwrite": True, "confirm": desk.barcodes[0], "job": "other"}
        save(desk, another, tmp_path / "x", prepare=lambda drive: drive.rewind(), **words)
    assert tell(desk, catalog, desk.barcodes[0]) == 0
    assert [one.path for one in catalog.find(b"*")] == [b"x"]
    with pytest.raises(NothingHere):
        restored(desk, catalog, tmp_path / "out")
