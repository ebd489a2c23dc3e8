# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytp_native.config import Config, DriveConfig, LibraryConfig
from pytp_native.diag.doctor import Check, Places, examine
from pytp_native.units import GIB, MIB
from pytp_native.vtl.library import Library
from tests.privilege import bound_by_permissions
from tests.unit.devices.sysfs_tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    found = Tree(tmp_path)
    for module in ("st", "sg"):
        (found.sysfs / "module" / module).mkdir(parents=True)
    return found


def checks(tree: Tree, tmp_path: Path, config: Config = Config(), memory: int = GIB) -> list[Check]:  # noqa: B008
    return examine(config, str(tmp_path / "state"), memory, Places(str(tree.sysfs), str(tree.dev)))


def told(found: list[Check], level: str) -> list[str]:
    return [f"{one.subject}: {one.fact}" for one in found if one.level == level]


def test_a_host_without_hardware_is_told_so_and_has_no_failure(tree: Tree, tmp_path: Path) -> None:
    found = checks(tree, tmp_path)
    assert told(found, "failure") == []
    assert "devices: the kernel shows no tape drive and no changer" in told(found, "note")


def test_a_drive_with_nodes_and_a_stable_name_is_fine(tree: Tree, tmp_path: Path) -> None:
    tree.device("0:0:0:0", 1, "nst0", "st0", "sg1")
    tree.by_id("scsi-1-nst", "nst0")
    found = checks(tree, tmp_path)
    assert told(found, "failure") == told(found, "warning") == []


def test_missing_modules_nodes_and_names_have_their_remedies(tree: Tree, tmp_path: Path) -> None:
    tree.device("0:0:0:0", 1, "sg1")
    (tree.sysfs / "module" / "st").rmdir()
    found = checks(tree, tmp_path)
    assert {one.subject: one.remedy.split(";")[0] for one in found if one.level == "failure"} == {
        "module st": "modprobe st", f"ACME TAPE 9 ({tree.path('sg1')})": "modprobe st",
    }  # fmt: skip
    tree.device("0:0:1:0", 1, "nst1", "st1")
    assert any("has no sg node" in one for one in told(checks(tree, tmp_path), "warning"))


def test_a_node_that_may_not_be_opened_names_the_group(tree: Tree, tmp_path: Path) -> None:
    tree.device("0:0:0:0", 1, "nst0", "st0", "sg1")
    os.chmod(tree.path("nst0"), 0o060)
    with bound_by_permissions():
        assert any("may not be opened by you" in one for one in told(checks(tree, tmp_path), "failure"))


def test_configured_devices_that_are_not_there_or_rewind_are_failures(tree: Tree, tmp_path: Path) -> None:
    config = Config("config.json", drives=(DriveConfig("gone", str(tmp_path / "nst7")),),
                    libraries=(LibraryConfig("lib", str(tmp_path / "sch7")),))  # fmt: skip
    failures = told(checks(tree, tmp_path, config), "failure")
    assert [one.split(":")[0] for one in failures] == ["drive gone", "library lib", "drive gone"]


def test_what_is_attached_and_not_configured_is_noted(tree: Tree, tmp_path: Path) -> None:
    tree.device("0:0:0:0", 1, "nst0", "st0", "sg1")
    assert any("this drive is not configured" in one for one in told(checks(tree, tmp_path, Config("c")), "note"))


def test_a_block_size_that_the_drive_does_not_take_is_a_failure(tree: Tree, tmp_path: Path) -> None:
    Library.create(tmp_path / "library", drives=1, slots=1, cartridges=1, capacity_bytes=64 * MIB)
    address = f"vtl:{tmp_path}/library/drive0"
    good = Config("c", drives=(DriveConfig("a", address),))
    bad = Config("c", drives=(DriveConfig("a", address, 9 * MIB),))
    assert told(checks(tree, tmp_path, good), "failure") == []
    assert any("more than the drive takes" in one for one in told(checks(tree, tmp_path, bad), "failure"))


def test_little_memory_is_a_warning(tree: Tree, tmp_path: Path) -> None:
    assert any("memory" in one for one in told(checks(tree, tmp_path, memory=100 * MIB), "warning"))


def test_bad_firmware_is_a_warning_with_its_remedy_and_source(tree: Tree, tmp_path: Path) -> None:
    tree.device("0:0:0:0", 1, "nst0", "st0", "sg1", vendor="IBM", product="ULT3580-TD8", revision="H7A1")
    tree.device("0:0:1:0", 1, "nst1", "st1", "sg2", vendor="IBM", product="ULT3580-TD8", revision="HB81")
    (found,) = [one for one in checks(tree, tmp_path) if one.fact.startswith("firmware ")]
    assert (found.level, found.subject) == ("warning", f"IBM ULT3580-TD8 ({tree.path('nst0')})")
    assert found.fact.startswith("firmware H7A1 formats")
    assert "HB81 or later (https://github.com/" in found.remedy
