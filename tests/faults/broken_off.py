# SPDX-License-Identifier: WTFPL OR MIT
"""What became of sessions that were broken off: resumed, and read back from the catalog and from one made anew."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.errors import NothingHere
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.resume import ResumeRequest, resume
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.units import MIB
from tests.cartridge import Done
from tests.faults.spanned import Shelf


def contents(tree: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(tree)): path.read_bytes() if path.is_file() else None for path in tree.rglob("*")}


def go_on(shelf: Shelf, catalog: Catalog, *, supply: bool = True, **options: object) -> Done:
    events: list[object] = []
    with shelf.served() as served, shelf.open(write=True, may_be_empty=True) as drive:
        source = LibrarySupply(served, 0) if supply else None
        now = served.drive_status(0)
        barcode = now.at(now.drive(0)).volume_tag
        request = ResumeRequest(memory_bytes=64 * MIB, library_barcode=barcode, **options)
        return Done(resume(drive, request, catalog, events.append, Interrupt(), supply=source), events)


def restored(shelf: Shelf, catalog: Catalog, target: Path) -> dict[str, bytes | None]:
    """All of the latest state, from the catalog."""
    shutil.rmtree(target, ignore_errors=True)
    with shelf.served() as served, shelf.open(may_be_empty=True) as drive:
        request = CatalogRequest(Selector(), os.fsencode(target))
        report = restore_from_catalog(
            drive, catalog, request, lambda event: None, Interrupt(), supply=LibrarySupply(served, 0)
        )
    assert report.exit_code == 0, report.message
    return contents(target / "tree")


def rebuilt(shelf: Shelf, path: Path, *, untold: Collection[str] = ()) -> Catalog:
    """`untold`: cartridges of which a trailer on another one tells."""
    catalog = Catalog(str(path))
    for barcode in shelf.barcodes:
        shelf.load(barcode)
        with shelf.open() as drive:
            try:
                report = rebuild(drive, catalog, lambda event: None, Interrupt())
                assert report.exit_code in {0, int(barcode in untold)}, report.message
            except NothingHere:
                return catalog
    return catalog


def check(shelf: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, *, untold: Collection[str] = ()) -> None:
    """The catalog, and one made of the tapes, give back what is on disk."""
    assert catalog.check() == []
    assert restored(shelf, catalog, tmp_path / "out") == contents(tree)
    assert restored(shelf, rebuilt(shelf, tmp_path / "again.db", untold=untold), tmp_path / "out") == contents(tree)
