# SPDX-License-Identifier: WTFPL OR MIT
"""Which node is opened for st's sake before a drive is asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytp_native.devices.quiet import _tape_node, opened
from pytp_native.errors import DeviceBusy, Refused
from pytp_native.transport import open_tape
from pytp_native.transport.address import Address
from pytp_native.vtl.library import Library

NULL = os.stat("/dev/null").st_rdev
SYSFS_NAME = f"dev/char/{os.major(NULL)}:{os.minor(NULL)}/device"


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """/dev/null plays the node: any character device will do."""
    (tmp_path / SYSFS_NAME).mkdir(parents=True)
    return tmp_path


def node(kind: str, *, rewinds: bool = False) -> Address:
    return Address("/dev/null", kind, "/dev/null", rewinds=rewinds, no_rewind_node="/dev/nst0")


def test_a_tape_with_an_sg_node_is_held_by_the_node_that_does_not_rewind(sysfs: Path) -> None:
    (sysfs / SYSFS_NAME / "scsi_generic" / "sg3").mkdir(parents=True)
    assert _tape_node(node("st"), str(sysfs)) == "/dev/null"
    assert _tape_node(node("st", rewinds=True), str(sysfs)) == "/dev/nst0"


def test_without_sg_st_carries_the_commands_and_is_opened_once(sysfs: Path) -> None:
    assert _tape_node(node("st"), str(sysfs)) is None
    with pytest.raises(Refused, match="rewinds"):
        _tape_node(node("st", rewinds=True), str(sysfs))


def test_an_sg_node_leads_to_its_tape_and_other_devices_to_none(sysfs: Path) -> None:
    assert _tape_node(node("sg"), str(sysfs)) is None
    for name in ("st0", "nst0", "nst0a"):
        (sysfs / SYSFS_NAME / "scsi_tape" / name).mkdir(parents=True)
    assert _tape_node(node("sg"), str(sysfs)) == "/dev/nst0"
    assert _tape_node(node("sch"), str(sysfs)) is None


def test_nobody_else_gets_the_tape_while_it_is_asked(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "lib", drives=1, slots=1, cartridges=1, capacity_bytes=1 << 26)
    address = f"vtl:{library.path}/drive0"
    with opened(address) as device:
        assert not device.busy
        with pytest.raises(DeviceBusy):
            open_tape(address)
    open_tape(address).close()
