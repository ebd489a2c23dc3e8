# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mtx, pytp-tapeinfo, pytp-loaderinfo and pytp-scsitape beside those of mtx 1.3.12 on the kernel's sg, ch and st:
same stdout, exit status and library afterwards, and the same stderr with at most one line of ours behind it.

A scene is a list of command lines. It runs with theirs and, from the same beginning, with ours; after each line the
library is asked for all its elements and the drive for its position. A line without a program's name is mtx's on the
library's sg node.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from hwtests import changer
from hwtests.forked import Ended, assert_alike, run_ours, run_theirs
from pytp_cli import loaderinfo, mtx, scsitape, tapeinfo
from tests.contract.bench import TapeBench

TGT = os.environ.get("PYTP_GUEST") == "tgt"
MAINS = {"mtx": mtx.main, "tapeinfo": tapeinfo.main, "loaderinfo": loaderinfo.main, "scsitape": scsitape.main}

SCENES = {
    "looking": (
        "status; inquiry; nobarcode status; status status; noattach status; inquiry status inquiry; status foo"
    ),
    "other nodes": (
        "mtx -f /dev/sch0 status; mtx -f /dev/sch0 inquiry; mtx -f DRIVE inquiry; mtx -f TAPE inquiry; "
        "mtx -f DRIVE status; mtx -f /dev/sch0 load 2 1; mtx -f CHANGER -f /dev/sch0 status; "
        "mtx -f DRIVE -f CHANGER unload 2 1"
    ),
    "loading": (
        "load 2 1; status; unload 2 1; load 2 1; unload; unload 2 1; status; load 3; load 1; status; unload 3; unload 1"
    ),
    "loading what is not there": (
        "load 8 1; load 1 1; load 2 0; load 2 1; load 3 1; load 2 1; unload 2 0; unload 2 1; unload 2 1"
    ),
    "wrong numbers": (
        "load; load 0; load 99; load 2 2; load 2 99; unload 99; unload 1 9; unload 99 9; unload 1 1; load -1; "
        "load 1 -1; load x; unload x; load 2 1 3; transfer; transfer 2; transfer 0 1; transfer 2 0; "
        "transfer 99 1; transfer 2 99"
    ),
    "without a number": "unload; unload; load 1; unload; load 2; unload; load 4 0; unload",
    "chains": (
        "unload 1 0 load 2 0; unload 2 0 load 1 0; load 2 1 unload 2 1; load 3 1 load 4 0; "
        "unload 3 1 unload 1 0; load 1 0 unload 4 0; unload 1 0 foo; load 1 0 load 99"
    ),
    "slots": (
        "transfer 2 6; status; transfer 6 2; transfer 2 3; transfer 7 8; transfer 2 2; transfer 2 9; status; "
        "transfer 9 2; transfer 2 10; transfer 10 7; transfer 7 2; eepos 0 transfer 2 6; eepos 1 transfer 6 2; "
        "transfer 6 2; eepos 3 status"
    ),
    "one after the other": (
        "unload; first; first; next; status; next; previous; previous; first; last; last; next; unload; first 1; "
        "next 1; previous 1; last 1; status; next 9; first 9"
    ),
    "from an empty drive": "next 1; unload 2 1; previous 1; status",
    "to the ends": "unload; transfer 5 8; last; last 0; next 0; unload; previous; first; status",
    "exchanging": (
        "exchange 2 3; status; exchange 2; exchange; exchange 0 1; exchange 99 1; exchange 2 99; exchange 2 8; "
        "exchange 8 2; exchange 2 3 6; status; exchange 6 3 2; invert exchange 2 3; eepos 2 exchange 2 3"
    ),
    "positions": "position 1; position 3; position; position 4; position 4 status",
    "the robot's eye": "inventory; inventory status; inventory load 2 1; status; unload 2 1",
    "turning over": "invert load 2 1; invert unload; invert2 load 2 1; unload 2 1; invert transfer 2 6; status",
    "what a library does not do": "eject; eject status; erase; erase status",
    "flags alone": (
        "nobarcode; invert; noattach; altres; eepos 2; eepos; eepos 4; eepos x; nobarcode invert2 noattach"
    ),
    "help": (
        "--version; mtx --version; mtx; mtx -f; mtx foo; mtx -f CHANGER foo; mtx -x; mtx status-; mtx STATUS; "
        "mtx stat; mtx --help; mtx -V; mtx ''; mtx -f CHANGER -f"
    ),
    "no such device": (
        "mtx -f /dev/sg77 status; mtx -f /dev/null status; mtx -f /etc/passwd status; mtx -f / inquiry; "
        "mtx -f '' status; tapeinfo -f /dev/sg77; tapeinfo -f /dev/null; loaderinfo -f /dev/null; "
        "scsitape -f /dev/null rewind; scsitape -f /nowhere rewind; mtx -f /dev/null; mtx status; mtx load 1 0; "
        "mtx eject"
    ),
    "what a library is": (
        "loaderinfo -f CHANGER; loaderinfo -f /dev/sch0; loaderinfo; loaderinfo CHANGER; loaderinfo -f; "
        "loaderinfo -f CHANGER x; loaderinfo -x CHANGER; tapeinfo; tapeinfo DRIVE; tapeinfo -f; "
        "tapeinfo -f DRIVE x; tapeinfo -d DRIVE"
    ),
    "what a drive is": "loaderinfo -f DRIVE; loaderinfo -f TAPE",
    "usage of scsitape": (
        "scsitape; scsitape foo; scsitape -f; scsitape -f DRIVE; scsitape -f DRIVE foo; scsitape -f DRIVE --help"
    ),
    "winding": (
        "scsitape -f DRIVE rewind; scsitape -f DRIVE write; scsitape -f DRIVE mark 1; scsitape -f DRIVE write 0; "
        "scsitape -f DRIVE mark 2; scsitape -f DRIVE rewind; scsitape -f DRIVE fsf 1; scsitape -f DRIVE fsf; "
        "scsitape -f DRIVE bsf 1; scsitape -f DRIVE eod; scsitape -f DRIVE fsf 1; scsitape -f DRIVE rewind; "
        "scsitape -f DRIVE read; scsitape -f DRIVE read 0"
    ),
}
ONLY_OURS = {
    "fixed blocks": (
        "scsitape -f DRIVE rewind; scsitape -f DRIVE setblk 512; scsitape -f DRIVE write 512; "
        "scsitape -f DRIVE mark 1; scsitape -f DRIVE rewind; scsitape -f DRIVE read 512; "
        "scsitape -f DRIVE rewind; scsitape -f DRIVE read; scsitape -f DRIVE setblk 0; scsitape -f DRIVE setblk; "
        "scsitape -f DRIVE bsf 9; scsitape -f DRIVE write 1000"
    ),
    "seeking": (
        "scsitape -f DRIVE rewind; scsitape -f DRIVE write; scsitape -f DRIVE seek 1; scsitape -f DRIVE seek; "
        "scsitape -f DRIVE seek 99; scsitape -f DRIVE seek 2; tapeinfo -f DRIVE; scsitape -f DRIVE reten; "
        "scsitape -f DRIVE seek 3; scsitape -f DRIVE erase; tapeinfo -f DRIVE; tapeinfo -f TAPE"
    ),
    "drives": (
        "tapeinfo -f DRIVE; scsitape -f DRIVE eject; tapeinfo -f DRIVE; scsitape -f DRIVE eject; "
        "scsitape -f DRIVE rewind; scsitape -f DRIVE read; scsitape -f DRIVE eod; unload; tapeinfo -f DRIVE; "
        "scsitape -f DRIVE eject; scsitape -f DRIVE erase; load 1; mtx -f DRIVE eject; mtx -f DRIVE erase"
    ),
}
"""tgt has no LOCATE, ERASE and READ POSITION, and no residual counts."""
TGT_LACKS = {
    "from an empty drive", "to the ends", "slots", "one after the other", "exchanging",
}  # fmt: skip
"""Scenes that count on eight slots and on import/export elements."""
INPUT = bytes(range(256)) * 1024


