# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

from pathlib import Path

from pytp_native.transport import open_tape
from tests.cli.conftest import Pytp


def rows(text: str) -> dict[str, str]:
    return {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in text.splitlines()}


def test_a_blank_cartridge_is_ready_at_the_beginning(pytp: Pytp, drive: str) -> None:
    pytp("init", "-d", drive)
    ended = pytp("status", "-d", drive)
    assert ended.code == 0
    found = rows(ended.out)
    assert found["Device"] == drive
    assert found["State"] == "ready"
    assert found["File"] == found["Block"] == found["Logical block"] == "0"
    assert found["Block size"] == "524288"
    assert found["Density"] == "LTO-9 (0x60)"
    assert "beginning of tape" in found["Flags"]
    assert found["Cartridge"].startswith("PYT001")


def test_variable_mode_reads_as_the_original_prints_it(pytp: Pytp, drive: str) -> None:
    from pytp_native import mtio

    tape = open_tape(drive)
    mtio.set_block_bytes(tape, 0)
    tape.close()
    assert rows(pytp("stat", "-d", drive).out)["Block size"] == "Variable (0)"


def test_verbose_adds_raw_fields_bits_and_inquiry(pytp: Pytp, drive: str) -> None:
    ended = pytp("status", "-v", "-d", drive)
    found = rows(ended.out)
    assert found["mt_type"] == "0x72"
    assert "ONLINE" in found["Status bits"]
    assert found["Inquiry device_type"] == "1"
    assert found["Inquiry vendor"]


def test_json_has_position_label_and_the_raw_fields(pytp: Pytp, drive: str) -> None:
    found = pytp("status", "--verbose", "-d", drive, "--json").json
    assert found["exit"] == 0
    assert found["state"] == "ready"
    assert found["position"] == {"file": 0, "block": 0, "logical_block": 0, "partition": 0}
    assert found["label"].startswith("PYT001")
    assert found["mtioc_get"]["mt_type"] == 0x72
    assert "BOT" in found["flags"]


def test_an_empty_drive_is_exit_5_and_the_rest_is_still_shown(pytp: Pytp, library: Path) -> None:
    ended = pytp("status", "-d", f"vtl:{library}/drive1")
    assert ended.code == 5
    found = rows(ended.out)
    assert found["State"] == "empty"
    assert "Block size" in found
    assert "File" not in found
    assert "no cartridge" in ended.err


def test_a_busy_drive_is_exit_4_with_its_state_and_inquiry(pytp: Pytp, drive: str) -> None:
    tape = open_tape(drive)
    try:
        ended = pytp("status", "-v", "-d", drive, "--json")
    finally:
        tape.close()
    assert ended.code == ended.json["exit"] == 4
    assert ended.json["state"] == "busy"
    assert ended.json["position"] is None
    assert ended.json["inquiry"]["device_type"] == 1


def test_write_protection_is_shown(pytp: Pytp, library: Path, drive: str) -> None:
    pytp("vtl", "unload", str(library))
    pytp("vtl", "protect", str(library), "PYT001L9")
    pytp("vtl", "load", str(library), "PYT001L9")
    assert "write-protected" in rows(pytp("status", "-d", drive).out)["Flags"]


def test_status_does_not_move_the_tape(pytp: Pytp, drive: str, source: Path) -> None:
    pytp("backup", "-d", drive, str(source))
    before = pytp("position", "-d", drive, "--json").json["position"]
    pytp("status", "-v", "-d", drive)
    assert pytp("position", "-d", drive, "--json").json["position"] == before


def test_a_missing_device_is_a_configuration_error(pytp: Pytp) -> None:
    ended = pytp("status", "-d", "/dev/nst9999")
    assert ended.code == 3
    assert rows(ended.out)["State"].startswith("error")
