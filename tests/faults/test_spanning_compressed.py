# SPDX-License-Identifier: WTFPL OR MIT
"""A compressed archive on several cartridges: each ends with a whole frame; what zstd makes of them GNU tar joins."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.units import MIB
from tests.faults.spanned import Shelf, data_files, sessions
from tests.trees import describe, differences

BLOCK = 65536


@pytest.fixture
def source(tmp_path: Path) -> Path:
    random.seed(7)
    top = tmp_path / "data"
    top.mkdir()
    for number in range(20):
        (top / f"f{number:02}").write_bytes(random.randbytes(900_000 + number))
    (top / "long").write_bytes(random.randbytes(11 * MIB))
    (top / "text").write_bytes(b"".join(b"%d\n" % number for number in range(300_000)))
    return top


def plain(part: bytes) -> bytes:
    """What the zstd program makes of a tape file; it must end well."""
    return subprocess.run(["zstd", "-dcq"], input=part, capture_output=True, check=True, timeout=60).stdout


def join(parts: list[bytes], place: Path) -> subprocess.CompletedProcess[str]:
    """As RESTORE.txt says."""
    place.mkdir(parents=True)
    names = []
    for number, part in enumerate(parts, 1):
        (place / f"part{number}.tar").write_bytes(plain(part))
        names += ["-f", f"part{number}.tar"]
    return subprocess.run(
        ["tar", "-xpM", *names],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def check(cartridges: Shelf, source: Path, place: Path) -> list[str]:
    """Every way back gives what was saved; return the cartridges."""
    tapes = cartridges.set()
    ended = join([part for files in tapes.values() for part in data_files(files)], place / "joined")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert differences(describe(source), describe(place / "joined" / source.name)) == []
    return list(tapes)


def follow(cartridges: Shelf, target: Path) -> int:
    """Restore from the first cartridge on; the library gives the others."""
    cartridges.load(cartridges.barcodes[0])
    with cartridges.served() as served, cartridges.open() as drive:
        drive.go_to_file(1)
        supply = LibrarySupply(served, 0, cartridges.barcodes[1:])
        return restore(drive, RestoreRequest(target=bytes(target)), lambda event: None, Interrupt(), supply).exit_code


def test_a_set_comes_back_by_tar_in_order_and_by_catalog(shelf: Path, tmp_path: Path, source: Path) -> None:
    cartridges = Shelf(shelf / "vtl", cartridges=7, capacity=8 * MIB, block_bytes=BLOCK)
    with Catalog(str(tmp_path / "catalog.db")) as catalog:
        done = cartridges.backup(source, zstd_level=1, catalog=catalog)
        assert (done.code, done.statuses) == (0, ["saved"])
        used = check(cartridges, source, tmp_path)
        assert len(used) >= 5
        assert follow(cartridges, tmp_path / "followed") == 0
        assert differences(describe(source), describe(tmp_path / "followed" / "data")) == []
        events: list[object] = []
        with cartridges.served() as served, cartridges.open() as drive:
            request = CatalogRequest(Selector(), target=bytes(tmp_path / "by"), patterns=(b"data/long", b"data/f19"))
            supply = LibrarySupply(served, 0, None)
            report = restore_from_catalog(drive, catalog, request, events.append, Interrupt(), supply=supply)
        assert report.exit_code == 0, events
        assert report.details["checked"] == 2
        for name in ("long", "f19"):
            assert (tmp_path / "by" / "data" / name).read_bytes() == (source / name).read_bytes()


def test_trailers_tell_the_frames_of_each_cartridge(shelf: Path, tmp_path: Path, source: Path) -> None:
    cartridges = Shelf(shelf / "vtl", cartridges=7, capacity=8 * MIB, block_bytes=BLOCK)
    cartridges.backup(source, zstd_level=1)
    skipped = 0
    for files in cartridges.set().values():
        for session in sessions(files):
            (one,) = session.arguments
            assert one.compression == "zstd"
            assert one.skipped == skipped
            assert one.stored_blocks == len(files[one.tape_file or 0])
            content = plain(b"".join(files[one.tape_file or 0]))
            assert len(content) == one.blocks * BLOCK
            skipped += one.blocks - one.ahead


@pytest.mark.parametrize("at", range(1, 40, 3))
def test_wherever_early_warning_comes(shelf: Path, tmp_path: Path, at: int) -> None:
    """Small frames: a cut falls in each place of a frame, in a filler and between frames."""
    random.seed(at)
    source = tmp_path / "data"
    source.mkdir()
    for number in range(12):
        (source / f"f{number:02}").write_bytes(random.randbytes(random.choice([10, 9_000, 70_000, 200_000])))
    (source / "z").write_bytes(random.randbytes(400_000))
    cartridges = Shelf(shelf / "vtl", cartridges=2, capacity=8 * MIB, block_bytes=10240)
    cartridges.library.add_fault(0, f"early warning at {at + 4}")
    done = cartridges.backup(source, zstd_level=1)
    assert (done.code, done.statuses) == (0, ["saved"])
    assert len(check(cartridges, source, tmp_path)) == 2
    assert follow(cartridges, tmp_path / "followed") == 0
    assert differences(describe(source), describe(tmp_path / "followed" / "data")) == []


@pytest.mark.parametrize("left", [0, 1, 5])
def test_an_archive_whose_last_frame_early_warning_cuts_ends_on_that_cartridge(
    shelf: Path, tmp_path: Path, source: Path, left: int
) -> None:
    whole = Shelf(shelf / "whole", cartridges=1, capacity=64 * MIB, block_bytes=BLOCK)
    done = whole.backup(source, zstd_level=1)
    start = done.report.arguments[0].first_block or 0
    cartridges = Shelf(shelf / "vtl", cartridges=2, capacity=64 * MIB, block_bytes=BLOCK)
    cartridges.library.add_fault(0, f"early warning at {start + done.report.arguments[0].blocks - left}")
    done = cartridges.backup(source, zstd_level=1)
    assert (done.code, done.statuses) == (0, ["saved"]), done.report.message
    assert check(cartridges, source, tmp_path) == cartridges.barcodes[:1]
