# SPDX-License-Identifier: WTFPL OR MIT
"""One archive of several devices: who is in it, how one of them is chosen, and that a scrubbed one names nobody."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from pytp_native.transport import open_tape
from pytp_native.transport.capture import INDEX, read_capture
from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp
from tests.cli.test_diag_capture import captured
from tests.cli.test_diag_commands import DRIVE_COMMANDS

MAKERS = ("ibm", "quantum", "hpe")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytp: Pytp) -> Path:
    """The default library, so that --all finds it: three drives of three makers, two with a cartridge."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = tmp_path / "data" / "pytp" / "vtl"
    Library.create(path, drives=3, slots=4, cartridges=3, capacity_bytes=64 << 20, generation="lto8", makers=MAKERS)
    assert pytp("vtl", "load", str(path), "2", "-d", "1").code == 0
    for number in range(2):
        words = [f"user label=Müller {number}", f"owning host=host{number}.example", "media pool=lab",
                 f"barcode=SECRET{number}L8"]  # fmt: skip
        for word in words:
            assert pytp("diag", "mam", "--set", word, "-d", f"vtl:{path}/drive{number}").code == 0
    return path


@pytest.fixture
def archive(pytp: Pytp, tmp_path: Path, house: Path) -> str:
    return captured(pytp, tmp_path, "--all")


def index_of(archive: str) -> dict[str, Any]:
    told = json.loads(read_capture(archive)[INDEX])
    assert isinstance(told, dict)
    return told


# -- capture ----------------------------------------------------------------------------------------------------------


