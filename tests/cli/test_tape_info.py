# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-tapeinfo and pytp-loaderinfo: every line that a device can cause, and silence about what it lacks."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pytp_cli import loaderinfo, tapeinfo
from pytp_native.errors import DeviceError
from pytp_native.transport.records import ScsiReply
from tests.cli.scsi_bench import Ended, FakeUnit, check, put_in_place, run
from tests.golden import golden

LINES = """\
Product Type: Tape Drive
Vendor ID: 'IBM     '
Product ID: 'ULT3580-TD6     '
Revision: '2160'
Attached Changer API: No
SerialNumber: 'DRIVE001  '
MinBlock: 1
MaxBlock: 2097152
Ready: yes
BufferedMode: yes
Medium Type: 0x68
Density Code: 0x5a
BlockSize: 0
DataCompEnabled: yes
DataCompCapable: yes
DataDeCompEnabled: yes
CompType: 0xffffffff
DeCompType: 0xffffffff
BOP: yes
Block Position: 0
Partition 0 Remaining Kbytes: 64
Partition 0 Size in Kbytes: 64
ActivePartition: 0
EarlyWarningSize: 0
NumPartitions: 0
MaxPartitions: 1
"""
"""What tapeinfo 1.3.12 printed on mhvtl's drive, without the two lines of the host's numbers."""


class FakeDrive(FakeUnit):
    """mhvtl's ULT3580-TD6; pages by code."""

    def __init__(self) -> None:
        super().__init__()
        self.header = bytes((0x68, 0x10, 8, 0x5A)) + bytes(7)
        self.modes = {
            0x0F: bytes((0x0F, 14, 0xC0, 0x80)) + b"\xff" * 8 + bytes(4),
            0x10: bytes((0x10, 14)) + bytes(14),
            0x11: bytes((0x11, 8, 1, 0)) + bytes(6),
        }
        self.logs = {
            0x31: b"".join(bytes((0, number, 0x40, 4)) + value.to_bytes(4, "big")
                           for number, value in ((1, 64), (2, 0), (3, 64), (4, 0))),
            0x2E: b"",
        }  # fmt: skip
        self.serial = b"DRIVE001  "
        self.position = bytes((0x80,)) + bytes(19)

    def own(self, cdb: bytes) -> ScsiReply:
        opcode, page = cdb[0], cdb[2] & 0x3F
        if opcode == 0x12 and cdb[1]:
            return ScsiReply(0, b"", bytes((1, 0x80, 0, len(self.serial))) + self.serial)
        if opcode == 0x12:
            return ScsiReply(0, b"", golden("mhvtl-inquiry-drive"))
        if opcode == 0x05:
            return ScsiReply(0, b"", golden("mhvtl-block-limits"))
        if opcode == 0x34:
            return ScsiReply(0, b"", self.position)
        if opcode == 0x4D and page in self.logs:
            body = self.logs[page]
            return ScsiReply(0, b"", bytes((page, 0)) + len(body).to_bytes(2, "big") + body)
        if opcode == 0x1A and page in self.modes:
            data = self.header[:3] + bytes((self.header[3],)) + bytes(8) + self.modes[page]
            return ScsiReply(0, b"", self._sensed(page, data))
        return ScsiReply(0, b"", b"") if opcode == 0 else check(5, 0x24, 0)

    def _sensed(self, page: int, _data: bytes) -> bytes:
        medium, buffered, length, density = self.header[:4]
        block = bytes((density,)) + bytes(4) + self.header[8:11]
        return bytes((3 + 8 + len(self.modes[page]), medium, buffered, length)) + block + self.modes[page]


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> FakeDrive:
    unit = FakeDrive()
    put_in_place(monkeypatch, unit)
    return unit


