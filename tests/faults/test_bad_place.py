# SPDX-License-Identifier: WTFPL OR MIT
"""A bad place on a tape: what is in front of it is kept, and the job goes on on another cartridge."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.resume import ResumeRequest, resume
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.units import MIB
from tests.cartridge import Done
from tests.faults.broken_off import check, contents, go_on, restored
from tests.faults.spanned import FaultsOfOne, Shelf, data_files, join
from tests.trees import settle

BLOCK = 10240
WAYS = [{}, {"zstd_level": 1}, {"strategy": "tar"}, {"strategy": "dd"}]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chance = random.Random(5)
    top = tmp_path / "tree"
    for directory in ("a", "b"):
        (top / directory).mkdir(parents=True)
        for number in range(12):
            (top / directory / f"f{number:02}").write_bytes(chance.randbytes(number * BLOCK + 99))
    return top


@pytest.fixture
def desk(shelf: Path) -> Shelf:
    made = Shelf(shelf / "library", cartridges=4, capacity=32 * MIB)
    made.load(made.barcodes[0])
    return made


def backup(desk: Shelf, catalog: Catalog, tree: Path, fault: str, **options: object) -> Done:
    if "strategy" in options:
        options["tar_dir"] = str(tree.parent)
    return desk.backup(
        tree, catalog=catalog, memory_bytes=64 * MIB, prepare=lambda drive: desk.library.add_fault(0, fault), **options
    )


def check_saved(desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, done: Done) -> None:
    assert (done.code, done.statuses) == (1, ["saved"]), done.report.message
    assert "there is a bad place on PYT00" in done.report.message
    latest = catalog.sessions()[0]
    assert latest.state == "complete"
    check(desk, catalog, tree, tmp_path, untold=open_ended(catalog))


def open_ended(catalog: Catalog) -> list[str]:
    """Cartridges of the latest session that have no trailer of it."""
    files = catalog.sessions()[0].tape_files
    told = {file.cartridge for file in files if file.kind == "trailer"}
    return [file.cartridge for file in files if file.cartridge not in told]


@pytest.mark.parametrize("kind", ["medium error", "deferred error after 4"])
@pytest.mark.parametrize("options", WAYS, ids=str)
@pytest.mark.parametrize("block", [3, 5, 40, 41, 97, 130])
def test_the_job_goes_on_on_another_cartridge(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, block: int, options: dict[str, object], kind: str
) -> None:
    """The place stays bad: no filemark gets there either, and archives that were built before end there."""
    done = backup(desk, catalog, tree, f"write {block}: {kind}", **options)
    check_saved(desk, catalog, tree, tmp_path, done)
    [row] = catalog._database.rows("SELECT c.barcode FROM device_error e JOIN cartridge c ON c.id = e.cartridge")
    assert row == ("PYT001L9",)


@pytest.mark.parametrize("options", [WAYS[0], *WAYS[2:]], ids=str)
@pytest.mark.parametrize("block", [5, 40, 41, 97])
def test_behind_a_filemark_the_member_goes_on_at_the_byte(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int,
    options: dict[str, object],
) -> None:  # fmt: skip
    """The drive gets over it: GNU tar joins the two parts, and each of them restores alone."""
    write = Drive.write_filemark

    def mended(drive: Drive) -> None:
        if drive.tape.position() == block:
            desk.library.clear_faults(0)
        write(drive)

    monkeypatch.setattr(Drive, "write_filemark", mended)
    settle()
    done = backup(desk, catalog, tree, f"write {block}: medium error", **options)
    assert (done.code, done.statuses) == (1, ["saved"]), done.report.message
    check(desk, catalog, tree, tmp_path)
    files = [file for file in catalog.sessions()[0].tape_files if file.kind == "data"]
    ends = [file.skipped + file.blocks - file.ahead for file in files]
    assert [file.skipped for file in files] == [0, *ends[:-1]]
    assert [file.state for file in files] == ["continues", "saved"]
    kept = desk.set()
    parts = [data_files(kept[barcode])[0] for barcode in desk.barcodes[:2]]
    joined = join(parts, tmp_path / "gnu", BLOCK)
    assert joined.returncode == 0, joined.stderr
    assert contents(tmp_path / "gnu" / "tree") == contents(tree)


@pytest.mark.parametrize("level", ["incremental", "differential"])
def test_a_session_of_changes_goes_on(desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, level: str) -> None:
    """Nothing is forgotten of what has gone, and what is in front of the bad place is not saved twice."""
    assert desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB).code == 0
    for number in range(0, 12, 2):
        (tree / "a" / f"f{number:02}").write_bytes(b"new" * 9000)
    (tree / "b" / "f03").unlink()
    (tree / "b" / "f04").rename(tree / "b" / "g04")
    done = backup(desk, catalog, tree, "write 165: medium error", level=level, flush_bytes=2 * BLOCK)
    check_saved(desk, catalog, tree, tmp_path, done)
    latest = catalog.sessions()[0]
    assert (latest.kind, latest.deletions) == (level, 2)
    assert {file.cartridge for file in latest.tape_files} == {"PYT001L9", "PYT002L9"}
    again = desk.backup(tree, catalog=catalog, level="incremental", memory_bytes=64 * MIB)
    assert again.statuses == ["unchanged"]


@pytest.mark.parametrize("block", [140, 143])
def test_a_bad_place_under_a_filemark_and_at_the_first_block(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, block: int
) -> None:
    """Of the first argument, and of the second: what is done is not written again."""
    done = desk.backup(
        tree / "a", tree / "b", catalog=catalog, memory_bytes=64 * MIB,
        prepare=lambda drive: desk.library.add_fault(0, f"write {block - 68}: medium error"),
    )  # fmt: skip
    assert (done.code, done.statuses) == (1, ["saved", "saved"]), done.report.message
    assert catalog.check() == []


def test_two_cartridges_in_a_row_blame_the_drive(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not go through the whole library."""
    monkeypatch.setattr("tests.faults.spanned.FaultsOfOne.next", LibrarySupply.next)
    done = backup(desk, catalog, tree, "write 60: medium error")
    assert (done.code, done.statuses) == (6, ["failed"])
    assert {file.cartridge for file in catalog.sessions()[0].tape_files} == {"PYT001L9", "PYT002L9"}
    desk.library.clear_faults(0)
    desk.load(desk.barcodes[2])
    assert go_on(desk, catalog).code == 0
    check(desk, catalog, tree, tmp_path, untold=open_ended(catalog))


