# SPDX-License-Identifier: WTFPL OR MIT
"""Restoring by catalog what lies on several cartridges: each is fetched once, in the order of the tapes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytp_native.catalog.records import CartridgeFacts
from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Moved
from tests.cartridge import Done
from tests.faults.spanned import Shelf
from tests.trees import describe, differences

CAPACITY = 6 << 20


class Counting(LibrarySupply):
    """Remembers what it fetched."""

    fetched: list[str]

    def fetch(self, drive: object, barcode: str) -> bool:
        self.fetched.append(barcode)
        return super().fetch(drive, barcode)  # type: ignore[arg-type]


def restore(library: Shelf, catalog: Catalog, target: Path, *patterns: bytes) -> tuple[Done, list[str]]:
    events: list[object] = []
    with library.served() as served, library.open() as drive:
        supply = Counting(served, 0)
        supply.fetched = []
        request = CatalogRequest(Selector(), os.fsencode(target), patterns)
        report = restore_from_catalog(drive, catalog, request, events.append, Interrupt(), supply=supply)
    return Done(report, events), supply.fetched


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "source"
    for directory in range(4):
        (top / str(directory)).mkdir(parents=True)
        for number in range(4):
            (top / str(directory) / f"file-{number}").write_bytes(os.urandom(900_000 + number))
    return top


@pytest.fixture
def library(shelf: Path) -> Shelf:
    return Shelf(shelf / "library", cartridges=4, capacity=CAPACITY)


@pytest.fixture
def catalog(shelf: Path, library: Shelf, source: Path) -> Iterator[Catalog]:
    with Catalog(str(shelf / "catalog.db")) as opened:
        assert library.backup(source, catalog=opened).code == 0
        yield opened


def test_a_tree_on_several_cartridges_comes_back_with_each_loaded_once(
    library: Shelf, catalog: Catalog, source: Path, tmp_path: Path
) -> None:
    done, fetched = restore(library, catalog, tmp_path / "out")
    assert (done.code, done.report.message) == (0, "")
    assert differences(describe(source), describe(tmp_path / "out" / "source")) == []
    assert fetched == library.barcodes[:3]
    assert done.report.details["locates"] == 3


def test_a_file_that_is_cut_takes_two_locates_on_two_cartridges(
    library: Shelf, catalog: Catalog, source: Path, tmp_path: Path
) -> None:
    cut = [hit for hit in catalog.find(b"file-") if hit.block < hit.skipped]
    assert len(cut) == 2
    done, fetched = restore(library, catalog, tmp_path / "out", cut[0].path)
    assert (done.code, len(fetched), done.report.details["locates"]) == (0, 2, 2)
    name = os.fsdecode(cut[0].path)
    assert (tmp_path / "out" / name).read_bytes() == (source.parent / name).read_bytes()
    assert done.report.details["blocks_read"] * library.block_bytes < cut[0].length + 2 * library.block_bytes + 10240


def test_a_cartridge_that_is_gone_is_exit_10_and_named(
    library: Shelf, catalog: Catalog, source: Path, tmp_path: Path
) -> None:
    library.load("PYT004L9")
    library.library.remove("PYT002L9")
    done, fetched = restore(library, catalog, tmp_path / "out")
    assert done.code == 10
    assert "PYT002L9 is needed" in done.report.message
    assert fetched == ["PYT001L9", "PYT002L9"]
    assert (tmp_path / "out" / "source").exists()


class Forgetful:
    """The same tape, on which nothing that is read back is what was written."""

    def __init__(self, tape: object) -> None:
        self._tape = tape

    def __getattr__(self, name: str) -> object:
        return getattr(self._tape, name)

    def read_into(self, ring: Ring, *, limit: int = 0) -> Moved:
        moved: Moved = self._tape.read_into(Ring(ring.block_bytes, limit * ring.block_bytes), limit=limit)  # type: ignore[attr-defined]
        for _block in range(moved.blocks):
            ring.put(b"\1" * ring.block_bytes)
        return moved


def test_each_cartridge_is_probed_before_it_leaves(library: Shelf, source: Path) -> None:
    def prepare(drive: Drive) -> None:
        drive.tape = Forgetful(drive.tape)  # type: ignore[assignment]

    done = library.backup(source, prepare=prepare)
    assert (done.code, done.statuses) == (8, ["failed"])
    assert "probe of tape file 1" in done.report.message
    with library.served() as served:
        assert served.drive_status(0).at(served.drive_status(0).drive(0)).volume_tag == "PYT001L9"


def test_a_cartridge_that_was_given_up_was_not_written_over(library: Shelf, catalog: Catalog, tmp_path: Path) -> None:
    second = next(one for one in catalog.cartridges() if one.barcode == "PYT002L9")
    assert catalog.give_up(CartridgeFacts(uuid=second.uuid, barcode=second.barcode)) == 2  # and its trailer
    done, _fetched = restore(library, catalog, tmp_path / "out")
    assert done.code == 1
    assert any("tape file 1 of cartridge PYT002L9 was given up with its cartridge" in text for text in done.notices)
    assert not any("written over" in text for text in done.notices)
