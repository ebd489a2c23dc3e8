# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native.transport import open_tape
from tests.cli.conftest import Pytp


def rows(text: str) -> dict[str, str]:
    """The first table; behind an empty line there may be the counters."""
    return {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in text.partition("\n\n")[0].splitlines()}


def counters(text: str) -> dict[str, list[str]]:
    """What was counted for writing and for reading."""
    lines = text.partition("\n\n")[2].splitlines()
    assert lines[0].split() == ["WRITTEN", "READ"]
    return {line[:30].strip(): line[30:].split() for line in lines[1:]}


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


def test_the_library_and_the_slot_are_shown(pytp: Pytp, library: Path, drive: str) -> None:
    pytp("load", "2", "-d", drive)
    found = rows(pytp("status", "-d", drive).out)
    assert (found["Cartridge"], found["Library"], found["From slot"]) == ("PYT002L9", f"vtl:{library}/changer", "2")
    told = pytp("status", "-d", drive, "--json").json
    assert (told["label"], told["library"], told["slot"]) == ("PYT002L9", f"vtl:{library}/changer", 2)


def test_a_library_that_fails_spoils_nothing(pytp: Pytp, library: Path, drive: str) -> None:
    pytp("vtl", "fault", str(library), "door open")
    ended = pytp("status", "-d", drive)
    assert ended.code == 0
    assert rows(ended.out)["State"] == "ready"
    assert "From slot" not in rows(ended.out)
    assert "door is open" in rows(pytp("status", "-v", "-d", drive).out)["Library error"]


def test_a_library_that_is_not_configured_is_a_mistake(pytp: Pytp, drive: str) -> None:
    assert pytp("status", "-d", drive, "-l", "msl2024").code == 3


def test_what_was_written_is_counted(pytp: Pytp, drive: str, source: Path) -> None:
    (source / "big").write_bytes(bytes(6_000_000))
    pytp("backup", "-d", drive, str(source))
    ended = pytp("status", "-d", drive)
    found, told = counters(ended.out), pytp("status", "-d", drive, "--json").json
    assert int(found["Last mount, MB"][0]) == told["volume"]["written"]["last_mount_mb"] >= 6
    assert found["Lifetime, MB"] == found["Last mount, MB"]
    assert int(found["Data sets"][0]) > 0
    assert found["Errors not corrected"] == ["0", "0"]
    assert found["Compression ratio"][0] == "1.00"
    assert (rows(ended.out)["Thread count"], told["volume"]["threads"]) == ("1", 1)
    assert told["compression"]["enabled"] is True


def test_an_error_is_counted(pytp: Pytp, library: Path, drive: str, source: Path, tmp_path: Path) -> None:
    pytp("backup", "-d", drive, str(source))
    pytp("vtl", "fault", str(library), "read 0: medium error")
    pytp("rewind", "-d", drive)
    assert pytp("cat", "--file", "0", "--output", str(tmp_path / "bytes"), "-d", drive).code == 6
    found = counters(pytp("status", "-d", drive).out)
    assert found["Errors not corrected"][0] == "0"
    assert int(found["Errors not corrected"][1]) > 0
    assert int(found["Last mount, unrecovered errors"][1]) > 0


def test_nothing_is_asked_of_a_drive_that_somebody_uses(pytp: Pytp, drive: str) -> None:
    """LOG SENSE would take a unit attention that the user's driver has to see."""
    tape = open_tape(drive)
    try:
        ended = pytp("status", "-d", drive, "--json")
    finally:
        tape.close()
    assert "volume" not in ended.json
    assert ended.json["label"] == "PYT001L9"


@pytest.mark.parametrize("number", ["9", "999", "99999999999999999999"])
def test_a_drive_that_the_library_does_not_have_is_no_crash(pytp: Pytp, drive: str, number: str) -> None:
    ended = pytp("status", "-d", drive[:-1] + number)
    assert ended.code == 3
    assert "IndexError" not in ended.err
    assert rows(ended.out)["State"].startswith("error: no ")


def test_names_that_are_no_text_are_shown_as_bytes_everywhere(pytp: Pytp) -> None:
    ended = pytp("status", "-d", "vtl:\udcff/drive0")
    assert rows(ended.out)["Device"] == r"vtl:\xff/drive0"
    assert r"\udc" not in ended.out + ended.err
    named = pytp("list", "-l", "\udcff")
    assert (named.code, named.err.partition(":")[2].split(":")[0]) == (3, r" library '\xff'")


def test_a_drive_that_is_still_loading_is_not_called_empty(pytp: Pytp, drive: str) -> None:
    pytp("vtl", "fault", drive[4:].rpartition("/")[0], "slow load 2")
    first, second = pytp("status", "-d", drive), pytp("status", "-d", drive)
    assert (first.code, rows(first.out)["State"]) == (5, "not ready")
    assert (second.code, rows(second.out)["State"]) == (0, "ready")
