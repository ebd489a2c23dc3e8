# SPDX-License-Identifier: WTFPL OR MIT
"""A session for which there was no further cartridge goes on at the byte, so that a file which is longer than a
cartridge comes to its end."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from pytp_native.catalog.store import Catalog
from pytp_native.jobs.cartridge import identify
from pytp_native.stream.cut_member import rest_of
from pytp_native.units import MIB
from tests.faults.broken_off import contents, go_on, rebuilt, restored
from tests.faults.spanned import Shelf, data_files, join
from tests.trees import settle

BLOCK = 10240


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chance = random.Random(8)
    top = tmp_path / "tree"
    (top / "m").mkdir(parents=True)
    (top / "a").write_bytes(chance.randbytes(3 * BLOCK))
    (top / "m" / "long").write_bytes(chance.randbytes(18 * MIB + 77))
    with (top / "m" / "sparse").open("wb") as sparse:
        sparse.write(chance.randbytes(2 * MIB))
        sparse.seek(40 * MIB)
        sparse.write(chance.randbytes(4 * MIB))
        sparse.truncate(50 * MIB)
    (top / "z").write_bytes(chance.randbytes(3 * BLOCK))
    return top


def cartridge_by_cartridge(desk: Shelf, catalog: Catalog, tree: Path, **options: object) -> int:
    """Back up with what is in the drive only, and resume with one more each time; return how many that took."""
    done = desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB, alone=True, **options)
    taken = 1
    while done.code == 10:
        taken += 1
        desk.load(desk.barcodes[taken - 1])
        done = go_on(desk, catalog, supply=False)
    assert (done.code, done.statuses) == (0, ["saved"]), done.report.message
    return taken


@pytest.mark.parametrize("options", [{}, {"zstd_level": 1}, {"strategy": "tar"}, {"strategy": "dd"}], ids=str)
def test_a_file_longer_than_a_cartridge_comes_to_its_end(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, options: dict[str, object]
) -> None:
    if "strategy" in options:
        options = {**options, "tar_dir": str(tmp_path)}
    desk = Shelf(shelf / "library", cartridges=8, capacity=8 * MIB)
    desk.load(desk.barcodes[0])
    settle()
    taken = cartridge_by_cartridge(desk, catalog, tree, probe=False, **options)
    assert 4 <= taken <= 5
    files = [file for file in catalog.sessions()[0].tape_files if file.kind == "data"]
    ends = [file.skipped + file.blocks - file.ahead for file in files]
    assert [file.skipped for file in files] == [0, *ends[:-1]], "each goes on where the one before it ends"
    assert catalog.check() == []
    assert restored(desk, catalog, tmp_path / "out") == contents(tree)
    assert restored(desk, rebuilt(desk, tmp_path / "again.db"), tmp_path / "out") == contents(tree)
    if "zstd_level" not in options:
        parts = [data_files(read)[0] for read in desk.set().values()]
        done = join(parts, tmp_path / "gnu", BLOCK)
        assert done.returncode == 0, done.stderr
        assert contents(tmp_path / "gnu" / "tree") == contents(tree)


def test_with_its_own_full_cartridge_in_the_drive_the_next_one_says_what_it_follows(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    desk = Shelf(shelf / "library", cartridges=8, capacity=12 * MIB)
    desk.load(desk.barcodes[0])
    settle()
    assert desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB, alone=True, probe=False).code == 10
    done = go_on(desk, catalog)
    assert (done.code, done.statuses) == (0, ["saved"])
    desk.load(desk.barcodes[1])
    with desk.open() as drive:
        label = identify(drive).label
    first = next(file for file in catalog.sessions()[0].tape_files if file.kind == "data")
    assert label is not None
    assert label.follows is not None
    assert (label.follows.barcode, label.follows.tape_file, label.follows.skipped) == ("PYT001L9", 1, first.blocks)
    assert restored(desk, catalog, tmp_path / "out") == contents(tree)


def test_a_catalog_that_says_nonsense_of_a_cut_is_not_believed(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """The file is saved from its beginning then."""
    desk = Shelf(shelf / "library", cartridges=8, capacity=12 * MIB)
    desk.load(desk.barcodes[0])
    settle()
    assert desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB, alone=True, probe=False).code == 10
    (text,) = catalog._database.row("SELECT cut FROM rest") or ("",)
    for odd in (text.replace('"block": ', '"block": 9'), text[:-9], '{"block": 1, "cut": [1, 2]}', "[]"):
        assert rest_of(odd) is None or not rest_of(odd).is_inside(BLOCK)  # type: ignore[union-attr]
    catalog._database.run("UPDATE rest SET cut = ?", (text.replace('"block": ', '"block": 9'),))
    done = go_on(desk, catalog)
    assert (done.code, done.statuses) == (0, ["saved"])
    assert restored(desk, catalog, tmp_path / "out") == contents(tree)


@pytest.mark.parametrize("alter", ["content", "length", "attributes", "gone"])
def test_what_has_changed_meanwhile_is_saved_from_its_beginning(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, alter: str
) -> None:
    desk = Shelf(shelf / "library", cartridges=8, capacity=12 * MIB)
    desk.load(desk.barcodes[0])
    settle()
    assert desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB, alone=True, probe=False).code == 10
    long = tree / "m" / "long"
    if alter == "content":
        before = long.stat()
        with long.open("r+b") as file:
            file.write(b"another beginning")
        os.utime(long, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif alter == "length":
        long.write_bytes(long.read_bytes() + b"more")
    elif alter == "attributes":
        long.chmod(0o700)
    else:
        long.unlink()
    desk.load(desk.barcodes[1])
    done = go_on(desk, catalog)
    assert (done.code, done.statuses) == (0, ["saved"])
    assert [file.skipped for file in catalog.sessions()[0].tape_files if file.kind == "data"][:2] == [0, 0]
    assert restored(desk, catalog, tmp_path / "out") == contents(tree)


def test_a_crash_on_the_next_cartridge_before_anything_of_it_is_safe(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """It goes on at the byte there, too."""
    desk = Shelf(shelf / "library", cartridges=8, capacity=12 * MIB)
    desk.load(desk.barcodes[0])
    settle()
    assert desk.backup(tree, catalog=catalog, memory_bytes=64 * MIB, alone=True, probe=False).code == 10
    desk.load(desk.barcodes[1])
    desk.library.add_fault(0, "power cut at 8")
    assert go_on(desk, catalog, supply=False).code != 0
    desk.library.clear_faults(0)
    desk.load(desk.barcodes[1])
    done = go_on(desk, catalog)
    assert done.code == 0, done.report.message
    assert restored(desk, catalog, tmp_path / "out") == contents(tree)
    assert restored(desk, rebuilt(desk, tmp_path / "again.db"), tmp_path / "out") == contents(tree)
