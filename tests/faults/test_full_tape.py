# SPDX-License-Identifier: WTFPL OR MIT
"""A cartridge fills: the report tells of what is on it and of nothing else, and all of that comes back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pytp_native.jobs.events import ArgumentReport
from pytp_native.units import KIB, MIB
from tests.cartridge import Cartridge, Done
from tests.trees import describe, differences

BLOCK = 10240


def tree_of(top: Path, **sizes: int) -> Path:
    top.mkdir(parents=True)
    for name, size in sizes.items():
        (top / name).write_bytes(os.urandom(size))
    return top


def listed(members: Path) -> list[str]:
    """Paths in a member list."""
    return [json.loads(line)["path"] for line in members.read_text().splitlines()]


def check_what_is_there(cartridge: Cartridge, number: int, report: ArgumentReport, source: Path, out: Path) -> None:
    """A tape file that was cut off has the reported blocks, and restores every member that was counted."""
    assert len(cartridge.files()[number]) == report.blocks
    done = cartridge.restore(out, number)
    assert done.code == 12, done.report.message
    assert done.report.arguments[0].files == report.files
    wanted, found = describe(source), describe(out / source.name)
    missing = [line for line in differences(wanted, found) if not line.startswith("missing")]
    assert missing == []
    assert len(found) == report.files


# -- a small cartridge -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 MiB in files of 3 MiB and a bit."""
    files = {f"file{number:02}": 3 * MIB + 1000 * number for number in range(27)}
    return tree_of(tmp_path_factory.mktemp("data") / "data", **files)


def test_a_64_mib_cartridge_fills(shelf: Path, tmp_path: Path, data: Path) -> None:
    cartridge = Cartridge(shelf / "vtl", capacity=64 * MIB)
    members = tmp_path / "members"
    done = cartridge.backup(data, members_file=str(members))
    assert (done.code, done.statuses) == (10, ["failed"])
    assert "the cartridge is full" in done.report.message
    (report,) = done.report.arguments
    assert 56 * MIB < report.data_bytes <= 64 * MIB
    assert report.data_bytes == report.blocks * 512 * KIB
    assert report.files == len(listed(members))
    assert 15 < report.files < 22
    check_what_is_there(cartridge, 0, report, data, tmp_path / "out")


def test_the_second_of_three_arguments_fills_it(shelf: Path, tmp_path: Path, data: Path) -> None:
    cartridge = Cartridge(shelf / "vtl", capacity=64 * MIB)
    first, last = tree_of(tmp_path / "first", f=MIB), tree_of(tmp_path / "last", f=5)
    members = tmp_path / "members"
    done = cartridge.backup(first, data, last, members_file=str(members))
    assert (done.code, done.statuses) == (10, ["saved", "failed", "not started"])
    saved, cut, none = done.report.arguments
    assert (none.tape_file, none.blocks, none.files) == (None, 0, 0)
    assert cartridge.restore(tmp_path / "out", 0).code == 0
    assert differences(describe(first), describe(tmp_path / "out" / "first")) == []
    check_what_is_there(cartridge, 1, cut, data, tmp_path / "out")
    assert len(listed(members)) == saved.files + cut.files
    assert len(cartridge.files()) == 2


def test_a_full_cartridge_takes_nothing_and_nothing_false_is_told(shelf: Path, tmp_path: Path, data: Path) -> None:
    cartridge = Cartridge(shelf / "vtl", capacity=16 * MIB)
    cartridge.backup(data)
    one = tree_of(tmp_path / "one", f=3 * MIB)
    for _ in range(40):
        before = cartridge.objects()
        done = cartridge.backup(one)
        (report,) = done.report.arguments
        added = cartridge.objects()[len(before) :]
        assert cartridge.objects()[: len(before)] == before
        assert (done.code, done.statuses) == (10, ["failed"])
        assert len([thing for thing in added if thing is not None]) == report.blocks
        if not report.blocks:
            break
    assert report.blocks == 0
    assert added == []
    assert "nothing of the next tape file was written" in done.report.message
    (first, *_) = cartridge.files()
    assert cartridge.restore(tmp_path / "out", 0).code == 12
    assert len(first) > 20