def test_all_drives_and_the_library_are_in_one_archive(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    told = pytp("diag", "capture", str(tmp_path / "captures"), "--all", "--json").json
    assert [one["address"] for one in told["devices"]] == [
        *(f"vtl:{house}/drive{number}" for number in range(3)), f"vtl:{house}/changer",
    ]  # fmt: skip
    assert [one["changer"] for one in told["devices"]] == [False, False, False, True]
    assert all(one["serial"] for one in told["devices"])
    assert (told["exit"], told["missing"]) == (0, [])
    assert index_of(told["file"])["devices"] == told["devices"]


def test_a_device_that_does_not_answer_keeps_nobody_out(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    gone = two_drives_one_gone(tmp_path, house)
    ended = pytp("diag", "capture", str(tmp_path / "captures"), "--all", "--json", "--config", gone)
    told = ended.json
    assert ended.code == told["exit"] == 1
    assert [one["address"] for one in told["devices"]] == [f"vtl:{house}/drive1"]
    assert [one["address"] for one in told["missing"]] == [f"vtl:{tmp_path}/gone/drive0"]
    assert f"vtl:{tmp_path}/gone/drive0" in ended.err
    assert index_of(told["file"])["missing"] == told["missing"]
    health = pytp("diag", "health", "--all", "--replay", told["file"], "--json")
    assert health.code == 13
    assert "did not answer when it was captured" in health.err
    assert f'pytp_up{{device="vtl:{tmp_path}/gone/drive0"}} 0' in pytp("metrics", "--replay", told["file"]).out
    ended = pytp("diag", "log", "--replay", told["file"], "-d", f"vtl:{tmp_path}/gone/drive0")
    assert ended.code == 3
    assert "did not answer" in ended.err


def two_drives_one_gone(tmp_path: Path, house: Path, *, gone: str = "gone/drive0") -> str:
    path = tmp_path / "config.json"
    drives = [{"name": "gone", "device_path": f"vtl:{tmp_path}/{gone}"},
              {"name": "there", "device_path": f"vtl:{house}/drive1"}]  # fmt: skip
    path.write_text(json.dumps({"tape_drives": drives}))
    return str(path)


def test_where_nobody_answers_there_is_no_archive(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    config = two_drives_one_gone(tmp_path, house)
    shutil.rmtree(house)
    ended = pytp("diag", "capture", str(tmp_path / "captures"), "--all", "--config", config)
    assert ended.code not in (0, 1)
    assert os.listdir(tmp_path / "captures") == []


def test_all_is_all(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    assert pytp("diag", "capture", str(tmp_path), "--all", "-d", f"vtl:{house}/drive0").code == 2


def test_a_drive_in_use_is_captured_as_such(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    tape = open_tape(f"vtl:{house}/drive0")
    try:
        file = captured(pytp, tmp_path, "--all")
    finally:
        tape.close()
    told = pytp("diag", "health", "--all", "--replay", file, "--json").json
    assert [one["device"] for one in told["busy"]] == [f"replay:{file}#0"]
    assert told["busy"][0]["activity"]
    assert pytp("diag", "log", "--replay", file, "-d", "0").code == 4
    assert pytp("diag", "inquiry", "--replay", file, "-d", "0").code == 0


# -- replay -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [*DRIVE_COMMANDS, "encryption"])
def test_each_device_says_what_it_said(pytp: Pytp, house: Path, archive: str, command: str) -> None:
    there = pytp("diag", command, "-d", f"vtl:{house}/drive1")
    here = pytp("diag", command, "-d", f"vtl:{house}/drive1", "--replay", archive)
    assert here.out == there.out.replace(f"vtl:{house}/drive1", f"replay:{archive}#1")
    assert (here.code, here.err.count("\n")) == (there.code, there.err.count("\n"))


def test_a_device_is_named_by_address_serial_number_or_number(pytp: Pytp, house: Path, archive: str) -> None:
    for one in index_of(archive)["devices"]:
        option = "--library" if one["changer"] else "--drive"
        number = one["trace"].removeprefix("devices/").removesuffix(".jsonl")
        for name in (one["address"], one["serial"], number):
            told = pytp("diag", "inquiry", "--replay", archive, option, name, "--json").json
            assert (told["exit"], told["inquiry"]["serial"]) == (0, one["serial"])
        assert pytp("diag", "inquiry", "--replay", f"{archive}#{number}", "--json").json["exit"] == 0
    assert pytp("diag", "inquiry", "--replay", archive, "-d", f"vtl:{house}/changer").code == 0


def test_who_is_in_it_is_told_where_the_choice_is_not_clear(pytp: Pytp, house: Path, archive: str) -> None:
    for words in (("diag", "log"), ("diag", "mam"), ("diag", "health"), ("diag", "wear"), ("diag", "stream")):
        ended = pytp(*words, "--replay", archive)
        assert ended.code == 2, words
        assert ended.err.count("\n") == 1
        assert "#1 drive QUANTUM" in ended.err
    assert pytp("diag", "log", "-d", f"replay:{archive}").code == 3
    for words in (("-d", "7"), ("-d", "vtl:/elsewhere/drive0"), ("-l", "0"), ("-l", "nobody")):
        ended = pytp("diag", "log", "--replay", archive, *words)
        assert ended.code == 3, words
        assert "#3 library" in ended.err
    assert pytp("diag", "log", "--replay", f"{archive}#1", "-d", "1").code == 2
    assert pytp("diag", "log", "--replay", archive, "-d", "1", "-l", "3").code == 2


def test_the_only_drive_beside_a_library_needs_no_name(pytp: Pytp, tmp_path: Path, library: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({
        "tape_drives": [{"name": "one", "device_path": f"vtl:{library}/drive0"}],
        "tape_libraries": [{"name": "all", "device_path": f"vtl:{library}/changer", "drives": ["one"]}],
    }))  # fmt: skip
    file = captured(pytp, tmp_path, "--all", "--config", str(config))
    assert pytp("diag", "mam", "--replay", file).code == 0
    assert pytp("diag", "wear", "--replay", file).code == 0
    assert pytp("diag", "log", "--replay", file).code == 2


def test_health_metrics_and_report_work_on_all_of_it(pytp: Pytp, house: Path, archive: str) -> None:
    live = pytp("diag", "health", "--all", "--json").json
    told = pytp("diag", "health", "--all", "--replay", archive, "--json").json
    assert told["verdicts"] == live["verdicts"]
    assert {one["kind"] for one in told["verdicts"]} == {"drive", "cartridge", "library"}
    metrics = pytp("metrics", "--replay", archive).out
    for number in range(4):
        assert f'pytp_up{{device="replay:{archive}#{number}"}} 1' in metrics
    assert pytp("metrics", "--replay", archive, "-d", "1").out.count("pytp_up{") == 1
    report = pytp("diag", "report", "--replay", archive, "--json").json
    assert report["looks"] == 4
    assert report["verdicts"] == {one["name"]: one["verdict"] for one in live["verdicts"]}


def test_a_report_of_a_capture_has_the_time_of_the_capture(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    pytp("vtl", "fault", str(house), "slot 1: label unreadable")
    file = captured(pytp, tmp_path, "--all")
    old = rewritten(file, tmp_path / "old.tar.gz", taken=86400 * 365)
    report = pytp("diag", "report", "--replay", old).out
    assert "1971-01-01" in report or "1970-12-31" in report
    assert "unreadable barcode labels" in report
    assert "library" in report


def rewritten(file: str, to: Path, **fields: object) -> str:
    from pytp_native.transport.capture import write_capture

    files = read_capture(file)
    files[INDEX] = json.dumps({**json.loads(files[INDEX]), **fields}).encode()
    write_capture(str(to), files)
    return str(to)


def test_nothing_of_a_replay_is_kept(pytp: Pytp, archive: str) -> None:
    for words in (("diag", "health", "--all"), ("metrics",), ("diag", "report"), ("diag", "wear", "-d", "0")):
        pytp(*words, "--replay", archive)
    assert pytp("diag", "trend", "--json").json["looks"] == 4  # those of the capture itself


def test_an_archive_of_before_has_no_serial_numbers_in_its_index(pytp: Pytp, tmp_path: Path, drive: str) -> None:
    file = captured(pytp, tmp_path, "-d", drive)
    device = index_of(file)["devices"][0]
    serial = device.pop("serial")
    old = rewritten(file, tmp_path / "old.tar.gz", devices=[device], missing=[])
    assert pytp("diag", "log", "--replay", old).out == pytp("diag", "log", "-d", drive).out
    assert pytp("diag", "inquiry", "--replay", old, "-d", serial, "--json").json["inquiry"]["serial"] == serial
    assert pytp("diag", "health", "--all", "--replay", old).code == 0


# -- scrub ------------------------------------------------------------------------------------------------------------


def private(pytp: Pytp, house: Path) -> set[str]:
    """All that went in and names somebody or something."""
    found = {"SECRET0L8", "SECRET1L8", "Müller 0", "Müller 1", "host0.example", "host1.example"}
    for number in range(3):
        who = pytp("diag", "inquiry", "-d", f"vtl:{house}/drive{number}", "--json").json["inquiry"]
        found |= {who["serial"], who["manufacturer_serial"], who["library_serial"]}
        for one in pytp("diag", "mam", "-d", f"vtl:{house}/drive{number}", "--json").json.get("attributes", ()):
            if one["id"] in (0x401, 0x806, 0x803):
                found.add(one["value"])
    found.add(pytp("diag", "inquiry", "-l", f"vtl:{house}/changer", "--json").json["inquiry"]["serial"])
    return found - {""}


def every_byte(file: str) -> bytes:
    """All bytes of an archive as they are, uncompressed, and what is in hexadecimal in any text of it."""
    packed = Path(file).read_bytes()
    plain = gzip.decompress(packed)
    runs = re.findall(rb"[0-9A-Fa-f]{2,}", b"\n".join(read_capture(file).values()))
    at_both = [run[first : len(run) - (len(run) - first) % 2] for run in runs for first in (0, 1)]
    return b"\n".join([packed, plain, *(bytes.fromhex(run.decode()) for run in at_both)])


def strings_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for one in value.values() for text in strings_in(one))]
    if isinstance(value, list):
        return [text for one in value for text in strings_in(one)]
    return [str(value)]


def test_no_name_is_in_any_byte_of_a_scrubbed_archive(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    names = private(pytp, house)
    assert len(names) >= 12
    open_file = captured(pytp, tmp_path / "open", "--all")
    for name in names:
        assert name.encode() in every_byte(open_file), name  # the search finds what is there
    file = captured(pytp, tmp_path / "shut", "--all", "--scrub")
    content = every_byte(file)
    texts = "\n".join(
        text for name, told in read_capture(file).items() if name.endswith(".json")
        for text in strings_in(json.loads(told))
    )  # fmt: skip
    for name in names:
        spelled = {name, name.encode().decode("ascii", "backslashreplace")}
        for one in spelled:
            assert one.encode() not in content, one
            assert one not in texts, one
            assert one.encode("utf-16-le") not in content
    told = pytp("diag", "mam", "--replay", file, "-d", "0", "--json").json["attributes"]
    (pool,) = (one["value"] for one in told if one["id"] == 0x808)
    assert (pool != "lab", len(pool)) == (True, 3)  # too short to be searched for: in its field only


def test_a_name_has_one_substitute_in_the_whole_archive(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    for number in (0, 1):  # the same cartridge in one drive after the other: both are in its memory
        pytp("vtl", "unload", str(house), "-d", str(number))
    pytp("vtl", "load", str(house), "2", "-d", "0")
    pytp("diag", "log", "-d", f"vtl:{house}/drive0")
    pytp("vtl", "unload", str(house), "-d", "0")
    pytp("vtl", "load", str(house), "2", "-d", "1")
    plain, file = (captured(pytp, tmp_path / word, "--all", *more) for word, more in (("a", ()), ("b", ("--scrub",))))
    assert relations(pytp, plain) == relations(pytp, file)
    drives = [one["serial"] for one in index_of(file)["devices"]]
    assert len(set(drives)) == 4
    mounts = last_mounts(pytp, file, 1)
    assert mounts[:2] == [drives[1], drives[0]]
    told = pytp("diag", "health", "--all", "--replay", file, "--json").json["verdicts"]
    assert len({one["serial"] for one in told if one["kind"] == "drive"} & set(drives)) == 3


def last_mounts(pytp: Pytp, file: str, number: int) -> list[str]:
    (page,) = pytp("diag", "log", "17", "--replay", file, "-d", str(number), "--json").json["pages"]
    told = next(one["value"] for one in page["parameters"] if one["code"] == 0x300)
    return [one["serial"] for one in told]


def relations(pytp: Pytp, file: str) -> list[list[int]]:
    """Each drive's cartridge by the drives that it knows, by number, and the library of each drive."""
    devices = index_of(file)["devices"]
    serials = [one["serial"] for one in devices]
    found = []
    for number in range(3):
        who = pytp("diag", "inquiry", "--replay", file, "-d", str(number), "--json").json["inquiry"]
        try:
            mounts = last_mounts(pytp, file, number)
        except StopIteration:
            mounts = []
        found.append([serials.index(one) for one in [who["library_serial"], *mounts] if one in serials])
    assert any(len(one) > 1 for one in found)
    return found


def test_a_scrubbed_archive_is_still_of_its_makers(pytp: Pytp, tmp_path: Path, house: Path) -> None:
    file = captured(pytp, tmp_path, "--all", "--scrub")
    for number, maker in enumerate(MAKERS):
        address = f"vtl:{house}/drive{number}"
        there = pytp("diag", "inquiry", "-d", address, "--json").json["inquiry"]
        here = pytp("diag", "inquiry", "--replay", file, "-d", str(number), "--json").json["inquiry"]
        for name in ("vendor", "product", "revision", "pages_of", "generation", "element"):
            assert here[name] == there[name], (maker, name)
        codes = [
            [(page["page"], page["subpage"], len(page["parameters"])) for page in told["pages"]]
            for told in (
                pytp("diag", "log", "-d", address, "--json").json,
                pytp("diag", "log", "--replay", file, "-d", str(number), "--json").json,
            )
        ]
        assert codes[0] == codes[1]
    assert pytp("diag", "health", "--all", "--replay", file).code == 0


def test_the_user_s_directory_is_not_named(pytp: Pytp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home" / "jdoe"
    monkeypatch.setenv("HOME", str(home))
    Library.create(home / "tapes", drives=1, slots=1, cartridges=1, capacity_bytes=64 << 20)
    file = captured(pytp, tmp_path, "-d", f"vtl:{home}/tapes/drive0", "--scrub")
    assert b"jdoe" not in every_byte(file)
    assert index_of(file)["devices"][0]["address"] == "vtl:~/tapes/drive0"


@pytest.mark.parametrize("label", ["trace", "null", "devices", "execute", "QUANTUM", "0000", "result", "address", "X1"])
def test_a_label_that_is_a_word_of_the_archive_breaks_nothing(
    pytp: Pytp, tmp_path: Path, drive: str, label: str
) -> None:
    pytp("diag", "mam", "--set", f"user label={label}", "-d", drive)
    file = captured(pytp, tmp_path, "-d", drive, "--scrub")
    assert pytp("diag", "log", "--replay", file).code == 0
    attributes = pytp("diag", "mam", "--replay", file, "--json").json["attributes"]
    (told,) = (one["value"] for one in attributes if one["id"] == 0x803)
    assert told != label
    assert len(told) == len(label)
