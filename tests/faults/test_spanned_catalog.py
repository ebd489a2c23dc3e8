# SPDX-License-Identifier: WTFPL OR MIT
"""A session on several cartridges: the catalog knows which has what, from the backup and from the trailers alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytp_native.catalog.recording import OpenSession
from pytp_native.catalog.records import CartridgeFacts
from pytp_native.catalog.store import Catalog
from pytp_native.errors import CatalogError
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from tests.faults.spanned import Shelf

Places = set[tuple[object, ...]]


def places(catalog: Catalog) -> Places:
    return {
        (hit.path, hit.barcode, hit.tape_file, hit.block, hit.offset, hit.length, hit.skipped, hit.ahead, hit.digest)
        for hit in catalog.find(b"*")
    }


def files_of(catalog: Catalog) -> list[tuple[object, ...]]:
    return [
        (one.kind, one.cartridge, one.number, one.part, one.state, one.skipped, one.ahead, one.blocks, one.members)
        for session in catalog.sessions() for one in sorted(session.tape_files, key=lambda one: (one.part, one.number))
    ]  # fmt: skip


def tree(top: Path) -> Path:
    for directory in range(4):
        (top / str(directory)).mkdir(parents=True)
        for number in range(20):
            (top / str(directory) / f"file-{number}").write_bytes(os.urandom(150_000 + number))
    return top


def test_a_catalog_that_fails_at_a_change_of_cartridges_stops_nothing(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, calls = OpenSession.on_cartridge, []

    def fails_later(self: OpenSession, *facts: CartridgeFacts, **options: int) -> int:
        calls.append(facts)
        if len(calls) > 1:
            raise CatalogError("catalog.db", "the disk under the catalog is full", "free space there")
        return working(self, *facts, **options)

    monkeypatch.setattr(OpenSession, "on_cartridge", fails_later)
    library = Shelf(shelf / "library", cartridges=3, capacity=6 << 20)
    with Catalog(str(shelf / "one.db")) as catalog:
        done = library.backup(tree(tmp_path / "source"), catalog=catalog)
        assert (done.code, done.report.arguments[0].status) == (1, "saved")
        assert {barcode for _path, barcode, *_rest in places(catalog)} == {"PYT001L9"}
        assert catalog.check() == []


def test_a_spanned_session_is_in_the_catalog_and_comes_back_from_any_order_of_its_trailers(
    shelf: Path, tmp_path: Path
) -> None:
    source = tree(tmp_path / "source")
    library = Shelf(shelf / "library", cartridges=3, capacity=6 << 20)
    with Catalog(str(shelf / "one.db")) as catalog:
        done = library.backup(source, catalog=catalog)
        assert done.code == 0
        told, listed = places(catalog), files_of(catalog)
        assert catalog.check() == []
        assert len({barcode for _path, barcode, *_rest in told}) == 3
        names = {path for path, *_rest in told}
        assert names == {os.fsencode(path.relative_to(tmp_path)) for path in [source, *source.rglob("*")]}
        assert len(told) == len(names), "every member once"
        assert [state for kind, _c, _n, _p, state, *_rest in listed if kind == "data"] == ["continues"] * 2 + ["saved"]
        assert catalog.sessions()[0].state == "complete"
        states = {one.barcode: one.state for one in catalog.cartridges()}
        assert states == dict(zip(library.barcodes, ("full", "full", "active"), strict=True))
    with Catalog(str(shelf / "two.db")) as catalog:
        for barcode in reversed(library.barcodes):
            library.load(barcode)
            with library.open() as drive:
                assert rebuild(drive, catalog, lambda event: None, Interrupt()).exit_code == 0
        assert places(catalog) == told
        assert files_of(catalog) == listed
        assert catalog.sessions()[0].state == "complete"
        assert catalog.check() == []


@pytest.mark.parametrize("turn", [1, -1])
def test_a_trailer_that_is_cut_off_leaves_nothing_twice_or_untold(shelf: Path, tmp_path: Path, turn: int) -> None:
    inner = (tmp_path / "deep").joinpath(*(["d" * 200] * 4))
    inner.mkdir(parents=True)
    for number in range(500):
        (inner / f"{number:03}{'f' * 150}").write_bytes(b"x")
    library = Shelf(shelf / "library", cartridges=3, capacity=1 << 20)
    with Catalog(str(shelf / "one.db")) as catalog:
        done = library.backup(tmp_path / "deep", catalog=catalog)
        assert any("has it all" in text for text in done.notices)
        told, listed = places(catalog), files_of(catalog)
    used = [barcode for barcode in library.barcodes if barcode in done.report.details["cartridges"]]  # type: ignore[operator]
    for name in ("one.db", "two.db"):
        with Catalog(str(shelf / name)) as catalog:
            for barcode in used[::turn] * 2:
                library.load(barcode)
                with library.open() as drive:
                    rebuild(drive, catalog, lambda event: None, Interrupt())
            assert (places(catalog), files_of(catalog)) == (told, listed)
            assert catalog.check() == []
