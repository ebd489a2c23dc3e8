# SPDX-License-Identifier: WTFPL OR MIT
"""Checksums for the tape file at the head where there is no catalog that knows it: those of its trailer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_native.devices.drive import Drive
from pytp_native.errors import MediumError
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.transport.records import Position
from tests.cartridge import Cartridge

Tree = Callable[..., Path]


@pytest.mark.parametrize("level", [None, 3])
@pytest.mark.parametrize("head", [0, 1])
def test_the_trailer_tells_them(cartridge: Cartridge, tree: Tree, tmp_path: Path, head: int, level: int | None) -> None:
    top = tree("tree", good=b"good", bad=os.urandom(30_000), deep=70_000)
    assert cartridge.backup(top, bare=False, zstd_level=level).code == 0
    done = cartridge.restore(tmp_path / "right", head)
    assert (done.code, done.report.details["checked"]) == (0, 3)
    assert any("checksums are those of the trailer in file 2" in text for text in done.notices)
    assert done.report.position is not None
    assert done.report.position[:2] == (2, 0), "in front of the trailer, as always"


@pytest.mark.parametrize("hash_name", ["xxh3", "sha256"])
def test_what_differs_is_set_aside(cartridge: Cartridge, tree: Tree, tmp_path: Path, hash_name: str) -> None:
    top = tree("tree", good=b"good", bad=os.urandom(30_000))
    assert cartridge.backup(top, bare=False, hash_name=hash_name, probe=False).code == 0
    cartridge.corrupt((top / "bad").read_bytes()[:32])
    done = cartridge.restore(tmp_path / "out", 1)
    assert (done.code, sorted(os.listdir(tmp_path / "out" / "tree"))) == (8, ["bad.damaged", "good"])


def test_each_tape_file_has_its_own(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    """Of two sessions, with the head at a tape file, and at the trailer in front of one."""
    one, two, three = tree("one", a=b"1"), tree("two", a=b"22", b=b"3"), tree("three", f=5, g=6, h=7)
    assert cartridge.backup(one, two, bare=False).code == 0
    assert cartridge.backup(three, bare=False).code == 0
    found = {file: cartridge.restore(tmp_path / f"out{file}", file).report.details["checked"] for file in range(5)}
    assert found == {0: 1, 1: 1, 2: 2, 3: 3, 4: 3}


@pytest.mark.parametrize("options", [{"hash_name": "none", "bare": False}, {"bare": True}], ids=str)
def test_without_any_there_are_none(
    cartridge: Cartridge, tree: Tree, tmp_path: Path, options: dict[str, object]
) -> None:
    assert cartridge.backup(tree("tree", a=b"1"), **options).code == 0
    done = cartridge.restore(tmp_path / "out", 0)
    assert (done.code, done.report.details["checked"]) == (0, 0)
    assert done.notices == []


def test_a_session_that_died_has_no_trailer(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    """That of the session before it is not asked."""
    assert cartridge.backup(tree("one", a=b"1"), bare=False).code == 0
    cartridge.fault("write 20: medium error")
    assert cartridge.backup(tree("two", a=20 * cartridge.block_bytes), bare=False).code == 6
    cartridge.mend()
    done = cartridge.restore(tmp_path / "out", 3)
    assert (done.code, done.report.details["checked"]) == (12, 0)


def test_a_tape_that_does_not_get_back_is_not_read_from_somewhere_else(
    cartridge: Cartridge, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cartridge.backup(tree("one", a=b"1"), tree("two", a=b"2"), bare=False).code == 0
    back = Drive.go_to_file

    def stuck(drive: Drive, number: int) -> Position:
        if drive.where().file == 4 and number == 1:  # on its way back from the end of the trailer
            raise MediumError(drive.name, "spacing failed", "clean the drive")
        return back(drive, number)

    with cartridge.open() as drive:
        drive.go_to_file(1)
        monkeypatch.setattr(Drive, "go_to_file", stuck)
        with pytest.raises(MediumError):
            restore(drive, RestoreRequest(os.fsencode(tmp_path / "out")), lambda _event: None, Interrupt())
    assert not (tmp_path / "out").exists()
