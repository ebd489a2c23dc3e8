# SPDX-License-Identifier: WTFPL OR MIT
"""What status, tell and densities print, to the byte."""

from __future__ import annotations

import json

import pytest

from pytp_cli import mt_status
from pytp_native.spec import density
from pytp_native.transport.records import MtStatus
from tests.cli.mt_bench import NODE, READY, make_fake, run


def test_status_of_a_tape_at_its_beginning(capfd, monkeypatch) -> None:
    make_fake(monkeypatch)
    expected = """\
SCSI 2 tape drive:
File number=0, block number=0, partition=0.
Tape block size 0 bytes. Density code 0x5a (LTO-6).
Soft error count since last status=0
General status bits on (41010000):
 BOT ONLINE IM_REP_EN
"""
    assert run(capfd, "-f", NODE, "status") == (0, expected, "")


def test_status_of_an_empty_drive_succeeds(capfd, monkeypatch) -> None:
    make_fake(monkeypatch).status = MtStatus(0x72, 0, 0, 0x50000, 0, -1, -1)
    ended = run(capfd, "-f", NODE, "status")
    assert ended.code == 0
    assert ended.out.splitlines()[1:] == [
        "File number=-1, block number=-1, partition=0.",
        "Tape block size 0 bytes. Density code 0x0 (default).",
        "Soft error count since last status=0",
        "General status bits on (50000):",
        " DR_OPEN IM_REP_EN",
    ]


def test_status_shows_block_size_partition_errors_and_every_flag() -> None:
    status = MtStatus(0x72, 0x101, 0xEE << 24 | 524288, 0xFDE58000, 0x10003, 7, 12)
    assert mt_status.text(status).splitlines() == [
        "SCSI 2 tape drive:",
        "File number=7, block number=12, partition=1.",
        "Tape block size 524288 bytes. Density code 0xee (no translation).",
        "Soft error count since last status=3",
        "General status bits on (fde58000):",
        " EOF BOT EOT SM EOD WR_PROT ONLINE D_6250 D_1600 D_800 DR_OPEN IM_REP_EN CLN",
    ]


def test_status_without_flags_ends_with_an_empty_line() -> None:
    assert mt_status.text(READY._replace(mt_gstat=0)).endswith("General status bits on (0):\n\n")


@pytest.mark.parametrize(
    ("kind", "first"), [(0x71, "SCSI 1 tape drive:"), (0x61, "OnStream SC-, DI-, DP-, or USB tape drive:")]
)
def test_older_scsi_drives_have_no_partition(kind: int, first: str) -> None:
    lines = mt_status.text(READY._replace(mt_type=kind)).splitlines()
    assert lines[:2] == [first, "File number=0, block number=0."]


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (0, "IDE-Tape (type code 0) ?"),
        (5, "Unknown tape drive type (type code 5)"),
        (0x800042, "qic-117 drive type = 0x00042"),
    ],
)
def test_other_drives_show_raw_fields(kind: int, first: str) -> None:
    status = MtStatus(kind, 9, 0x1F, 0x41000000, 0x2A, 1, 2)
    assert mt_status.text(status).splitlines() == [
        first,
        "File number=1, block number=2.",
        "mt_resid: 9, mt_erreg: 0x2a",
        "mt_dsreg: 0x1f, mt_gstat: 0x41000000",
        "General status bits on (41000000):",
        " BOT ONLINE",
    ]


def test_tell(capfd, monkeypatch) -> None:
    make_fake(monkeypatch)
    assert run(capfd, "-f", NODE, "tell") == (0, "At block 12345.\n", "")


def test_status_as_json(capfd, monkeypatch) -> None:
    make_fake(monkeypatch)
    for words in (("--json", "-f", NODE, "status"), ("-f", NODE, "status", "--json")):
        ended = run(capfd, *words)
        assert (ended.code, ended.err) == (0, "")
        told = json.loads(ended.out)
        assert told["command"] == "status"
        assert told["position"] == {"file": 0, "block": 0, "logical_block": None, "partition": 0}
        assert (told["state"], told["density_code"], told["density"]) == ("ready", 0x5A, "LTO-6")
        assert told["flags"] == ["BOT", "ONLINE", "IM_REP_EN"]


def test_tell_as_json(capfd, monkeypatch) -> None:
    make_fake(monkeypatch)
    told = json.loads(run(capfd, "-f", NODE, "tell", "--json").out)
    assert told["position"] == {"file": 0, "block": 0, "logical_block": 12345, "partition": 0}
    assert (told["exit"], told["message"], told["device"]) == (0, None, NODE)


def test_a_failure_as_json_says_why(capfd) -> None:
    ended = run(capfd, "-f", "/no/such", "status", "--json")
    told = json.loads(ended.out)
    assert (told["exit"], told["position"]) == (1, None)
    assert told["message"].startswith("/no/such: no such device; ")
    assert ended.lines[0] == "/no/such: No such file or directory"


def test_densities_are_two_columns(capfd) -> None:
    ended = run(capfd, "-f", NODE, "densities")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err, len(lines)) == (0, "", 52)
    assert lines[:3] == [
        "Some SCSI tape density codes:",
        "code   explanation                   code   explanation",
        "0x00   default                       0x44   LTO-3",
    ]
    assert "0x09   3480/3490E, GCR (37871 bpi)   0x4d   T10000D" in lines
    assert lines[-1] == "0x42   LTO-2" + " " * 23


def test_every_lto_generation_has_a_name() -> None:
    names = {code: name for code, name in density.NAMES.items() if name.startswith("LTO-")}
    assert names == {
        0x42: "LTO-2", 0x44: "LTO-3", 0x46: "LTO-4", 0x58: "LTO-5", 0x5A: "LTO-6", 0x5C: "LTO-7", 0x5D: "LTO-7-M8",
        0x5E: "LTO-8", 0x60: "LTO-9", 0x62: "LTO-10", 0x63: "LTO-10 Premium",
    }  # fmt: skip
    assert len(density.NAMES) == 97 + 2
    assert list(density.NAMES) == sorted(density.NAMES)
