# SPDX-License-Identifier: WTFPL OR MIT
"""What each command asks of the device: operation, count word, how it is opened. The numbers were seen at mt-st 1.7."""

from __future__ import annotations

import errno
import os

import pytest

from pytp_native.transport.records import GMT_DR_OPEN, GMT_ONLINE, GMT_WR_PROT
from tests.cli.mt_bench import NODE, READY, make_fake, run

RO, RW, NB = os.O_RDONLY, os.O_RDWR, os.O_NONBLOCK
MODE = os.O_ACCMODE | os.O_NONBLOCK

ONE = [
    ("weof", 5, 1, RW), ("weof 3", 5, 3, RW), ("wset", 27, 1, RW), ("eof 0", 5, 0, RW), ("fsf 2", 1, 2, RO),
    ("fsfm", 11, 1, RO), ("bsf 4", 2, 4, RO), ("bsfm 2", 10, 2, RO), ("fsr 0x10", 3, 16, RO), ("bsr 010", 4, 8, RO),
    ("fss", 25, 1, RO), ("bss 2", 26, 2, RO), ("rewind", 6, 1, RO), ("offline", 7, 1, RO), ("rewoffl", 7, 1, RO),
    ("eject", 7, 1, RO), ("retension", 9, 1, RO), ("eod", 12, 1, RO), ("seod", 12, 1, RO), ("seek", 22, 1, RO),
    ("seek 5k", 22, 5120, RO), ("erase", 13, 1, RW), ("erase 0", 13, 0, RW), ("setblk", 20, 1, RO | NB),
    ("setblk 64k", 20, 65536, RO | NB), ("lock", 28, 1, RO), ("unlock", 29, 1, RO), ("load", 30, 1, RO | NB),
    ("load 10003", 30, 10003, RO | NB), ("compression", 32, 1, RO | NB), ("compression 0", 32, 0, RO | NB),
    ("setdensity 0x5a", 21, 0x5A, RO | NB), ("drvbuffer", 24, 1, RO | NB), ("drvbuffer 2", 24, 2, RO | NB),
    ("stwrthreshold 40", 24, 0x20000028, RO | NB), ("stoptions", 24, 0x10000000, RO | NB),
    ("stoptions buf read", 24, 0x10000005, RO | NB), ("stsetoptions scsi2logical", 24, 0x30000800, RO | NB),
    ("stsetoptions weof-no-wait", 24, 0x30008000, RO | NB), ("stsetoptions", 24, 0x30000000, RO | NB),
    ("stclearoptions 0xffff junk", 24, 0x4000FFFF, RO | NB), ("stclearoptions 0xffffffff", 24, 0x4FFFFFFF, RO | NB),
    ("defblksize 65536", 24, 0x50010000, RO | NB), ("defblksize -1", 24, 0x5FFFFFFF, RO | NB),
    ("defdensity 0x5a", 24, 0x6010005A, RO | NB), ("defdensity -1", 24, 0x601FFFFF, RO | NB),
    ("defdrvbuffer -1", 24, 0x603FFFFF, RO | NB), ("defcompression 0", 24, 0x60200000, RO | NB),
    ("defcompression", 24, 0x60200001, RO | NB), ("stsetcln 0x040812", 24, 0x80040812, RO | NB),
    ("sttimeout 60", 24, 0x7000003C, RO | NB), ("stlongtimeout 600", 24, 0x70100258, RO | NB),
    ("setpartition", 33, 1, RO), ("setpartition 0", 33, 0, RO), ("mkpartition", 34, 1, RW),
    ("mkpartition -500", 34, -500, RW),
]  # fmt: skip


@pytest.mark.parametrize(("line", "operation", "count", "mode"), ONE, ids=[row[0] for row in ONE])
def test_one_operation(capfd, monkeypatch, line: str, operation: int, count: int, mode: int) -> None:
    node = make_fake(monkeypatch)
    assert run(capfd, "-f", NODE, *line.split()) == (0, "", "")
    asked = [(call, flags) for call, flags in zip(node.calls, node.flags, strict=False) if call != ("get",)]
    assert [call for call, _ in asked] == [(operation, count)]
    assert asked[0][1] & MODE == mode
    assert node.calls[-1] == ("close",)


@pytest.mark.parametrize(
    ("line", "operations"),
    [
        ("partseek", [(33, 0), (22, 0)]),
        ("partseek 1", [(33, 1), (22, 0)]),
        ("partseek 1 0x20", [(33, 1), (22, 32)]),
        ("asf", [(6, 1)]),
        ("asf 0", [(6, 1)]),
        ("asf -3", [(6, 1)]),
        ("asf 3", [(6, 1), (1, 3)]),
    ],
)
def test_two_operations(capfd, monkeypatch, line: str, operations: list[tuple[int, int]]) -> None:
    node = make_fake(monkeypatch)
    assert run(capfd, "-f", NODE, *line.split()) == (0, "", "")
    assert [call for call in node.calls if len(call) == 2] == operations


