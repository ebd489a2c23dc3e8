# SPDX-License-Identifier: WTFPL OR MIT
"""Autoloaders whose changer answers through the drive (SPC-2, MChngr): found, listed, moved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytp_native.devices.changer import Changer
from pytp_native.devices.discovery import Place, discover
from pytp_native.devices.inventory import Place as At
from pytp_native.devices.library import TapeLibrary
from pytp_native.errors import BadAddress, LibraryError
from pytp_native.scsi.mode_pages import DRIVE, STORAGE
from pytp_native.transport.records import ScsiReply
from tests.cli.scsi_bench import FakeLibrary, check
from tests.unit.devices.sysfs_tree import Tree

SLOT_2, SLOT_6, DRIVE_0 = At(STORAGE, 2), At(STORAGE, 6), At(DRIVE, 0)


class Autoloader(FakeLibrary):
    """One drive with an attached changer; its own SMC commands it does not know, and its drive is empty."""

    def __init__(self) -> None:
        super().__init__()
        self.drives = {257: ""}
        self.says_so = True

    def own(self, cdb: bytes) -> ScsiReply:
        if cdb[0] == 0x12 and not cdb[1] & 1:
            data = bytearray(super().own(cdb).data)
            data[0], data[6] = 1, 8 if self.says_so else 0
            return ScsiReply(0, b"", bytes(data))
        if cdb[0] == 0x12:
            return check(5, 0x24, 0)
        if cdb[0] == 0x00:
            return check(2, 0x3A, 0)
        if cdb[0] in {0xA5, 0xB8, 0x1A}:
            return check(5, 0x20, 0)
        if cdb[0] == 0xB4 and not int.from_bytes(cdb[2:4], "big") <= 1040:
            return check(5, 0x21, 0x01)
        return super().own(cdb)


@pytest.fixture
def autoloader() -> Autoloader:
    return Autoloader()


@pytest.fixture
def changer(autoloader: Autoloader) -> Iterator[Changer]:
    with Changer(autoloader) as opened:
        yield opened


def test_its_elements_are_read_through_the_drive(changer: Changer, autoloader: Autoloader) -> None:
    now = changer.inventory()
    assert (len(now.storage), len(now.import_export), len(now.drives)) == (8, 2, 1)
    assert now.find("VT0002L6") == (SLOT_2,)
    assert not autoloader.sent(0xB8)
    assert not autoloader.sent(0x00), "the drive's own readiness is another matter"


def test_a_move_goes_through_the_drive(changer: Changer, autoloader: Autoloader) -> None:
    assert changer.move(SLOT_2, DRIVE_0).volume_tag == "VT0002L6"
    assert autoloader.drives[257] == "VT0002L6"
    assert changer.move(DRIVE_0, SLOT_6).volume_tag == "VT0002L6"
    assert [cdb[:2].hex() for cdb in autoloader.sent(0xA7)] == ["a700", "a700"]


def test_a_failed_move_says_where_it_is(changer: Changer, autoloader: Autoloader) -> None:
    autoloader.plan(0xA7, check(4, 0x15, 0x01))
    with pytest.raises(LibraryError, match="VT0002L6 is still in slot 2"):
        changer.move(SLOT_2, DRIVE_0)


def test_what_it_cannot_do_is_said(changer: Changer, autoloader: Autoloader) -> None:
    for order in (changer.scan, lambda: changer.position(SLOT_2), lambda: changer.exchange(SLOT_2, SLOT_6, SLOT_2),
                  lambda: TapeLibrary(changer, lambda _number: None).exchange("2", "3")):  # fmt: skip
        with pytest.raises(LibraryError, match="the changer answers through its drive"):
            order()
    assert not {0x07, 0x2B, 0xA6} & {cdb[0] for cdb in autoloader.cdbs}


def test_a_drive_without_a_changer_is_none(autoloader: Autoloader) -> None:
    autoloader.says_so = False
    with pytest.raises(BadAddress, match="no medium changer"):
        Changer(autoloader)


def test_it_is_discovered_with_its_drive(autoloader: Autoloader, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "host")
    tree.device("3:0:1:0", 1, "st0", "nst0", "sg1")
    found = discover(sysfs=str(tree.sysfs), dev=str(tree.dev), opener=lambda _node: autoloader)
    (library,) = found.libraries
    assert (library.address, library.slots, library.import_export) == (tree.path("sg1"), 8, 2)
    assert [one.drive for one in library.elements] == [tree.path("nst0")]
    assert found.drives[0].place == Place(tree.path("sg1"), 0, 257)


def test_a_bit_without_a_changer_behind_it_is_no_library(autoloader: Autoloader, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "host")
    tree.device("3:0:1:0", 1, "st0", "nst0", "sg1")
    autoloader.plan(0xB4, *[check(5, 0x20, 0)] * 30)
    assert discover(sysfs=str(tree.sysfs), dev=str(tree.dev), opener=lambda _node: autoloader).libraries == ()


def test_a_drive_beside_a_changer_of_its_own_is_no_second_library(autoloader: Autoloader, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "host")
    tree.device("3:0:1:0", 1, "st0", "nst0", "sg1")
    tree.device("3:0:1:1", 8, "sch0", "sg2")
    units = {tree.path("sg1"): autoloader, tree.path("sg2"): FakeLibrary()}
    found = discover(sysfs=str(tree.sysfs), dev=str(tree.dev), opener=units.__getitem__)
    assert [one.address for one in found.libraries] == [tree.path("sch0")]
