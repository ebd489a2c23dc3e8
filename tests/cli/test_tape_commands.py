# SPDX-License-Identifier: WTFPL OR MIT
"""position, goto, rewind, ff, bb, init, unload on a virtual tape with three small tape files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.transport import open_tape
from tests.cli.conftest import Pytp

FILES = (3, 1, 2)
"""Blocks of each tape file; with its filemark behind, they start at logical blocks 0, 4 and 6."""


@pytest.fixture
def recorded(drive: str) -> str:
    """The drive, rewound, with the three files."""
    tape = open_tape(drive, write=True)
    mtio.set_block_bytes(tape, 524288)
    for blocks in FILES:
        for _ in range(blocks):
            tape.write_block(bytes(524288))
        mtio.write_filemarks(tape)
    mtio.rewind(tape)
    tape.close()
    return drive


def where(pytp: Pytp, drive: str) -> tuple[int | None, int | None, int | None]:
    position = pytp("pos", "-d", drive, "--json").json["position"]
    return position["file"], position["block"], position["logical_block"]


def test_position_is_a_bare_integer(pytp: Pytp, recorded: str) -> None:
    assert pytp("position", "--drive", recorded) == (0, "0\n", "")
    pytp("ff", "2", "-d", recorded)
    assert pytp("pos", "-d", recorded).out == "2\n"


def test_json_of_position_has_the_common_fields(pytp: Pytp, recorded: str) -> None:
    assert pytp("position", "-d", recorded, "--json").json == {
        "command": "position",
        "exit": 0,
        "message": None,
        "device": recorded,
        "label": "PYT001L9",
        "arguments": [],
        "position": {"file": 0, "block": 0, "logical_block": 0, "partition": 0},
    }


def test_goto_seeks_and_goto_alone_prints_the_same_block(pytp: Pytp, recorded: str) -> None:
    assert pytp("goto", "5", "-d", recorded).out == "5\n"
    assert pytp("g", "-d", recorded).out == "5\n"


def test_after_goto_the_file_is_unknown_and_bb_refuses(pytp: Pytp, recorded: str) -> None:
    pytp("goto", "5", "-d", recorded)
    assert pytp("position", "-d", recorded).out == "unknown\n"
    ended = pytp("bb", "-d", recorded)
    assert ended.code == 7
    assert ended.out == ""
    assert where(pytp, recorded)[2] == 5


def test_goto_beyond_the_data_fails(pytp: Pytp, recorded: str) -> None:
    ended = pytp("goto", "5000", "-d", recorded)
    assert ended.code in (6, 11)
    assert len([line for line in ended.err.splitlines() if "moving" not in line]) == 1


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("ff",), (1, 0, 4)),
        (("ff", "2"), (2, 0, 6)),
        (("ff", "0"), (0, 0, 0)),
        (("ff", "3"), (3, 0, 9)),
    ],
)
def test_ff_lands_at_block_0_of_a_following_file(
    pytp: Pytp, recorded: str, words: tuple[str, ...], place: tuple[int, int, int]
) -> None:
    ended = pytp(*words, "-d", recorded)
    assert ended.code == 0
    assert where(pytp, recorded) == place


def test_ff_past_the_last_file_is_exit_11_with_the_position(pytp: Pytp, recorded: str) -> None:
    ended = pytp("ff", "9", "-d", recorded, "--json")
    assert ended.code == ended.json["exit"] == 11
    assert ended.json["position"]["file"] == 3
    assert "end of data" in ended.err


@pytest.mark.parametrize(("count", "place"), [("0", (2, 0, 6)), ("1", (1, 0, 4)), ("2", (0, 0, 0)), ("7", (0, 0, 0))])
def test_bb_lands_at_block_0_of_the_file_that_many_back(
    pytp: Pytp, recorded: str, count: str, place: tuple[int, int, int]
) -> None:
    tape = open_tape(recorded)
    mtio.forward_filemarks(tape, 2)
    mtio.forward_records(tape, 1)
    tape.close()
    assert pytp("bb", count, "-d", recorded).code == 0
    assert where(pytp, recorded) == place


def test_negative_counts_are_refused(pytp: Pytp, recorded: str) -> None:
    assert pytp("ff", "-2", "-d", recorded).code == 2
    assert pytp("ff", "-d", recorded, "--", "-2").code == 2


def test_rewind(pytp: Pytp, recorded: str) -> None:
    pytp("ff", "2", "-d", recorded)
    assert pytp("rew", "-d", recorded).code == 0
    assert where(pytp, recorded) == (0, 0, 0)


def test_init_sets_the_block_size_and_moves_nothing(pytp: Pytp, recorded: str) -> None:
    tape = open_tape(recorded)
    mtio.set_block_bytes(tape, 0)
    tape.close()
    pytp("ff", "-d", recorded)
    ended = pytp("init", "-d", recorded)
    assert ended.out == "Tape drive initialized with block size 524288 (before: variable)\n"
    assert where(pytp, recorded) == (1, 0, 4)
    assert pytp("init", "-d", recorded, "--json").json["block_bytes_before"] == 524288


def test_unload_puts_a_virtual_cartridge_back_and_the_drive_is_empty(pytp: Pytp, recorded: str, library: Path) -> None:
    assert pytp("unload", "-d", recorded).code == 0
    assert pytp("position", "-d", recorded).code == 5
    assert pytp("unload", "-d", recorded).code != 0
    assert pytp("vtl", "load", str(library), "1").code == 0
    assert where(pytp, recorded) == (0, 0, 0)


def test_a_busy_drive_is_exit_4_and_names_its_holder(pytp: Pytp, recorded: str) -> None:
    import os

    tape = open_tape(recorded)
    try:
        for words in (("rewind",), ("backup", "/etc/hostname"), ("status",), ("ls",)):
            ended = pytp(*words, "-d", recorded)
            assert ended.code == 4
            assert str(os.getpid()) in ended.err
    finally:
        tape.close()
