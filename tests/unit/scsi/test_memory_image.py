# SPDX-License-Identifier: WTFPL OR MIT
"""Images of a cartridge's memory, laid out here by hand after ECMA-319 and LTFSCopyGUI's description."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.errors import BadReply
from pytp_native.scsi.memory_image import parse_image


def image(kind: int, last_ids: list[int], *, last_wrap: int | None = None, valid: int = 1, header: int = 16) -> bytes:
    """Maker's page at 0100h, tape directory at 0400h; the second table, at 0040h, has the end of data at 0200h."""
    found = bytearray(0x2000)
    found[:5] = bytes([0x12, 0x34, 0x56, 0x78, 0x12 ^ 0x34 ^ 0x56 ^ 0x78])
    found[36:52] = struct.pack(">HHHHHHHH", 0x1001, 0x0100, 0x2103, 0x0400, 0x0FFE, 0, 0x0FFF, 0x0040)
    found[0x40:0x48] = struct.pack(">HHHH", 0x1104, 0x0200, 0x0FFF, 0)
    found[0x116:0x118] = struct.pack(">H", kind)
    wrap = len(last_ids) - 1 if last_wrap is None else last_wrap
    found[0x200 + 24 : 0x200 + 34] = struct.pack(">IIH", last_ids[-1] if last_ids else 0, wrap, valid)
    for at, one in enumerate(last_ids):
        start = 0x400 + header + 32 * at
        found[start : start + 8] = struct.pack(">II", 7, one)
    return bytes(found)


def test_what_is_on_each_wrap_of_an_lto_5_cartridge():
    told = parse_image(image(16, [7800, 15210, 15211]))
    assert told.generation == 5
    assert told.wraps == ((0, 7800, 0.0), (1, 7410, 5.0), (2, 1, None))


def test_the_directory_of_an_lto_6_cartridge_begins_later():
    told = parse_image(image(32, [7805, 15000], header=48))
    assert (told.generation, told.wraps[0].data_sets) == (6, 7805)


def test_more_data_sets_than_are_usual_are_no_loss():
    assert parse_image(image(16, [7900, 7901])).wraps[0].lost_percent == 0.0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "checksum"), (bytes(36)[:4] + b"\x01" + bytes(60), "checksum"), (b'{"serial": "x"}' * 9, "checksum"),
        (bytes(64), "has no page 001h"), (image(0x8010, [1]), "type 8010h"), (image(16, [1], valid=0), "data end"),
        (image(16, [5, 4]), "contradicts itself at wrap 1"), (image(16, [1])[:0x412], "no page 103h"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_refused(data, words):
    with pytest.raises(BadReply, match=words):
        parse_image(data)


def test_a_wrap_beyond_the_tape_is_not_made_up():
    told = parse_image(image(16, [0] * 80, last_wrap=1000))
    assert len(told.wraps) == 80
    assert all(one.lost_percent == 100.0 for one in told.wraps)


@pytest.mark.parametrize("length", range(0, 0x500, 7))
def test_a_cut_image_is_refused_or_the_same(length):
    data = image(16, [7800, 15210, 15211])
    try:
        told = parse_image(data[:length])
    except BadReply:
        return
    assert told == parse_image(data)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(noise=st.lists(st.tuples(st.integers(0, 0x480), st.integers(0, 255)), max_size=12))
def test_anything_in_an_image_is_read_or_refused(noise):
    data = bytearray(image(16, [7800, 15210, 15211]))
    for at, byte in noise:
        data[at] = byte
    try:
        told = parse_image(bytes(data))
    except BadReply:
        return
    for one in told.wraps:
        assert one.lost_percent is None or 0 <= one.lost_percent <= 100
