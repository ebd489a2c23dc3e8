# SPDX-License-Identifier: WTFPL OR MIT
"""backup, restore, ls and cat from the outside: files, exit codes, JSON, logs."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from pytp_cli.compare import compare_trees
from tests.cli.conftest import Pytp
from tests.trees import describe, differences


def same(source: Path, copy: Path) -> bool:
    found = compare_trees(os.fsencode(source), os.fsencode(copy), owners=os.geteuid() == 0)
    return not found.differences and found.members > 1


def test_a_tree_comes_back_identical(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    assert pytp("backup", "-d", drive, str(source)).code == 0
    assert pytp("rewind", "-d", drive).code == 0
    assert pytp("restore", str(tmp_path / "out"), "-d", drive).code == 0
    assert same(source, tmp_path / "out" / "source")


def test_summary_and_log_line_end_a_backup(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    ended = pytp("b", "-d", drive, str(source), "/etc/hostname")
    lines = ended.out.splitlines()
    assert lines[0].startswith("ARGUMENT")
    assert lines[1].split()[1:3] == ["saved", "1"]
    assert lines[2].split()[1:3] == ["saved", "2"]
    assert lines[3].startswith("TOTAL")
    log = Path(lines[4].removeprefix("Log: "))
    assert log.parent == tmp_path / "home/.local/state/pytp"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["path"] for event in events if event["text"].endswith(": starts")] == [str(source), "/etc/hostname"]
    assert events[0]["label"] == "PYT001L9"
    assert events[-1]["exit"] == 0


def test_a_long_backup_tells_what_limited_it(
    pytp: Pytp, drive: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Buffer:" not in pytp("backup", "-d", drive, str(source)).out
    monkeypatch.setattr("pytp_cli.cmd_backup._WORTH_TELLING_S", 0.0)
    assert "\nBuffer: limited by " in pytp("backup", "-d", drive, str(source)).out


def test_json_of_a_backup(pytp: Pytp, drive: str, source: Path) -> None:
    ended = pytp("backup", "-d", drive, "--json", str(source))
    found = ended.json
    assert found["exit"] == 0
    assert found["device"] == drive
    assert found["label"] == "PYT001L9"
    (argument,) = found["arguments"]
    assert argument["path"] == str(source)
    assert argument["status"] == "saved"
    assert (argument["tape_file"], argument["first_block"]) == (1, 2)
    assert argument["blocks"] == 1
    assert argument["bytes"] == 524288
    assert argument["files"] == 8
    assert argument["errors"] == []
    assert (found["label_file"], found["trailer_file"]) == (0, 2)
    assert found["cartridge"]["barcode"] == "PYT001L9"
    assert found["position"] == {"file": 3, "block": 0, "logical_block": 6, "partition": 0}


def test_an_explicit_label_wins(pytp: Pytp, drive: str, source: Path) -> None:
    assert pytp("backup", "-l", "YEAR26", "-d", drive, "--json", str(source)).json["label"] == "YEAR26"


def test_a_missing_argument_is_refused_before_anything_is_written(pytp: Pytp, drive: str, source: Path) -> None:
    ended = pytp("backup", "-d", drive, str(source), "/no/such/place")
    assert ended.code == 2
    assert "/no/such/place" in ended.err
    assert pytp("ls", "-d", drive).code == 11


def test_two_arguments_of_one_name_are_refused_unless_full_paths(pytp: Pytp, drive: str, source: Path) -> None:
    twin = source / "deep" / "source"
    twin.mkdir()
    assert pytp("backup", "-d", drive, str(source), str(twin)).code == 2
    assert pytp("backup", "-d", drive, "--full-paths", str(source), str(twin)).code == 0


def test_options_of_the_original_are_taken(pytp: Pytp, drive: str, source: Path) -> None:
    words = ("-s", "direct", "-j", "nightly", "-m", "4", "--memory_buffer", "64M", "-memp", "40", "-lwm", "5")
    assert pytp("backup", *words, "--no-double-buffer", "-d", drive, str(source)).code == 0


def test_marks_that_cannot_work_are_refused(pytp: Pytp, drive: str, source: Path) -> None:
    assert pytp("backup", "-memp", "10", "-lwm", "30", "-d", drive, str(source)).code == 2
    assert pytp("backup", "-memp", "4", "-d", drive, str(source)).code == 0


def test_more_memory_than_there_is_is_refused(pytp: Pytp, drive: str, source: Path) -> None:
    ended = pytp("backup", "-mem", "900000", "-d", drive, str(source))
    assert ended.code != 0
    assert "GiB" in ended.err or "TiB" in ended.err


def test_exclude_leaves_out(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    pytp("backup", "--exclude", "*.txt", "--exclude", "er", "-d", drive, str(source))
    pytp("rewind", "-d", drive)
    out = pytp("ls", "-d", drive).out
    assert "source/plain.txt" not in out
    assert "source/link -> plain.txt" in out
    assert "/big" not in out
    assert "deep/empty" in out


def test_a_file_shorter_than_it_says_is_exit_1_listed_and_logged(pytp: Pytp, drive: str) -> None:
    """Files of sysfs say that they have 4096 bytes and give a few: they shrink while they are read."""
    path = Path("/sys/kernel/fscaps")
    if not path.exists() or path.stat().st_size == len(path.read_bytes()):
        pytest.skip("no sysfs here")
    ended = pytp("backup", "-d", drive, "--json", str(path), "/etc/hostname")
    assert ended.code == ended.json["exit"] == 1
    bad, good = ended.json["arguments"]
    assert (bad["status"], good["status"]) == ("partial", "saved")
    assert {error["path"] for error in bad["errors"]} == {str(path)}
    assert bad["errors"][0]["reason"]
    assert str(path) in ended.err
    assert f"[SOURCE] {path}" in Path(ended.json["log"]).read_text()


def test_names_that_are_not_utf8_survive_json(pytp: Pytp, drive: str, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(name)
    ended = pytp("backup", "-d", drive, "--json", os.fsdecode(name))
    assert ended.code == 0
    assert os.fsencode(ended.json["arguments"][0]["path"]) == name


def test_backups_append_and_repeated_ls_walks_the_tape(pytp: Pytp, drive: str, source: Path) -> None:
    pytp("backup", "-d", drive, str(source))
    pytp("rewind", "-d", drive)
    assert pytp("backup", "-d", drive, "--json", "/etc/hostname").json["arguments"][0]["tape_file"] == 3
    pytp("rewind", "-d", drive)
    first = pytp("ls", "-d", drive).out
    assert first.startswith("[label of cartridge PYT001L9, written ")
    assert "source/plain.txt" in first
    second = pytp("ls", "-d", drive).out
    assert second.startswith("[trailer of the session of ")
    assert second.rstrip().endswith(" hostname")
    assert pytp("ls", "-d", drive).code == 11


def test_ls_all_and_sample(pytp: Pytp, drive: str, source: Path) -> None:
    pytp("backup", "-d", drive, str(source), "/etc/hostname")
    out = pytp("ls", "--all", "-d", drive).out
    assert "source/deep/empty" in out
    assert " hostname" in out
    pytp("rewind", "-d", drive)
    pytp("ff", "-d", drive)
    for _ in range(2):
        assert len(pytp("ls", "--sample", "3", "-d", drive).out.splitlines()) == 3


def test_ls_prints_what_tar_prints(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    pytp("backup", "-d", drive, str(source))
    pytp("rewind", "-d", drive)
    ours = pytp("ls", "-d", drive).out.split("\n", 1)[1]  # without the line of the label
    assert pytp("cat", "--file", "1", "-o", str(tmp_path / "t"), "-d", drive).code == 0
    theirs = subprocess.run(["tar", "-tvf", str(tmp_path / "t")], capture_output=True, text=True, check=True).stdout
    assert ours == theirs


def test_json_of_ls_has_the_members(pytp: Pytp, drive: str, source: Path) -> None:
    pytp("backup", "-d", drive, str(source))
    pytp("rewind", "-d", drive)
    found = pytp("ls", "-d", drive, "--json").json
    assert len(found["members"]) == 8
    assert found["members"][0]["line"].endswith(" source/")


def test_cat_gives_an_archive_that_python_reads(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    pytp("backup", "-d", drive, "/etc/hostname", str(source))
    ended = pytp("cat", "-f", "2", "--output", str(tmp_path / "x.tar"), "-d", drive, "--json")
    assert ended.code == 0
    with tarfile.open(tmp_path / "x.tar") as archive:
        assert len(archive.getnames()) == 8
    assert pytp("cat", "-f", "2", "-o", str(tmp_path / "x.tar"), "-d", drive).code == 2


def test_cat_of_a_file_that_is_not_there_leaves_no_output(pytp: Pytp, drive: str, tmp_path: Path) -> None:
    pytp("backup", "-d", drive, "/etc/hostname")
    assert pytp("cat", "--file", "7", "-o", str(tmp_path / "x.tar"), "-d", drive).code == 11
    assert not (tmp_path / "x.tar").exists()


def test_cat_with_json_needs_an_output_file(pytp: Pytp, drive: str) -> None:
    ended = pytp("cat", "--json", "-d", drive)
    assert ended.code == ended.json["exit"] == 2


def test_restore_by_pattern_keeps_existing_files(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pytp("backup", "-d", drive, str(source))
    pytp("rewind", "-d", drive)
    assert pytp("r", str(out), "source/deep", "-d", drive).code == 0
    assert not (out / "source/plain.txt").is_file() or (out / "source/deep/hard").exists()
    (out / "source/deep/er/big").write_bytes(b"mine")
    pytp("rewind", "-d", drive)
    ended = pytp("restore", str(out), "source/deep/er/big", "-d", drive, "--json")
    assert ended.code == 1
    assert ended.json["arguments"][0]["errors"][0]["path"] == "source/deep/er/big"
    assert (out / "source/deep/er/big").read_bytes() == b"mine"
    pytp("rewind", "-d", drive)
    assert pytp("restore", str(out), "source/deep/er/big", "--overwrite", "-d", drive).code == 0
    assert (out / "source/deep/er/big").read_bytes() == (source / "deep/er/big").read_bytes()


def test_restore_on_a_blank_tape_is_exit_11(pytp: Pytp, drive: str, tmp_path: Path) -> None:
    ended = pytp("restore", str(tmp_path / "out"), "-d", drive)
    assert ended.code == 11
    assert len(ended.err.splitlines()) == 1


def test_without_the_catalog_the_right_cartridge_has_to_be_confirmed_too(
    pytp: Pytp, drive: str, source: Path, tmp_path: Path
) -> None:
    pytp("backup", "-d", drive, str(source))
    words = ("backup", "--overwrite", "--no-catalog", "-d", drive, "/etc/hostname", "--confirm")
    pytp("rewind", "-d", drive)
    assert pytp(*words, "PYT002L9").code == 7
    assert pytp("find", "plain.txt").code == 0
    pytp("rewind", "-d", drive)
    assert pytp(*words, "PYT001L9").code == 0
    assert pytp("find", "plain.txt").code == 11
    pytp("rewind", "-d", drive)
    (tmp_path / "home" / ".local" / "state" / "pytp" / "catalog.db").write_bytes(b"no database" * 1000)
    broken = pytp(*words, "PYT001L9")
    assert broken.code == 0, broken.err
    assert "nobody knows what is lost" in broken.err


def test_overwrite_needs_the_start_of_a_file_and_says_what_is_lost(pytp: Pytp, drive: str, source: Path) -> None:
    pytp("backup", "-d", drive, str(source), "/etc/hostname")
    pytp("rewind", "-d", drive)
    refused = pytp("backup", "--overwrite", "-d", drive, "/etc/hostname")
    assert refused.code == 7
    assert f"would be lost: tape file 1: {source} of " in refused.err
    assert "add --confirm PYT001L9" in refused.err
    assert pytp("backup", "--overwrite", "--confirm", "PYT002L9", "-d", drive, "/etc/hostname").code == 7
    assert pytp("backup", "--overwrite", "--no-catalog", "-d", drive, "/etc/hostname").code == 7
    pytp("rewind", "-d", drive)
    ended = pytp("backup", "--overwrite", "--confirm", "PYT001L9", "-d", drive, "/etc/hostname")
    assert ended.code == 0
    assert "lost" in ended.err
    pytp("rewind", "-d", drive)
    assert pytp("ls", "-d", drive).out.rstrip().endswith(" hostname")
    assert pytp("ls", "-d", drive).code == 11
    pytp("goto", "1", "-d", drive)
    assert pytp("backup", "--overwrite", "-d", drive, "/etc/hostname").code == 7


def test_members_file_has_a_line_per_member(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    path = tmp_path / "members"
    assert pytp("backup", "--members", str(path), "-d", drive, str(source)).code == 0
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 8


def test_a_full_cartridge_is_exit_10(pytp: Pytp, tmp_path: Path) -> None:
    library = tmp_path / "small"
    pytp("vtl", "create", str(library), "--capacity", "8M", "--cartridges", "1")
    (tmp_path / "large").write_bytes(os.urandom(12 << 20))
    ended = pytp("backup", "-d", f"vtl:{library}/drive0", str(tmp_path / "large"), "--json")
    assert ended.code == ended.json["exit"] == 10
    assert [argument["status"] for argument in ended.json["arguments"]] == ["failed"]


def test_label_and_duplicate_from_the_outside(pytp: Pytp, library: Path, drive: str, source: Path) -> None:
    assert pytp("label", "WRONG1L9", "-d", drive).code == 7
    assert pytp("label", "PYT001L9", "-d", drive, "--json").json["cartridge"]["barcode"] == "PYT001L9"
    assert pytp("backup", "-d", drive, str(source)).code == 0
    image = library.parent / "image.tap"
    assert "copied" in pytp("duplicate", drive, str(image)).out
    assert pytp("load", "PYT002L9", "-d", drive).code == 0
    assert pytp("duplicate", str(image), drive, "--json").json["filemarks"] == 3
    assert pytp("duplicate", str(image), drive).code == 7
    assert pytp("backup", "-d", drive, str(source)).code == 7
    assert pytp("duplicate", str(image), str(image)).code == 2
    itself = pytp("duplicate", drive, drive)
    assert (itself.code, "is the drive that is copied from" in itself.err) == (2, True)
    assert pytp("rewind", "-d", drive).code == 0
    image.write_bytes(image.read_bytes()[:-7])
    files = len(pytp("ls", "-d", drive).out.splitlines())
    cut = pytp("duplicate", str(image), drive, "--overwrite", "--confirm", "PYT001L9")
    assert (cut.code, "cut off" in cut.err) == (6, True)
    assert pytp("rewind", "-d", drive).code == 0
    assert len(pytp("ls", "-d", drive).out.splitlines()) == files, "nothing was written"
    assert pytp("rewind", "-d", drive).code == 0
    assert pytp("restore", str(library.parent / "out"), "-d", drive).code == 0
    assert same(source, library.parent / "out" / "source")


def test_a_backup_on_several_cartridges_comes_back_from_the_library(pytp: Pytp, tmp_path: Path) -> None:
    library, drive = tmp_path / "small", f"vtl:{tmp_path / 'small'}/drive0"
    pytp("vtl", "create", str(library), "--capacity", "8M", "--cartridges", "4", "--slots", "4", "--drives", "1")
    source = tmp_path / "large"
    source.mkdir()
    (source / "data").write_bytes(os.urandom(17 << 20))
    ended = pytp("backup", "-d", drive, str(source), "--json")
    assert ended.code == 0
    assert ended.json["cartridges"] == ["PYT001L9", "PYT002L9", "PYT003L9"]
    assert [part["cartridge"] for part in ended.json["arguments"][0]["parts"]] == ended.json["cartridges"]
    assert pytp("load", "PYT001L9", "-d", drive).code == 0
    assert pytp("restore", str(tmp_path / "out"), "-d", drive).code == 0
    assert same(source, tmp_path / "out" / "large")


@pytest.mark.parametrize("strategy", ["tar", "dd"])
def test_a_strategy_of_the_original_saves_the_same(
    pytp: Pytp, drive: str, source: Path, tmp_path: Path, strategy: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"tar_dir": str(tmp_path / "tars")}))
    words = ("--config", str(tmp_path / "config.json"), "backup", "-d", drive, "--strategy", strategy, "-m", "3")
    assert pytp(*words, "--json", str(source)).json["arguments"][0]["status"] == "saved"
    assert [file.name.split("_")[0] for file in (tmp_path / "tars").iterdir()] == [strategy]
    assert pytp("rewind", "-d", drive).code == 0
    assert pytp("restore", str(tmp_path / "back"), "-d", drive).code == 0
    assert differences(describe(source), describe(tmp_path / "back" / "source")) == []
    refused = pytp("backup", "-d", drive, "--strategy", strategy, "--compress", "zstd", str(source))
    assert refused.code == 2
    assert "archives on disk are plain tar" in refused.err


def test_a_blank_cartridge_gets_no_name_by_which_no_robot_can_fetch_it(
    pytp: Pytp, drive: str, library: Path, source: Path
) -> None:
    pytp("vtl", "fault", str(library), "door open")
    ended = pytp("backup", "-d", drive, str(source))
    assert ended.code == 9
    assert "the library does not tell its barcode; nothing was written" in ended.err
    assert "--volume BARCODE" in ended.err
    assert pytp("ls", "-d", drive).code == 11
    assert pytp("backup", "-d", drive, "--volume", "PYT001L9", str(source)).code == 0
    assert pytp("backup", "-d", drive, str(source)).code == 0, "this one has its name"
