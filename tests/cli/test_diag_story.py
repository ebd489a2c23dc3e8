# SPDX-License-Identifier: WTFPL OR MIT
"""A head that wears, a cartridge that degrades and a slot that the robot misses: each is named, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from html.parser import HTMLParser
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


@pytest.fixture(params=[(), ("ibm", "hpe", "quantum")], ids=["ours", "of three makers"])
def stock(tmp_path: Path, request: pytest.FixtureRequest) -> Library:
    return Library.create(tmp_path / "stock", drives=DRIVES, slots=6, cartridges=TAPES, capacity_bytes=96 << 20,
                          makers=request.param)  # fmt: skip


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
    _read_report(pytp, tmp_path, worn)
    words = pytp("diag", "trend").out
    assert "with 3 cartridges: it is the drive" in words
    assert "cartridge PYT004L9: " in words
    assert "with 2 drives: it is the cartridge" in words


class Page(HTMLParser):
    """Fails for a tag that is not closed, or anything that would be fetched or run."""

    void = frozenset({"meta", "br", "circle", "path", "polyline"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.classes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "link", "img", "iframe"}
        told = dict(attrs)
        assert not {"src", "href"} & set(told)
        self.classes += [told["class"] or ""] if "class" in told else []
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in self.void or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _read_report(pytp: Pytp, tmp_path: Path, worn: str) -> None:
    """The same names and verdicts in both forms."""
    path = tmp_path / "report.html"
    assert pytp("diag", "report", "--html", str(path)).code == 0
    page = Page()
    page.feed(path.read_text())
    assert page.open == []
    shown = " ".join(page.texts)
    text = pytp("diag", "report").out
    for words in (worn, "PYT004L9", "act now", "1028"):
        assert words in shown
        assert words in text
    assert page.classes.count("level act") == 2
    assert page.classes.count("level watch") == 1
    assert path.read_text().count("<svg") == DRIVES
    assert "@media print" in path.read_text()


def library_name(told: dict[str, Any]) -> str:
    return next(one["name"] for one in told["verdicts"] if one["kind"] == "library")


@pytest.mark.parametrize("command", ["trend", "report"])
def test_without_history_they_say_so(pytp: Pytp, command: str) -> None:
    ended = pytp("diag", command)
    assert (ended.code, "there is no history yet; `pytp diag health`" in ended.err) == (11, True), ended.err


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    from pytp_native.devices.look import CartridgeLook, DriveLook
    from pytp_native.diag.report import make_report
    from pytp_native.diag.report_html import html

    evil = "<script>alert(1)</script>"
    with History(str(tmp_path / "history.db")) as history:
        for written in (0.0, 100.0):
            tape = CartridgeLook(
                serial="M", barcode=evil, counters={"data_sets_written": written, "write_retries": 0.0}
            )
            history.store(DriveLook("/dev/nst0", 1000, evil, '"', "1", "D&", cartridge=tape), "test")
        made = html(make_report(history))
    page = Page()
    page.feed(made)
    assert evil in " ".join(page.texts)


def test_a_report_that_cannot_be_written_is_refused(pytp: Pytp, drive: str, tmp_path: Path) -> None:
    pytp("diag", "health", "-d", drive)
    assert pytp("diag", "report", "--html", str(tmp_path / "no" / "file")).code == 7


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


def test_a_bad_cable_is_neither_the_drive_nor_the_tape(
    pytp: Pytp, stock: Library, use: Callable[[int, int], None]
) -> None:
    stock.unload(0)
    use(0, 2)
    assert pytp("diag", "health", "-d", f"vtl:{stock.path}/drive0").code == 0
    stock.add_fault(0, "link errors 40")
    use(0, 3)
    ended = pytp("diag", "health", "--json", "-d", f"vtl:{stock.path}/drive0")
    assert ended.code == 13
    told = [(one["kind"], found["blames"]) for one in ended.json["verdicts"] for found in one["findings"]]
    assert told == [("drive", "host")]
    assert "pytp_drive_link_errors_total" in pytp("metrics", "-d", f"vtl:{stock.path}/drive0").out


def test_a_slot_at_which_moves_fail_is_told_apart_from_the_drives(pytp: Pytp, stock: Library, tmp_path: Path) -> None:
    prepared(stock)
    where = f"vtl:{stock.path}"
    for slot, drive in (("1", "0"), ("2", "1"), ("3", "0"), ("3", "1")):
        if slot == "3":
            stock.add_changer_fault("move 1: gripper error")
        ended = pytp("load", slot, "-d", f"{where}/drive{drive}", "-l", f"{where}/changer")
        assert ended.code == (9 if slot == "3" else 0), ended.err
        stock.clear_changer_faults()
        if slot != "3":
            assert pytp("unload", "-d", f"{where}/drive{drive}", "-l", f"{where}/changer").code == 0
    told = health(pytp, stock, tmp_path)
    (robot,) = (one for one in told["verdicts"] if one["kind"] == "library")
    words = [one["words"] for one in robot["findings"] if not one["words"].startswith("flag ")]
    assert [one.partition(":")[0] for one in words] == ["slot 3, element 1026", "slot 3"]
    assert words[1] == "slot 3: 2 of 2 moves failed in the last month"
    rows = {one["place"]: (one["moves"], one["failures"]) for one in pytp("diag", "trend", "--json").json["elements"]}
    assert rows["slot 3"] == (2, 2)
    assert rows["slot 1"] == (2, 0)
    assert "slot 3" in pytp("diag", "trend").out
    assert "slot 3: 6 (2 of 2 moves failed)" in pytp("diag", "report").out
