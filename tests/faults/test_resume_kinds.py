# SPDX-License-Identifier: WTFPL OR MIT
"""Resumed sessions of every kind: restored from the catalog, and from one that was rebuilt, they are what was there."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import NothingHere, PytpError, Refused, UsageError
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.resume import ResumeRequest, resume
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.units import MIB
from tests.cartridge import Done
from tests.faults.spanned import Shelf

BLOCK = 10240


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(str(tmp_path / "catalog.db"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chance = random.Random(3)
    top = tmp_path / "tree"
    for directory in ("a", "b", "c"):
        (top / directory).mkdir(parents=True)
        for number in range(20):
            (top / directory / f"f{number:02}").write_bytes(chance.randbytes(4 * BLOCK))
    return top


def contents(tree: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(tree)): path.read_bytes() if path.is_file() else None for path in tree.rglob("*")}


def go_on(shelf: Shelf, catalog: Catalog, *, supply: bool = True, **options: object) -> Done:
    events: list[object] = []
    with shelf.served() as served, shelf.open(write=True) as drive:
        source = LibrarySupply(served, 0) if supply else None
        now = served.drive_status(0)
        barcode = now.at(now.drive(0)).volume_tag
        request = ResumeRequest(memory_bytes=64 * MIB, library_barcode=barcode, **options)
        return Done(resume(drive, request, catalog, events.append, Interrupt(), supply=source), events)


def restored(shelf: Shelf, catalog: Catalog, target: Path) -> dict[str, bytes | None]:
    """All of the latest state, from the catalog."""
    shutil.rmtree(target, ignore_errors=True)
    with shelf.served() as served, shelf.open() as drive:
        request = CatalogRequest(Selector(), os.fsencode(target))
        report = restore_from_catalog(
            drive, catalog, request, lambda event: None, Interrupt(), supply=LibrarySupply(served, 0)
        )
    assert report.exit_code == 0, report.message
    return contents(target / "tree")


def rebuilt(shelf: Shelf, path: Path) -> Catalog:
    catalog = Catalog(str(path))
    for barcode in shelf.barcodes:
        shelf.load(barcode)
        with shelf.open() as drive:
            try:
                assert rebuild(drive, catalog, lambda event: None, Interrupt()).exit_code == 0
            except NothingHere:
                return catalog
    return catalog


def check(shelf: Shelf, catalog: Catalog, tree: Path, tmp_path: Path) -> None:
    """The catalog, and one made of the tapes, give back what is on disk."""
    assert catalog.check() == []
    assert restored(shelf, catalog, tmp_path / "out") == contents(tree)
    assert restored(shelf, rebuilt(shelf, tmp_path / "again.db"), tmp_path / "out") == contents(tree)


def change(tree: Path) -> None:
    chance = random.Random(4)
    for directory in ("a", "b", "c"):
        for number in range(0, 20, 2):
            (tree / directory / f"f{number:02}").write_bytes(chance.randbytes(5 * BLOCK))
        (tree / directory / "f01").unlink()
        (tree / directory / "f03").rename(tree / directory / "g03")


def broken_off(shelf: Shelf, catalog: Catalog, tree: Path, write: int, **options: object) -> Done:
    """A session whose drive fails at that write."""

    def fail(_drive: Drive) -> None:
        shelf.library.add_fault(0, f"write {write}: medium error")

    done = shelf.backup(tree, catalog=catalog, prepare=fail, memory_bytes=64 * MIB, probe=False, **options)
    shelf.library.clear_faults(0)
    assert done.code == 6, done.report.message
    return done


@pytest.mark.parametrize("level", ["incremental", "differential"])
@pytest.mark.parametrize("compression", [None, 1])
def test_a_session_of_changes_goes_on(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, level: str, compression: int | None
) -> None:
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    assert desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB).code == 0
    change(tree)
    broken_off(desk, catalog, tree, 320, level=level, zstd_level=compression)
    later = "UPDATE session SET started = started + 2 WHERE kind != 'full'"  # than the last change, on any machine
    catalog._database.run(later)
    done = go_on(desk, catalog)
    assert (done.code, done.statuses) == (0, ["saved"])
    latest = catalog.sessions()[0]
    assert (latest.kind, latest.state, latest.deletions) == (level, "complete", 6)
    check(desk, catalog, tree, tmp_path)
    assert desk.backup(tree, catalog=catalog, level="incremental", memory_bytes=64 * MIB).statuses == ["unchanged"]
    files = [file for file in latest.tape_files if file.kind == "data"]
    assert len({file.based_on for file in files}) == 1
    assert sum(file.members for file in files) <= 2 + 33 + 3 + 3  # nothing but a directory or two is on tape twice


def test_a_compressed_session_goes_on_in_front_of_the_frame_that_was_cut(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    broken_off(desk, catalog, tree, 150, zstd_level=1)
    done = go_on(desk, catalog)
    assert (done.code, done.statuses) == (0, ["saved"])
    first, second = (file for file in catalog.sessions()[0].tape_files if file.kind == "data")
    assert (first.compression, second.compression) == ("zstd", "zstd")
    assert first.members > 10
    check(desk, catalog, tree, tmp_path)


@pytest.mark.parametrize("compression", [None, 1])
@pytest.mark.parametrize("way", ["library", "by hand"])
def test_a_session_that_filled_its_cartridge_goes_on_on_the_next_one(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, way: str, compression: int | None
) -> None:
    """There was no other; now one is there: in the library, or put into the drive by a person."""
    desk = Shelf(shelf / "library", cartridges=3, capacity=2 * MIB)
    desk.load(desk.barcodes[0])
    full = desk.backup(tree, catalog=catalog, volumes=[], memory_bytes=64 * MIB, zstd_level=compression)
    assert full.code == 10
    assert catalog.sessions()[0].state == "full"
    if way == "by hand":
        desk.load(desk.barcodes[1])
    done = go_on(desk, catalog)
    assert done.code == 0, done.report.message
    (session,) = catalog.sessions()
    assert session.state == "complete"
    assert {file.cartridge for file in session.tape_files} >= set(desk.barcodes[:2])
    check(desk, catalog, tree, tmp_path)


def test_without_a_next_cartridge_it_still_waits(shelf: Path, catalog: Catalog, tree: Path) -> None:
    desk = Shelf(shelf / "library", cartridges=1, capacity=2 * MIB)
    desk.load(desk.barcodes[0])
    assert desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB).code == 10
    done = go_on(desk, catalog, supply=False)
    assert done.code == 10
    assert catalog.sessions()[0].state == "full"


# -- mistakes --------------------------------------------------------------------------------------------------------


def refusal(call: Callable[[], object], kind: type[PytpError]) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def test_a_source_that_is_gone_is_named_before_anything_is_written(shelf: Path, catalog: Catalog, tree: Path) -> None:
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    broken_off(desk, catalog, tree, 60)
    tree.rename(tree.with_name("elsewhere"))
    before = len(desk.files(desk.barcodes[0]))
    text = refusal(lambda: go_on(desk, catalog), UsageError)
    assert str(tree) in text
    assert "nothing was written" in text
    assert len(desk.files(desk.barcodes[0])) == before


def test_the_cartridge_on_which_a_session_waits_is_named(shelf: Path, catalog: Catalog, tree: Path) -> None:
    desk = Shelf(shelf / "library", cartridges=2, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    broken_off(desk, catalog, tree, 60)
    desk.load(desk.barcodes[1])
    text = refusal(lambda: go_on(desk, catalog), Refused)
    assert f"waits on cartridge {desk.barcodes[0]}, and this is a blank cartridge" in text


def test_a_cartridge_with_something_on_it_is_not_taken_for_the_next_one(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").write_bytes(b"other")
    desk = Shelf(shelf / "library", cartridges=2, capacity=2 * MIB)
    desk.load(desk.barcodes[1])
    assert desk.backup(tmp_path / "other", catalog=catalog).code == 0
    desk.load(desk.barcodes[0])
    assert desk.backup(tree, catalog=catalog, volumes=[], memory_bytes=64 * MIB).code == 10
    desk.load(desk.barcodes[1])
    assert "waits for a blank one" in refusal(lambda: go_on(desk, catalog), Refused)