class Step(NamedTuple):
    """One line: how it ended, the library and the drive behind it."""

    line: str
    ended: Ended
    library: bytes
    """What mtx says of it."""
    position: bytes


class Place:
    """The devices of this guest."""

    def __init__(self, bench: TapeBench, directory: Path) -> None:
        self.bench = bench
        self.directory = directory

    def words(self, line: str) -> list[str]:
        words = shlex.split(line)
        if words[0] not in MAINS:
            words = ["mtx", "-f", "CHANGER", *words]
        nodes = {"CHANGER": self.bench.changer_address, "DRIVE": self.bench.scsi_address, "TAPE": self.bench.address}
        return [nodes.get(word, word) for word in words]

    def theirs(self, line: str) -> Step:
        return self._step(line, run_theirs(*self.words(line), stdin=INPUT))

    def ours(self, line: str) -> Step:
        words = self.words(line)
        return self._step(line, run_ours(MAINS[words[0]], *words, directory=self.directory, stdin=INPUT))

    def _step(self, line: str, ended: Ended) -> Step:
        where = b"" if TGT else changer.execute(self.bench.scsi_address, bytes((0x34,)) + bytes(9), 20).data
        return Step(line, ended, self._status(), where)

    def _status(self) -> bytes:
        return run_theirs("mtx", "-f", self.bench.changer_address, "status").out

    def begin(self) -> None:
        """The library as the guest found it, and nothing that the drives still have to tell; the tape rewound."""
        self.bench.tidy()
        for node in (self.bench.changer_address, self.bench.scsi_address):
            changer.execute(node, bytes(6))
        changer.execute(self.bench.scsi_address, bytes((1, 0, 0, 0, 0, 0)))


