# SPDX-License-Identifier: WTFPL OR MIT
"""ACL texts become the kernel's binary values."""

import struct

import pytest

from pytp_native.ffi import ffi, lib

NOBODY = 0xFFFFFFFF


def binary(text: bytes) -> list[tuple[int, int, int]] | int:
    """Return (tag, permissions, id) of each entry, or a negative errno."""
    room = ffi.new("uint8_t[65536]")
    length = lib.pytp_acl_from_text(text, len(text), room, 65536)
    if length < 0:
        return int(length)
    data = bytes(ffi.buffer(room, length))
    assert struct.unpack("<I", data[:4]) == (2,)
    return list(struct.iter_unpack("<HHI", data[4:]))


def test_entries_come_in_the_order_the_kernel_wants() -> None:
    text = b"other::r--,mask::rwx,group:20:r-x,user:9:-w-,group::---,user:3:rw-,user::rwx"
    assert binary(text) == [
        (1, 7, NOBODY), (2, 6, 3), (2, 2, 9), (4, 0, NOBODY), (8, 5, 20), (16, 7, NOBODY), (32, 4, NOBODY)
    ]  # fmt: skip


SPELLINGS = [
    b"user::rw-\nuser:root:r--\n", b"u::rw-,u:root:r--:0", b"user::rw-,user:gone:r--:0 #effective:---",
    b" user: :rw- , user:0: r-- ", b"# comment\nuser::rw-\n\nuser:0:r--",
]  # fmt: skip


@pytest.mark.parametrize("text", SPELLINGS)
def test_spellings_of_different_tars_mean_the_same(text: bytes) -> None:
    assert binary(text) == [(1, 6, NOBODY), (2, 4, 0)]


def test_unknown_names_are_told_from_nonsense() -> None:
    assert binary(b"user:no such user here:rwx") == -2
    for text in (b"who::rwx", b"user::rwq", b"user:4294967295:r", b"user:" + b"x" * 300 + b":r", b"user:a\0b:r"):
        assert binary(text) == -22


def test_more_entries_than_room_are_refused() -> None:
    text = b",".join(b"user:%d:r" % n for n in range(9000))
    assert binary(text) == -34


def test_an_empty_text_has_no_entries() -> None:
    assert binary(b"") == []