@pytest.mark.parametrize("line", ["partseek 1 2", "asf 2"])
def test_the_second_operation_waits_for_the_first_to_succeed(capfd, monkeypatch, line: str) -> None:
    node = make_fake(monkeypatch)
    node.errors["operate"] = errno.EIO
    assert run(capfd, "-f", NODE, *line.split()).code == 2
    assert len([call for call in node.calls if len(call) == 2]) == 1


@pytest.mark.parametrize("line", ["asf x", "partseek 1 y", "fsf z", "defblksize q", "setblk ''"])
def test_nothing_moves_for_a_count_that_is_none(capfd, monkeypatch, line: str) -> None:
    node = make_fake(monkeypatch)
    assert run(capfd, "-f", NODE, *line.split()).code == 3
    assert [call for call in node.calls if len(call) == 2] == []


# -- opening -----------------------------------------------------------------------------------------------------------


def test_an_empty_drive_is_no_medium_at_once_for_what_needs_one(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    node.status = READY._replace(mt_gstat=GMT_DR_OPEN)
    ended = run(capfd, "-f", NODE, "rewind")
    assert (ended.code, ended.lines) == (
        1, [f"{NODE}: No medium found", f"mt: {NODE}: no cartridge is loaded; load a cartridge"],
    )  # fmt: skip
    assert node.calls == [("get",), ("close",)]
    assert run(capfd, "-f", NODE, "setblk", "0").code == 0


def test_a_drive_that_is_loading_is_opened_again_and_waited_for(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    node.status = READY._replace(mt_gstat=0)
    assert run(capfd, "-f", NODE, "rewind").code == 0
    assert node.calls == [("get",), ("close",), (6, 1), ("close",)]
    assert node.flags[1] & MODE == RO


def test_a_protected_cartridge_is_a_read_only_file_system_for_what_writes(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    node.status = READY._replace(mt_gstat=GMT_ONLINE | GMT_WR_PROT)
    ended = run(capfd, "-f", NODE, "weof")
    assert (ended.code, ended.lines[0]) == (1, f"{NODE}: Read-only file system")
    assert "write-protected" in ended.lines[1]
    assert run(capfd, "-f", NODE, "rewind").code == 0


def test_a_drive_whose_position_a_reset_has_lost_can_be_rewound(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    node.errors["get"] = errno.EIO
    assert run(capfd, "-f", NODE, "rewind") == (0, "", "")
    assert node.flags[-1] & MODE == RO


# -- options -----------------------------------------------------------------------------------------------------------


def test_an_option_word_that_is_none_lists_them_all(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    ended = run(capfd, "-f", NODE, "stsetoptions", "can-bsr", "foo")
    assert (ended.code, ended.out) == (1, "")
    assert ended.lines[:4] == [
        "Illegal property name 'foo'.", "The implemented property names are:", "  buffer-writes -> buffered writes",
        "  async-writes -> asynchronous writes",
    ]  # fmt: skip
    assert "    can-bsr -> drive can space backwards well" in ended.lines
    assert not [call for call in node.calls if len(call) == 2]


@pytest.mark.parametrize("word", ["no", "can", ""])
def test_an_option_word_may_be_ambiguous(capfd, monkeypatch, word: str) -> None:
    make_fake(monkeypatch)
    ended = run(capfd, "-f", NODE, "stoptions", word)
    assert (ended.code, ended.lines[0]) == (1, f"Property name '{word}' ambiguous.")
    assert "can-bsr" in ended.lines[1] or word == "no"


def test_the_options_of_what_is_no_tape_cannot_be_shown(capfd, tmp_path) -> None:
    ended = run(capfd, "-f", NODE, "stshowoptions")
    assert (ended.code, ended.lines[0]) == (2, "Can't read the sysfs file '/sys/class/scsi_tape/st3/options'.")
    plain = tmp_path / "file"
    plain.touch()
    ended = run(capfd, "-f", str(plain), "stsh", "ignored")
    assert (ended.code, ended.lines[0]) == (1, "mt: not a character device.")


@pytest.mark.parametrize(
    ("minor", "name"), [(0, "st0"), (128, "st0"), (33, "st1l"), (96 + 128 + 3, "st3a"), (64, "st0m"), (256, "st32")]
)
def test_the_options_are_looked_up_for_the_tape_and_mode_of_the_node(minor: int, name: str) -> None:
    from pytp_cli.mt_options import sysfs_file

    assert sysfs_file(os.makedev(9, minor)) == f"/sys/class/scsi_tape/{name}/options"


def test_options_are_shown_in_the_order_of_their_words(capfd, monkeypatch) -> None:
    make_fake(monkeypatch)
    monkeypatch.setattr("pytp_cli.mt_options.read", lambda _fd: ("/sys/x", 0xF907))
    ended = run(capfd, "-f", NODE, "stshowoptions")
    shown = "buffer-writes async-writes read-ahead can-bsr scsi2logical no-wait weof-no-wait sysv sili"
    assert ended == (0, f"The options set: {shown}\n", "")
