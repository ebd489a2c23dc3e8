# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag` on virtual devices: what each command shows, and what it leaves alone."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pytp_cli.cmd_diag_state import decoded
from pytp_native.transport import open_scsi, open_tape
from tests.cli.conftest import Pytp

DRIVE_COMMANDS = ("inquiry", "vpd", "log", "alerts", "modes", "mam", "density", "position", "timeouts", "opcodes")
SAFE_BESIDE_A_USER = {"inquiry", "vpd"}


@pytest.fixture
def changer(library: Path) -> str:
    return f"vtl:{library}/changer"


def raise_alert(library: Path, flag: int) -> None:
    """As the drive itself would, with its state in the file that all processes share."""
    from pytp_native.vtl.inventory import drive_directory
    from pytp_native.vtl.state import DriveState

    open_tape(f"vtl:{library}/drive0", status_only=True).close()  # a load begins without flags
    state = DriveState(drive_directory(str(library), 0))
    state.raw.alerts |= 1 << (flag - 1)
    state.close()


@pytest.mark.parametrize("command", DRIVE_COMMANDS)
def test_every_command_answers_for_a_drive_as_text_and_as_one_object(pytp: Pytp, drive: str, command: str) -> None:
    ended = pytp("diag", command, "-d", drive)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.strip()
    told = pytp("diag", command, "-d", drive, "--json").json
    assert told["command"] == f"diag {command}"
    assert told["device"] == drive


@pytest.mark.parametrize("command", DRIVE_COMMANDS)
def test_nothing_is_asked_beside_somebody_who_has_the_tape_open(pytp: Pytp, drive: str, command: str) -> None:
    tape = open_tape(drive)
    try:
        ended = pytp("diag", command, "-d", drive)
    finally:
        tape.close()
    if command in SAFE_BESIDE_A_USER:
        assert ended.code == 0
    else:
        assert ended.code == 4
        assert f"pid {os.getpid()}" in ended.err


@pytest.mark.parametrize("command", ["inquiry", "vpd", "log", "alerts", "modes"])
def test_a_library_answers_too(pytp: Pytp, changer: str, command: str) -> None:
    assert pytp("diag", command, "-l", changer).out
    assert pytp("diag", command, "-d", changer, "--json").json["exit"] == 0


def test_a_drive_is_released_so_that_a_job_can_follow(pytp: Pytp, drive: str) -> None:
    pytp("diag", "log", "-d", drive)
    open_tape(drive, write=True).close()


def test_log_names_pages_by_number_subpage_and_part_of_the_name(pytp: Pytp, drive: str) -> None:
    by_number = pytp("diag", "log", "17", "-d", drive).out
    assert by_number == pytp("diag", "log", "volume stat", "-d", drive).out
    assert by_number.startswith("17h volume statistics\n")
    assert "0016h  native capacity" in by_number
    ended = pytp("diag", "log", "3f", "-d", drive)
    assert ended.code == 6
    assert "17h" in ended.err


def test_units_and_values_are_in_the_object(pytp: Pytp, drive: str) -> None:
    (page,) = pytp("diag", "log", "17", "-d", drive, "--json").json["pages"]
    told = {one["code"]: one for one in page["parameters"]}
    assert told[0x16] == {"code": 0x16, "name": "native capacity", "unit": "MB", "use": "trend", "value": 67}


def test_flags_are_stored_before_they_are_shown_and_forgotten(pytp: Pytp, library: Path, drive: str) -> None:
    raise_alert(library, 20)
    ended = pytp("diag", "alerts", "--clear", "-d", drive)
    assert ended.code == 14
    assert "20 critical: clean now (drive)" in ended.out
    assert pytp("diag", "alerts", "-d", drive).code == 0  # page 2Eh forgot it
    past = pytp("diag", "alerts", "--past", "--json").json["alerts"]
    assert [one["flag"] for one in past] == [20]


def test_without_clear_a_flag_stays(pytp: Pytp, library: Path, drive: str) -> None:
    raise_alert(library, 21)
    assert [pytp("diag", "alerts", "-d", drive).code for _ in range(2)] == [13, 13]


