# SPDX-License-Identifier: WTFPL OR MIT
"""Each fault of the robot, from the command line: exit 9, the reason in words, and where the cartridge is then."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_cli.main import main
from pytp_native.vtl.library import Library

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def library(shelf: Path) -> Path:
    """PYT001L9 of slot 1 is in drive 0, PYT002L9 in slot 2, PYT003L9 in slot 3."""
    Library.create(shelf / "library", drives=2, slots=5, cartridges=3, capacity_bytes=64 << 20)
    return shelf / "library"


@pytest.fixture
def pytp(library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in [name for name in os.environ if name.startswith("PYTP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("pytp_native.config.SYSTEM_FILE", "/no-such-file")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(library))
    monkeypatch.setenv("PYTP_DEV", f"vtl:{library}/drive1")

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(words))
        return code, *capsys.readouterr()

    return run


def where(library: Path, barcode: str) -> str:
    """By the virtual library's own books, not by an answer to a command."""
    from pytp_native.vtl.inventory import Inventory

    now = Inventory(str(library))
    bay = now.drive_of(barcode)
    if bay is not None:
        return f"drive {bay.number}"
    return "gripper" if now.gripped == barcode else f"slot {now.slot_of(barcode)}"


@pytest.mark.parametrize(
    ("fault", "reason", "sentence", "place"),
    [
        ("gripper error", "mechanical positioning error", "PYT002L9 is still in slot 2", "slot 2"),
        ("load error", "loading or ejecting failed", "PYT002L9 is still in slot 2", "slot 2"),
        ("drive silent", "no communication with the drive", "PYT002L9 is still in slot 2", "slot 2"),
        ("full target", "the destination is full", "PYT002L9 is still in slot 2", "slot 2"),
        ("empty source", "the source is empty", "PYT002L9 is still in slot 2", "slot 2"),
        ("stuck in gripper", "mechanical positioning error", "PYT002L9 is now in the robot's gripper", "gripper"),
    ],
)
def test_a_move_that_fails_says_why_and_where_the_cartridge_is(
    pytp: Run, library: Path, fault: str, reason: str, sentence: str, place: str
) -> None:
    assert pytp("vtl", "fault", str(library), f"move 1: {fault}")[:2] == (0, f"move 1: {fault}\n")
    code, out, err = pytp("load", "2")
    assert (code, out) == (9, "")
    told = err.splitlines()[-1]
    assert re.search(reason, told, re.IGNORECASE), told
    assert sentence in told
    assert where(library, "PYT002L9") == place


def test_the_second_move_works_when_only_the_first_was_to_fail(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "move 1: gripper error")
    assert pytp("load", "2")[0] == 9
    assert pytp("load", "2")[0] == 0
    assert where(library, "PYT002L9") == "drive 1"


def test_when_the_old_cartridge_cannot_be_put_away_nothing_is_loaded(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "move 1: gripper error")
    code, _out, err = pytp("load", "2", "--drive", f"vtl:{library}/drive0")
    assert code == 9
    assert "PYT001L9 is still in drive 0" in err
    assert (where(library, "PYT001L9"), where(library, "PYT002L9")) == ("drive 0", "slot 2")


def test_when_the_new_cartridge_cannot_be_loaded_the_old_one_is_where_it_was_said_to_go(
    pytp: Run, library: Path
) -> None:
    pytp("vtl", "fault", str(library), "move 2: load error")
    code, _out, err = pytp("load", "2", "--drive", f"vtl:{library}/drive0")
    assert code == 9
    assert "moving PYT001L9 from drive 0 to slot 1" in err
    assert (where(library, "PYT001L9"), where(library, "PYT002L9")) == ("slot 1", "slot 2")


def test_what_the_gripper_holds_can_be_put_down(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "move 1: stuck in gripper")
    pytp("load", "2")
    code, out, _err = pytp("list")
    assert code == 0
    assert re.search(r"^Robot 0 +Full +2 +PYT002L9$", out, re.MULTILINE)
    assert "taken out" not in pytp("vtl", "show", str(library))[1]
    assert pytp("vtl", "remove", str(library), "PYT002L9")[0] == 7
    assert pytp("move", "robot", "2")[0] == 0
    assert where(library, "PYT002L9") == "slot 2"


def test_a_slow_move_is_waited_for(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "move 1: slow 600")
    assert pytp("load", "2")[0] == 0


def test_a_move_that_takes_too_long_is_no_success_though_it_was_done(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "move 1: slow 9000")
    code, out, err = pytp("load", "2")
    assert (code, out) == (9, "")
    assert "timed out" in err
    assert "PYT002L9 is now in drive 1" in err


