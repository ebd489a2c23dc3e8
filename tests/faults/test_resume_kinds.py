# SPDX-License-Identifier: WTFPL OR MIT
"""Resumed sessions of every kind: restored from the catalog, and from one that was rebuilt, they are what was there."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.running import Held
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import DeviceError, Interrupted, PytpError, Refused, UsageError
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.events import Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.resume import ResumeRequest, resume
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.units import MIB
from tests.cartridge import Done
from tests.faults.broken_off import check, contents, go_on, rebuilt, restored
from tests.faults.spanned import Shelf, data_files
from tests.privilege import bound_by_permissions

BLOCK = 10240


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chance = random.Random(3)
    top = tmp_path / "tree"
    for directory in ("a", "b", "c"):
        (top / directory).mkdir(parents=True)
        for number in range(20):
            (top / directory / f"f{number:02}").write_bytes(chance.randbytes(4 * BLOCK))
    return top


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

    done = shelf.backup(tree, catalog=catalog, prepare=fail, alone=True, memory_bytes=64 * MIB, probe=False, **options)
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


def test_a_drive_that_was_reset_needs_no_rewind_by_hand(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """Neither to go on, nor to restore by catalog, nor to make one anew."""
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    desk.load(desk.barcodes[0])

    def reset(block: int) -> None:
        desk.library.add_fault(0, f"reset at {block}")
        done = desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB, probe=False, alone=True)
        desk.library.clear_faults(0)
        assert done.code == 6

    reset(60)
    assert go_on(desk, catalog).code == 0
    reset(330)
    with desk.open() as drive, pytest.raises(DeviceError, match="position is lost"):
        drive.prepare()
    events: list[object] = []
    with desk.open() as drive:
        request = CatalogRequest(Selector(as_of=catalog.sessions()[-1].started), os.fsencode(tmp_path / "out"))
        assert restore_from_catalog(drive, catalog, request, events.append, Interrupt()).exit_code == 0
    assert contents(tmp_path / "out" / "tree") == contents(tree)
    desk.library.add_fault(0, "reset at 340")
    desk.backup(tree, memory_bytes=64 * MIB, probe=False, alone=True)
    with desk.open() as drive:
        assert rebuild(drive, Catalog(str(tmp_path / "again.db")), events.append, Interrupt()).exit_code in {0, 1}


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


@pytest.mark.parametrize("fault", ["write 199: deferred error after 3", "power cut at 199", "write 199: medium error"])
@pytest.mark.parametrize("compression", [None, 3])
def test_what_is_safe_of_a_session_that_nobody_resumes_restores(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, fault: str, compression: int | None
) -> None:
    """Its last tape file has no filemark: it ends with the data."""
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    done = desk.backup(
        tree, catalog=catalog, memory_bytes=64 * MIB, flush_bytes=4 * BLOCK, zstd_level=compression, alone=True,
        prepare=lambda drive: desk.library.add_fault(0, fault),
    )  # fmt: skip
    assert done.code != 0
    desk.library.clear_faults(0)
    events: list[object] = []
    claimed = {os.fsdecode(one.path) for one in catalog.find(b"*") if one.type == "0"}
    with desk.open() as drive:
        request = CatalogRequest(Selector(session=catalog.sessions()[0].uuid), os.fsencode(tmp_path / "out"))
        report = restore_from_catalog(drive, catalog, request, events.append, Interrupt())
    assert (report.exit_code, [error for one in report.arguments for error in one.errors]) == (1, [])
    told = [event.text for event in events if isinstance(event, Notice)]
    assert any("the session of" in text and "is failed" in text for text in told), told
    found = {name: data for name, data in contents(tmp_path / "out").items() if data is not None}
    assert set(found) == claimed != set()
    assert found.items() <= {f"tree/{name}": data for name, data in contents(tree).items()}.items()


@pytest.mark.parametrize("done_before", [True, False])
def test_files_that_could_not_be_saved_before_are_still_missing_afterwards(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, done_before: bool
) -> None:
    """In an argument that was done when the session died, and in the one that was cut."""
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    (tree / "a" / "f02").chmod(0)
    (tree / "c" / "f19").chmod(0)
    paths = [tree / "a", tree / "b", tree / "c"] if done_before else [tree]
    with bound_by_permissions():
        done = desk.backup(
            *paths, catalog=catalog, memory_bytes=64 * MIB, probe=False, alone=True,
            prepare=lambda drive: desk.library.add_fault(0, "write 150: medium error"),
        )  # fmt: skip
        assert done.code == 6
        desk.library.clear_faults(0)
        done = go_on(desk, catalog)
    assert done.code == 1
    told = "\n".join(done.notices)
    assert told.count("f02") == 1
    assert told.count("f19") == 1
    assert catalog.sessions()[0].state == "partial"
    again = rebuilt(desk, tmp_path / "again.db")
    assert [session.state for session in again.sessions()] == ["partial"]


# -- the cartridge is elsewhere ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("drive_holds", ["nothing", "a blank one", "another session"])
def test_its_cartridge_is_fetched_from_the_library(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, drive_holds: str
) -> None:
    desk = Shelf(shelf / "library", cartridges=2, capacity=32 * MIB)
    if drive_holds == "another session":
        (tmp_path / "other").write_bytes(b"other")
        desk.load(desk.barcodes[1])
        assert desk.backup(tmp_path / "other", catalog=catalog).code == 0
    desk.load(desk.barcodes[0])
    broken_off(desk, catalog, tree, 60)
    with desk.served() as served:
        served.unload(0)
        if drive_holds != "nothing":
            served.load(desk.barcodes[1], 0)
    done = go_on(desk, catalog)
    assert done.code == 0, done.report.message
    assert f"cartridge {desk.barcodes[0]} was loaded" in "\n".join(done.notices)
    latest = catalog.sessions()[0]
    assert {file.cartridge for file in latest.tape_files} == {desk.barcodes[0]}
    assert restored(desk, catalog, tmp_path / "out") == contents(tree)


def test_a_full_cartridge_is_fetched_to_be_closed_before_the_next_one(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    desk = Shelf(shelf / "library", cartridges=3, capacity=2 * MIB)
    desk.load(desk.barcodes[0])
    assert desk.backup(tree, catalog=catalog, volumes=[], memory_bytes=64 * MIB).code == 10
    with desk.served() as served:
        served.unload(0)
    assert go_on(desk, catalog).code == 0
    check(desk, catalog, tree, tmp_path)


def test_of_two_waiting_sessions_that_of_the_cartridge_in_the_drive_goes_on(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    desk = Shelf(shelf / "library", cartridges=2, capacity=32 * MIB)
    for barcode, part in zip(desk.barcodes, ("a", "b"), strict=True):
        desk.load(barcode)
        broken_off(desk, catalog, tree / part, 30, job=part)
    desk.load(desk.barcodes[0])
    assert go_on(desk, catalog).statuses == ["saved"]
    assert {session.job: session.state for session in catalog.sessions()} == {"a": "complete", "b": "failed"}
    assert go_on(desk, catalog).statuses == ["saved"]
    assert {session.state for session in catalog.sessions()} == {"complete"}


def test_a_session_that_another_drive_is_writing_is_not_in_the_way(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    desk = Shelf(shelf / "library", cartridges=2, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    broken_off(desk, catalog, tree / "a", 30, job="a")
    desk.load(desk.barcodes[1])
    broken_off(desk, catalog, tree / "b", 30, job="b")
    catalog._database.run("UPDATE session SET state = 'open', pid = 4711 WHERE job = 'b'")
    held = Held(catalog.path, catalog.sessions()[0].uuid)
    with desk.served() as served:
        served.unload(0)
    assert go_on(desk, catalog).code == 0
    assert {session.job: session.state for session in catalog.sessions()} == {"a": "complete", "b": "open"}
    held.release()


def test_a_fetched_cartridge_that_is_another_one_is_not_written(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """Its barcode was put on a blank one."""
    desk = Shelf(shelf / "library", cartridges=2, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    broken_off(desk, catalog, tree, 60)
    with desk.served() as served:
        served.unload(0)
    first, second = (desk.path / "cartridges" / barcode for barcode in desk.barcodes)
    for file in first.iterdir():
        if file.name != "cartridge.json":
            file.unlink()
    for file in second.iterdir():
        if file.name != "cartridge.json":
            shutil.copy(file, first)
    text = refusal(lambda: go_on(desk, catalog), Refused)
    assert f"cartridge {desk.barcodes[0]} was loaded, but it is blank" in text


def test_a_cartridge_that_the_drive_has_let_go_of_is_loaded_again(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """Somebody was killed between unloading and the robot's order."""
    desk = Shelf(shelf / "library", cartridges=2, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    broken_off(desk, catalog, tree, 60)
    with desk.open() as drive:
        mtio.offline(drive.tape)
    assert go_on(desk, catalog).code == 0
    with desk.open() as drive:
        mtio.offline(drive.tape)
    assert restored(desk, catalog, tmp_path / "out") == contents(tree)


def test_a_later_session_makes_up_only_for_what_it_has_saved(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """c was never begun."""
    desk = Shelf(shelf / "library", cartridges=2, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    done = desk.backup(
        tree / "a", tree / "b", tree / "c", catalog=catalog, memory_bytes=64 * MIB, probe=False, alone=True,
        prepare=lambda drive: desk.library.add_fault(0, "write 130: medium error"),
    )  # fmt: skip
    assert done.statuses == ["saved", "failed", "not started"]
    desk.library.clear_faults(0)
    desk.load(desk.barcodes[1])
    assert desk.backup(tree / "a", tree / "b", catalog=catalog, memory_bytes=64 * MIB).code == 0
    assert go_on(desk, catalog).statuses == ["saved", "saved"]
    assert restored_names(desk, catalog, tmp_path / "out") == {"a", "b", "c"}


def restored_names(desk: Shelf, catalog: Catalog, target: Path) -> set[str]:
    with desk.served() as served, desk.open() as drive:
        request = CatalogRequest(Selector(), os.fsencode(target))
        supply = LibrarySupply(served, 0)
        assert (
            restore_from_catalog(drive, catalog, request, lambda event: None, Interrupt(), supply=supply).exit_code == 0
        )
    return {path.name for path in target.iterdir()}


def test_a_blank_cartridge_is_for_the_session_that_waits_for_one(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """Even if another one was broken off later."""
    desk = Shelf(shelf / "library", cartridges=3, capacity=2 * MIB)
    desk.load(desk.barcodes[0])
    assert desk.backup(tree, catalog=catalog, volumes=[], memory_bytes=64 * MIB, job="full").code == 10
    desk.load(desk.barcodes[1])
    broken_off(desk, catalog, tree / "a", 30, job="broken")
    desk.load(desk.barcodes[2])
    assert go_on(desk, catalog, supply=False).code == 0
    assert {session.job: session.state for session in catalog.sessions()} == {"full": "complete", "broken": "failed"}


@pytest.mark.parametrize("command", ["resume", "rebuild"])
def test_an_interrupt_ends_the_reading_of_a_dead_tape_file(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """It may be a whole tape."""
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    desk.load(desk.barcodes[0])
    broken_off(desk, catalog, tree, 150, zstd_level=1)
    interrupt, seen = Interrupt(), []
    blocks = Drive.blocks

    def some(self: Drive, *arguments: object, **more: object) -> Iterator[bytes]:
        for block in blocks(self, *arguments, **more):  # type: ignore[arg-type]
            seen.append(block)
            if len(seen) == 40:
                interrupt.trigger()
            yield block

    before = [file.state for file in catalog.sessions()[0].tape_files]
    monkeypatch.setattr(Drive, "blocks", some)
    with desk.open(write=True) as drive:
        if command == "resume":
            request = ResumeRequest(memory_bytes=64 * MIB)
            with pytest.raises(Interrupted):
                resume(drive, request, catalog, lambda event: None, interrupt)
            assert [file.state for file in catalog.sessions()[0].tape_files] == before
        else:
            with Catalog(str(tmp_path / "again.db")) as again:
                assert rebuild(drive, again, lambda event: None, interrupt).exit_code == 130
                assert list(again.find(b"*")) == []
    assert len(seen) < 60
    monkeypatch.undo()
    assert go_on(desk, catalog).code == 0


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
    text = refusal(lambda: go_on(desk, catalog, supply=False), Refused)
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
    assert "waits for a blank one" in refusal(lambda: go_on(desk, catalog, supply=False), Refused)
    done = go_on(desk, catalog)  # with the full one fetched there is still none
    assert done.code == 10
    assert len(data_files(desk.files(desk.barcodes[1]))) == 1
