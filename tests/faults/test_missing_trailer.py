# SPDX-License-Identifier: WTFPL OR MIT
"""Restoring across cartridges of which some have no trailer, because it did not fit or its session died."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded
from pytp_native.jobs import session
from pytp_native.jobs.events import Notice
from pytp_native.jobs.frame import Frame
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.jobs.supply import LibrarySupply, Offer, PromptSupply
from tests.cartridge import Done
from tests.faults.spanned import Shelf
from tests.faults.test_gaps import restored as by_catalog
from tests.faults.test_spanned_catalog import files_of, places
from tests.trees import describe, differences

CAPACITY = 3 << 20
BLOCK = 32768


@contextmanager
def without_trailers(*parts: int) -> Iterator[None]:
    """These cartridges of a session have no room for theirs; none: no cartridge has."""
    end = Frame.end

    def no_room(self: Frame, *arguments: object) -> object:
        if parts and self.part not in parts:
            return end(self, *arguments)  # type: ignore[arg-type]
        return CartridgeNeeded("drive", "the cartridge is full; its trailer is cut off")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Frame, "end", no_room)
        patch.setattr(session.Session, "_end_elsewhere", lambda *_arguments: None)
        yield


class Counting(LibrarySupply):
    """Counts how often another cartridge was asked for."""

    asked = 0

    def next(self, drive: Drive, in_use: Collection[str] = ()) -> Offer | None:
        self.asked += 1
        return super().next(drive, in_use)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "data"
    top.mkdir()
    for number in range(5):
        (top / f"f{number}").write_bytes(os.urandom(1_500_000 + number))
    return top


@pytest.fixture
def library(shelf: Path) -> Shelf:
    return Shelf(shelf / "vtl", cartridges=6, capacity=CAPACITY, block_bytes=BLOCK)


def restored(
    library: Shelf, place: Path, *, first: str = "PYT001L9", file: int = 1, catalog: Catalog | None = None
) -> tuple[Done, int]:
    library.load(first)
    events: list[object] = []
    with library.served() as served, library.open() as drive:
        drive.go_to_file(file)
        supply = Counting(served, 0)
        request = RestoreRequest(os.fsencode(place))
        report = restore(drive, request, events.append, Interrupt(), supply, catalog=catalog)
    return Done(report, events), supply.asked


def catalog_of(place: Path) -> Catalog:
    return Catalog(str(place / "catalog.db"))


def check(done: Done, source: Path, place: Path) -> None:
    assert (done.code, done.report.message) == (0, "")
    assert differences(describe(source), describe(place / source.name)) == []


@pytest.mark.parametrize("level", [None, 3])
def test_the_label_of_the_next_cartridge_tells_where_no_trailer_does(
    library: Shelf, source: Path, tmp_path: Path, level: int | None
) -> None:
    with without_trailers():
        made = library.backup(source, zstd_level=level, probe=False)
    assert len(made.report.arguments[0].parts) >= 3
    done, _asked = restored(library, tmp_path / "out")
    check(done, source, tmp_path / "out")


def test_the_trailer_of_the_next_cartridge_tells(library: Shelf, source: Path, tmp_path: Path) -> None:
    """It was labelled before, so its label knows nothing of this session."""
    other = tmp_path / "other"
    other.mkdir()
    for barcode in ("PYT002L9", "PYT003L9", "PYT004L9"):
        library.load(barcode)
        assert library.backup(other).code == 0
    library.load("PYT001L9")
    with without_trailers(1):
        made = library.backup(source, volumes=["PYT003L9", "PYT004L9", "PYT002L9"], probe=False)
    assert [part.tape_file for part in made.report.arguments[0].parts[:2]] == [1, 3]
    done, _asked = restored(library, tmp_path / "out")
    check(done, source, tmp_path / "out")


@pytest.mark.parametrize("level", [None, 3])
def test_the_block_that_continues_a_member_tells_where_nothing_else_does(
    library: Shelf, source: Path, tmp_path: Path, level: int | None
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    library.load("PYT003L9")
    assert library.backup(other).code == 0
    library.load("PYT001L9")
    small = tmp_path / "small"
    small.mkdir()
    (small / "one").write_bytes(os.urandom(4_000_000))
    with without_trailers():
        made = library.backup(small, volumes=["PYT003L9"], zstd_level=level, probe=False)
    assert [part.cartridge for part in made.report.arguments[0].parts] == ["PYT001L9", "PYT003L9"]
    done, asked = restored(library, tmp_path / "out")
    check(done, small, tmp_path / "out")
    assert asked == 2
    assert "not the cartridge that follows" in " ".join(done.notices)


@pytest.mark.parametrize("rebuilt", [False, True])
def test_a_catalog_names_the_cartridge_that_follows(
    library: Shelf, source: Path, tmp_path: Path, *, rebuilt: bool
) -> None:
    with Catalog(str(tmp_path / "catalog.db")) as catalog, without_trailers(1):
        made = library.backup(source, catalog=catalog, volumes=[f"PYT00{n}L9" for n in (6, 4, 3)], probe=False)
    assert made.code == 0
    told, listed = places(catalog_of(tmp_path)), files_of(catalog_of(tmp_path))
    name = "again.db" if rebuilt else "catalog.db"
    with Catalog(str(tmp_path / name)) as catalog:
        if rebuilt:
            for barcode in made.report.details["cartridges"] * 2:  # type: ignore[operator]
                library.load(barcode)
                with library.open() as drive:
                    rebuild(drive, catalog, lambda event: None, Interrupt())
            assert (places(catalog), files_of(catalog)) == (told, listed)
            assert catalog.check() == []
        done, asked = restored(library, tmp_path / "out", catalog=catalog)
    check(done, source, tmp_path / "out")
    assert asked == 0


def test_an_archive_that_ends_without_a_trailer_asks_for_nothing(library: Shelf, source: Path, tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.mkdir()
    (one / "zeros").write_bytes(bytes(2_600_000))
    with without_trailers():
        library.backup(one, probe=False)
    done, asked = restored(library, tmp_path / "out")
    check(done, one, tmp_path / "out")
    assert asked == 0


def test_a_session_that_died_on_a_cartridge_with_room_asks_for_nothing(library: Shelf, tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.mkdir()
    (one / "data").write_bytes(os.urandom(1_000_000))
    interrupt = Interrupt()
    library.library.add_fault(0, "write 12: medium error")
    with without_trailers():
        assert library.backup(one, probe=False, interrupt=interrupt, alone=True).code == 6
    library.library.clear_faults(0)
    done, asked = restored(library, tmp_path / "out")
    assert (done.code, asked) == (12, 0)


def test_a_person_is_asked_for_the_cartridge_that_follows(library: Shelf, source: Path, tmp_path: Path) -> None:
    with without_trailers():
        made = library.backup(source, probe=False)
    left = [part.cartridge for part in made.report.arguments[0].parts[1:]]
    texts: list[str] = []
    library.load("PYT001L9")
    with library.served() as served, library.open() as drive:

        def ask(text: str) -> bool:
            texts.append(text)
            served.load(str(left.pop(0)), 0)
            return True

        drive.go_to_file(1)
        supply = PromptSupply(ask, wanted="the cartridge that follows")
        events: list[object] = []
        report = restore(drive, RestoreRequest(os.fsencode(tmp_path / "out")), events.append, Interrupt(), supply)
    check(Done(report, events), source, tmp_path / "out")
    assert all("load the cartridge that follows and press Return" in text for text in texts)
    assert not [event for event in events if isinstance(event, Notice) and event.severity == "warning"]


@pytest.mark.parametrize("level", [None, 3])
def test_a_set_without_any_trailer_is_in_a_rebuilt_catalog(
    library: Shelf, source: Path, tmp_path: Path, level: int | None
) -> None:
    for number in range(60):
        (source / f"small-{number}").write_bytes(os.urandom(30_000 + number))
    with Catalog(str(tmp_path / "catalog.db")) as catalog, without_trailers():
        made = library.backup(source, catalog=catalog, zstd_level=level, probe=False, job="daily")
        told = {one[:1] + one[2:] for one in places(catalog)}
    with Catalog(str(tmp_path / "again.db")) as catalog:
        for barcode in made.report.details["cartridges"] * 2:  # type: ignore[operator]
            library.load(barcode)
            with library.open() as drive:
                rebuild(drive, catalog, lambda event: None, Interrupt())
        again = {one[:1] + one[2:] for one in places(catalog)}
        assert catalog.check() == []
        parts = [one for session in catalog.sessions() for one in session.tape_files if one.part > 1]
        assert [(one.part, one.skipped, one.ahead) for one in sorted(parts, key=lambda one: one.part)] == [
            (number, part.skipped, part.ahead) for number, part in enumerate(made.report.arguments[0].parts[1:], 2)
        ]
    assert {one[:-1] for one in again} == {one[:-1] for one in told}
    assert {one[-1] for one in again - told} == {None}, "nobody has seen all of what is cut"
    assert len(told - again) == sum(part.ahead for part in made.report.arguments[0].parts)


@pytest.mark.parametrize("level", [None, 3])
@pytest.mark.parametrize("turn", [1, -1])
def test_a_session_that_died_on_its_second_cartridge_is_one_session_in_a_rebuilt_catalog(
    library: Shelf, source: Path, tmp_path: Path, turn: int, level: int | None
) -> None:
    with Catalog(str(tmp_path / "catalog.db")) as catalog, without_trailers(2, 3, 4):
        made = library.backup(source, catalog=catalog, zstd_level=level, probe=False)
        told = {one[:1] + one[2:] for one in places(catalog)}
        (uuid,) = [session.uuid for session in catalog.sessions()]
    used = [barcode for barcode in library.barcodes if barcode in made.report.details["cartridges"]]  # type: ignore[operator]
    with Catalog(str(tmp_path / "again.db")) as catalog:
        for barcode in used[::turn] * 2:
            library.load(barcode)
            with library.open() as drive:
                rebuild(drive, catalog, lambda event: None, Interrupt())
        assert catalog.check() == []
        (session,) = catalog.sessions()
        assert session.uuid == uuid
        assert sorted(one.part for one in session.tape_files if one.kind == "data") == [1, 2, 3]
        again = {one[:1] + one[2:] for one in places(catalog)}
        assert {one[:-1] for one in again} == {one[:-1] for one in told}, "those that are cut, too"
        assert {one for one in again if one[-1]} < told
        done, _names = by_catalog(library, catalog, tmp_path / "out", Selector(session=uuid))
    assert done.code == 1, "nobody knows whether the session had come to its end"
    assert done.statuses == ["restored"]
    assert differences(describe(source), describe(tmp_path / "out" / source.name)) == []


def test_of_a_sparse_file_that_was_cut_nothing_wrong_is_told(library: Shelf, source: Path, tmp_path: Path) -> None:
    """Where it begins does not follow from where it was cut."""
    for number in range(5):
        with open(source / f"f{number}", "wb") as file:
            for place in range(0, 3_000_000, 200_000):
                file.seek(place)
                file.write(os.urandom(100_000))
            file.truncate(3_000_000)
    with Catalog(str(tmp_path / "catalog.db")) as catalog, without_trailers(2, 3, 4):
        made = library.backup(source, catalog=catalog, probe=False)
        told = {one[:1] + one[2:-1] for one in places(catalog)}
    with Catalog(str(tmp_path / "again.db")) as catalog:
        for barcode in library.barcodes:
            if barcode in made.report.details["cartridges"]:  # type: ignore[operator]
                library.load(barcode)
                with library.open() as drive:
                    rebuild(drive, catalog, lambda event: None, Interrupt())
        again = {one[:1] + one[2:-1] for one in places(catalog)}
    assert again < told
    assert len(again) > 3


@pytest.mark.parametrize("trailers", [True, False])
def test_a_set_in_any_order_is_followed(library: Shelf, source: Path, tmp_path: Path, trailers: bool) -> None:
    """What was looked at too early is fetched again when its turn has come; strangers are not."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_bytes(b"of another session")
    (source / "more").write_bytes(os.urandom(5_000_000))
    library.load("PYT002L9")
    assert library.backup(other, probe=False).code == 0
    library.load("PYT001L9")
    order = ["PYT001L9", "PYT006L9", "PYT004L9", "PYT005L9", "PYT003L9"]
    with nullcontext() if trailers else without_trailers():
        made = library.backup(source, volumes=order, probe=False)
    parts = [part.cartridge for part in made.report.arguments[0].parts]
    assert parts == order[: len(parts)]
    assert len(parts) >= 4
    done, _asked = restored(library, tmp_path / "out")
    check(done, source, tmp_path / "out")
    assert sum("not the cartridge that follows" in text for text in done.notices) <= 8
