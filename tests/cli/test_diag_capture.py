# SPDX-License-Identifier: WTFPL OR MIT
"""A capture answers every diag command as the device did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytp_native.transport.capture import read_capture
from tests.cli.conftest import Pytp
from tests.cli.test_diag_commands import DRIVE_COMMANDS, raise_alert


def captured(pytp: Pytp, tmp_path: Path, *words: str) -> str:
    ended = pytp("diag", "capture", str(tmp_path / "captures"), *words, "--json")
    assert ended.code == 0
    return str(ended.json["file"])


@pytest.fixture
def capture(pytp: Pytp, tmp_path: Path, drive: str) -> str:
    pytp("diag", "mam", "--set", "user label=nightly", "-d", drive)
    return captured(pytp, tmp_path, "-d", drive)


@pytest.mark.parametrize("command", DRIVE_COMMANDS)
def test_every_command_says_the_same_of_the_capture(pytp: Pytp, drive: str, capture: str, command: str) -> None:
    there, here = pytp("diag", command, "-d", drive), pytp("diag", command, "--replay", capture)
    assert here.code == 0
    assert here.out == there.out


def test_a_library_is_captured_with_flags_that_reading_clears(pytp: Pytp, tmp_path: Path, library: Path) -> None:
    pytp("vtl", "fault", str(library), "slot 1: label unreadable")
    file = captured(pytp, tmp_path, "-l", f"vtl:{library}/changer")
    pytp("vtl", "fault", str(library), "--clear")
    assert "unreadable barcode labels" in pytp("diag", "alerts", "--past").out
    assert "unreadable barcode labels" in pytp("diag", "alerts", "--replay", file).out


def test_a_clearing_read_of_a_drive_is_in_the_history_first(
    pytp: Pytp, tmp_path: Path, library: Path, drive: str
) -> None:
    raise_alert(library, 4)
    captured(pytp, tmp_path, "-d", drive)
    assert [one["flag"] for one in pytp("diag", "alerts", "--past", "--json").json["alerts"]] == [4]


def test_scrubbing_leaves_no_serial_number_and_no_label(pytp: Pytp, tmp_path: Path, drive: str) -> None:
    pytp("diag", "mam", "--set", "user label=SECRET", "--set", "barcode=PRIVATE1", "-d", drive)
    who = pytp("diag", "inquiry", "-d", drive, "--json").json["inquiry"]
    attributes = pytp("diag", "mam", "-d", drive, "--json").json["attributes"]
    tape = next(one["value"] for one in attributes if one["id"] == 0x401)
    file = captured(pytp, tmp_path, "-d", drive, "--scrub")
    content = b"".join(read_capture(file).values())
    raw = b"".join(
        bytes.fromhex(json.loads(line)["result"]["data"])
        for line in read_capture(file)["devices/0.jsonl"].splitlines()[1:]
    )
    for name in (who["serial"], who["library_serial"], tape, "SECRET", "PRIVATE1"):
        assert name.encode() not in content + raw
    assert pytp("diag", "inquiry", "--replay", file).code == 0


def test_what_was_not_asked_is_said_to_be_missing(pytp: Pytp, capture: str) -> None:
    assert pytp("diag", "log", "3f", "--replay", capture).code == 6
    ended = pytp("diag", "inquiry", "--replay", f"{capture}#1")
    assert ended.code == 3
    assert "has no such device" in ended.err


@pytest.mark.parametrize("content", [b"\x1f\x8bnothing", b"", b"{}"])
def test_a_file_that_is_no_capture_is_refused_in_a_line(pytp: Pytp, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    ended = pytp("diag", "log", "--replay", str(path))
    assert ended.code == 3
    assert ended.err.count("\n") == 1


def test_keys_names_are_never_in_a_capture() -> None:
    from pytp_native.diag.scrub import without_keys

    page = bytes.fromhex("0020001c") + bytes(20) + b"KEYNAME\0"
    cdb = bytes.fromhex("a22000200000000020000000")
    assert without_keys(cdb, page) == bytes.fromhex("00200014") + bytes(20)
    assert without_keys(bytes.fromhex("a22000100000000020000000"), page) == page


@pytest.mark.parametrize("command", ["health", "wear", "alerts"])
def test_what_a_capture_tells_is_not_kept_as_seen_now(pytp: Pytp, drive: str, capture: str, command: str) -> None:
    assert pytp("diag", command, "--replay", capture).code == 0
    assert pytp("diag", command, "-d", f"replay:{capture}").code == 0
    pytp("metrics", "-d", f"replay:{capture}")
    assert pytp("diag", "trend", "--json").json["looks"] == 1  # that of the capture itself
