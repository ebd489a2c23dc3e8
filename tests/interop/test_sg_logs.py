# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages as sg3_utils reads the same bytes: an independent decoder says the same numbers in the same order."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from pytp_native.scsi.log import parse_log_page
from pytp_native.scsi.log_values import readings
from tests.golden import golden

pytestmark = pytest.mark.skipif(shutil.which("sg_logs") is None, reason="sg3-utils is not installed")


def page(number: int, *widths: tuple[int, int], subpage: int = 0) -> bytes:
    """A page whose parameters are numbers that tell which they are: code + 1, in so many bytes."""
    rows = (code.to_bytes(2, "big") + bytes((3, width)) + (code + 1).to_bytes(width, "big") for code, width in widths)
    body = b"".join(rows)
    return bytes((number | (0x40 if subpage else 0), subpage)) + len(body).to_bytes(2, "big") + body


def sg_logs(data: bytes, tmp_path, device_type: int) -> str:
    file = tmp_path / "page.hex"
    file.write_text(data.hex(" "))
    words = ["sg_logs", f"--inhex={file}", f"--pdt={device_type}"]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False).stdout


def theirs(text: str) -> list[int]:
    """The numbers behind a colon or an equals sign at the end of a line."""
    found = (re.search(r"(?::|=) (0x[0-9a-f]+|\d+)\s*(?:\[MB\])?$", line) for line in text.splitlines())
    return [int(one[1], 0) for one in found if one]


def ours(data: bytes, *, changer: bool = False) -> list[int]:
    return [int(one.value) for one in readings(parse_log_page(data), changer=changer) if isinstance(one.value, int)]


@pytest.mark.parametrize(
    ("data", "changer"),
    [
        pytest.param(page(0x02, *((code, 8) for code in range(7))), False, id="write errors"),
        pytest.param(page(0x03, *((code, 4) for code in range(7))), False, id="read errors"),
        pytest.param(page(0x06, (0, 4)), False, id="non-medium errors"),
        pytest.param(page(0x14, *((code, 4) for code in range(0x16))), False, id="device statistics"),
        pytest.param(page(0x14, *((code, 4) for code in range(10))), True, id="changer statistics"),
        pytest.param(page(0x17, *((code, 4) for code in range(1, 0x18))), False, id="volume statistics"),
        pytest.param(page(0x1B, *((code, 4) for code in range(10))), False, id="compression"),
    ],
)
def test_the_same_numbers_in_the_same_order(data, changer, tmp_path):
    text = sg_logs(data, tmp_path, 8 if changer else 1)
    assert ours(data, changer=changer) == theirs(text), text
    assert len(ours(data, changer=changer)) == len(parse_log_page(data).parameters)


def test_what_kinds_of_record_are_there_is_seen_alike(tmp_path):
    data = golden("mhvtl-log-17")
    text = sg_logs(data, tmp_path, 1)
    found = {one.name: one.value for one in readings(parse_log_page(data))}
    for name, heading in (
        ("native capacity of partitions", "Native capacity partition"),
        ("used native capacity of partitions", "Used native capacity partition"),
        ("remaining capacity to early warning", "Remaining native capacity partition"),
    ):
        after = next(line for line in text.partition(f"  {heading}")[2].splitlines()[1:])
        told = [int(number) for number in re.findall(r"\d+", after)]
        assert [(one.partition, one.value) for one in found[name]] == [tuple(told)]


def test_a_drives_incident_is_read_alike(tmp_path):
    value = bytes.fromhex("0000 5a 68 00000011 00 83 0c 01 0000abcd") + b"G350" + bytes.fromhex("00000005 0a 02 0000")
    value += b"AB123456".ljust(32) + bytes.fromhex("02 00 018bcfe56800")
    data = bytes.fromhex("1600 0048 0000 03 44") + value
    text = sg_logs(data, tmp_path, 1)
    (reading,) = readings(parse_log_page(data))
    incident = reading.value
    for line in (
        f"Density code: {incident.density:#x}", f"Medium type: {incident.medium_type:#x}",
        f"Lifetime media motion hours: {incident.motion_hours}", f"Repeat: {incident.repeated:d}",
        f"Additional sense code: {incident.asc:#x}", f"Additional sense code qualifier: {incident.ascq:#x}",
        f"Vendor specific code qualifier: {incident.vendor_code:#x}", f"Operation code: {incident.opcode:#x}",
        f"Hours since last clean: {incident.hours_since_cleaning}", f"Service action: {incident.service_action:#x}",
        f"Timestamp origin: {incident.time_origin:#x}",
    ):  # fmt: skip
        assert line in text