def test_a_full_cartridge_can_be_overwritten_from_its_beginning(shelf: Path, tmp_path: Path, data: Path) -> None:
    cartridge = Cartridge(shelf / "vtl", capacity=16 * MIB)
    assert cartridge.backup(data).code == 10
    one = tree_of(tmp_path / "one", f=3 * MIB)
    assert cartridge.backup(one, at=0, overwrite=True).code == 0
    assert cartridge.restore(tmp_path / "out", 0).code == 0
    assert differences(describe(one), describe(tmp_path / "out" / "one")) == []


# -- early warning at every block ------------------------------------------------------------------------------------

LONG = "n" * 90
SWEPT = {
    "a-small": 5, "b-fills-its-block": 16 * 512, "c-padding-crosses": 19 * 512 + 1, f"d-{LONG}": 40_000, "e-empty": 0,
    f"f-{LONG}": 511, "g-large": 70_001, "h-last": 9 * 512,
}  # fmt: skip


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, list[int]]:
    """A tree, the blocks of its archive, and the block in which each member ends."""
    directory = tmp_path_factory.mktemp("swept")
    source = tree_of(directory / "swept", **SWEPT)
    os.symlink("x" * 300, source / "i-link")
    cartridge = Cartridge(directory / "vtl", block_bytes=BLOCK)
    members = directory / "members"
    (report,) = cartridge.backup(source, members_file=str(members)).report.arguments
    rows = [json.loads(line) for line in members.read_text().splitlines()]
    ends = [(row["block"] * BLOCK + row["offset"] + row["stored_bytes"] - 1) // BLOCK for row in rows]
    return source, report.blocks, ends


LAST = 15


def run_with_warning(cartridge: Cartridge, source: Path, block: int, members: Path) -> Done:
    cartridge.fault(f"early warning at {block}")
    return cartridge.backup(source, members_file=str(members))


@pytest.mark.parametrize("block", range(LAST - 1))
def test_early_warning_at_any_block(
    shelf: Path, tmp_path: Path, swept: tuple[Path, int, list[int]], block: int
) -> None:
    source, blocks, ends = swept
    assert blocks == LAST
    cartridge = Cartridge(shelf / "vtl", block_bytes=BLOCK)
    members = tmp_path / "members"
    done = run_with_warning(cartridge, source, block, members)
    (report,) = done.report.arguments
    complete = sum(end <= block for end in ends)
    assert (done.code, report.status) == (10, "failed")
    assert (report.blocks, report.files, len(listed(members))) == (block + 1, complete, complete)
    assert done.report.position is not None
    assert done.report.position[:3] == (1, 0, block + 2)
    cartridge.mend()
    check_what_is_there(cartridge, 0, report, source, tmp_path / "out")


@pytest.mark.parametrize("block", [LAST - 1, LAST, LAST + 1])
def test_early_warning_at_the_last_block_or_the_filemark_is_no_failure(
    shelf: Path, tmp_path: Path, swept: tuple[Path, int, list[int]], block: int
) -> None:
    source, blocks, ends = swept
    cartridge = Cartridge(shelf / "vtl", block_bytes=BLOCK)
    members = tmp_path / "members"
    done = run_with_warning(cartridge, source, block, members)
    assert (done.code, done.statuses) == (0, ["saved"])
    assert (done.report.arguments[0].blocks, len(listed(members))) == (blocks, len(ends))
    cartridge.mend()
    assert cartridge.restore(tmp_path / "out").code == 0
    assert differences(describe(source), describe(tmp_path / "out" / "swept")) == []


def test_a_run_that_begins_behind_early_warning_keeps_what_it_could_write(
    shelf: Path, tmp_path: Path, swept: tuple[Path, int, list[int]]
) -> None:
    source, blocks, _ = swept
    cartridge = Cartridge(shelf / "vtl", block_bytes=BLOCK)
    assert cartridge.backup(source).code == 0
    cartridge.fault("early warning at 0")
    done = cartridge.backup(source)
    assert (done.code, done.report.arguments[0].blocks) == (10, 1)
    assert [len(there) for there in cartridge.files()] == [blocks, 1]
    cartridge.mend()
    assert cartridge.restore(tmp_path / "out", 0).code == 0