@pytest.mark.parametrize(("fault", "reason"), [("door open", "a door is open"), ("offline", "offline")])
@pytest.mark.parametrize("words", [("list",), ("load", "2"), ("move", "2", "4"), ("unload", "-d", "{}/drive0")])
def test_a_library_that_takes_no_orders_is_exit_9(
    pytp: Run, library: Path, fault: str, reason: str, words: tuple[str, ...]
) -> None:
    pytp("vtl", "fault", str(library), fault)
    code, out, err = pytp(*(word.format(f"vtl:{library}") for word in words))
    assert (code, out) == (9, "")
    assert re.search(reason, err, re.IGNORECASE)
    pytp("vtl", "fault", str(library), "--clear")
    assert pytp("list")[0] == 0


def test_a_barcode_that_cannot_be_read_is_seen_and_can_be_moved_by_its_slot(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "slot 2: barcode unreadable")
    _code, out, _err = pytp("list")
    assert re.search(r"^Slot 2 +Full, \S.*[^9]$", out, re.MULTILINE)
    assert pytp("move", "PYT002L9", "4")[0] == 2
    code, out, _err = pytp("move", "2", "4")
    assert (code, out) == (0, "cartridge without a readable barcode moved from slot 2 to slot 4\n")


def test_without_a_barcode_the_cartridge_is_found_by_what_changed(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "slot 2: barcode unreadable", "move 1: stuck in gripper")
    code, _out, err = pytp("move", "2", "4")
    assert code == 9
    assert "without a readable barcode is now in the robot's gripper" in err


def test_without_a_barcode_the_cartridge_is_still_where_it_was(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "slot 2: barcode unreadable", "move 1: gripper error")
    code, _out, err = pytp("move", "2", "4")
    assert code == 9
    assert "without a readable barcode is still in slot 2" in err


@pytest.mark.parametrize(("fault", "alerts"), [("full target", 0), ("empty source", 0), ("load error", 1 << 2)])
def test_only_a_defect_raises_an_alert(pytp: Run, library: Path, fault: str, alerts: int) -> None:
    """A wrong inventory is no hardware failure (TapeAlert 3 of a changer, SMC-3 annex A)."""
    from pytp_native.vtl.changer_state import ChangerState

    pytp("vtl", "fault", str(library), f"move 1: {fault}")
    pytp("load", "2")
    assert ChangerState(str(library)).alerts == alerts


def test_a_fault_during_unload_leaves_the_cartridge_in_its_drive(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "move 1: gripper error")
    code, _out, err = pytp("unload", "--drive", f"vtl:{library}/drive0")
    assert code == 9
    assert "PYT001L9 is still in drive 0" in err
    assert pytp("unload", "--drive", f"vtl:{library}/drive0")[0] == 0
    assert where(library, "PYT001L9") == "slot 1"


def test_faults_of_drive_and_robot_are_listed_and_cleared_together(pytp: Run, library: Path) -> None:
    pytp("vtl", "fault", str(library), "read 3: medium error", "move 2: slow 5")
    assert pytp("vtl", "fault", str(library))[1] == "read 3: medium error\nmove 2: slow 5\n"
    assert pytp("vtl", "fault", str(library), "--clear")[1] == "drive 0: no faults planned\n"


def test_a_cartridge_that_was_taken_out_is_not_shown_as_ok(pytp: Run, library: Path) -> None:
    code, out, err = pytp("vtl", "remove", str(library), "PYT002L9")
    assert code == 0
    assert re.search(r"^PYT002L9 .* taken out of the library; vtl add puts it back$", out, re.MULTILINE)
    assert "its data are kept" in err
    assert "PYT002L9" not in pytp("list")[1]
    _code, out, _err = pytp("vtl", "add", str(library), "PYT002L9", "--slot", "4")
    assert re.search(r"^PYT002L9 .* ok$", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("script", "words"), [("changer/faults", ["list"]), ("drive0/faults", ["rewind", "-d", "{}/drive0"])]
)
def test_a_line_of_a_script_that_is_no_fault_is_told_with_its_file(
    pytp: Run, library: Path, script: str, words: list[str]
) -> None:
    (library / script).parent.mkdir(exist_ok=True)
    (library / script).write_bytes(b"\xff nonsense\n")
    code, out, err = pytp(*(word.format(f"vtl:{library}") for word in words))
    assert (code, out) == (3, "")
    assert f"{library / script}: '\ufffd nonsense' is none" in err
    assert "mend that line" in err
