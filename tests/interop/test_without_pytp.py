# SPDX-License-Identifier: WTFPL OR MIT
"""RESTORE.txt tells the truth: its commands, run by mt and GNU tar as they stand, give everything back."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pytp_native.stream.label import restore_text
from tests.cartridge import Cartridge
from tests.trees import describe, differences

ROOT = Path(__file__).parents[2]
BLOCK = 65536


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "vtl", block_bytes=BLOCK)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "data"
    (top / "inner").mkdir(parents=True)
    for number in range(40):
        (top / "inner" / f"file{number:02}").write_bytes(os.urandom(9000 * number))
    (top / "link").symlink_to("inner/file00")
    return top


def commands() -> list[str]:
    """The indented lines of RESTORE.txt that are commands."""
    return [line.strip() for line in restore_text(BLOCK).splitlines() if re.match(r" {4}(mt|tar) ", line)]


def run(cartridge: Cartridge, place: Path, *lines: str) -> str:
    """Run commands of mt and tar as a person would, with a virtual drive for /dev/nst0."""
    place.mkdir(parents=True, exist_ok=True)
    out = ""
    for line in lines:
        words = shlex.split(line.replace("/dev/nst0", cartridge.address))
        if words[0] == "mt":
            words = [sys.executable, str(ROOT / "cli/scripts/pytp-mt"), *words[1:]]
            environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}"}
            subprocess.run(words, env=environ, check=True, capture_output=True, timeout=60)
            continue
        blocks: list[bytes] = []  # tar cannot open a virtual drive: what it would read comes through a pipe
        with cartridge.open() as drive:
            blocks = list(drive.blocks())
        words = ["-" if word == cartridge.address else word for word in words]
        words.insert(1, "--warning=no-timestamp")
        ended = subprocess.run(words, input=b"".join(blocks), cwd=place, capture_output=True, check=False, timeout=60)
        out += ended.stdout.decode() + ended.stderr.decode()
    return out


def filled(lines: list[str], **values: object) -> list[str]:
    for name, value in values.items():
        lines = [re.sub(rf"\b{name}\b", str(value), line) for line in lines]
    return lines


def test_one_tape_file_comes_back(cartridge: Cartridge, source: Path, tmp_path: Path) -> None:
    assert cartridge.backup(source, bare=False).code == 0
    run(cartridge, tmp_path / "out", *filled(commands()[:4], N=1))
    assert differences(describe(source), describe(tmp_path / "out" / "data")) == []


def test_a_tape_file_is_listed(cartridge: Cartridge, source: Path, tmp_path: Path) -> None:
    assert cartridge.backup(source, bare=False).code == 0
    listing = run(cartridge, tmp_path / "out", *filled(commands()[4:6], N=1))
    assert "data/inner/file39" in listing


def test_the_last_trailer_is_found_from_the_end(cartridge: Cartridge, source: Path, tmp_path: Path) -> None:
    assert cartridge.backup(source, bare=False).code == 0
    assert cartridge.backup(source / "inner", bare=False).code == 0
    run(cartridge, tmp_path / "out", *commands()[6:9])
    session = json.loads((tmp_path / "out" / "pytp" / "session.json").read_text())
    assert [one["path"] for one in session["arguments"]] == [str(source / "inner")]
    assert [one["tape_file"] for one in session["earlier"]] == [2]


def test_one_member_comes_back_from_its_block(cartridge: Cartridge, source: Path, tmp_path: Path) -> None:
    members = tmp_path / "members"
    assert cartridge.backup(source, bare=False, members_file=str(members)).code == 0
    rows = [json.loads(line) for line in members.read_text().splitlines()]
    for row in (rows[5], rows[20], rows[-1]):
        place = tmp_path / "out" / row["path"].replace("/", "_")
        run(cartridge, place, *filled(commands()[9:12], N=row["tape_file"], B=row["block"], PATH=row["path"]))
        assert describe(place / row["path"])[b""] == describe(source.parent / row["path"])[b""]


def test_there_are_no_other_commands_than_those_tried_here() -> None:
    assert len(commands()) == 17
    assert commands()[16] == "tar -xpM -f part1.tar -f part2.tar", "tests/faults/test_spanning_compressed.py tries it"
    assert commands()[12].split()[3] == "-xpMf", "tests/faults/test_spanning.py tries it"
