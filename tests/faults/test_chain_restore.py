# SPDX-License-Identifier: WTFPL OR MIT
"""A full session and five incremental ones of a changing tree, on cartridges that end in the middle of things: every
day comes back exactly, from the catalog that saw it all and from one that was rebuilt from the trailers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.errors import NothingHere
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.supply import LibrarySupply
from tests.faults.spanned import Shelf
from tests.trees import Entry, describe, differences

Day = tuple[str, dict[bytes, Entry]]
"""uuid of its session, and how the tree was."""


def first_day(top: Path) -> None:
    for directory in ("a", "b", "c"):
        (top / directory / "deep").mkdir(parents=True)
        for number in range(8):
            (top / directory / f"f{number}").write_bytes(os.urandom(150_000 + number))
    os.link(top / "a" / "f0", top / "c" / "linked")
    os.link(top / "a" / "f0", top / "c" / "linked too")
    os.symlink("f1", top / "a" / "symlink")
    (top / "a" / "becomes a directory").write_bytes(b"file")


def change(top: Path, day: int) -> None:
    """What happens to trees: added, edited, renamed, deleted, another mode, other kinds."""
    (top / "b" / f"new{day}").write_bytes(os.urandom(300_000))
    (top / "c" / "f1").write_bytes(os.urandom(100_000 + day))
    if day == 1:
        (top / "a" / "f0").unlink()  # its other names keep the data that only its own header is followed by
        (top / "b" / "f7").rename(top / "a" / "deep" / "moved")
    elif day == 2:
        (top / "a" / "becomes a directory").unlink()
        (top / "a" / "becomes a directory").mkdir()
        (top / "a" / "becomes a directory" / "inside").write_bytes(b"inside")
        (top / "a" / "f1").chmod(0o600)
    elif day == 3:
        for path in sorted((top / "b" / "deep").rglob("*"), reverse=True):
            path.unlink()
        (top / "b" / "deep").rmdir()
        (top / "b").rename(top / "bee")
        (top / "b").mkdir()
        (top / "b" / "f0").write_bytes(b"another f0")
    elif day == 4:
        (top / "b" / "f0").unlink()
        (top / "a" / "symlink").unlink()
        (top / "a" / "symlink").symlink_to("f2")
    else:
        (top / "b" / "f0").write_bytes(b"back again")
        os.utime(top / "c" / "f2", ns=(5, 5))


@pytest.fixture
def library(shelf: Path) -> Shelf:
    return Shelf(shelf / "library", cartridges=5, capacity=3 << 20)


@pytest.fixture
def catalog(shelf: Path) -> Iterator[Catalog]:
    with Catalog(str(shelf / "catalog.db")) as opened:
        yield opened


@pytest.fixture
def days(library: Shelf, catalog: Catalog, tmp_path: Path) -> list[Day]:
    source = tmp_path / "source"
    source.mkdir()
    first_day(source)
    found: list[Day] = []
    for day in range(6):
        if day:
            change(source, day)
        done = library.backup(source, catalog=catalog, job="daily", level="incremental" if day else "full")
        assert (done.code, done.statuses) == (0, ["saved"]), done.report.message
        found.append((str(done.report.details["session"]), describe(source)))
    assert len({file.cartridge for session in catalog.sessions() for file in session.tape_files}) >= 3
    return found


def restored(library: Shelf, catalog: Catalog, target: Path, session: str) -> dict[bytes, Entry]:
    with library.served() as served, library.open() as drive:
        request = CatalogRequest(Selector(session=session), os.fsencode(target))
        report = restore_from_catalog(
            drive, catalog, request, lambda event: None, Interrupt(), supply=LibrarySupply(served, 0)
        )
    assert (report.exit_code, report.message) == (0, "")
    return describe(target / "source")


def test_every_day_comes_back_exactly_also_from_a_rebuilt_catalog(
    library: Shelf, catalog: Catalog, days: list[Day], shelf: Path, tmp_path: Path
) -> None:
    for number, (session, wanted) in enumerate(days):
        assert differences(wanted, restored(library, catalog, tmp_path / f"day{number}", session)) == []
    with Catalog(str(shelf / "rebuilt.db")) as again:
        for barcode in library.barcodes:
            library.load(barcode)
            with library.open() as drive, suppress(NothingHere):  # the last ones are blank
                assert rebuild(drive, again, lambda event: None, Interrupt()).exit_code == 0
        for number, (session, wanted) in enumerate(days):
            assert differences(wanted, restored(library, again, tmp_path / f"again{number}", session)) == []
