# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages of a virtual library that moved, repeated and failed, as sg3_utils reads the same bytes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pytp_native.devices.quiet import opened
from pytp_native.scsi.log import parse_log_page
from pytp_native.scsi.log_values import readings
from pytp_native.vtl.library import Library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport

pytestmark = pytest.mark.skipif(shutil.which("sg_logs") is None, reason="sg3-utils is not installed")


def move(scsi: ScsiTransport, source: int, goal: int) -> int:
    cdb = bytes([0xA5, 0, 0, 0]) + source.to_bytes(2, "big") + goal.to_bytes(2, "big") + bytes(4)
    return scsi.execute(cdb).status


@pytest.fixture
def pages(tmp_path: Path) -> dict[int, bytes]:
    """Pages 14h to 16h after three moves, with retries at one slot, and one that failed."""
    library = Library.create(tmp_path / "lib", drives=1, slots=4, cartridges=2)
    library.add_changer_fault("slot 3: retries 4")
    with opened(f"vtl:{library.path}/changer") as device:
        assert [move(device.scsi, *way) for way in ((1025, 1026), (1026, 1027), (1027, 1026))] == [0, 0, 0]
        library.add_changer_fault("move 1: load error")
        assert move(device.scsi, 1026, 1027) == 2
        room = (0x4000).to_bytes(2, "big")
        return {
            page: bytes(device.scsi.execute(bytes([0x4D, 0, 0x40 | page, 0, 0, 0, 0]) + room + b"\0",
                                            data_in_bytes=0x4000).data)
            for page in (0x14, 0x15, 0x16)
        }  # fmt: skip


def said(data: bytes, tmp_path: Path) -> str:
    file = tmp_path / "page.hex"
    file.write_text(data.hex(" "))
    words = ["sg_logs", f"--inhex={file}", "--pdt=8"]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False).stdout


def test_counts_of_the_robot_and_of_each_element(pages: dict[int, bytes], tmp_path: Path) -> None:
    told = {page: readings(parse_log_page(data), changer=True) for page, data in pages.items()}
    robot = [int(number) for number in re.findall(r"Number of [a-z ]+: (\d+)", said(pages[0x14], tmp_path))]
    assert [one.value for one in told[0x14]][: len(robot)] == robot
    assert robot == [3, 3, 4, 3, 8]
    elements = said(pages[0x15], tmp_path).split("Element address: ")[1:]
    theirs = [[int(number) for number in re.findall(r"\b\d+$", part, re.MULTILINE)] for part in elements]
    assert [[one.code, *one.value] for one in told[0x15]] == theirs
    assert [1026, 2, 8, 1, 4, 0, 0] in theirs


def test_the_move_that_failed(pages: dict[int, bytes], tmp_path: Path) -> None:
    (reading,) = readings(parse_log_page(pages[0x16]), changer=True)
    one, text = reading.value, said(pages[0x16], tmp_path)
    for line in (
        f"Sense key: {one.key:#x}", f"Additional sense code: {one.asc:#x}",
        f"Additional sense code qualifier: {one.ascq:#x}", f"Number of moves: {one.moves}",
        f"Number of pick: {one.picks}", f"Number of pick retries: {one.pick_retries}",
        f"Operation code: {one.opcode:#x}", f"Medium transport address: {one.transport:#x}",
        f"Initial address: {one.initial:#x}", f"Destination address: {one.destination:#x}",
        f"Timestamp origin: {one.time_origin:#x}", "LSAV: 0",
    ):  # fmt: skip
        assert line in text
    assert one.last_good is None
    assert (one.moves, one.picks, one.pick_retries, one.places, one.place_retries) == (3, 3, 4, 3, 8)
