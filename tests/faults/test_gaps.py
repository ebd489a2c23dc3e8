# SPDX-License-Identifier: WTFPL OR MIT
"""A restore of which the catalog knows that something is missing brings what is there, says what is not, and does not
call that done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.catalog.verifying import Scope
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.jobs.verify import VerifyRequest, verify
from pytp_native.units import MIB
from tests.cartridge import Done
from tests.faults.spanned import Shelf
from tests.faults.test_resume_kinds import contents


@pytest.fixture
def desk(shelf: Path) -> Shelf:
    return Shelf(shelf / "library", cartridges=4, capacity=2 * MIB)


def restored(desk: Shelf, catalog: Catalog, target: Path, wanted: Selector | None = None) -> tuple[Done, set[str]]:
    events: list[object] = []
    request = CatalogRequest(wanted or Selector(job="j"), os.fsencode(target))
    with desk.served() as served, desk.open(may_be_empty=True) as drive:
        supply = LibrarySupply(served, 0)
        report = restore_from_catalog(drive, catalog, request, events.append, Interrupt(), supply=supply)
    return Done(report, events), {name for name, data in contents(target).items() if data is not None}


def save(desk: Shelf, catalog: Catalog, *paths: Path, **options: object) -> Done:
    done = desk.backup(*paths, catalog=catalog, memory_bytes=64 * MIB, **{"job": "j", **options})
    assert done.code == 0, done.report.message
    return done


def overwrite(desk: Shelf, catalog: Catalog, barcode: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    desk.load(barcode)
    save(
        desk,
        catalog,
        tmp_path / "x",
        overwrite=True,
        confirm=barcode,
        job="other",
        prepare=lambda drive: drive.rewind(),
    )


def verified(desk: Shelf, catalog: Catalog) -> int:
    request = VerifyRequest(Scope(session=catalog.sessions()[-1].uuid))
    with desk.served() as served, desk.open(may_be_empty=True) as drive:
        supply = LibrarySupply(served, 0)
        return verify(drive, catalog, request, lambda event: None, Interrupt(), supply=supply).exit_code


def test_a_state_whose_full_session_was_written_over_is_not_all_there(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    for name in ("a", "b"):
        (small / name).write_bytes(name.encode())
    desk.load(desk.barcodes[0])
    save(desk, catalog, small)
    (small / "a").write_bytes(b"changed")
    desk.load(desk.barcodes[1])
    save(desk, catalog, small, level="incremental")
    done, names = restored(desk, catalog, tmp_path / "before")
    assert (done.code, names) == (0, {"small/a", "small/b"})
    overwrite(desk, catalog, desk.barcodes[0], tmp_path)
    done, names = restored(desk, catalog, tmp_path / "after")
    assert (done.code, names) == (1, {"small/a"})
    assert f"{small}: tape file 1 of cartridge {desk.barcodes[0]} was written over" in done.notices


def test_an_older_state_in_place_of_one_that_was_written_over_is_named(
    desk: Shelf, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "one").write_bytes(b"old")
    desk.load(desk.barcodes[0])
    save(desk, catalog, tmp_path / "one")
    catalog._database.run("UPDATE session SET started = started - 60")
    (tmp_path / "one").write_bytes(b"new")
    desk.load(desk.barcodes[1])
    save(desk, catalog, tmp_path / "one")
    overwrite(desk, catalog, desk.barcodes[1], tmp_path)
    done, _names = restored(desk, catalog, tmp_path / "out")
    assert (done.code, (tmp_path / "out" / "one").read_bytes()) == (1, b"old")
    assert any("a later state of it, of 2" in text and "was written over" in text for text in done.notices)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_set_of_which_a_cartridge_was_written_over_gives_back_the_others(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, gone: int
) -> None:
    used = save(desk, catalog, tree).report.details["cartridges"]
    assert len(used) == 3  # type: ignore[arg-type]
    assert verified(desk, catalog) == 0
    overwrite(desk, catalog, desk.barcodes[gone], tmp_path)
    done, names = restored(desk, catalog, tmp_path / "out")
    assert done.code == 1
    assert 10 < len(names) < 40
    assert all((tmp_path / "out" / name).read_bytes() == (tree.parent / name).read_bytes() for name in names)
    assert any(f"of cartridge {desk.barcodes[gone]} was written over" in text for text in done.notices)
    assert not list((tmp_path / "out").rglob("*.damaged"))
    assert verified(desk, catalog) == 1


@pytest.mark.parametrize("told", [[0], [1], [2], [0, 1], [0, 2], [2, 1, 0]])
def test_a_catalog_that_knows_some_cartridges_of_a_set_says_so(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, told: list[int]
) -> None:
    save(desk, catalog, tree)
    again, notes = Catalog(str(tmp_path / "again.db")), ""
    for number in told:
        desk.load(desk.barcodes[number])
        events: list[object] = []
        with desk.open() as drive:
            report = rebuild(drive, again, events.append, Interrupt())
        assert report.exit_code == 0
        notes = "\n".join(Done(report, events).notices)
    whole = len(told) == 3
    assert ("on a cartridge that the catalog does not know" not in notes) == whole
    done, names = restored(desk, again, tmp_path / "out", Selector(session=again.sessions()[0].uuid))
    assert done.code == (0 if whole else 1), done.report.message
    assert len(names) == 40 if whole else 5 < len(names) < 40
    assert all((tmp_path / "out" / name).read_bytes() == (tree.parent / name).read_bytes() for name in names)


def test_a_clock_that_was_put_back_does_not_make_an_old_state_the_latest(
    desk: Shelf, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "one").write_bytes(b"old")
    desk.load(desk.barcodes[0])
    save(desk, catalog, tmp_path / "one")
    ahead = catalog.sessions()[0].started + 86400
    catalog._database.run("UPDATE session SET started = ?", (ahead,))  # it was a day ahead then
    (tmp_path / "one").write_bytes(b"newer")
    done = save(desk, catalog, tmp_path / "one", level="incremental")
    assert any("the clock is behind the session of" in text for text in done.notices)
    assert catalog.sessions()[0].started == ahead + 1
    done, _names = restored(desk, catalog, tmp_path / "out")
    assert (done.code, (tmp_path / "out" / "one").read_bytes()) == (0, b"newer")


def test_a_cartridge_that_is_lost_keeps_nobody_from_the_others(desk: Shelf, catalog: Catalog, tmp_path: Path) -> None:
    """Not even the first one, of a drive that is empty."""
    top = tmp_path / "top"
    top.mkdir()
    for number, barcode in enumerate(desk.barcodes[:3]):
        desk.load(barcode)
        (top / f"f{number}").write_bytes(b"%d" % number)
        save(desk, catalog, top, level="incremental" if number else "full")
    with desk.served() as served:
        served.unload(0)
    desk.library.remove(desk.barcodes[0], erase=True)
    done, names = restored(desk, catalog, tmp_path / "out")
    assert done.code == 10
    assert names == {"top/f1", "top/f2"}
    assert desk.barcodes[0] in done.report.message
    assert sorted(done.statuses) == ["failed", "restored", "restored"]
    assert verified(desk, catalog) == 10


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Arguments of which two do not fit on a cartridge."""
    for name in "abc":
        (tmp_path / name).mkdir()
        for number in range(10):
            (tmp_path / name / f"{name}{number}").write_bytes(os.urandom(150_000))
    return [tmp_path / name for name in "abc"]


