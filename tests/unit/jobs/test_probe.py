# SPDX-License-Identifier: WTFPL OR MIT
"""The probe: what it reads of a backup, where it leaves the tape, and what it makes of what is not right."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backup_bench import BLOCK

from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import NothingHere
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.resume import ResumeRequest, resume
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Moved
from tests.cartridge import Cartridge


class Reads:
    """The same tape; counts the blocks that a bulk read gives, and may change them."""

    def __init__(self, tape: Any, damage: Callable[[bytes], bytes] = lambda block: block) -> None:
        self._tape = tape
        self._damage = damage
        self.blocks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tape, name)

    def read_into(self, ring: Ring, *, limit: int = 0) -> Moved:
        between = Ring(ring.block_bytes, ring.slots * ring.block_bytes)
        moved = self._tape.read_into(between, limit=limit)
        self.blocks += moved.blocks
        for _block in range(moved.blocks):
            ring.put(self._damage(between.get() or b""))
        return moved


def watched(tapes: list[Reads], **options: Any) -> Callable[[Drive], None]:
    def prepare(drive: Drive) -> None:
        drive.tape = Reads(drive.tape, **options)
        tapes.append(drive.tape)

    return prepare


def test_three_members_are_read_back_and_the_tape_stands_behind_the_trailer(
    cartridge: Cartridge, tree: Callable[..., Path]
) -> None:
    tapes: list[Reads] = []
    files = {f"file{number:03}": 300 for number in range(500)}
    done = cartridge.backup(tree("tree", **files), tree("more", **files), bare=False, prepare=watched(tapes))
    assert done.code == 0
    assert 3 <= tapes[0].blocks <= 6
    assert (done.report.position.file, done.report.position.block) == (4, 0)
    assert cartridge.backup(tree("next", file=10), bare=False).report.arguments[0].tape_file == 4


@pytest.mark.parametrize("victim", [0, 250, 499])
def test_what_does_not_come_back_as_it_was_written_is_not_saved(
    victim: int, cartridge: Cartridge, tree: Callable[..., Path], tmp_path: Path
) -> None:
    mark = os.urandom(20)
    top = tree("tree", **{f"file{number:03}": 2000 for number in range(500)})
    members = tmp_path / "members"

    def damage(block: bytes) -> bytes:
        return block.replace(mark, bytes(20), 1)

    with Catalog(str(tmp_path / "catalog.db")) as catalog:
        cartridge.backup(top, bare=False, catalog=catalog, members_file=os.fspath(members), probe=False)
        order = [json.loads(line)["path"] for line in members.read_text().splitlines()]
        target = [name.removeprefix("tree/") for name in order if name != "tree"][victim]
        (top / target).write_bytes(mark * 100)
        done = cartridge.backup(top, bare=False, catalog=catalog, prepare=watched([], damage=damage))
        assert (done.code, done.statuses) == (8, ["failed"])
        assert target in done.report.message
        assert "checksum" in done.report.message
        assert catalog.sessions()[0].state == "failed"
    assert done.report.position.block == 0


def test_a_block_that_cannot_be_read_back_is_not_saved_either(cartridge: Cartridge, tree: Callable[..., Path]) -> None:
    cartridge.fault("read 2: medium error")
    done = cartridge.backup(tree("tree", file=10), bare=False)
    assert (done.code, done.statuses) == (8, ["failed"])
    assert "probe" in done.report.message


def test_neither_resume_nor_a_rebuild_call_it_complete(
    cartridge: Cartridge, tree: Callable[..., Path], tmp_path: Path
) -> None:
    """Its trailer does: that was written before."""
    with Catalog(str(tmp_path / "catalog.db")) as catalog:
        cartridge.fault("read 2: medium error")
        assert cartridge.backup(tree("tree", file=10), bare=False, catalog=catalog).code == 8
        cartridge.mend()
        with cartridge.open(write=True) as drive, pytest.raises(NothingHere):
            resume(drive, ResumeRequest(), catalog, lambda event: None, Interrupt())
        with cartridge.open() as drive:
            assert rebuild(drive, catalog, lambda event: None, Interrupt()).exit_code == 1
        (session,) = catalog.sessions()
        assert (session.state, session.exit) == ("failed", 8)
        assert [one.doubtful for one in catalog.find(b"file")] == [True]


def test_what_was_read_back_is_not_doubtful(cartridge: Cartridge, tree: Callable[..., Path], tmp_path: Path) -> None:
    with Catalog(str(tmp_path / "catalog.db")) as catalog:
        assert cartridge.backup(tree("tree", file=10), bare=False, catalog=catalog).code == 0
        assert [one.doubtful for one in catalog.find(b"file")] == [False]


def test_it_can_be_left_out_and_large_files_are_not_read(cartridge: Cartridge, tree: Callable[..., Path]) -> None:
    for files, options in (({"file": 10}, {"probe": False}), ({"large": 5 << 20}, {})):
        tapes: list[Reads] = []
        done = cartridge.backup(tree(f"t{len(files)}{len(options)}", **files), prepare=watched(tapes), **options)
        assert (done.code, tapes[0].blocks) == (0, 0)


def test_a_bare_backup_is_probed_too(cartridge: Cartridge, tree: Callable[..., Path]) -> None:
    tapes: list[Reads] = []
    done = cartridge.backup(tree("tree", file=3 * BLOCK), prepare=watched(tapes))
    assert (done.code, tapes[0].blocks) == (0, 4)