def test_without_another_cartridge_it_ends_and_can_be_resumed(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    desk = Shelf(shelf / "library", cartridges=2, capacity=32 * MIB)
    desk.load(desk.barcodes[1])  # which is not blank any more
    assert desk.backup(tree / "a", memory_bytes=64 * MIB).code == 0
    desk.load(desk.barcodes[0])
    done = backup(desk, catalog, tree, "write 60: medium error")
    assert (done.code, done.statuses) == (6, ["failed"])
    assert "add blank cartridges, then: pytp resume" in done.report.message
    desk.library.clear_faults(0)
    desk.load(desk.barcodes[0])
    desk.library.remove("PYT002L9")
    desk.library.add("PYT003L9", capacity_bytes=32 * MIB)
    assert go_on(desk, catalog).code == 0
    assert restored(desk, catalog, tmp_path / "out") == contents(tree)


def test_a_cartridge_that_takes_no_filemark_is_left_by_who_resumes(
    desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """There was no other one at first; what is durable on it counts."""
    fault = "write 97: medium error"
    done = desk.backup(
        tree, catalog=catalog, memory_bytes=64 * MIB, alone=True, flush_bytes=4 * BLOCK,
        prepare=lambda drive: desk.library.add_fault(0, fault),
    )  # fmt: skip
    assert (done.code, done.statuses) == (6, ["failed"])
    with desk.served() as served, desk.open(write=True) as drive:
        events: list[object] = []
        request = ResumeRequest(memory_bytes=64 * MIB, library_barcode="PYT001L9")
        done = Done(
            resume(drive, request, catalog, events.append, Interrupt(), supply=FaultsOfOne(desk, served, None)), events
        )
    assert (done.code, done.statuses) == (0, ["saved"])
    assert any("nothing more is written on cartridge PYT001L9" in text for text in done.notices)
    check(desk, catalog, tree, tmp_path, untold=open_ended(catalog))


def test_a_bad_place_under_the_trailer(desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path) -> None:
    """The next cartridge gets it."""
    first = desk.backup(tree, memory_bytes=64 * MIB)
    block = first.report.arguments[0].blocks + 3  # behind label and filemark, data and filemark
    desk.load(desk.barcodes[1])
    done = backup(desk, catalog, tree, f"write {block}: medium error")
    check_saved(desk, catalog, tree, tmp_path, done)


def test_a_list_of_members_has_them_all(desk: Shelf, catalog: Catalog, tree: Path, tmp_path: Path) -> None:
    wanted = tmp_path / "members"
    done = backup(desk, catalog, tree, "write 97: medium error", members_file=str(wanted), flush_bytes=BLOCK)
    assert done.code == 1
    names = [json.loads(line)["path"] for line in wanted.read_text().splitlines()]
    files = [name for name in names if "/f" in name]
    assert sorted(files) == sorted(str(path.relative_to(tree.parent)) for path in tree.rglob("f*"))
