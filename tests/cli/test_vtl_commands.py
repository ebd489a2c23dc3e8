# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Pytp


def test_create_makes_a_library_that_can_be_used_at_once(pytp: Pytp, tmp_path: Path) -> None:
    path = str(tmp_path / "new")
    words = ("--drives", "3", "--slots", "5", "--mail-slots", "2", "--generation", "lto6", "--capacity", "64M")
    ended = pytp("vtl", "create", path, *words, "--cartridges", "4", "--json")
    assert ended.code == 0
    assert [len(ended.json[key]) for key in ("drives", "slots", "cartridges")] == [3, 7, 4]
    assert ended.json["cartridges"][0]["capacity_bytes"] == 64 << 20
    assert ended.json["drives"][0]["barcode"] == "PYT001L6"
    assert sum(slot["mail"] for slot in ended.json["slots"]) == 2
    assert pytp("position", "-d", f"vtl:{path}/drive0").out == "0\n"


def test_create_refuses_a_directory_in_use(pytp: Pytp, library: Path) -> None:
    ended = pytp("vtl", "create", str(library))
    assert ended.code != 0
    assert len(ended.err.splitlines()) == 1


def test_show_prints_drives_slots_and_cartridges(pytp: Pytp, library: Path) -> None:
    out = pytp("vtl", "show", str(library)).out
    assert f"vtl:{library}/drive0" in out
    assert "PYT002L9" in out
    assert "mail" in out
    assert "64 MiB" in out


def test_a_directory_that_is_no_library_is_named(pytp: Pytp, tmp_path: Path) -> None:
    ended = pytp("vtl", "show", str(tmp_path))
    assert ended.code in (3, 9)
    assert str(tmp_path) in ended.err


def test_add_and_remove(pytp: Pytp, library: Path) -> None:
    ended = pytp("vtl", "add", str(library), "NEW001L9", "--slot", "3", "--capacity", "32M", "--json")
    added = [item for item in ended.json["cartridges"] if item["barcode"] == "NEW001L9"]
    assert [item["capacity_bytes"] for item in added] == [32 << 20]
    assert ended.json["slots"][2]["barcode"] == "NEW001L9"
    ended = pytp("vtl", "remove", str(library), "NEW001L9", "--erase", "--json")
    assert "NEW001L9" not in [item["barcode"] for item in ended.json["cartridges"]]
    assert pytp("vtl", "remove", str(library), "PYT001L9").code != 0


def test_load_by_slot_and_by_barcode(pytp: Pytp, library: Path) -> None:
    assert pytp("vtl", "unload", str(library), "--drive", "0").code == 0
    assert pytp("vtl", "load", str(library), "2", "--drive", "1").code == 0
    ended = pytp("vtl", "load", str(library), "PYT001L9", "--json")
    assert [drive["barcode"] for drive in ended.json["drives"]] == ["PYT001L9", "PYT002L9"]
    assert pytp("vtl", "load", str(library), "NONE00L9").code == 2


def test_unload_into_another_slot(pytp: Pytp, library: Path) -> None:
    ended = pytp("vtl", "unload", str(library), "4", "--json")
    assert ended.json["slots"][3]["barcode"] == "PYT001L9"


def test_protect_refuses_writing_until_it_is_off(pytp: Pytp, library: Path, drive: str, source: Path) -> None:
    for flag, code in (("--on", 6), ("--off", 0)):
        pytp("vtl", "unload", str(library))
        assert pytp("vtl", "protect", str(library), "PYT001L9", flag).code == 0
        pytp("vtl", "load", str(library), "PYT001L9")
        assert pytp("backup", "-d", drive, str(source)).code == code


def test_faults_are_planned_listed_and_cleared(pytp: Pytp, library: Path) -> None:
    assert pytp("vtl", "fault", str(library)).out == "drive 0: no faults planned\n"
    ended = pytp("vtl", "fault", str(library), "write 120: medium error", "early warning at 50", "--json")
    assert len(ended.json["faults"]) == 2
    assert "120" in pytp("vtl", "fault", str(library)).out
    assert pytp("vtl", "fault", str(library), "--clear", "--json").json["faults"] == []


def test_a_fault_that_cannot_be_meant_says_what_can(pytp: Pytp, library: Path) -> None:
    ended = pytp("vtl", "fault", str(library), "explode at noon")
    assert ended.code in (2, 3)
    assert "medium error" in ended.err


@pytest.mark.parametrize("size", ["64Q", "much", ""])
def test_a_capacity_that_is_no_size_is_refused(pytp: Pytp, tmp_path: Path, size: str) -> None:
    ended = pytp("vtl", "create", str(tmp_path / "x"), "--capacity", size)
    assert ended.code == 2
    assert not (tmp_path / "x").exists()