@pytest.fixture
def ask(drive: FakeDrive, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    return lambda *more: run(capfd, tapeinfo.main, "-f", "/dev/sg0", *more)


Ask = Callable[..., Ended]


def without_numbers(out: str) -> str:
    return out.replace("SCSI ID: 0\nSCSI LUN: 0\n", "")


def test_a_loaded_drive(ask: Ask) -> None:
    ended = ask()
    assert (ended.code, without_numbers(ended.out), ended.err) == (0, LINES, "")


def test_an_empty_drive_says_why_it_is_not_ready(drive: FakeDrive, ask: Ask) -> None:
    drive.plan(0x00, check(2, 0x3A, 0))
    ended = ask()
    assert ended.code == 0
    assert ended.out.endswith("Ready: no\n")
    assert ended.lines == [f"tapeinfo: /dev/sg0: TEST UNIT READY: {ended.lines[0].partition('READY: ')[2]}"]
    assert "no cartridge" in ended.lines[0]


def test_a_unit_attention_is_not_unready(drive: FakeDrive, ask: Ask) -> None:
    drive.plan(0x00, check(6, 0x28, 0))
    assert "Ready: yes\n" in ask().out


@pytest.mark.parametrize(
    ("opcode", "first", "gone"),
    [
        (0x05, 0, ["MinBlock", "MaxBlock"]),
        (0x34, 0, ["BOP", "Block Position"]),
        (0x4D, 1, ["Partition 0 Remaining Kbytes", "Partition 0 Size in Kbytes"]),
        (0x1A, 0, ["BufferedMode", "Medium Type", "Density Code", "BlockSize", "DataCompEnabled", "DataCompCapable",
                   "DataDeCompEnabled", "CompType", "DeCompType"]),
        (0x1A, 1, ["ActivePartition", "EarlyWarningSize"]),
        (0x1A, 2, ["NumPartitions", "MaxPartitions"]),
    ],
)  # fmt: skip
def test_what_a_drive_refuses_is_left_out(drive: FakeDrive, ask: Ask, opcode: int, first: int, gone: list[str]) -> None:
    replies = [drive.own(bytes((opcode, 0, page))) for page in ((0x2E, 0x31) if opcode == 0x4D else (0x0F, 0x10, 0x11))]
    drive.plan(opcode, *replies[:first], check(5, 0x20, 0))
    ended = ask()
    left = "".join(line for line in LINES.splitlines(True) if line.partition(":")[0] not in gone)
    assert (ended.code, without_numbers(ended.out), ended.err) == (0, left, "")


def test_without_a_serial_number(drive: FakeDrive, ask: Ask) -> None:
    drive.plan(0x12, drive.own(bytes((0x12, 0, 0))), check(5, 0x24, 0))
    assert "SerialNumber" not in ask().out


def test_a_long_serial_number_is_shown_whole(drive: FakeDrive, ask: Ask) -> None:
    drive.serial = b"X" * 36
    assert f"SerialNumber: '{'X' * 36}'\n" in ask().out


def test_an_inquiry_that_fails_ends_it(drive: FakeDrive, ask: Ask) -> None:
    drive.plan(0x12, check(4, 0x44, 0))
    ended = ask()
    assert (ended.code, ended.out) == (1, "")
    assert ended.lines[0] == "mtx: Request Sense: Long Report=yes"
    assert ended.lines[-2] == "INQUIRY Command Failed"
    assert ended.lines[-1].startswith("tapeinfo: /dev/sg0: INQUIRY: hardware error")


def test_a_lost_device_ends_it_without_zeros(drive: FakeDrive, ask: Ask) -> None:
    drive.plan(0x12, DeviceError("/dev/sg0", "command 12h was not carried: no connection"))
    assert ask().err == "INQUIRY Command Failed\ntapeinfo: /dev/sg0: command 12h was not carried: no connection\n"


def alert(*flags: int) -> bytes:
    return b"".join(flag.to_bytes(2, "big") + bytes((0, 1, 1)) for flag in flags)


def test_alerts_have_their_own_texts(drive: FakeDrive, ask: Ask) -> None:
    drive.logs[0x2E] = alert(3, 20, 41, 60) + bytes((0, 5, 0, 1, 0))
    out = ask().out
    assert [line for line in out.splitlines() if line.startswith("TapeAlert")] == [
        "TapeAlert[3]:    Hard Error: Uncorrectable read/write error.",
        "TapeAlert[20]:     Clean Now: The tape drive neads cleaning NOW.",
        "TapeAlert[41]: Loader Stray Tape: Stray tape left in drive from prior error.",
        "TapeAlert[60]: Undefined.",
    ]


def test_alerts_are_asked_for_as_values_not_as_thresholds(drive: FakeDrive, ask: Ask) -> None:
    ask()
    assert [cdb[2] for cdb in drive.sent(0x4D)] == [0x6E, 0x71]


def test_an_alert_that_cannot_be_ends_it(drive: FakeDrive, ask: Ask) -> None:
    drive.logs[0x2E] = alert(65)
    ended = ask()
    assert (ended.code, ended.lines[0]) == (1, "Invalid tapealert page: 65")


def test_a_protected_cartridge_and_an_unbuffered_drive(drive: FakeDrive, ask: Ask) -> None:
    drive.header = bytes((0, 0x80, 8, 0)) + bytes(4) + bytes((1, 0, 0))
    out = ask().out
    assert "WriteProtect: yes\nMedium Type: Not Loaded\nDensity Code: 0x0\nBlockSize: 65536\n" in out
    assert "BufferedMode" not in out


def test_an_unknown_position_ends_its_line(drive: FakeDrive, ask: Ask) -> None:
    drive.position = bytes((0x04,)) + bytes(19)
    assert "Block Position: -1\nPartition 0" in ask().out


def test_a_position_behind_two_thousand_million(drive: FakeDrive, ask: Ask) -> None:
    drive.position = bytes((0, 0, 0, 0, 0xF0, 0, 0, 1)) + bytes(12)
    assert "Block Position: 4026531841\n" in ask().out


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        (bytes((0x11, 8, 1, 1, 0, 0, 0, 0, 1, 44)), ["NumPartitions: 1", "MaxPartitions: 1", "Partition1: 300"]),
        (bytes((0x11, 12, 2, 1, 0, 0, 0, 0, 1, 44, 0, 7, 255, 255)),
         ["NumPartitions: 1", "MaxPartitions: 2", "Partition0: 300", "Partition1: 7", "Partition2: 65535"]),
    ],
)  # fmt: skip
def test_partitions(drive: FakeDrive, ask: Ask, page: bytes, lines: list[str]) -> None:
    drive.modes[0x11] = page
    drive.logs[0x31] = drive.logs[0x31][:-4] + bytes((0, 0, 0, 9))
    out = ask().out.splitlines()
    assert out[-len(lines) :] == lines
    assert "Partition 1 Size in Kbytes: 9" in out


