# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.errors import MediumError
from tests.cli.conftest import Pytp


def place(pytp: Pytp, library: Path, barcode: str) -> str:
    elements = pytp("list", "-l", f"vtl:{library}/changer", "--json").json["elements"]
    return next(f"{one['kind']} {one['number']}" for one in elements if one["barcode"] == barcode)


def test_the_tape_in_the_drive_is_wound_and_stands_at_its_beginning(pytp: Pytp, drive: str, source: Path) -> None:
    pytp("backup", "-d", drive, str(source))
    ended = pytp("retension", "-d", drive, "--json")
    assert ended.code == 0
    assert ended.json["position"]["file"] == 0
    assert ended.json["native"] is False
    assert ended.json["end_of_data"] > 2
    assert [step["step"] for step in ended.json["steps"]][-2:] == [
        "winding to the end of the recorded data",
        "rewinding",
    ]
    assert pytp("ret", "-d", drive).code == 0


def test_verbose_adds_motions_and_evidence(pytp: Pytp, drive: str) -> None:
    plain, verbose = pytp("retension", "-d", drive).out, pytp("retension", "-v", "-d", drive).out
    assert len(plain.splitlines()) == 1
    assert "Raw result: native no, the drive took the retension command and only rewound" in verbose
    assert "rewinding: 0." in verbose


def test_an_empty_drive_is_exit_5(pytp: Pytp, library: Path) -> None:
    assert pytp("retension", "-d", f"vtl:{library}/drive1").code == 5


def test_a_slot_is_loaded_and_put_back(pytp: Pytp, library: Path) -> None:
    ended = pytp("retension", "--slot", "2", "-d", f"vtl:{library}/drive1", "--json")
    assert (ended.code, ended.json["label"], ended.json["slot"]) == (0, "PYT002L9", 2)
    assert place(pytp, library, "PYT002L9") == "slot 2"


def test_a_cartridge_that_is_loaded_already_is_put_back_into_its_slot(pytp: Pytp, library: Path, drive: str) -> None:
    assert pytp("retension", "-s", "1", "-d", drive).code == 0
    assert place(pytp, library, "PYT001L9") == "slot 1"


def test_what_was_in_the_drive_is_put_away_first(pytp: Pytp, library: Path, drive: str) -> None:
    assert pytp("retension", "-s", "2", "-d", drive).code == 0
    assert (place(pytp, library, "PYT001L9"), place(pytp, library, "PYT002L9")) == ("slot 1", "slot 2")


def test_after_an_error_the_cartridge_is_put_back_all_the_same(
    pytp: Pytp, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_tape: object) -> None:
        raise MediumError("tape", "cannot be moved")

    monkeypatch.setattr(mtio, "end_of_data", fail)
    ended = pytp("retension", "-s", "2", "-d", f"vtl:{library}/drive1")
    assert ended.code == 6
    assert "cannot be moved" in ended.err.splitlines()[-1]
    assert place(pytp, library, "PYT002L9") == "slot 2"


def test_when_putting_it_back_fails_that_is_said_and_is_exit_9(pytp: Pytp, library: Path) -> None:
    pytp("vtl", "fault", str(library), "move 2: gripper error")
    ended = pytp("retension", "-s", "2", "-d", f"vtl:{library}/drive1")
    assert ended.code == 9
    assert "PYT002L9 is still in drive 1" in ended.err


def test_when_both_fail_the_first_error_counts_and_both_are_told(
    pytp: Pytp, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_tape: object) -> None:
        raise MediumError("tape", "cannot be moved")

    monkeypatch.setattr(mtio, "retension", fail)
    pytp("vtl", "fault", str(library), "move 2: gripper error")
    ended = pytp("retension", "-s", "2", "-d", f"vtl:{library}/drive1")
    assert ended.code == 6
    assert "putting the cartridge back failed" in ended.err
    assert "cannot be moved" in ended.err.splitlines()[-1]


def test_an_empty_slot_moves_nothing(pytp: Pytp, library: Path, drive: str) -> None:
    ended = pytp("retension", "-s", "3", "-d", drive)
    assert ended.code == 9
    assert "slot 3 is empty" in ended.err
    assert place(pytp, library, "PYT001L9") == "drive 0"


def test_a_load_that_fails_leaves_the_cartridge_in_its_slot(pytp: Pytp, library: Path, drive: str) -> None:
    pytp("vtl", "fault", str(library), "move 2: load error")
    assert pytp("retension", "-s", "2", "-d", drive).code == 9
    assert (place(pytp, library, "PYT001L9"), place(pytp, library, "PYT002L9")) == ("slot 1", "slot 2")
