# SPDX-License-Identifier: WTFPL OR MIT
"""A drive that asks to be cleaned in the middle of a job is cleaned between two tape files; nothing is lost by it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_cli.main import main
from pytp_native.devices.drive import Drive
from pytp_native.errors import DeviceError, UnitAttention
from pytp_native.jobs.cleaning_break import CleaningBreak, LibraryCleaner
from pytp_native.jobs.events import Notice
from pytp_native.units import MIB
from pytp_native.vtl.inventory import drive_directory
from pytp_native.vtl.library import Library
from pytp_native.vtl.state import DriveState
from tests.cartridge import Cartridge
from tests.faults.test_spanning import tree_of
from tests.trees import describe, differences

Run = Callable[..., tuple[int, dict[str, object], str]]


@pytest.fixture
def library(shelf: Path) -> Library:
    made = Library.create(shelf / "library", drives=1, slots=4, cartridges=2, capacity_bytes=64 * MIB)
    made.add("CLN001L9", slot=3)
    made.add_fault(0, "cleaning at 4")
    return made


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    return [tree_of(tmp_path / name, **{f"{name}{number}": 900_000 for number in range(4)}) for name in ("one", "two")]


@pytest.fixture
def backup(
    library: Library, sources: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr("pytp_native.config.SYSTEM_FILE", str(tmp_path / "no-such-file"))

    def run(*words: str, config: dict[str, object] | None = None) -> tuple[int, dict[str, object], str]:
        before: tuple[str, ...] = ()
        if config is not None:
            (tmp_path / "config.json").write_text(json.dumps(config))
            before = ("--config", str(tmp_path / "config.json"))
        drive = f"vtl:{library.path}/drive0"
        code = main([*before, "backup", "-d", drive, "--json", *words, *(str(path) for path in sources)])
        out, err = capsys.readouterr()
        return code, json.loads(out), err

    return run


def statuses(told: dict[str, object]) -> list[str]:
    arguments = told["arguments"]
    assert isinstance(arguments, list)
    return [one["status"] for one in arguments]


def check_restored(library: Library, sources: list[Path], place: Path) -> None:
    for file, source in enumerate(sources, 1):
        with Drive.open(f"vtl:{library.path}/drive0") as drive:
            drive.go_to_file(file)
        assert main(["restore", str(place / str(file)), "-d", f"vtl:{library.path}/drive0"]) == 0
        assert differences(describe(source), describe(place / str(file) / source.name)) == []


def test_it_is_cleaned_between_two_arguments(
    backup: Run, library: Library, sources: list[Path], tmp_path: Path
) -> None:
    code, told, err = backup("--auto-clean")
    assert (code, statuses(told)) == (0, ["saved", "saved"])
    assert err.index("asks to be cleaned; PYT001L9 is put away") < err.index("was cleaned with CLN001L9")
    assert err.index("was cleaned with") < err.index(f"backup {sources[1]}")
    view = library.describe()
    assert (view.drives[0].barcode, view.slots[2].barcode) == ("PYT001L9", "CLN001L9")
    check_restored(library, sources, tmp_path / "back")


@pytest.mark.parametrize(("config", "cleaned"), [({"auto_clean": True}, True), ({"auto_clean": False}, False)])
def test_the_configuration_allows_it(backup: Run, config: dict[str, object], cleaned: bool) -> None:
    code, _told, err = backup(config=config)
    assert code == 0
    assert ("was cleaned with" in err) == cleaned


def test_the_configuration_says_yes_or_no(backup: Run) -> None:
    assert backup(config={"auto_clean": "often"})[0] == 3


def test_without_a_cleaning_cartridge_the_job_goes_on(
    backup: Run, library: Library, sources: list[Path], tmp_path: Path
) -> None:
    library.remove("CLN001L9")
    code, told, err = backup("--auto-clean")
    assert (code, statuses(told)) == (0, ["saved", "saved"])
    assert "was not cleaned" in err
    assert "has no cleaning cartridge" in err
    check_restored(library, sources, tmp_path / "back")


def test_a_cartridge_that_does_not_come_back_ends_the_job(backup: Run, library: Library) -> None:
    library.add_changer_fault("move 4: gripper error")
    code, told, _err = backup("--auto-clean")
    assert code == 9
    assert statuses(told) == ["saved", "not started"]
    assert library.describe().drives[0].barcode is None


# -- what could be different afterwards ------------------------------------------------------------------------------


class Cleaning:
    """A cleaner that does something else."""

    def __init__(self, action: Callable[[], object]) -> None:
        self._action = action

    def asks(self, drive: Drive) -> bool:
        return True

    def clean(self) -> str:
        self._action()
        return "CLN"


@pytest.fixture
def labelled(shelf: Path, tmp_path: Path) -> Cartridge:
    made = Cartridge(shelf / "vtl")
    made.backup(tree_of(tmp_path / "source", file=100_000), bare=False)
    return made


def label_of(drive: Drive) -> object:
    from pytp_native.jobs.cartridge import identify

    label = identify(drive).label
    drive.to_end_of_data()
    return label


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda made: made.backup(os.devnull, bare=False), "do not end where they did"),
        (lambda made: made.write([b"x" * 512] * 3), "another cartridge is in the drive"),
    ],
)
def test_what_is_not_the_same_ends_the_job(
    labelled: Cartridge, action: Callable[[Cartridge], object], words: str
) -> None:
    events: list[object] = []
    with labelled.open(write=True) as drive:
        label = label_of(drive)
        with pytest.raises(DeviceError, match=words):
            CleaningBreak(Cleaning(lambda: action(labelled)), events.append).take(drive, label)  # type: ignore[arg-type]


def test_it_is_done_once_in_a_job(labelled: Cartridge) -> None:
    done: list[int] = []
    events: list[object] = []
    rest = CleaningBreak(Cleaning(lambda: done.append(1)), events.append, compression=False)
    with labelled.open(write=True) as drive:
        label = label_of(drive)
        before = drive.where().logical_block
        for _ in range(3):
            rest.take(drive, label)  # type: ignore[arg-type]
        assert drive.where().logical_block == before
    assert done == [1]
    assert [event.text.split(": ", 1)[1] for event in events if isinstance(event, Notice)][-1] == "was cleaned with CLN"


def test_a_reset_that_the_question_hears_of_ends_the_job(library: Library) -> None:
    address = f"vtl:{library.path}/drive0"
    with Drive.open(address, write=True) as drive:
        drive.rewind()
        cleaner = LibraryCleaner(None, 0, address)  # type: ignore[arg-type]
        assert cleaner.asks(drive) is False
        state = DriveState(drive_directory(library.path, 0))
        state.raw.sg_attention = 0x2902
        state.close()
        with pytest.raises(UnitAttention, match="has not been told"):
            cleaner.asks(drive)