def told_again(desk: Shelf, barcodes: list[str], path: Path) -> Catalog:
    again = Catalog(str(path))
    for barcode in barcodes:
        desk.load(barcode)
        with desk.open() as drive:
            rebuild(drive, again, lambda event: None, Interrupt())
    return again


@pytest.mark.parametrize("by_session", [True, False])
def test_arguments_that_are_wholly_on_other_cartridges_are_missed(
    desk: Shelf, catalog: Catalog, three: list[Path], tmp_path: Path, *, by_session: bool
) -> None:
    used = save(desk, catalog, *three).report.details["cartridges"]
    assert len(used) == 3  # type: ignore[arg-type]
    again = told_again(desk, [desk.barcodes[2]], tmp_path / "again.db")
    wanted = Selector(session=again.sessions()[0].uuid) if by_session else None
    done, names = restored(desk, again, tmp_path / "out", wanted)
    assert (done.code, bool(names)) == (1, True)
    for number in (1, 2):
        assert any(f"cartridge {number} of the session of 2" in text for text in done.notices)
    assert any("cartridge 1 of the session" in text for text in again.elsewhere())
    whole = told_again(desk, desk.barcodes[:3], tmp_path / "whole.db")
    assert whole.elsewhere() == catalog.elsewhere() == []


@pytest.mark.parametrize("by_session", [True, False])
def test_an_argument_of_which_nothing_is_left_is_missed(
    desk: Shelf, catalog: Catalog, three: list[Path], tmp_path: Path, *, by_session: bool
) -> None:
    save(desk, catalog, *three)
    wanted = Selector(session=catalog.sessions()[0].uuid) if by_session else None
    overwrite(desk, catalog, desk.barcodes[0], tmp_path)
    done, names = restored(desk, catalog, tmp_path / "out", wanted)
    assert (done.code, any(name.startswith("a/") for name in names)) == (1, False)
    assert f"{three[0]}: tape file 1 of cartridge {desk.barcodes[0]} was written over" in done.notices


def test_an_argument_that_is_not_saved_any_more_is_not_missed(desk: Shelf, catalog: Catalog, tmp_path: Path) -> None:
    for number, name in enumerate(("old", "new")):
        (tmp_path / name).write_bytes(name.encode())
        desk.load(desk.barcodes[number])
        save(desk, catalog, tmp_path / name)
        catalog._database.run("UPDATE session SET started = started - 60")
    overwrite(desk, catalog, desk.barcodes[0], tmp_path)
    done, names = restored(desk, catalog, tmp_path / "out")
    assert (done.code, names) == (0, {"new"}), done.notices


def test_a_base_on_a_cartridge_that_nobody_has_told_of_is_missed(
    desk: Shelf, catalog: Catalog, three: list[Path], tmp_path: Path
) -> None:
    save(desk, catalog, *three)
    (three[0] / "a0").write_bytes(b"changed")
    desk.load(desk.barcodes[3])
    save(desk, catalog, three[0], level="incremental")
    again = told_again(desk, desk.barcodes[2:], tmp_path / "again.db")
    done, names = restored(desk, again, tmp_path / "out", Selector(session="latest"))
    assert (done.code, names) == (1, {"a/a0"})
    assert any(f"{three[0]}: what the session of 2" in text for text in done.notices)