@pytest.fixture
def place(bench: TapeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if shutil.which("mtx") is None:
        pytest.skip("no mtx here")
    for name in ("CHANGER", "TAPE", "STAPE"):
        monkeypatch.delenv(name, raising=False)
    return Place(bench, tmp_path)


def compare(place: Place, scene: str) -> None:
    lines = [line.strip() for line in scene.split(";")]
    place.begin()
    expected = [place.theirs(line) for line in lines]
    place.begin()
    for theirs in expected:
        got = place.ours(theirs.line)
        assert_alike(theirs.line, theirs.ended, got.ended)
        assert got[2:] == theirs[2:], theirs.line


@pytest.mark.parametrize("scene", SCENES)
def test_scene(place: Place, scene: str) -> None:
    if TGT and scene in TGT_LACKS:
        pytest.skip("tgt's library has four slots, none for import and export")
    compare(place, SCENES[scene])


@pytest.mark.parametrize("scene", ONLY_OURS)
def test_scene_of_a_whole_drive(place: Place, scene: str) -> None:
    if TGT:
        pytest.skip("tgt's drive has no LOCATE, ERASE, READ POSITION and residual counts")
    compare(place, ONLY_OURS[scene])


def test_there_are_enough_lines() -> None:
    assert sum(scene.count(";") + 1 for scene in (*SCENES.values(), *ONLY_OURS.values())) >= 150


def test_the_device_may_be_in_the_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.begin()
    for name in ("TAPE", "CHANGER"):  # the second wins over the first
        monkeypatch.setenv(name, place.bench.changer_address if name == "CHANGER" else place.bench.scsi_address)
        for line in ("mtx status", "mtx inquiry"):
            assert_alike(f"{name} {line}", place.theirs(line).ended, place.ours(line).ended)


def test_behind_a_move_status_shows_what_a_new_status_shows(place: Place) -> None:
    """mtx shows the tags of before."""
    place.begin()
    got = place.ours("load 2 1 status unload 2 1")
    assert got.ended.code == 0
    place.ours("load 2 1")
    assert place.theirs("status").ended.out in got.ended.out
    assert place.ours("unload 2 1 status").ended.out.endswith(place.theirs("status").ended.out)


def test_what_was_loaded_on_the_same_line_goes_back_to_its_slot(place: Place) -> None:
    """mtx takes what the library said of the drive while it was empty."""
    place.begin()
    got = place.ours("unload load 3 0 unload").ended
    assert (got.code, got.out.splitlines()[-1]) == (0, b"Unloading drive 0 into Storage Element 3...done")
    assert place.ours("load 3 1 load 2 1").ended.err.splitlines()[0] == "Drive 1 Full (Storage Element 3 loaded)"


def test_numbers_that_mtx_takes_for_others_are_refused(place: Place) -> None:
    place.begin()
    before = place.theirs("status")
    for line in ("load 0x2 1", "load 2x 1", "unload 0 0", "position 99", "exchange 2 3 99", "exchange 2 3 0"):
        got = place.ours(line)
        assert (got.ended.code, got.ended.out) == (1, b""), line
        assert len(got.ended.err.splitlines()) == 2
    assert place.theirs("status") == before


def test_a_unit_attention_costs_nothing(place: Place) -> None:
    """tapeinfo says that the drive is not ready when it has only something to tell."""
    if TGT:
        pytest.skip("tgt tells nothing")
    place.begin()
    place.ours("unload")
    place.ours("load 2 0")
    assert b"Ready: yes" in place.ours("tapeinfo -f DRIVE").ended.out
