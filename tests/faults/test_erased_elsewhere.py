# SPDX-License-Identifier: WTFPL OR MIT
"""A cartridge that looks blank, or as somebody else's, while the catalog knows what should be on that medium; and one
that is a copy of another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.catalog.store import Catalog
from pytp_native.errors import DeviceError, PytpError, Refused
from pytp_native.jobs.backup import BackupRequest, backup
from pytp_native.jobs.events import Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.labelling import LabelRequest, label_cartridge
from pytp_native.jobs.parts import Parts
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.units import MIB
from pytp_native.vtl.memory import CartridgeMemory
from tests.cartridge import Done
from tests.faults.spanned import Shelf, data_files

BLOCK = 10240


@pytest.fixture
def desk(shelf: Path) -> Shelf:
    return Shelf(shelf / "library", cartridges=5, capacity=2 * MIB)


def save(desk: Shelf, catalog: Catalog, path: Path, **options: object) -> Done:
    return desk.backup(path, catalog=catalog, memory_bytes=64 * MIB, **options)


def erase(desk: Shelf, barcode: str) -> None:
    desk.load(barcode)
    with desk.open(write=True) as drive:
        drive.rewind()
        mtio.erase(drive.tape)


def states(catalog: Catalog) -> list[str]:
    return [
        file.state for session in reversed(catalog.sessions()) for file in session.tape_files if file.kind == "data"
    ]


def test_what_should_be_on_an_erased_cartridge_is_listed_and_wants_a_word(
    desk: Shelf, catalog: Catalog, tree: Path
) -> None:
    desk.load(desk.barcodes[0])
    assert save(desk, catalog, tree / "f00").code == 0
    erase(desk, desk.barcodes[0])
    with pytest.raises(Refused, match=f"add --confirm {desk.barcodes[0]}"):
        save(desk, catalog, tree / "f01", level="incremental")
    assert states(catalog) == ["saved"]
    assert save(desk, catalog, tree / "f01", confirm=desk.barcodes[0]).code == 0
    assert states(catalog) == ["overwritten", "saved"]


def test_a_label_that_was_lost_takes_the_claims_behind_it_along(desk: Shelf, catalog: Catalog, tree: Path) -> None:
    desk.load(desk.barcodes[0])
    assert save(desk, catalog, tree / "f00").code == 0
    with desk.open(write=True) as drive:
        drive.rewind()
        drive.tape.write_block(b"x" * BLOCK)
        drive.write_filemark()
    words = {"overwrite": True, "confirm": desk.barcodes[0]}
    assert save(desk, catalog, tree / "f01", prepare=lambda drive: drive.rewind(), **words).code == 0
    assert states(catalog) == ["overwritten", "saved"]


def test_such_a_cartridge_is_passed_over_when_the_next_one_is_looked_for(
    desk: Shelf, catalog: Catalog, tree: Path
) -> None:
    desk.load(desk.barcodes[1])
    assert save(desk, catalog, tree / "f00").code == 0
    erase(desk, desk.barcodes[1])
    catalog._database.run("UPDATE cartridge SET barcode = 'another'")  # by it, it would not even be fetched
    desk.load(desk.barcodes[0])
    done = save(desk, catalog, tree)
    assert done.code == 0
    assert desk.barcodes[1] not in done.report.details["cartridges"]  # type: ignore[operator]
    told = f"{desk.barcodes[1]} is blank, but 1 tape files should be on it by the catalog; it was passed over"
    assert any(told in text for text in done.notices)
    assert data_files(desk.files(desk.barcodes[0]))


def loads_of(desk: Shelf, barcode: str) -> int:
    return CartridgeMemory(str(desk.path / "cartridges" / barcode), barcode).loads


def test_a_cartridge_that_the_catalog_knows_is_not_even_fetched(desk: Shelf, catalog: Catalog, tree: Path) -> None:
    """A library of fifty thousand slots would be busy for days."""
    desk.load(desk.barcodes[1])
    assert save(desk, catalog, tree / "f00").code == 0
    desk.load(desk.barcodes[0])
    loads = loads_of(desk, desk.barcodes[1])
    done = save(desk, catalog, tree)
    assert done.code == 0
    assert len(done.report.details["cartridges"]) > 1  # type: ignore[arg-type]
    assert desk.barcodes[1] not in done.report.details["cartridges"]  # type: ignore[operator]
    assert loads_of(desk, desk.barcodes[1]) == loads


def test_a_copy_is_not_taken_for_the_original_when_the_catalog_is_rebuilt(
    desk: Shelf, catalog: Catalog, tree: Path
) -> None:
    """An older one: what only the original has would be struck out."""
    desk.load(desk.barcodes[0])
    assert save(desk, catalog, tree / "f00").code == 0
    original, copy = (desk.path / "cartridges" / barcode for barcode in desk.barcodes[:2])
    with desk.served() as served:
        served.unload(0)
    for name in ("data", "index", "data.odd"):
        shutil.copy(original / name, copy / name)
    desk.load(desk.barcodes[0])
    assert save(desk, catalog, tree / "f01").code == 0
    desk.load(desk.barcodes[1])
    with desk.open() as drive, pytest.raises(PytpError, match="it is a copy"):
        rebuild(drive, catalog, lambda event: None, Interrupt())
    assert states(catalog) == ["saved", "saved"]
    with desk.open() as drive, Catalog(str(desk.path / "fresh.db")) as fresh:
        assert rebuild(drive, fresh, lambda event: None, Interrupt()).exit_code == 0


def test_the_next_cartridges_have_to_agree_with_the_catalog_too(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """One with a session that the catalog does not know, named to go on on."""
    desk.load(desk.barcodes[1])
    with Catalog(str(tmp_path / "another.db")) as another:
        assert save(desk, another, tree / "f00").code == 0
    before = len(desk.files(desk.barcodes[1]))
    desk.load(desk.barcodes[0])
    done = save(desk, catalog, tree, volumes=[desk.barcodes[1]])
    assert done.code == 7
    assert "are not in the catalog" in done.report.message
    assert len(desk.files(desk.barcodes[1])) == before
    assert catalog.check() == []


def test_a_next_cartridge_that_fails_at_once_gets_no_empty_tape_file(
    desk: Shelf, catalog: Catalog, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is salvaged is on the cartridge before."""
    desk.load(desk.barcodes[1])
    assert save(desk, catalog, tree / "f00").code == 0
    before = len(desk.files(desk.barcodes[1]))
    desk.load(desk.barcodes[0])

    def fail(self: Parts, *_: object, **__: object) -> None:
        raise DeviceError("drive0", "write failed: aborted command")

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "put_ahead", fail)
        done = save(desk, catalog, tree, volumes=[desk.barcodes[1]])
    assert done.code == 6
    assert all(part.blocks >= 0 for part in done.report.arguments[0].parts)
    assert not any("is closed behind its block" in text for text in done.notices)
    assert len(desk.files(desk.barcodes[1])) == before


