# SPDX-License-Identifier: WTFPL OR MIT
"""Which nodes are one device, from a sysfs tree."""

from __future__ import annotations

import pytest

from pytp_native.devices.nodes import Nodes, find_nodes
from tests.unit.devices.sysfs_tree import Tree


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def found(tree):
    return find_nodes(str(tree.sysfs), str(tree.dev))


def test_a_host_without_tapes_has_none(tmp_path):
    assert find_nodes(str(tmp_path / "sys"), str(tmp_path / "dev")) == []


def test_the_nodes_of_a_drive_are_one_device(tree):
    tree.device(
        "2:0:0:0", 1, "st0", "nst0", "st0a", "nst0a", "nst0m", "sg3", serial="A1", vendor="IBM", product="ULT3580-TD9"
    )
    tree.by_id("scsi-A1", "st0")
    tree.by_id("scsi-A1-nst", "nst0")
    (drive,) = found(tree)
    assert (drive.tape, drive.rewinding, drive.generic, drive.changer) == (
        tree.path("nst0"), tree.path("st0"), tree.path("sg3"), None,
    )  # fmt: skip
    assert (drive.vendor, drive.product, drive.revision, drive.serial) == ("IBM", "ULT3580-TD9", "0001", "A1")
    assert drive.by_id == (tree.path("tape/by-id/scsi-A1"), tree.path("tape/by-id/scsi-A1-nst"))
    assert drive.address == tree.path("tape/by-id/scsi-A1-nst")
    assert drive.commands == tree.path("sg3")


def test_disks_are_left_out(tree):
    tree.device("0:0:0:0", 0, "sg0")
    tree.device("2:0:0:0", 1, "sg1")
    assert [one.generic for one in found(tree)] == [tree.path("sg1")]


def test_a_drive_without_st_is_known_by_its_generic_node(tree):
    tree.device("2:0:0:0", 1, "sg1")
    (drive,) = found(tree)
    assert drive.address == drive.commands == tree.path("sg1")


def test_a_drive_without_sg_takes_commands_at_its_tape_node(tree):
    tree.device("2:0:0:0", 1, "st0", "nst0")
    assert found(tree)[0].commands == tree.path("nst0")


def test_a_changer_by_its_stable_name(tree):
    tree.device("2:0:0:1", 8, "sch0", "sg4")
    tree.by_id("scsi-L1", "sg4")
    (library,) = found(tree)
    assert (library.device_type, library.changer, library.address) == (
        8,
        tree.path("sch0"),
        tree.path("tape/by-id/scsi-L1"),
    )
    tree.by_id("scsi-L1-changer", "sg4")
    assert found(tree)[0].address == tree.path("tape/by-id/scsi-L1-changer")


def test_the_rewinding_node_never_goes_into_a_configuration(tree):
    tree.device("2:0:0:0", 1, "st0", "nst0")
    tree.by_id("scsi-A1", "st0")
    assert found(tree)[0].address == tree.path("nst0")


def test_devices_come_in_the_order_of_their_places(tree):
    tree.device("10:0:0:0", 1, "nst1")
    tree.device("2:0:11:0", 1, "nst0")
    tree.device("2:0:2:0", 1, "nst2")
    assert [one.place for one in found(tree)] == ["2:0:2:0", "2:0:11:0", "10:0:0:0"]


def test_a_type_that_is_no_number_is_no_tape(tree):
    tree.device("2:0:0:0", 1, "nst0")
    (tree.sysfs / "devices/host/2:0:0:0/type").write_text("tape\n")
    assert found(tree) == []


def test_a_device_that_vanishes_meanwhile_is_left_out(tree):
    (tree.sysfs / "class/scsi_tape/nst0").mkdir()
    assert found(tree) == []


def test_the_shortest_of_several_stable_names_counts():
    drive = Nodes(1, "0:0:0:0", tape="/dev/nst0", by_id=("/d/scsi-1234567890-nst", "/d/scsi-1-nst", "/d/scsi-1"))
    assert drive.stable == "/d/scsi-1-nst"
