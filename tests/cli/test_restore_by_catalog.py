# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp restore` with the words that make it work from the catalog."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Pytp
from tests.trees import describe, differences


@pytest.fixture
def saved(pytp: Pytp, drive: str, source: Path) -> Path:
    """Two sessions of a job on tape and in the catalog."""
    assert pytp("backup", "-d", drive, "--job", "daily", str(source)).code == 0
    (source / "later").write_bytes(b"later")
    assert pytp("backup", "-d", drive, "--job", "daily", str(source)).code == 0
    return source


def test_a_job_comes_back_as_it_was_last(pytp: Pytp, saved: Path, drive: str, tmp_path: Path) -> None:
    ended = pytp("restore", "-d", drive, str(tmp_path / "out"), "--job", "daily", "--json")
    assert ended.code == 0
    assert ended.json["locates"] == 1
    assert ended.json["arguments"][0]["path"] == str(saved)
    assert differences(describe(saved), describe(tmp_path / "out" / "source")) == []


def test_a_single_file_comes_from_a_named_session(pytp: Pytp, saved: Path, drive: str, tmp_path: Path) -> None:
    first = pytp("sessions", "--json").json["sessions"][-1]["uuid"]
    out = tmp_path / "out"
    ended = pytp("restore", "-d", drive, str(out), "source/deep/er/big", "--session", first[:13])
    assert ended.code == 0, ended.err
    assert "1 files restored" in ended.out
    assert "1 checksums compared" in ended.out
    assert (out / "source/deep/er/big").read_bytes() == (saved / "deep/er/big").read_bytes()
    missing = pytp("restore", "-d", drive, str(out), "source/later", "--session", first)
    assert missing.code == 11
    assert "later" in missing.err


@pytest.mark.parametrize("command", ["restore", "verify"])
def test_an_empty_drive_of_a_library_is_given_the_cartridge(
    pytp: Pytp, saved: Path, drive: str, tmp_path: Path, command: str
) -> None:
    changer = drive.replace("drive0", "changer")
    assert pytp("unload", "--library", changer).code == 0
    words = [str(tmp_path / "out"), "--job", "daily"] if command == "restore" else ["--label", "PYT001L9"]
    ended = pytp(command, "-d", drive, *words)
    assert ended.code == 0, ended.err
    assert "cartridge PYT001L9 was loaded" in ended.err
    assert pytp("unload", "--library", changer).code == 0
    ended = pytp("restore", "-d", drive, str(tmp_path / "head"))
    assert (ended.code, "the drive is empty" in ended.err) == (5, True)


def test_a_dry_run_says_what_is_read_and_opens_no_drive(pytp: Pytp, saved: Path, drive: str, tmp_path: Path) -> None:
    ended = pytp("restore", "-d", "/no/such/drive", str(tmp_path / "out"), "source/later", "--dry-run")
    assert ended.code == 0
    assert "PYT001L9" in ended.out
    assert not (tmp_path / "out").exists()
    (entry,) = pytp("restore", str(tmp_path / "out"), "--dry-run", "--json").json["plan"]
    assert (entry["cartridge"], entry["tape_file"], entry["files"], entry["locates"]) == ("PYT001L9", 3, 9, 1)


def test_dates_choose_the_session(pytp: Pytp, saved: Path, drive: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert pytp("restore", "-d", drive, out, "--as-of", "2001-01-01").code == 11
    assert pytp("restore", "-d", drive, out, "--as-of", "soon").code == 2
    assert pytp("restore", "-d", drive, out, "--as-of", "2999-12-31", "source/later").code == 0


def test_words_that_contradict_each_other_are_refused(pytp: Pytp, saved: Path, drive: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert pytp("restore", "-d", drive, out, "--keep", "--overwrite").code == 2
    assert pytp("restore", "-d", drive, out, "--to-stdout", "--json").code == 2
    ended = pytp("restore", "-d", drive, "source/later", "--to-stdout", "--session", "latest")
    assert (ended.code, ended.out) == (2, "")
    assert "pytp restore . source/later --to-stdout" in ended.err


@pytest.mark.parametrize("by_catalog", [False, True])
def test_files_go_to_standard_output(by_catalog: bool, saved: Path, drive: str, tmp_path: Path, pytp: Pytp) -> None:
    assert pytp("rewind", "-d", drive).code == 0
    words = ["--session", "latest"] if by_catalog else []
    command = [sys.executable, "-m", "pytp_cli.main", "restore", "-d", drive, "unused", "source/deep/er/big"]
    ended = subprocess.run(
        [*command, "--to-stdout", *words], capture_output=True, check=False, timeout=60, env=dict(os.environ),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == (saved / "deep/er/big").read_bytes()


def test_verify_proves_and_tapes_tell_of_it(pytp: Pytp, saved: Path, drive: str) -> None:
    assert "never" in pytp("tapes").out
    ended = pytp("verify", "-d", drive)
    assert ended.code == 0, ended.err
    assert "checksums right, 0 damaged" in ended.out
    assert "never" not in pytp("tapes").out
    (saved / "plain.txt").write_bytes(b"other")
    differs = pytp("v", "-d", drive, "--session", "latest", "--against-source", str(saved.parent), "--json")
    assert differs.code == 8
    assert {one["path"] for one in differs.json["arguments"][0]["errors"]} == {"source/plain.txt", "source/deep/hard"}
    assert pytp("verify", "-d", drive, "--against-source", str(saved / "plain.txt")).code == 2
    assert pytp("verify", "-d", drive, "--sample", "101").code == 2
    assert pytp("verify", "-d", drive, "--sample", "1%").code == 0


def test_the_file_at_the_head_can_lose_parts_of_its_names(pytp: Pytp, saved: Path, drive: str, tmp_path: Path) -> None:
    assert pytp("rewind", "-d", drive).code == 0
    assert pytp("restore", "-d", drive, str(tmp_path / "out"), "--strip", "2").code == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["empty", "er", "hard"]


def test_directories_of_one_name_from_two_places_are_not_mixed(pytp: Pytp, drive: str, tmp_path: Path) -> None:
    for place, text in (("one", "1"), ("two", "2")):
        (tmp_path / place / "p").mkdir(parents=True)
        (tmp_path / place / "p" / "a").write_text(text)
        assert pytp("backup", "-d", drive, "--job", "k", str(tmp_path / place / "p")).code == 0
    for words in (("--job", "k"), ("--label", "PYT001L9"), ("--job", "k", "--dry-run")):
        ended = pytp("restore", str(tmp_path / "out"), "-d", drive, *words)
        assert ended.code == 2
        assert str(tmp_path / "one" / "p") in ended.err
        assert not (tmp_path / "out").exists()
    (second, first) = pytp("sessions", "--json").json["sessions"]
    for one, text in ((first, "1"), (second, "2")):
        out = tmp_path / one["uuid"]
        assert pytp("restore", str(out), "-d", drive, "--session", one["uuid"]).code == 0
        assert (out / "p" / "a").read_text() == text
