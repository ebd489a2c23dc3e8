# SPDX-License-Identifier: WTFPL OR MIT
"""pytp itself on the kernel's devices with our virtual library behind them, and the ch driver's own calls."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import sys
from pathlib import Path

import pytest

from hwtests.test_programs import TAPE, library, places, pytestmark, run, same_trees, tree
from hwtests.virtual_unit import CHANGER_NODE, CHANGER_SG_NODE, DRIVE_NODES, DRIVE_SG_NODES
from pytp_cli.main import main

__all__ = ["library", "pytestmark", "tree"]


@pytest.fixture
def pytp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One command line in a fork of this process (starting Python takes seconds under emulation); what it prints."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def call(*words: str, code: int = 0) -> str:
        output = tmp_path / "output"
        child = os.fork()
        if child == 0:
            try:
                sys.stdout, sys.stderr = output.open("w"), (tmp_path / "errors").open("w")
                for fd, stream in enumerate((sys.stdout, sys.stderr), 1):
                    os.dup2(stream.fileno(), fd)
                code = main(list(words))
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
            finally:
                os._exit(99)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert ended == code, f"{words}: {ended}: {output.read_text()} {(tmp_path / 'errors').read_text()}"
        return output.read_text()

    return call


def test_a_backup_is_listed_restored_and_read_by_tar(library, pytp, tree, tmp_path):
    pytp("backup", "--drive", TAPE, str(tree), str(tree / "deep"))
    pytp("rewind", "--drive", TAPE)
    listed = pytp("ls", "--all", "--drive", TAPE)
    assert "tree/deep/file 11" in listed
    run("mt", "-f", TAPE, "asf", "1")
    pytp("restore", "--drive", TAPE, str(tmp_path / "out"))
    assert same_trees(tree, tmp_path / "out" / "tree")
    run("mt", "-f", TAPE, "asf", "2")
    other = tmp_path / "other"
    other.mkdir()
    run("tar", "-b1024", "-xf", TAPE, "-C", str(other))
    assert same_trees(tree / "deep", other / "deep")


def test_what_tar_wrote_is_restored(library, pytp, tree, tmp_path):
    run("tar", "-b128", "-cf", TAPE, "-C", str(tree.parent), "tree")
    pytp("rewind", "--drive", TAPE)
    pytp("restore", "--drive", TAPE, str(tmp_path / "out"))
    assert same_trees(tree, tmp_path / "out" / "tree")


def test_load_and_unload_move_cartridges(library, pytp):
    pytp("unload", "--library", CHANGER_SG_NODE, "--drive", TAPE)
    assert places(library)["PYT001L6"] == "slot 1"
    pytp("load", "--library", CHANGER_NODE, "--drive", DRIVE_NODES[1], "3")
    assert places(library)["PYT003L6"] == "drive 1"
    assert "BOT ONLINE" in run("mt", "-f", DRIVE_NODES[1], "status")
    listed = json.loads(pytp("list", "--library", CHANGER_SG_NODE, "--json"))
    assert "PYT003L6" in json.dumps(listed)


def test_status_agrees_with_mt(library, pytp):
    run("dd", "if=/dev/zero", f"of={TAPE}", "bs=1000", "count=3")
    shown = json.loads(pytp("status", "--drive", TAPE, "--json"))
    assert shown["position"]["file"] == 1
    assert shown["position"]["logical_block"] == 4


def test_devices_pairs_drives_and_library(library, pytp):
    shown = pytp("devices", "--json")
    serials = [drive.serial for drive in library.describe().drives]
    for name in (*DRIVE_NODES, *DRIVE_SG_NODES, CHANGER_NODE, CHANGER_SG_NODE, *serials):
        assert name in shown


# -- ch (linux/chio.h)


class Parameters(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("picker", "pickers", "slots", "portals", "drives")]


class Move(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("from_kind", "source", "to_kind", "destination", "flags")]


class Element(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in ("kind", "unit", "status", "error", "from_kind", "source", "id", "lun")),
        ("tag", ctypes.c_char * 36), ("other_tag", ctypes.c_char * 36), ("flags", ctypes.c_int),
    ]  # fmt: skip


READ, WRITE = 2, 1
SLOT, DRIVE = 1, 3
FULL = 1


def call(fd: int, direction: int, number: int, argument: ctypes.Structure) -> None:
    fcntl.ioctl(fd, direction << 30 | ctypes.sizeof(argument) << 16 | ord("c") << 8 | number, argument)


@pytest.fixture
def ch(library):
    fd = os.open(CHANGER_NODE, os.O_RDWR)
    yield fd
    os.close(fd)


def test_ch_counts_the_elements(ch):
    found = Parameters()
    call(ch, READ, 6, found)
    assert (found.pickers, found.slots, found.portals, found.drives) == (1, 8, 2, 2)


def test_ch_moves_and_knows_where_it_came_from(library, ch):
    call(ch, WRITE, 1, Move(SLOT, 1, DRIVE, 1, 0))
    assert places(library)["PYT002L6"] == "drive 1"
    found = Element(kind=DRIVE, unit=1)
    call(ch, WRITE, 16, found)
    assert found.status & FULL
    assert found.tag.rstrip() == b"PYT002L6"
    assert (found.from_kind, found.source) == (SLOT, 1)


def test_ch_refuses_what_the_changer_refuses(library, ch):
    with pytest.raises(OSError, match="Invalid exchange") as failure:
        call(ch, WRITE, 1, Move(SLOT, 7, DRIVE, 1, 0))
    assert failure.value.errno
    assert places(library)["PYT001L6"] == "drive 0"