def test_a_flag_is_not_read_away_when_it_cannot_be_stored(
    pytp: Pytp, library: Path, drive: str, tmp_path: Path
) -> None:
    raise_alert(library, 4)
    config = tmp_path / "config.json"
    (tmp_path / "file").write_text("")
    config.write_text(f'{{"snapshot_dir": "{tmp_path / "file"}"}}')
    for words in (("alerts", "--clear"), ("log", "2e")):
        ended = pytp("diag", *words, "-d", drive, "--config", str(config))
        assert ended.code not in (0, 14)
    assert pytp("diag", "alerts", "-d", drive).code == 14


def test_addresses_of_a_port_are_hexadecimal(pytp: Pytp, drive: str) -> None:
    told = pytp("diag", "log", "18", "-d", drive).out
    assert re.search(r"sas address 3[0-9a-f]{15}; attached address 300000", told), told


def test_the_log_leaves_page_2eh_alone_unless_it_is_named(pytp: Pytp, library: Path, drive: str) -> None:
    raise_alert(library, 4)
    assert "not read, as that clears it" in pytp("diag", "log", "-d", drive).out
    assert "0004h  flag 4  yes" in pytp("diag", "log", "2e", "-d", drive).out
    assert pytp("diag", "alerts", "--past").out.count("media") == 1


def test_memory_is_written_by_name_and_stays_on_the_cartridge(pytp: Pytp, library: Path, drive: str) -> None:
    assert pytp("diag", "mam", "--set", "user label=nightly", "--set", "0805=0x81", "-d", drive).code == 0
    told = {one["name"]: one for one in pytp("diag", "mam", "-d", drive, "--json").json["attributes"]}
    assert told["user label"]["value"] == "nightly"
    assert told["text localisation identifier"]["value"] == 0x81
    pytp("diag", "mam", "--set", "user label=", "-d", drive)
    assert "user label" not in pytp("diag", "mam", "-d", drive).out


def test_what_belongs_to_the_drive_or_to_nobody_cannot_be_set(pytp: Pytp, drive: str) -> None:
    assert pytp("diag", "mam", "--set", "load count=1", "-d", drive).code == 7
    assert pytp("diag", "mam", "--set", "nonsense=1", "-d", drive).code == 2
    assert pytp("diag", "mam", "--set", "barcode", "-d", drive).code == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("70 00 03 00 00 00 00 0a 00 00 00 00 11 00", (3, 0x11, 0)),
        ("f0 00 03 00 00 00 00 0a 00 00 00 00 0c 00 00 00", (3, 0x0C, 0)),
        ("0x72,0x04,0x15,0x01,0x00,0x00,0x00,0x00", (4, 0x15, 1)),
        ("sense 2/04/01", (2, 4, 1)),
        ("[st0] Sense Key : Medium Error [current]\nst 0:0:0:0: [st0] Add. Sense: Write error", (3, 0x0C, 0)),
        ("Sense Key : 0x5 [current]\nASC=0x24 ASCQ=0x0", (5, 0x24, 0)),
        ("Sense Key : Unit Attention [current]\nAdd. Sense: Power on occurred", (6, 0x29, 1)),
    ],
)  # fmt: skip
def test_sense_data_are_found_in_what_people_paste(text: str, code: tuple[int, int, int]) -> None:
    (found,) = decoded(text)
    assert (found.key, found.asc, found.ascq) == code


def test_sense_says_what_to_do_and_refuses_what_is_none(pytp: Pytp) -> None:
    ended = pytp("diag", "sense", "3/11/00")
    assert ended.out.startswith("medium error: unrecovered read error (sense 3/11/00)\n  clean the drive")
    assert pytp("diag", "sense", "hello").code == 2


def test_two_devices_at_once_are_refused(pytp: Pytp, drive: str, changer: str) -> None:
    assert pytp("diag", "inquiry", "-d", drive, "-l", changer).code == 2


def test_an_empty_drive_has_no_memory_and_no_volume_statistics(pytp: Pytp, library: Path, drive: str) -> None:
    pytp("vtl", "unload", str(library))
    assert pytp("diag", "mam", "-d", drive).code == 5
    assert "page valid  no" in pytp("diag", "log", "17", "-d", drive).out


def test_a_unit_attention_of_the_tape_is_left_to_the_tape_s_user(drive: str) -> None:
    """The tape is opened first, as mt status does; what sg is told afterwards is its own."""
    from pytp_native.devices.quiet import opened

    with opened(drive) as device:
        assert device.busy == ""
        scsi = open_scsi(drive)
        scsi.close()
    with opened(drive), opened(drive) as second:
        assert str(os.getpid()) in second.busy
