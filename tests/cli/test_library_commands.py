# SPDX-License-Identifier: WTFPL OR MIT
"""list, load, unload, move on virtual libraries, by configuration and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytp_native.transport import open_tape
from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp


@pytest.fixture
def changer(library: Path) -> str:
    """Drive 0 holds PYT001L9 of slot 1, slot 2 has PYT002L9; slots 3, 4 and import/export slot 5 are empty."""
    return f"vtl:{library}/changer"


@pytest.fixture
def config(library: Path, tmp_path: Path) -> str:
    """A configuration whose library lists its drives in the order of their numbers."""
    path = tmp_path / "config.json"
    path.write_text(
        json.dumps({
            "tape_drives": [
                {"name": "left", "device_path": f"vtl:{library}/drive0"},
                {"name": "right", "device_path": f"vtl:{library}/drive1"},
                {"name": "alone", "device_path": "/dev/nst9999"},
            ],
            "tape_libraries": [
                {"name": "shelf", "device_path": f"vtl:{library}/changer", "drives": ["left", "right"]},
                {"name": "other", "device_path": "/dev/sg9999", "drives": ["alone"]},
            ],
        })
    )  # fmt: skip
    return str(path)


def rows(text: str) -> dict[str, list[str]]:
    return {line.split("  ")[0]: line.split("  ")[1:] for line in text.splitlines()}


def places(pytp: Pytp, changer: str) -> dict[str, str]:
    """Where each cartridge is: "slot 2"."""
    found = pytp("list", "-l", changer, "--json").json["elements"]
    return {one["barcode"]: f"{one['kind']} {one['number']}" for one in found if one["full"]}


def test_list_shows_drives_slots_and_import_export_slots(pytp: Pytp, library: Path, changer: str) -> None:
    ended = pytp("list", "--library", changer)
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "ELEMENT     STATUS  SLOT LOADED  VOLUME TAG  DRIVE NAME",
        f"Drive 0     Full    1            PYT001L9    vtl:{library}/drive0",
        f"Drive 1     Empty                            vtl:{library}/drive1",
        "Slot 1      Empty",
        "Slot 2      Full                 PYT002L9",
        "Slot 3      Empty",
        "Slot 4      Empty",
        "I/E Slot 5  Empty",
    ]


def test_list_as_json_has_every_element_with_its_number(pytp: Pytp, library: Path, changer: str) -> None:
    found = pytp("list", "-l", changer, "--json").json
    assert found["library"] == found["device"] == changer
    assert [(one["kind"], one["number"]) for one in found["elements"]] == [
        ("drive", 0), ("drive", 1), ("slot", 1), ("slot", 2), ("slot", 3), ("slot", 4), ("mail slot", 5), ("robot", 0),
    ]  # fmt: skip
    first = found["elements"][0]
    assert (first["barcode"], first["source_slot"], first["address"]) == ("PYT001L9", 1, f"vtl:{library}/drive0")
    assert first["serial"].startswith("PYTP")


def test_load_takes_a_slot_or_a_barcode_and_leaves_the_drive_ready(pytp: Pytp, library: Path, changer: str) -> None:
    for what in ("2", "PYT002L9"):
        ended = pytp("load", what, "-d", f"vtl:{library}/drive1")
        assert ended.code == 0
        assert "PYT002L9" in ended.out
        assert places(pytp, changer)["PYT002L9"] == "drive 1"
        assert pytp("position", "-d", f"vtl:{library}/drive1").out == "0\n"
        assert pytp("unload", "-d", f"vtl:{library}/drive1").code == 0


def test_load_into_a_full_drive_puts_away_what_is_in_it_first(pytp: Pytp, drive: str, changer: str) -> None:
    assert pytp("load", "2", "-d", drive).code == 0
    assert places(pytp, changer) == {"PYT001L9": "slot 1", "PYT002L9": "drive 0"}


def test_load_of_what_is_loaded_already_moves_nothing(pytp: Pytp, drive: str, changer: str) -> None:
    ended = pytp("load", "1", "-d", drive, "--json")
    assert (ended.code, ended.json["moved"], ended.json["label"]) == (0, False, "PYT001L9")
    assert places(pytp, changer)["PYT001L9"] == "drive 0"


def test_load_from_an_empty_slot_leaves_the_drive_as_it_was(pytp: Pytp, drive: str, changer: str) -> None:
    ended = pytp("load", "3", "-d", drive)
    assert ended.code == 9
    assert "slot 3 is empty" in ended.err
    assert places(pytp, changer)["PYT001L9"] == "drive 0"


def test_a_slot_that_is_not_there_is_a_mistake_in_the_command(pytp: Pytp, drive: str) -> None:
    ended = pytp("load", "77", "-d", drive)
    assert ended.code == 2
    assert "there are 1 to 5" in ended.err


def test_unload_goes_where_it_came_from_or_where_it_is_told(pytp: Pytp, drive: str, changer: str) -> None:
    told = pytp("unload", "-d", drive, "--json").json
    assert (told["device"], told["changer"], told["drive"], told["slot"]) == (drive, changer, 0, 1)
    pytp("load", "1", "-d", drive)
    assert pytp("unload", "4", "-d", drive).out == f"{drive}: PYT001L9 put into slot 4\n"
    assert places(pytp, changer)["PYT001L9"] == "slot 4"


def test_unload_never_takes_a_slot_that_is_taken(pytp: Pytp, drive: str, changer: str) -> None:
    assert pytp("move", "2", "1", "-l", changer).code == 0
    ended = pytp("unload", "-d", drive)
    assert ended.code == 9
    assert "slot 1, where PYT001L9 came from, holds PYT002L9 now" in ended.err
    assert "empty: 2, 3, 4" in ended.err
    assert places(pytp, changer)["PYT001L9"] == "drive 0"
    assert pytp("unload", "1", "-d", drive).code == 9
    assert pytp("unload", "3", "-d", drive).code == 0


def test_unload_of_an_empty_drive_names_it_and_the_next_step(pytp: Pytp, library: Path) -> None:
    drive = f"vtl:{library}/drive1"
    ended = pytp("unload", "-d", drive)
    assert ended.code == 5
    assert ended.err == f"pytp: {drive}: the drive is empty, there is nothing to unload; see what is where: pytp list\n"


def test_unload_refuses_a_drive_in_use_and_names_the_holder(pytp: Pytp, drive: str, changer: str) -> None:
    tape = open_tape(drive)
    try:
        ended = pytp("unload", "-d", drive)
    finally:
        tape.close()
    assert ended.code == 4
    assert "this process" in ended.err
    assert places(pytp, changer)["PYT001L9"] == "drive 0"


def test_move_works_between_any_two_places(pytp: Pytp, changer: str) -> None:
    steps = (("2", "3"), ("PYT002L9", "5"), ("5", "drive1"), ("drive0", "2"), ("drive1", "drive0"), ("drive 0", "1"))
    ends = ("slot 3", "mail slot 5", "drive 1", "slot 2", "drive 0", "slot 1")
    for (source, target), end in zip(steps, ends, strict=True):
        ended = pytp("move", source, target, "--library", changer, "--json")
        assert ended.code == 0, ended.err
        assert places(pytp, changer)[ended.json["label"]] == end


@pytest.mark.parametrize(
    ("words", "code", "fact"),
    [
        (("3", "4"), 9, "slot 3 is empty"),
        (("2", "drive0"), 9, "drive 0 holds PYT001L9"),
        (("2", "2"), 9, "source and target"),
        (("2", "9"), 2, "there are 1 to 5"),
        (("2", "drive7"), 2, "no such drive"),
        (("NONE00L9", "3"), 2, "no such slot, drive or barcode"),
        (("99999999999", "3"), 2, "99999999999: no such slot"),
    ],
)
def test_a_move_that_cannot_be_moves_nothing(
    pytp: Pytp, changer: str, words: tuple[str, str], code: int, fact: str
) -> None:
    before = places(pytp, changer)
    ended = pytp("move", *words, "-l", changer)
    assert ended.code == code
    assert fact in ended.err
    assert places(pytp, changer) == before


def test_two_cartridges_with_one_barcode_are_named_by_slot_only(pytp: Pytp, library: Path, changer: str) -> None:
    path = library / "library.json"
    raw = json.loads(path.read_text())
    raw["slots"][2] = "PYT002L9"
    path.write_text(json.dumps(raw))
    ended = pytp("move", "PYT002L9", "4", "-l", changer)
    assert ended.code == 9
    assert "slot 2 and slot 3" in ended.err
    assert pytp("move", "3", "4", "-l", changer).code == 0


# -- which library -----------------------------------------------------------------------------------------------------


def test_without_anything_the_default_library_is_used_and_named(pytp: Pytp) -> None:
    ended = pytp("list")
    assert ended.code == 0
    assert "PYT002L9" in ended.out
    assert ended.err.count("no drive configured") == len(ended.err.splitlines()) == 1
    assert pytp("load", "2").code == 0
    assert pytp("move", "1", "9").code == 0
    assert pytp("unload").code == 0


def test_the_first_configured_library_is_used_and_named(pytp: Pytp, config: str) -> None:
    ended = pytp("--config", config, "list")
    assert ended.code == 0
    assert ended.out.splitlines()[1].endswith("  left")
    assert "no library named: using shelf" in ended.err


def test_option_and_environment_name_a_library(pytp: Pytp, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "/dev/sg9999" in pytp("--config", config, "list", "-l", "other").err
    monkeypatch.setenv("PYTP_LIB", "other")
    assert "/dev/sg9999" in pytp("--config", config, "list").err
    assert pytp("--config", config, "list", "-l", "shelf").code == 0


def test_a_library_that_is_not_configured_is_exit_3_with_those_that_are(pytp: Pytp, config: str) -> None:
    ended = pytp("--config", config, "list", "-l", "msl2024")
    assert ended.code == 3
    assert "shelf, other" in ended.err


def test_the_library_of_the_drive_is_found(pytp: Pytp, config: str, changer: str) -> None:
    assert "/dev/sg9999" in pytp("--config", config, "load", "2", "-d", "alone").err
    ended = pytp("--config", config, "load", "2", "-d", "right", "--json")
    assert (ended.code, ended.json["drive"], ended.json["library"]) == (0, 1, "shelf")
    assert places(pytp, changer)["PYT002L9"] == "drive 1"


def test_a_drive_that_does_not_stand_in_the_library_is_refused(pytp: Pytp, config: str) -> None:
    ended = pytp("--config", config, "load", "2", "-d", "alone", "-l", "shelf")
    assert ended.code == 3
    assert "not among the drives of library shelf (configured: left, right)" in ended.err


def test_no_library_at_all_is_said_with_what_to_do(pytp: Pytp, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"tape_drives": [{"name": "one", "device_path": "/dev/nst9999"}]}))
    for words in (("list",), ("load", "1"), ("move", "1", "2")):
        ended = pytp("--config", str(path), *words)
        assert ended.code == 3
        assert "tape_libraries" in ended.err


def test_a_library_without_a_device_says_so(pytp: Pytp, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"tape_libraries": [{"name": "bare"}]}))
    ended = pytp("--config", str(path), "list")
    assert ended.code == 3
    assert "device_path" in ended.err


def test_a_tape_drive_is_no_library(pytp: Pytp, library: Path) -> None:
    Library.open(library)
    ended = pytp("list", "-l", f"trace:{library}.trace:vtl:{library}/drive0")
    assert ended.code == 3
    assert "no medium changer" in ended.err


def test_a_drive_that_is_not_in_the_named_library_is_not_just_ejected(
    pytp: Pytp, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    Library.create(other, drives=1, slots=1, mail_slots=0, cartridges=1, capacity_bytes=64 << 20)
    monkeypatch.setenv("PYTP_LIB", f"vtl:{library}/changer")
    monkeypatch.setenv("PYTP_DEV", f"vtl:{other}/drive0")
    ended = pytp("unload")
    assert ended.code == 3
    assert "not among the drives" in ended.err
    assert pytp("unload", "-d", f"vtl:{library}/drive0").code == 0


def test_a_barcode_cannot_paint_the_terminal(pytp: Pytp, library: Path, changer: str) -> None:
    path = library / "library.json"
    path.write_text(path.read_text().replace("PYT002L9", "\\u001b[2JX"))
    for words in (("list", "-l", changer), ("move", "2", "3", "-l", changer)):
        ended = pytp(*words)
        assert ended.code == 0
        assert "X" in ended.out
        assert "\x1b" not in ended.out + ended.err


def test_an_unknown_drive_takes_consent(pytp: Pytp, tmp_path: Path, changer: str) -> None:
    """Of a changer that is traced nobody knows the drives, as of a library whose drives hang on another host."""
    unknown, again = (f"trace:{tmp_path}/{name}:{changer}" for name in ("one", "two"))
    refused = pytp("move", "drive0", "4", "-l", unknown)
    assert refused.code == 7, refused.err
    assert "drive 0: its device is not known here" in refused.err
    assert "--unseen-drive" in refused.err
    assert places(pytp, changer)["PYT001L9"] == "drive 0"
    assert pytp("move", "drive0", "4", "-l", again, "--unseen-drive").code == 0
    assert places(pytp, changer)["PYT001L9"] == "slot 4"


def test_two_cartridges_change_places(pytp: Pytp, library: Path, changer: str, drive: str) -> None:
    ended = pytp("move", "--exchange", "2", "drive0", "-l", changer)
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "PYT001L9 moved from drive 0 to slot 2", "PYT002L9 moved from slot 2 to drive 0",
    ]  # fmt: skip
    assert places(pytp, changer) == {"PYT001L9": "slot 2", "PYT002L9": "drive 0"}
    assert pytp("position", "-d", drive).out == "0\n"
    told = pytp("move", "--exchange", "PYT001L9", "drive0", "-l", changer, "--json").json
    assert (told["barcode"], told["exchanged"]["barcode"]) == ("PYT001L9", "PYT002L9")
    assert told["exchanged"]["target"] == {"kind": "slot", "number": 2}


def test_an_exchange_with_an_empty_place_is_refused(pytp: Pytp, changer: str) -> None:
    ended = pytp("move", "--exchange", "2", "3", "-l", changer)
    assert ended.code == 9
    assert "slot 3 is empty" in ended.err


def test_an_exchange_with_a_drive_in_use_is_refused(pytp: Pytp, changer: str, drive: str) -> None:
    tape = open_tape(drive)
    try:
        assert pytp("move", "--exchange", "2", "drive0", "-l", changer).code == 4
    finally:
        tape.close()
    assert places(pytp, changer) == {"PYT001L9": "drive 0", "PYT002L9": "slot 2"}


def test_a_drive_that_was_named_is_known_though_nothing_pairs_it_with_its_element(
    pytp: Pytp, library: Path, tmp_path: Path, changer: str
) -> None:
    """Discovery may know nothing, as here of a traced changer; the drive's own serial number tells its element."""
    traced = (f"trace:{tmp_path}/{number}:{changer}" for number in range(9))
    unit = f"vtl:{library}/drive1"
    loaded = pytp("load", "2", "-l", next(traced), "-d", unit)
    assert (loaded.code, "not known" in loaded.err) == (0, False), loaded.err
    assert loaded.out == f"{unit}: PYT002L9 loaded from slot 2\n"
    unloaded = pytp("unload", "-l", next(traced), "-d", unit)
    assert (unloaded.code, f"{unit}: unloading" in unloaded.err) == (0, True)