def test_a_cartridge_that_cannot_be_written_over_loses_no_claim(desk: Shelf, catalog: Catalog, tree: Path) -> None:
    label = desk.path / "cartridges" / desk.barcodes[0] / "cartridge.json"
    label.write_text(label.read_text().replace('"worm": false', '"worm": true'))
    desk.load(desk.barcodes[0])
    assert save(desk, catalog, tree / "f00").code == 0
    words = {"overwrite": True, "confirm": desk.barcodes[0]}
    with pytest.raises(Refused, match="WORM cartridge"):
        save(desk, catalog, tree / "f01", prepare=lambda drive: drive.rewind(), **words)
    assert states(catalog) == ["saved"]
    assert save(desk, catalog, tree / "f01").code == 0


def test_a_tape_is_not_compared_with_what_its_medium_was_before(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """It was erased, and written again by a host with another catalog."""
    (tmp_path / "one").write_bytes(b"former")
    desk.load(desk.barcodes[0])
    assert save(desk, catalog, tmp_path / "one").code == 0
    erase(desk, desk.barcodes[0])
    (tmp_path / "one").write_bytes(b"latter")
    assert desk.backup(tmp_path / "one", memory_bytes=64 * MIB).code == 0
    with desk.open() as drive:
        drive.rewind()
        request = RestoreRequest(os.fsencode(tmp_path / "out"))
        report = restore(drive, request, lambda event: None, Interrupt(), catalog=catalog)
    assert report.exit_code == 0, report.message
    assert (tmp_path / "out" / "one").read_bytes() == b"latter"


def test_a_first_write_that_is_refused_says_what_was_given_up_for_it(desk: Shelf, catalog: Catalog, tree: Path) -> None:
    desk.load(desk.barcodes[0])
    assert save(desk, catalog, tree / "f00").code == 0
    desk.library.add_fault(0, "write 0: medium error")
    words = {"overwrite": True, "confirm": desk.barcodes[0]}
    done = save(desk, catalog, tree / "f01", prepare=lambda drive: drive.rewind(), **words)
    assert done.code == 6
    assert states(catalog) == ["overwritten"]
    assert any("given up 2 tape files that were to be written over; see pytp catalog rebuild" in text
               for text in done.notices)  # fmt: skip


def test_a_label_that_is_refused_gives_nothing_up(desk: Shelf, catalog: Catalog, tree: Path) -> None:
    desk.load(desk.barcodes[0])
    assert save(desk, catalog, tree / "f00").code == 0
    told: list[object] = []
    with desk.open(write=True) as drive:
        request = LabelRequest("WRONG1L9", overwrite=True, confirm=desk.barcodes[0], library_barcode=desk.barcodes[0])
        with pytest.raises(Refused, match="WRONG1L9 is asked for"):
            label_cartridge(drive, request, told.append, catalog)
    assert states(catalog) == ["saved"]
    assert told == []


def test_what_is_refused_leaves_the_tape_at_the_file_that_was_meant(desk: Shelf, catalog: Catalog, tree: Path) -> None:
    """Somebody says it again with the consent that was missing: that must not mean the whole tape."""
    desk.load(desk.barcodes[0])
    for number in range(3):
        assert save(desk, catalog, tree / f"f0{number}").code == 0
    with desk.open(write=True) as drive:
        drive.go_to_file(3)
        request = BackupRequest(paths=(os.fsencode(tree / "f05"),), overwrite=True)
        with pytest.raises(Refused, match="--confirm"):
            backup(drive, request, lambda event: None, Interrupt(), catalog=catalog)
        assert (drive.where().file, drive.where().block) == (3, 0)
        request = BackupRequest(paths=(os.fsencode(tree / "f05"),), overwrite=True, confirm=desk.barcodes[0])
        assert backup(drive, request, lambda event: None, Interrupt(), catalog=catalog).exit_code == 0
    assert [one for one in states(catalog) if one == "saved"] == ["saved"] * 2


def test_sessions_that_the_catalog_does_not_know_are_listed_before_they_are_lost(
    desk: Shelf, catalog: Catalog, tree: Path
) -> None:
    desk.load(desk.barcodes[0])
    for number in range(2):
        assert save(desk, catalog, tree / f"f0{number}").code == 0
    with Catalog(str(desk.path / "new.db")) as lost:
        done = save(desk, lost, tree / "f05", prepare=lambda drive: drive.go_to_file(3), overwrite=True)
        told = [text for text in done.notices if "would be lost: the session of" in text]
        assert ["tape file 4" in one for one in told] == [True]
        events: list[object] = []
        with desk.open(write=True) as drive:
            request = LabelRequest(desk.barcodes[0], overwrite=True, confirm=desk.barcodes[0])
            assert label_cartridge(drive, request, events.append, lost).exit_code == 0
        texts = [event.text for event in events if isinstance(event, Notice)]
        assert ["tape file 2" in text for text in texts if "would be lost: the session of" in text] == [True]