def test_as_an_object(ask: Ask) -> None:
    ended = ask("--json")
    told = json.loads(ended.out)
    assert (ended.code, told["command"], told["exit"], told["device"]) == (0, "tapeinfo", 0, "/dev/sg0")
    assert (told["serial"], told["ready"], told["density_code"], told["capacity"]) == ("DRIVE001", True, 0x5A, [64, 0])
    assert told["position"] == {"file": None, "block": None, "logical_block": 0, "partition": 0}


@pytest.mark.parametrize("words", [[], ["/dev/sg0"], ["-f"], ["-f", "/dev/sg0", "x"], ["-d", "/dev/sg0"]])
@pytest.mark.parametrize("program", [tapeinfo, loaderinfo])
def test_it_takes_one_device(program, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    name = program.__name__.rpartition(".")[2]
    ended = run(capfd, program.main, *words)
    assert (ended.code, ended.out, ended.lines[0]) == (1, "", f"Usage: {name} -f <generic-device>")


def test_a_device_that_is_not_there(drive: FakeDrive, capfd: pytest.CaptureFixture[str]) -> None:
    ended = run(capfd, loaderinfo.main, "-f", "/dev/sg9", "--json")
    assert ended.code == 1
    assert ended.lines[0] == "cannot open SCSI device '/dev/sg9' - No such file or directory"
    assert json.loads(ended.out)["exit"] == 1


def test_a_changer_without_pages(drive: FakeDrive, capfd: pytest.CaptureFixture[str]) -> None:
    """Only the first that is missing is complained about."""
    ended = run(capfd, loaderinfo.main, "-f", "/dev/sg0")
    assert ended.code == 0
    assert ended.out.endswith(
        "Attached Changer: No\nBar Code Reader: No\nEAAP: No\nTransport Geometry Descriptor Page: No\n"
        "Device Configuration Page: No\n"
    )
    assert ended.err.count("mtx: Request Sense: Long Report=yes\n") == 1
    assert ended.lines[-1].startswith("loaderinfo: /dev/sg0: MODE SENSE (6): illegal request")


def test_a_changer_of_many_talents(drive: FakeDrive, capfd: pytest.CaptureFixture[str]) -> None:
    drive.header = bytes((0, 0, 0, 0))
    drive._sensed = lambda page, _data: bytes((3 + len(drive.modes[page]), 0, 0, 0)) + drive.modes[page]
    drive.modes |= {
        0x1D: bytes.fromhex("1d120001000104000014080000020101000400 00"),
        0x1E: bytes((0x1E, 2, 1, 0)),
        0x1F: bytes((0x1F, 18, 0x0F, 0x07, 0x08, 0x04, 0x02, 0x01)) + bytes(4) + bytes((0, 0x0A, 0, 0x06)) + bytes(4),
    }
    out = run(capfd, loaderinfo.main, "-f", "/dev/sg0").out
    assert out.partition("EAAP: ")[2] == (
        "Yes\nNumber of Medium Transport Elements: 1\nNumber of Storage Elements: 20\n"
        "Number of Import/Export Elements: 2\nNumber of Data Transfer Elements: 4\n"
        "Transport Geometry Descriptor Page: Yes\nInvertable: Yes\nDevice Configuration Page: Yes\n"
        "Storage: Data Transfer, Import/Export, Storage, Medium Transfer\nSCSI Media Changer (rev 2): Yes\n"
        "Volume Tag Reader Present: Yes\nAuto-Clean Enabled: Yes\nTransfer Medium Transport: ->Data Transfer\n"
        "Transfer Storage: ->Import/Export\nTransfer Import/Export: ->Storage\n"
        "Transfer Data Transfer: ->Medium Transfer\nExchange Medium Transport: None\n"
        "Exchange Storage: <>Data Transfer, <>Storage\nExchange Import/Export: None\n"
        "Exchange Data Transfer: <>Import/Export, <>Storage\n"
    )
