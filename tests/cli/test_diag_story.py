# SPDX-License-Identifier: WTFPL OR MIT
"""A head that wears, a cartridge that degrades and a slot that the robot misses: each is named, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytp_native.devices.quiet import opened
from pytp_native.diag.history import History
from pytp_native.diag.looking import take_look
from pytp_native.errors import EndOfData
from pytp_native.transport import open_tape
from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp

DRIVES, TAPES = 3, 5
_BLOCK = 1 << 20


@pytest.fixture
def stock(tmp_path: Path) -> Library:
    return Library.create(tmp_path / "stock", drives=DRIVES, slots=6, cartridges=TAPES, capacity_bytes=96 << 20)


@pytest.fixture
def barcodes(stock: Library) -> list[str]:
    return [f"PYT00{number}L9" for number in range(1, TAPES + 1)]


def write_some(address: str, mib: int) -> None:
    tape = open_tape(address, write=True)
    block = os.urandom(_BLOCK)
    try:
        for _ in range(mib):
            tape.write_block(block)
    except EndOfData:
        pass
    finally:
        tape.close()


@pytest.fixture
def use(stock: Library, tmp_path: Path) -> Callable[[int, int], None]:
    """Load a cartridge by its slot into a drive, look, write, look again and put it back: a job, as the history sees
    it."""
    path = str(tmp_path / "home" / ".local" / "state" / "pytp" / "history.db")
    where = f"vtl:{stock.path}"

    def run(drive: int, slot: int) -> None:
        stock.load(slot, drive)
        with History(path) as history:
            for occasion in ("before", "after"):
                with opened(f"{where}/drive{drive}") as device:
                    take_look(device, history, occasion)
                if occasion == "before":
                    write_some(f"{where}/drive{drive}", 24)
        stock.unload(drive, slot)

    return run


def prepared(stock: Library) -> None:
    """All cartridges in their slots."""
    for drive in stock.describe().drives:
        if drive.barcode:
            stock.unload(drive.number)


def levels(told: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in told["verdicts"]}


def health(pytp: Pytp, stock: Library, tmp_path: Path) -> dict[str, Any]:
    config = tmp_path / "config.json"
    drives = [{"name": f"d{n}", "device_path": f"vtl:{stock.path}/drive{n}"} for n in range(DRIVES)]
    library = {
        "name": "lib",
        "device_path": f"vtl:{stock.path}/changer",
        "slots": 6,
        "drives": [one["name"] for one in drives],
    }
    config.write_text(json.dumps({"tape_drives": drives, "tape_libraries": [library]}))
    return pytp("diag", "health", "--all", "--config", str(config), "--json").json


def test_a_sound_library_is_good(pytp: Pytp, stock: Library, use: Callable[[int, int], None], tmp_path: Path) -> None:
    prepared(stock)
    for drive in range(DRIVES):
        use(drive, 1 + drive)
    told = health(pytp, stock, tmp_path)
    assert told["exit"] == 0
    assert set(levels(told).values()) == {"good"}
    assert len(told["verdicts"]) == DRIVES + 3 + 1


def test_worn_head_degraded_cartridge_and_missed_slot_are_named_and_nothing_else(
    pytp: Pytp, stock: Library, use: Callable[[int, int], None], tmp_path: Path
) -> None:
    prepared(stock)
    stock.add_fault(1, "worn head 400")
    stock.degrade("PYT004L9", 500)
    for slot in (1, 2, 3):
        for drive in range(DRIVES):
            use(drive, slot)
    for drive in (0, 2):
        use(drive, 4)
    stock.add_changer_fault("slot 5: retries 4")
    for words in (("5", "6"), ("6", "5"), ("1", "6"), ("6", "1")):
        assert pytp("move", *words, "-l", f"vtl:{stock.path}/changer").code == 0
    told = health(pytp, stock, tmp_path)
    bad = {(one["kind"], one["serial"]): one["verdict"] for one in told["verdicts"] if one["verdict"] != "good"}
    worn = next(one["serial"] for one in told["verdicts"] if one["kind"] == "drive" and one["serial"].endswith("1"))
    tape, robot = (
        next(one["serial"] for one in told["verdicts"] if one["name"] == name)
        for name in ("PYT004L9", library_name(told))
    )
    assert bad == {("drive", worn): "act now", ("cartridge", tape): "act now", ("library", robot): "watch"}
    findings = {one["name"]: one["findings"] for one in told["verdicts"]}
    assert any("element 1028" in one["words"] for one in findings[library_name(told)])
    assert not any("element 1024" in one["words"] for one in findings[library_name(told)])
    assert [one["blames"] for one in findings["PYT004L9"]] == ["cartridge"]
    assert told["exit"] == 14
    words = pytp("diag", "trend").out
    assert "with 3 cartridges: it is the drive" in words
    assert "cartridge PYT004L9: " in words
    assert "with 2 drives: it is the cartridge" in words


def library_name(told: dict[str, Any]) -> str:
    return next(one["name"] for one in told["verdicts"] if one["kind"] == "library")


def test_trend_without_history_says_so(pytp: Pytp) -> None:
    assert pytp("diag", "trend").code == 11


def test_wear_tells_life_and_full_volumes(pytp: Pytp, drive: str) -> None:
    told = pytp("diag", "wear", "-d", drive, "--json").json
    assert told["cartridge"]["mounts"] == 1
    assert told["cartridge"]["full_volumes_written"] == 0
    assert told["drive"]["loads"] == 1
    assert "times loaded" in pytp("diag", "wear", "-d", drive).out


def test_a_busy_drive_is_reported_as_busy_and_not_judged(pytp: Pytp, drive: str) -> None:
    tape = open_tape(drive)
    try:
        told = pytp("diag", "health", "-d", drive, "--json").json
    finally:
        tape.close()
    assert told["exit"] == 0
    assert told["verdicts"] == []
    assert told["busy"][0]["device"] == drive
