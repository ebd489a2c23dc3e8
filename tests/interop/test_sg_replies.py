# SPDX-License-Identifier: WTFPL OR MIT
"""Every reply of sg_replies.py as sg3_utils reads the same bytes: the same numbers and texts, in the same order."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pytp_native.scsi.log import parse_log_page
from pytp_native.scsi.log_records import DeviceStatus, Environment
from pytp_native.scsi.log_values import Reading, readings
from pytp_native.scsi.mam import parse_attributes
from pytp_native.scsi.page_values import vpd_value
from pytp_native.spec.mam import BINARY
from pytp_native.vtl.personality import GENERATIONS
from tests.interop.sg_replies import LOG, MEMORY, VPD, Reply, of_virtual_drive, recorded

pytestmark = pytest.mark.skipif(shutil.which("sg_logs") is None, reason="sg3-utils is not installed")

_VENDORS = {"IBM": "ibm_lto", "HP": "hp_lto"}
_LEAST = 40


def said(tmp_path: Path, reply: Reply) -> str:
    file = tmp_path / "reply.hex"
    file.write_text(reply.data.hex(" "))
    words = {
        LOG: ["sg_logs", f"--inhex={file}", "--pdt=1", "--vendor=lto5"],
        VPD: ["sg_vpd", f"--inhex={file}", *_vendor(reply)],
        MEMORY: ["sg_read_attr", f"--in={file}"],
    }[reply.kind]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False).stdout


def _vendor(reply: Reply) -> list[str]:
    """Its own word for whose pages C0h on are; on other pages that word makes it silent."""
    return [f"--vendor={_VENDORS[reply.family]}"] if reply.data[1] >= 0xC0 else []


def numbers(text: str) -> list[int]:
    """Those that end a line, perhaps with a unit. Serial numbers, which are text, it takes for numbers."""
    found = (re.search(r"(?::|=) (0x[0-9a-f]+|\d+)\s*(?:\[?(?:MB|GB|C|%|milliseconds)\]?)?(?: \(or less\))?$", line)
             for line in text.splitlines() if "Reserved" not in line and "serial number" not in line)  # fmt: skip
    return [int(one[1], 0) for one in found if one]


def compare_log(reply: Reply, text: str) -> int:
    """Return how many values were compared."""
    told = readings(parse_log_page(reply.data), family=reply.family)
    page = reply.data[0] & 0x3F
    if page == 0x0C:
        return _same_sizes(told, text)
    if page == 0x0D:
        return _same_climate(told, text)
    if page == 0x11:
        return _same_status(told, text)
    if page == 0x2F:
        status = told[0].value
        asc, ascq = re.search(r"IE asc = 0x([0-9a-f]+), ascq = 0x([0-9a-f]+)", text).groups()  # type: ignore[union-attr]
        assert (status.asc, status.ascq, status.celsius) == (int(asc, 16), int(ascq, 16), numbers(text)[-1])
        return 3
    if page == 0x12:
        flags = [int(number, 16) for number in re.findall(r"\b(?:Flag)?([0-9A-F]{2})h: 1", text)]
        assert list(told[0].value) == flags
        return 64
    ours, theirs = [one for one in told if _is_plain(one, page)], numbers(text)
    if page == 0x17:
        text = text.partition("  Page valid: 0\n")[0]  # mhvtl fills the page up with parameters of no length
        records = re.findall(r"partition number: (\d+), partition record data counter: (0x[0-9a-f]+|\d+)", text)
        theirs = [number for number, line in _with_lines(text) if "partition number" not in line]
        mine = [(row.partition, row.value) for one in told if 0x200 <= one.code <= 0x204 for row in one.value]
        assert mine == [(int(number), int(value, 0)) for number, value in records]
        seen = re.findall(r"index: (\d+), vendor: (.{8}), unit serial number: (\S+)", text)
        mounts = next((one.value for one in told if one.code == 0x300), ())
        assert [(str(one.age), one.vendor, one.serial) for one in mounts] == [
            (age, vendor.strip(), serial) for age, vendor, serial in seen
        ]
        for one in told:
            if isinstance(one.value, str) and one.code != 0x46:  # "reserved" there
                assert f": {one.value}" in text
    assert [int(one.value) for one in ours] == theirs, text
    return len(theirs)


def _with_lines(text: str) -> list[tuple[int, str]]:
    return [(numbers(line)[0], line) for line in text.splitlines() if numbers(line)]


def _is_plain(one: Reading, page: int) -> bool:
    if page == 0x17 and one.code in (0x18, 0x19):
        return False  # "reserved" there
    if page == 0x14 and one.code in (0x40, 0x41):
        return False
    return isinstance(one.value, (int, bool))


def _same_sizes(told: tuple[Reading, ...], text: str) -> int:
    """It prints the bytes of 0 to 3 in whole units of 10^9, and what is to be cleaned in words."""
    ours = [int(one.value) // 10**9 if one.code < 4 else int(one.value) for one in told if one.code <= 8]
    assert ours == numbers(text)[: len(ours)], text
    cleaning = next(one.value for one in told if one.code == 0x100)
    assert ("Cleaning action required" in text) == cleaning
    return len(ours) + 1


def _same_climate(told: tuple[Reading, ...], text: str) -> int:
    ours: list[int] = []
    for one in told:
        if isinstance(one.value, Environment):
            ours += [value for value in one.value if value is not None]
        elif one.value is not None:
            ours.append(one.value)
    theirs = [
        number for number, line in _with_lines(text) if "OTV" not in line and "ORHV" not in line and "code" not in line
    ]
    assert ours == theirs, text
    return len(ours)


def _same_status(told: tuple[Reading, ...], text: str) -> int:
    status = told[0].value
    assert isinstance(status, DeviceStatus)
    flags = {name: value == "1" for name, value in re.findall(r"\b([A-Z]+)=([01])", text)}
    ours = {
        "PAMR": status.removal_prevented, "MACC": status.memory_accessible, "CMPR": status.compression,
        "WRTP": status.write_protected, "CRQST": status.cleaning_requested, "CRQRD": status.cleaning_required,
        "DINIT": status.valid, "INXTN": status.in_transition, "RAA": status.robot_may_access,
        "MPRSNT": status.present, "MSTD": status.seated, "MTHRD": status.threaded, "MOUNTED": status.mounted,
        "TDDEC": status.new_incident, "RRQST": status.recovery_requested, "INTFC": status.interface_changed,
        "TAFC": status.alert_changed,
    }  # fmt: skip
    assert ours == {name: flags[name] for name in ours}
    return len(ours)


def compare_vpd(reply: Reply, text: str) -> int:
    value, page = vpd_value(reply.data, family=reply.family), reply.data[1]
    if page == 0xB0:
        assert f"WORM={int(value.worm)}" in text.replace(" ", "")  # type: ignore[attr-defined]
        return 1
    if page == 0xB2:
        assert value == tuple(int(number, 16) for number in re.findall(r"([0-9A-Fa-f]{2})h: 1\b", text))
        return 64
    if page == 0x83:
        (name,) = value  # type: ignore[misc]
        assert re.search(rf"vendor specific: {re.escape(str(name)[8:])}", text), text
        return 1
    texts = [one for one in value if one] if page >= 0xC0 else [str(value)]  # type: ignore[attr-defined]
    found = 0
    for one in texts:
        found = text.index(one, found) + len(one)
    return len(texts)


def compare_memory(reply: Reply, text: str) -> int:
    """What is printed on a line of its own: numbers and texts; the rest it shows in hexadecimal."""
    theirs = [line.rpartition(": ")[2].strip() if ": " in line else "" for line in text.splitlines()[1:]
              if re.match(r"  \S", line)]  # fmt: skip
    ours = [one.number if one.format == BINARY else one.text for one in parse_attributes(reply.data)]
    compared = 0
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        if isinstance(mine, str):
            assert " ".join(mine.split()) == " ".join(other.split())
        elif re.fullmatch(r"0x[0-9a-f]+|\d+", other):
            assert mine == int(other, 0)
        else:
            continue
        compared += 1
    return compared


_COMPARE = {LOG: compare_log, VPD: compare_vpd, MEMORY: compare_memory}


def test_emulated_devices_replies_are_read_alike(tmp_path: Path) -> None:
    for reply in recorded():
        assert _COMPARE[reply.kind](reply, said(tmp_path, reply)), reply.name


@pytest.mark.parametrize("generation", sorted(GENERATIONS))
def test_virtual_drives_replies_are_read_alike(generation: str, tmp_path: Path) -> None:
    replies = list(of_virtual_drive(tmp_path / "lib", generation))
    for reply in replies:
        assert _COMPARE[reply.kind](reply, said(tmp_path, reply)), reply.name
    assert len(replies) >= _LEAST // len(GENERATIONS)
    assert any(int.from_bytes(reply.data[-4:], "big") for reply in replies if reply.name.endswith("log-17-00"))
