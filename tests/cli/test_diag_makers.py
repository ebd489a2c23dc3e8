# SPDX-License-Identifier: WTFPL OR MIT
"""pytp diag on virtual drives that appear as IBM's, HPE's and Quantum's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native.transport import open_tape
from pytp_native.vtl import makers
from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp


def drive_of(path: Path, maker: str, generation: str, *faults: str) -> str:
    library = Library.create(path / "lib", drives=1, slots=1, cartridges=1, generation=generation, makers=(maker,))
    for fault in faults:
        library.add_fault(0, fault)
    return f"vtl:{library.path}/drive0"


def write(address: str, blocks: int) -> None:
    tape = open_tape(address, write=True)
    for _ in range(blocks):
        tape.write_block(bytes(1_000_000))
    tape.close()


def test_a_starved_hp_drive_is_told_apart_from_a_sound_one(pytp: Pytp, tmp_path: Path) -> None:
    address = drive_of(tmp_path, "hpe", "lto6")
    write(address, 20)
    assert pytp("diag", "health", "-d", address).code == 0
    library = Library.open(tmp_path / "lib")
    library.add_fault(0, "starved 2")
    write(address, 1)
    told = pytp("diag", "health", "-d", address, "--json").json
    (drive, tape) = told["verdicts"]
    ((level, words),) = [(one["level"], one["words"]) for one in drive["findings"]]
    assert level == "act now"
    assert words.startswith("repositions for 100 MB")
    assert tape["verdict"] == "good"
    assert "2 repositions for 100 MB" in pytp("diag", "stream", "-d", address).out


def test_log_pages_of_an_hp_drive_are_named_with_their_units(pytp: Pytp, tmp_path: Path) -> None:
    address = drive_of(tmp_path, "hpe", "lto5")
    told = {one["page"]: one for one in pytp("diag", "log", "-d", address, "--json").json["pages"]}
    assert [told[page]["name"] for page in (0x33, 0x34, 0x35, 0x3E)] == [
        "device wellness", "performance data", "drive errors", "device status",
    ]  # fmt: skip
    moved = next(one for one in told[0x0C]["parameters"] if one["code"] == 0x8000)
    assert (moved["name"], moved["unit"], moved["value"]) == ("processed since the last cleaning", "MB", 0)
    text = pytp("diag", "log", "3e", "-d", address).out
    assert "drive good" in text
    assert "medium good" in text


@pytest.mark.parametrize(("maker", "generation"), [("ibm", "lto5"), ("hpe", "lto9"), ("quantum", "lto10")])
def test_the_tables_are_those_of_the_mechanism(pytp: Pytp, tmp_path: Path, maker: str, generation: str) -> None:
    address = drive_of(tmp_path, maker, generation)
    told = pytp("diag", "inquiry", "-d", address, "--json").json
    assert told["inquiry"]["pages_of"] == "IBM"
    assert told["inquiry"]["generation"] == int(generation[3:])
    assert told["bad_firmware"] == []
    assert "capacity lost to rewriting" not in pytp("diag", "wear", "-d", address).out
    write(address, 1)
    assert "capacity lost to rewriting since the load" in pytp("diag", "wear", "-d", address).out


def test_firmware_known_bad_is_in_the_inquiry(pytp: Pytp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face = makers.MAKERS["ibm"]["lto8"]
    monkeypatch.setitem(makers.MAKERS["ibm"], "lto8", face._replace(revision="H7A1"))
    address = drive_of(tmp_path, "ibm", "lto8")
    assert "firmware known bad" in pytp("diag", "inquiry", "-d", address).out
    (found,) = pytp("diag", "inquiry", "-d", address, "--json").json["bad_firmware"]
    assert found["remedy"].startswith("update its firmware to HB81 or later (https://")


def test_a_library_is_made_of_makers_drives(pytp: Pytp, tmp_path: Path) -> None:
    words = ("--personality", "ibm", "--personality", "quantum", "--changer", "msl", "--cartridges", "0")
    told = pytp("vtl", "create", str(tmp_path / "lib"), *words, "--json").json
    assert [drive["maker"] for drive in told["drives"]] == ["ibm", "quantum"]
    assert "MSL G3 Series" in pytp("diag", "inquiry", "-l", f"vtl:{tmp_path / 'lib'}/changer").out
    refused = pytp("vtl", "create", str(tmp_path / "other"), "--personality", "sony")
    assert refused.code == 2
    assert "use one of pytp, ibm, hpe, quantum" in refused.err


@pytest.mark.parametrize("maker", ["ibm", "hpe", "quantum"])
def test_each_metric_is_there_once(pytp: Pytp, tmp_path: Path, maker: str) -> None:
    address = drive_of(tmp_path, maker, "lto6")
    write(address, 1)
    lines = [line for line in pytp("metrics", "-d", address).out.splitlines() if line and line[0] != "#"]
    series = [line.rpartition(" ")[0] for line in lines]
    assert len(series) == len(set(series)) > 20
    own = {"ibm": "pytp_cartridge_mount_capacity_lost_ratio", "hpe": "pytp_drive_moved_since_cleaning_bytes"}
    assert maker not in own or any(line.startswith(own[maker]) for line in lines)
